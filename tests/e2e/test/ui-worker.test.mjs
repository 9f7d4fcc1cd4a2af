// The engine in a worker, in Node (worker_threads) and in both browsers: `web/ui-worker.mjs` says what must hold.

import assert from 'node:assert/strict';
import { dirname } from 'node:path';
import test from 'node:test';

import { FAULT_WASM } from '../lib/paths.mjs';
import { CSP, SURFACES, start, testServer } from '../lib/surfaces.mjs';
import { page } from '../lib/ui-page.mjs';

const TESTS = ['same', 'order', 'streams', 'traps', 'crash', 'timeout', 'abort', 'given', 'refused', 'bundleOfTheCaller'];
const TRUSTED = `${CSP}; require-trusted-types-for 'script'; trusted-types`;

for (const surface of SURFACES) {
  test(`the engine in a worker, in ${surface}`, async (t) => {
    const pages = { '/trusted': page(`${TRUSTED} edgerail`), '/untrusted': page(`${TRUSTED} 'none'`) };
    const [server, running] = await Promise.all([testServer({ folders: { fault: dirname(FAULT_WASM) }, pages }), start(surface)]);
    t.after(async () => {
      await running.stop();
      await server.stop();
    });
    for (const name of TESTS) {
      await t.test(name, async () => {
        const opened = await running.open(server.origin);
        try {
          await opened.call('ui-worker.mjs', name);
        } finally {
          await opened.close();
        }
      });
    }
    // Firefox ESR has no Trusted Types and Firefox no long tasks.
    if (surface !== 'chromium') return;
    await t.test('long texts keep no frame from being drawn', async () => {
      const opened = await running.open(server.origin);
      let clean = false;
      // On a machine that does other things too, short tasks may look long; those that are long are so every time.
      for (let round = 0; round < 6 && !clean; round += 1) {
        const { tasks, frames, elapsed, outcomes } = await opened.call('ui-worker.mjs', 'responsive');
        t.diagnostic(`3 MB checked in ${elapsed.toFixed(0)} ms, ${frames} frames, long tasks: [${tasks}] ms`);
        assert.deepEqual(outcomes, [['block', 'limit_text'], ['mask', 'ok']]);
        clean = tasks.length === 0 && frames > 0;
      }
      assert.ok(clean, 'every round had long tasks');
      await opened.close();
    });
    await t.test('trusted types', async () => {
      const trusted = await running.open(server.origin, { path: '/trusted' });
      await trusted.call('ui-worker.mjs', 'order');
      assert.deepEqual(trusted.console, []);
      await trusted.close();
      const untrusted = await running.open(server.origin, { path: '/untrusted' });
      await assert.rejects(untrusted.call('ui-worker.mjs', 'order'), { code: 'worker_failed', message: /policy 'edgerail'/ });
      await untrusted.close();
    });
  });
}
