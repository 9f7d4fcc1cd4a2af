import { EdgerailError, guardStream, loadEngine } from 'edgerail';
import wasm from 'edgerail/engine.wasm' with { type: 'file' };

import { check } from './check.mjs';

// Bun's bundler leaves `new URL(…, import.meta.url)` as it is; the import gives the engine's address.
const load = (bundle, options) => loadEngine(bundle, { wasm: new URL(wasm, import.meta.url), ...options });
const bundle = () => fetch('guardrail.bundle');
const report = await check({ loadEngine: load, guardStream, EdgerailError }, bundle).catch((error) => {
  return { failed: String(error) };
});
document.querySelector('#report').textContent = JSON.stringify(report);
