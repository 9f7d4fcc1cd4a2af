// Where WebAssembly cannot be had, and every way of getting it, in Node and in both browsers.

import assert from 'node:assert/strict';
import test from 'node:test';

import { SURFACES, start, testServer } from '../lib/surfaces.mjs';

const FORMS = ['text', 'url', 'response', 'bytes', 'buffer', 'module', 'no content type', 'default'];

for (const surface of SURFACES) {
  test(`WebAssembly in ${surface}`, async (t) => {
    const [server, running] = await Promise.all([testServer(), start(surface)]);
    t.after(async () => {
      await running.stop();
      await server.stop();
    });
    const run = (name, argument, options) =>
      t.test(argument?.form === undefined ? name : `${name}: ${argument.form}`, async () => {
        const page = await running.open(server.origin, options);
        try {
          await page.call('platform.mjs', name, argument);
        } finally {
          await page.close();
        }
      });
    await run('noWebAssembly');
    await run('otherThanWasm');
    await run('severalAtOnce');
    for (const form of FORMS) await run('everyWasm', { form });
    if (surface === 'node') return;
    await run('blockedByPolicy', {}, { path: '/no-wasm' });
    await t.test('an import adds no global and fetches modules only', async () => {
      const page = await running.open(server.origin);
      try {
        const from = server.requests.length;
        const subpaths = ['edgerail', 'edgerail/stream', 'edgerail/worker', 'edgerail/form', 'edgerail/ai', 'edgerail/aws', 'edgerail/sync'];
        const added = await page.call('side-effects.mjs', 'imports', { subpaths: [...subpaths, 'edgerail/inline', 'edgerail/compile'] });
        assert.deepEqual(added, []);
        const others = server.requests.slice(from).filter(({ path }) => !/^\/(package|web)\/.*\.m?js$/.test(path));
        assert.deepEqual(others, []);
        assert.deepEqual(page.console, []);
      } finally {
        await page.close();
      }
    });
  });
}
