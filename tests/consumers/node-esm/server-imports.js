// On a server, importing the package does nothing: no global appears or changes, nothing keeps the process alive.
// `./react` has a peer that is not installed here, and only it may miss it.

import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

const manifest = JSON.parse(await readFile(createRequire(import.meta.url).resolve('edgerail/package.json'), 'utf8'));
const scripts = Object.keys(manifest.exports).filter((name) => !/\.(wasm|json)$/.test(name));
if (scripts.length < 8) throw new Error(`only ${scripts.length} subpaths`);
const before = globals();
for (const name of scripts) {
  const specifier = name.replace('.', 'edgerail');
  try {
    const names = Object.keys(await import(specifier));
    // A worker's script has nothing to give; it serves when it finds itself in a worker.
    if (names.length === 0 && name !== './worker-script') throw new Error(`${specifier} exports nothing`);
  } catch (error) {
    const missing = /Cannot find package '([^']+)'/.exec(error.message)?.[1];
    if (error.code !== 'ERR_MODULE_NOT_FOUND' || manifest.peerDependenciesMeta[missing]?.optional !== true) throw error;
  }
}
const after = globals();
for (const key of new Set([...before.keys(), ...after.keys()])) {
  const isSame = before.has(key) === after.has(key) && Object.is(before.get(key) ?? after.get(key), after.get(key));
  if (!isSame) throw new Error(`importing changed globalThis.${String(key)}`);
}
const open = process.getActiveResourcesInfo().filter((name) => !/^(TTYWrap|PipeWrap|FSReqPromise|CloseReq)$/.test(name));
if (open.length > 0) throw new Error(`importing left open: ${open.join(', ')}`);

/** What every global is. Node makes some of its own when they are first used; until then they are `undefined` here. */
function globals() {
  const entries = Object.entries(Object.getOwnPropertyDescriptors(globalThis));
  return new Map(entries.map(([key, { value }]) => [key, value]));
}
