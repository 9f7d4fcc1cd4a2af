// Bundles, texts and arguments that are none, in Node and in both browsers: each gives an error with a code, or works.

import test from 'node:test';

import { SURFACES, start, testServer } from '../lib/surfaces.mjs';

const MODULES = {
  'bundles.mjs': [
    'truncated',
    'flippedBits',
    'otherVersions',
    'otherAudience',
    'unverified',
    'notABundle',
    'notFetched',
    'notASource',
    'everySource',
  ],
  'texts.mjs': [
    'loneSurrogates',
    'loneSurrogatesInStreams',
    'loneSurrogatesInGuardStream',
    'notATextOrRequest',
    'notAStream',
    'requestsThatLie',
    'longTexts',
  ],
};

for (const surface of SURFACES) {
  test(`bad input in ${surface}`, async (t) => {
    const [server, running] = await Promise.all([testServer(), start(surface)]);
    t.after(async () => {
      await running.stop();
      await server.stop();
    });
    // One page for all: whatever is refused leaves it usable.
    const page = await running.open(server.origin);
    for (const [module, names] of Object.entries(MODULES)) {
      for (const name of names) await t.test(name, () => page.call(module, name, { surface }));
    }
    await page.close();
  });
}
