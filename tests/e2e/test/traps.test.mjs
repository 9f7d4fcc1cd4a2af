// Traps and memory, in Node and in both browsers: `web/traps.mjs` says what must hold.

import assert from 'node:assert/strict';
import { dirname } from 'node:path';
import test from 'node:test';

import { FAULT_WASM } from '../lib/paths.mjs';
import { SURFACES, start, testServer } from '../lib/surfaces.mjs';

/** What a process may have grown by, in bytes. One instance of the engine alone takes more than 1 MiB. */
const GROWTH = 96 << 20;

const TESTS = [
  ['traps.mjs', 'blocks'],
  ['traps.mjs', 'liveHandles'],
  ['traps.mjs', 'inStreams'],
  ['traps.mjs', 'garbage'],
  ['traps.mjs', 'again'],
  ['traps.mjs', 'thousand'],
  ['handles.mjs', 'freed'],
  ['handles.mjs', 'disposed'],
  ['handles.mjs', 'repeated'],
  ['using.mjs', 'using'],
];

for (const surface of SURFACES) {
  test(`traps and memory in ${surface}`, async (t) => {
    const [server, running] = await Promise.all([testServer({ folders: { fault: dirname(FAULT_WASM) } }), start(surface)]);
    t.after(async () => {
      await running.stop();
      await server.stop();
    });
    for (const [module, name] of TESTS) {
      // Node 20 does not parse `using`.
      if (name === 'using' && surface === 'node' && process.versions.node.split('.')[0] < 24) continue;
      await t.test(name, async () => {
        const page = await running.open(server.origin);
        try {
          const memory = await page.call(module, name);
          if (memory?.early === undefined) return;
          const growth = memory.late - memory.early;
          t.diagnostic(`${name} in ${surface}: ${(growth / 1e6).toFixed(1)} MB more at the end`);
          assert.ok(growth < GROWTH, `memory grew by ${growth} bytes`);
        } finally {
          await page.close();
        }
      });
    }
  });
}
