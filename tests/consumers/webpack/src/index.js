import { EdgerailError, guardStream, loadEngine } from 'edgerail';

import { check } from '../check.mjs';

const bundle = () => fetch('guardrail.bundle');
const report = await check({ loadEngine, guardStream, EdgerailError }, bundle).catch((error) => {
  return { failed: String(error) };
});
document.querySelector('#report').textContent = JSON.stringify(report);
