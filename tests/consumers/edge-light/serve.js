import { readFile, readdir } from 'node:fs/promises';
import { EdgeRuntime } from 'edge-runtime';

const names = (await readdir('dist')).filter((name) => name.endsWith('.wasm'));
const modules = await Promise.all(
  names.map(async (name) => [`wasm_${name.replace('.wasm', '')}`, new WebAssembly.Module(await readFile(`dist/${name}`))]),
);
const runtime = new EdgeRuntime({
  initialCode: await readFile('dist/handler.js', 'utf8'),
  extend: (context) => Object.assign(context, Object.fromEntries(modules)),
});
const response = await runtime.dispatchFetch('http://localhost/');
console.log(await response.text());
