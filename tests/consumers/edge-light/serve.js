import { readFile } from 'node:fs/promises';
import { EdgeRuntime } from 'edge-runtime';

const wasm = await readFile('dist/engine.wasm');
const runtime = new EdgeRuntime({
  initialCode: await readFile('dist/handler.js', 'utf8'),
  extend: (context) => Object.assign(context, { wasm_engine: new WebAssembly.Module(wasm) }),
});
const response = await runtime.dispatchFetch('http://localhost/');
console.log(await response.text());
