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
import { Worker } from 'node:worker_threads';
import * as esm from 'edgerail/worker';
import { DEFINITION, MESSAGES, bundleOf } from './guardrail.mjs';

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

/** A bundle that masks tickets and blocks with a message of its own, so that the answers of two tell whose they are. */
const other = () =>
  bundleOf({
    ...DEFINITION,
    name: 'other',
    blockedInputMessaging: 'No, says the other.',
    wordPolicyConfig: { wordsConfig: [{ text: 'Project Osprey' }] },
    sensitiveInformationPolicyConfig: { regexesConfig: DEFINITION.sensitiveInformationPolicyConfig.regexesConfig },
  });

const TEXT = 'an ana@example.com, TCK-123456';

/** Idle, it would not keep the process until it has ended. */
async function end(worker) {
  const waiting = setInterval(() => {}, 1000);
  await worker.terminate();
  clearInterval(waiting);
}

function script(t) {
  const worker = new Worker(new URL('../dist/esm/worker-script.js', import.meta.url));
  t.after(() => end(worker));
  return worker;
}

test('two engines of one worker answer each their own questions', async (t) => {
  const worker = script(t);
  const records = [[], []];
  // At once: loading takes more than a turn, so that the calls of both are under way together.
  const [one, two] = await Promise.all(
    [bundleOf(), other()].map(async (bundle, place) =>
      esm.loadEngineInWorker(await bundle, { worker, onDecision: (record) => records[place].push(record) }),
    ),
  );
  assert.deepEqual([one, two].map(({ info }) => info.guardrails[0].name), ['everything', 'other']);
  const rounds = await Promise.all(Array.from({ length: 20 }, () => Promise.all([one.evaluate(TEXT), two.evaluate(TEXT)])));
  for (const [mine, theirs] of rounds) {
    assert.deepEqual([mine.text, theirs.text], ['an {EMAIL}, {Ticket}', 'an ana@example.com, {Ticket}']);
    assert.deepEqual([mine.bundle, theirs.bundle], [one.info.sha256, two.info.sha256]);
  }
  const blocked = await Promise.all([one, two].map((engine) => engine.evaluate('Project Kestrel')));
  assert.deepEqual(blocked.map(({ outcome }) => outcome), ['block', 'pass']);
  await Promise.all([one.selfTest(), two.selfTest()]);
  for (const [place, engine] of [one, two].entries()) {
    assert.equal(records[place].length, 21);
    assert.ok(records[place].every(({ bundle }) => bundle === engine.info.sha256));
  }
  // Streams have the same numbers in both.
  const [mine, theirs] = await Promise.all([one.stream(), two.stream()]);
  const shown = ['', ''];
  for (const piece of TEXT.match(/.{1,4}/g)) {
    const pieces = await Promise.all([mine.push(piece), theirs.push(piece)]);
    for (const [place, text] of pieces.entries()) shown[place] += text;
  }
  one.free();
  const ends = await Promise.all([mine.finish(), theirs.finish()]);
  assert.deepEqual(ends.map(({ text }, place) => shown[place] + text), ['an {EMAIL}, {Ticket}', 'an ana@example.com, {Ticket}']);
  await assert.rejects(one.evaluate(TEXT), { code: 'freed' });
  assert.equal((await two.evaluate(TEXT)).text, 'an ana@example.com, {Ticket}');
  two.free();
  const again = await esm.loadEngineInWorker(await bundleOf(), { worker });
  assert.equal((await again.evaluate(TEXT)).text, 'an {EMAIL}, {Ticket}');
  again.free();
});

test('a bundle that a shared worker refuses leaves its other engine alone', async (t) => {
  const worker = script(t);
  const engine = await esm.loadEngineInWorker(await bundleOf(), { worker, timeout: 5000 });
  const waiting = engine.evaluate(TEXT);
  await assert.rejects(esm.loadEngineInWorker((await bundleOf()).slice(0, -1), { worker }), { code: 'bundle_damaged' });
  assert.equal((await waiting).text, 'an {EMAIL}, {Ticket}');
  assert.equal((await engine.evaluate(TEXT)).text, 'an {EMAIL}, {Ticket}');
  engine.free();
});

test('a shared worker that ends is known to have ended to all its engines', async (t) => {
  const worker = script(t);
  const engines = await Promise.all([1, 2].map(async () => esm.loadEngineInWorker(await bundleOf(), { worker, timeout: 60_000 })));
  await end(worker);
  for (const engine of engines) assert.equal((await engine.evaluate(TEXT)).reasonCode, 'trap');
});

test('what a stream cannot take is refused, and nothing waits for it', async (t) => {
  const worker = script(t);
  const posted = t.mock.method(worker, 'postMessage');
  const engine = await esm.loadEngineInWorker(await bundleOf(), { worker, timeout: 5000 });
  const stream = await engine.stream();
  const before = posted.mock.callCount();
  for (const bad of [undefined, null, 1, {}, () => {}, Symbol('no'), new Uint8Array(1)]) {
    await assert.rejects(stream.push(bad), { name: 'EdgerailError', code: 'invalid_argument' });
  }
  assert.equal(posted.mock.callCount(), before);
  // What the platform does not post is refused without an end of the queue.
  const failing = (error) =>
    posted.mock.mockImplementationOnce(() => {
      throw error;
    });
  failing(new DOMException('could not be cloned', 'DataCloneError'));
  const calls = await Promise.allSettled([stream.push('an ana@'), engine.evaluate(TEXT), stream.push('example.com')]);
  assert.deepEqual([calls[0].reason?.code, calls[1].value?.text], ['invalid_argument', 'an {EMAIL}, {Ticket}']);
  // And a text that could not be asked about is not let through.
  failing(new Error('no'));
  const [lost, next] = await Promise.all([engine.evaluate('fine'), engine.evaluate('fine')]);
  assert.deepEqual([lost.outcome, lost.reasonCode, next.outcome], ['block', 'trap', 'pass']);
  stream.free();
  engine.free();
});

test('bytes that wait do not change with the buffer of Node they are in', async () => {
  const engine = await esm.loadEngineInWorker(await bundleOf());
  const stream = await engine.stream();
  const bytes = Buffer.from('an ana@example.com.');
  const waiting = [engine.evaluate(TEXT), stream.pushBytes(bytes)];
  bytes.fill(0x20);
  const [, shown] = await Promise.all(waiting);
  assert.equal(shown + (await stream.finish()).text, 'an {EMAIL}.');
  engine.free();
});
