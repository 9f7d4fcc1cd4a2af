import { EdgerailError, guardStream, loadEngine } from 'edgerail';

import { check } from '../check.mjs';

// Rollup copies no files; the page says where it put the engine's.
const load = (bundle, options) => loadEngine(bundle, { wasm: '/assets/engine.wasm', ...options });
const bundle = () => fetch('guardrail.bundle');
const report = await check({ loadEngine: load, guardStream, EdgerailError }, bundle).catch((error) => {
  return { failed: String(error) };
});
document.querySelector('#report').textContent = JSON.stringify(report);
