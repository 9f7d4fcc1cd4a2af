// Imports one subpath of the package and says what that left behind: `node import-probe.mjs esm|cjs edgerail/stream`.

import { createRequire } from 'node:module';

const [, , kind, specifier] = process.argv;
const require = createRequire(import.meta.url);
const snapshot = () => ({
  globals: Reflect.ownKeys(globalThis).map(String),
  resources: process.getActiveResourcesInfo().filter((name) => name !== 'PipeWrap' && name !== 'TTYWrap'),
  listeners: process.eventNames().map(String),
});
// The loaders of modules are lazy themselves.
await import('node:path');
require('node:path');
const before = snapshot();
const exports = kind === 'esm' ? await import(specifier) : require(specifier);
await new Promise((done) => setImmediate(done));
const after = snapshot();
const added = {};
for (const [what, list] of Object.entries(after)) added[what] = list.filter((one) => !before[what].includes(one));
console.log(JSON.stringify({ added, exports: Object.keys(exports) }));
