import { EdgerailError, guardStream, loadEngine } from 'edgerail';
import wasm from 'edgerail/engine.wasm';

import { check } from '../check.mjs';

// esbuild knows no `new URL(…, import.meta.url)`; its file loader gives the engine's address.
const load = (bundle, options) => loadEngine(bundle, { wasm: new URL(wasm, import.meta.url), ...options });
const bundle = () => fetch('guardrail.bundle');
const report = await check({ loadEngine: load, guardStream, EdgerailError }, bundle).catch((error) => {
  return { failed: String(error) };
});
document.querySelector('#report').textContent = JSON.stringify(report);
