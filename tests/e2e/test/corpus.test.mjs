// The corpus of tests/corpus on the npm package, held to the bytes of the native engine.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import test from 'node:test';

import { CORPUS } from '../lib/paths.mjs';
import { SURFACES, start, testServer } from '../lib/surfaces.mjs';
import { startWorkerd } from '../lib/workerd.mjs';

const exported = JSON.parse(await readFile(`${CORPUS}/corpus.json`, 'utf8'));

/** The whole corpus ran, and nothing in it differs. */
function judge(name, t, { counts, differences, more }) {
  t.diagnostic(`${name}: ${JSON.stringify(counts)}`);
  const all = differences.length + more;
  assert.ok(all === 0, `${all} differences, such as\n${differences.slice(0, 5).join('\n')}`);
  assert.equal(counts.rows, exported.rows.length);
  assert.equal(counts.conversations, exported.conversations.all.length);
  assert.ok(counts.rows >= 1_300 && counts.streams > 5 * counts.rows && counts.findings > 500 && counts.masks > 100);
}

for (const name of SURFACES) {
  test(`the corpus in ${name} is byte for byte the native engine's`, async (t) => {
    const [server, surface] = await Promise.all([testServer(), start(name)]);
    try {
      const page = await surface.open(server.origin);
      judge(`${name} ${surface.version}`, t, await page.call('corpus-page.mjs', 'corpus'));
      assert.deepEqual(page.console, []);
      await page.close();
    } finally {
      await surface.stop();
      await server.stop();
    }
  });
}

test("the corpus in workerd is byte for byte the native engine's", async (t) => {
  const worker = await startWorkerd();
  try {
    const report = { counts: {}, differences: [], more: 0 };
    const batch = 100;
    for (let from = 0; from < exported.rows.length; from += batch) {
      const { counts, differences, more } = await worker.corpus(exported, from, from + batch);
      for (const [name, count] of Object.entries(counts)) report.counts[name] = (report.counts[name] ?? 0) + count;
      report.differences.push(...differences);
      report.more += more;
    }
    judge(`workerd ${worker.version}`, t, report);
  } finally {
    await worker.stop();
  }
});
