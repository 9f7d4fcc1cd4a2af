// The engine in a thread of Node: what loads it, and that nothing of it keeps the process alive. What it answers, and what
// happens when it fails, is tested on all surfaces in tests/e2e.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import * as esm from 'edgerail/worker';
import { MESSAGES, bundleOf } from './guardrail.mjs';

const PACKAGE = fileURLToPath(new URL('..', import.meta.url));
const run = promisify(execFile);
const cjs = createRequire(import.meta.url)('edgerail/worker');

for (const [name, { loadEngineInWorker }] of Object.entries({ esm, cjs })) {
  test(`a worker of Node decides, streams and ends (${name})`, async () => {
    const records = [];
    const engine = await loadEngineInWorker(await bundleOf(), { onDecision: (record) => records.push(record) });
    const [masked, blocked] = await Promise.all([engine.evaluate('an ana@example.com'), engine.evaluate('Project Kestrel')]);
    assert.deepEqual([masked.text, blocked.text], ['an {EMAIL}', MESSAGES.INPUT]);
    const stream = await engine.stream();
    const shown = await stream.push('an ana@example.com');
    const { text, outcome } = await stream.finish();
    assert.deepEqual([shown + text, outcome], ['an {EMAIL}', 'mask']);
    assert.deepEqual(records.map(({ action, source }) => [action, source]), [
      ['GUARDRAIL_INTERVENED', 'INPUT'],
      ['GUARDRAIL_INTERVENED', 'INPUT'],
      ['GUARDRAIL_INTERVENED', 'OUTPUT'],
    ]);
    assert.ok(!JSON.stringify(records).includes('ana@'));
    await assert.rejects(engine.evaluate({ content: 1 }), { name: 'EdgerailError', code: 'invalid_argument' });
    engine.free();
    await assert.rejects(engine.evaluate('x'), { code: 'freed' });
  });
}

test('workers that were not freed let the process end, asked or not', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'edgerail-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const bundle = join(folder, 'guardrail.bundle');
  await writeFile(bundle, await bundleOf());
  const code = `
    import { readFile } from 'node:fs/promises';
    import { loadEngineInWorker } from 'edgerail/worker';
    const bundle = await readFile(${JSON.stringify(bundle)});
    await loadEngineInWorker(bundle);
    const engine = await loadEngineInWorker(bundle);
    console.log((await engine.evaluate('an ana@example.com')).text);`;
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', code], { cwd: PACKAGE });
  assert.equal(stdout, 'an {EMAIL}\n');
});

test('the script of the worker does nothing outside of one', async () => {
  const { stdout, stderr } = await run(process.execPath, ['--input-type=module', '-e', "await import('edgerail/worker-script')"], { cwd: PACKAGE });
  assert.deepEqual([stdout, stderr], ['', '']);
});
