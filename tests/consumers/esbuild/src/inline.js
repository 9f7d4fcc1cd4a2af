import { EdgerailError, guardStream, loadEngine } from 'edgerail/inline';

import { check } from '../check.mjs';
import bundle from '../guardrail.bundle';

const report = await check({ loadEngine, guardStream, EdgerailError }, () => bundle).catch((error) => {
  return { failed: String(error) };
});
document.querySelector('#report').textContent = JSON.stringify(report);
