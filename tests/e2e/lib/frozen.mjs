// Loads and evaluates where nobody may change the intrinsics: `node --frozen-intrinsics frozen.mjs BUNDLE`.

import { readFile } from 'node:fs/promises';

import { loadEngine } from 'edgerail';

const engine = await loadEngine(await readFile(process.argv[2]));
const stream = engine.stream();
console.log(engine.evaluate('ana@example.com').text, stream.push('ana@example.com now') + stream.finish().text);
