// The engine in a worker: the same answers as without, and what happens when the worker fails. Every export is a test.

import { loadEngine } from 'edgerail';
import { loadEngineInWorker } from 'edgerail/worker';

import { codeOf } from './code.mjs';
import { assert, assertEqual } from './same.mjs';

const TEXT = 'Write to ana@example.com, TCK-123456.';
const BLOCKED = 'Write to ana@example.com about Project Halcyon.';
const MESSAGE = 'Sorry, I cannot help with that. Please leave out confidential details and try again.';
const MESSAGE_OUT = 'Sorry, I cannot show this answer.';
const FAULT = 'edgerail-fault-injection: panic';
const HANG = 'edgerail-fault-injection: hang';
const CRASH = 'edgerail-fault-injection: crash';
const isNode = typeof window === 'undefined';

async function bundleOf(origin) {
  return await (await fetch(`${origin}/corpus/audience-browser.bundle`)).arrayBuffer();
}

const options = (origin, more = {}) => ({ audience: 'any', wasm: `${origin}/package/dist/engine.wasm`, ...more });

async function open(origin, more) {
  return await loadEngineInWorker(await bundleOf(origin), options(origin, more));
}

/** Makes workers that fail on demand, and counts them. */
async function faulty() {
  const made = [];
  let make = () => new Worker('/web/ui-fault-worker.mjs', { type: 'module' });
  if (isNode) {
    const { Worker } = await import('node:worker_threads');
    make = () => new Worker(new URL('./ui-fault-worker.mjs', import.meta.url));
  }
  const worker = () => {
    made.push(make());
    return made.at(-1);
  };
  return { made, worker };
}

/** A decision without what depends on the clock. */
const plain = (value) => JSON.parse(JSON.stringify(value));

export async function same({ origin }) {
  const engine = await open(origin);
  const here = await loadEngine(await bundleOf(origin), options(origin));
  const now = new Date(1_700_000_000_000);
  assertEqual(plain(engine.info), plain(here.info), 'the info');
  const request = { content: [{ text: TEXT, qualifiers: ['query'] }, { text: 'lone \ud800 surrogate', role: 'user' }], model: 'm' };
  for (const [input, more] of [
    [TEXT, {}],
    [BLOCKED, {}],
    ['', {}],
    ['Grüße 😀 an ana@example.com', { offsets: 'bytes' }],
    ['Grüße 😀 an ana@example.com', { source: 'OUTPUT', outputScope: 'FULL', offsets: 'chars' }],
    [request, {}],
    [request, { now: null }],
    ['x'.repeat((1 << 20) + 1), {}],
  ]) {
    assertEqual(plain(await engine.evaluate(input, { now, ...more })), plain(here.evaluate(input, { now, ...more })), 'a decision');
  }
  await engine.selfTest();
  for (const bad of [null, 1, {}, { content: [{}] }, { content: 'x' }]) {
    assertEqual(await codeOf(() => engine.evaluate(bad)), 'invalid_argument', JSON.stringify(bad));
  }
  assertEqual(await codeOf(() => engine.evaluate({ content: [{ text: 'x', role: () => {} }] })), 'invalid_argument', 'a function');
  assertEqual(await codeOf(() => engine.evaluate('x', { source: 'BOTH' })), 'invalid_argument', 'a source');
  engine.free();
  engine.free();
  assertEqual(await codeOf(() => engine.evaluate(TEXT)), 'freed', 'evaluate after free');
  assertEqual(await codeOf(() => engine.stream()), 'freed', 'stream after free');
  assertEqual(await codeOf(() => engine.selfTest()), 'freed', 'selfTest after free');
}

export async function order({ origin }) {
  const engine = await open(origin);
  const done = [];
  const texts = Array.from({ length: 50 }, (_, number) => `${number}: ana${number}@example.com`);
  const decisions = await Promise.all(
    texts.map(async (text, number) => {
      const decision = await engine.evaluate(text);
      done.push(number);
      return decision;
    }),
  );
  assertEqual(done, texts.map((_, number) => number), 'answers in their order');
  assertEqual(decisions.map((decision) => decision.findings[0].match), texts.map((text) => text.split(' ')[1]), 'each its own');
  // What the caller does with its objects while the call waits changes nothing.
  const request = { content: [{ text: BLOCKED }] };
  const [first, second] = [engine.evaluate(TEXT), engine.evaluate(request)];
  request.content[0].text = 'fine';
  assertEqual([(await first).outcome, (await second).outcome], ['mask', 'block'], 'a request that changes');
  engine.free();
}

export async function streams({ origin }) {
  const engine = await open(origin);
  const here = await loadEngine(await bundleOf(origin), options(origin));
  for (const text of [TEXT, BLOCKED, 'a 😀 lone \ud800 one', 'x'.repeat(5000)]) {
    const [theirs, ours] = [await engine.stream({ source: 'OUTPUT' }), here.stream({ source: 'OUTPUT' })];
    const pieces = text.match(/[^]{1,3}/g);
    // All at once: the order is kept.
    assertEqual(await Promise.all(pieces.map((piece) => theirs.push(piece))), pieces.map((piece) => ours.push(piece)), 'what comes out');
    assertEqual(theirs.blocked, ours.blocked, 'blocked');
    assertEqual(plain(await theirs.stats()), plain(ours.stats()), 'the statistics');
    assertEqual(await theirs.nextBlock(), ours.nextBlock(), 'the next block');
    assertEqual(plain(await theirs.finish()), plain(ours.finish()), 'the end');
    assertEqual(await codeOf(() => theirs.push('x')), 'stream_finished', 'push after the end');
    assertEqual(await codeOf(() => theirs.finish()), 'stream_finished', 'finish after the end');
    theirs.free();
  }
  const bytes = new TextEncoder().encode('An ana@example.com 😀.');
  const stream = await engine.stream({ source: 'OUTPUT' });
  const out = [stream.pushBytes(bytes.subarray(0, 21)), stream.pushBytes(bytes.subarray(21))];
  bytes.fill(0);
  const end = await stream.finish();
  assertEqual((await Promise.all(out)).join('') + end.text, 'An {EMAIL} 😀.', 'bytes that change while they wait');
  // A stream outlives its engine.
  const last = await engine.stream({ source: 'OUTPUT' });
  engine.free();
  assertEqual((await last.push(TEXT)) + (await last.finish()).text, 'Write to {EMAIL}, {Ticket}.', 'after the engine was freed');
  const freed = await (await open(origin)).stream();
  freed.free();
  freed.free();
  assertEqual(await codeOf(() => freed.push('x')), 'freed', 'push after free');
}

export async function traps({ origin }) {
  const engine = await open(origin, { wasm: `${origin}/fault/engine.wasm` });
  const stream = await engine.stream({ source: 'OUTPUT' });
  await stream.push('Hello ');
  const decision = await engine.evaluate(FAULT);
  assertEqual([decision.outcome, decision.reasonCode, decision.text], ['block', 'trap', MESSAGE], 'a text that traps');
  assertEqual((await stream.finish()).reasonCode, 'trap', 'a stream of before');
  assertEqual((await engine.evaluate(TEXT)).outcome, 'mask', 'afterwards');
  engine.free();
}

export async function crash({ origin }) {
  const records = [];
  const { made, worker } = await faulty();
  const engine = await open(origin, { worker, onDecision: (record) => records.push(record) });
  const stream = await engine.stream({ source: 'OUTPUT' });
  await stream.push('Hello to ');
  // The call it fails at, and calls that wait behind it.
  const [failed, waiting, output] = await Promise.all([
    engine.evaluate(CRASH),
    engine.evaluate(TEXT),
    engine.evaluate(TEXT, { source: 'OUTPUT', outputScope: 'FULL' }),
  ]);
  assertEqual([failed.outcome, failed.reasonCode, failed.texts, failed.source], ['block', 'trap', [MESSAGE], 'INPUT'], 'the call');
  assertEqual(failed.bundle, engine.info.sha256, 'the bundle of the decision');
  assertEqual([waiting.outcome, output.outcome], ['mask', 'mask'], 'the calls behind it');
  assertEqual(made.length, 2, 'workers');
  // Exactly what the engine itself says of a trap.
  assertEqual(JSON.parse(failed.json).edgerail.reasonCode, 'trap', 'the JSON');
  assertEqual(records.map((record) => record.reasonCode), ['trap', 'ok', 'ok'], 'the records');
  // What the stream held back never comes out.
  assertEqual([await stream.push('ana@exa'), await stream.push('mple.com')], [MESSAGE_OUT, ''], 'the stream');
  assert(stream.blocked, 'the stream is blocked');
  const end = await stream.finish();
  assertEqual([end.outcome, end.reasonCode, end.text], ['block', 'trap', ''], 'its end');
  assertEqual(records.at(-1).reasonCode, 'trap', 'its record');
  engine.free();
}

export async function timeout({ origin }) {
  const { made, worker } = await faulty();
  const engine = await open(origin, { worker, timeout: 1500 });
  const stream = await engine.stream({ source: 'OUTPUT' });
  const other = await engine.stream({ source: 'OUTPUT' });
  const [late, output, waiting] = await Promise.all([
    engine.evaluate(HANG),
    engine.evaluate(HANG, { source: 'OUTPUT', outputScope: 'FULL' }),
    engine.evaluate(TEXT),
  ]);
  assertEqual([late.outcome, late.reasonCode, late.text], ['block', 'deadline', MESSAGE], 'the call');
  assertEqual([output.outcome, output.reasonCode, output.text], ['block', 'deadline', MESSAGE_OUT], 'an answer');
  assertEqual(waiting.outcome, 'mask', 'the call behind it');
  assertEqual(made.length, 3, 'workers');
  assertEqual(await stream.push('x'), MESSAGE_OUT, 'a stream');
  assertEqual((await other.finish()).text, MESSAGE_OUT, 'a stream that is only finished');
  // A stream that the worker fails at itself.
  const slow = await engine.stream({ source: 'OUTPUT' });
  assertEqual([await slow.push(HANG), await slow.push('x')], [MESSAGE_OUT, ''], 'the push');
  assertEqual((await slow.finish()).reasonCode, 'deadline', 'its end');
  for (const bad of [0, -1, Number.NaN, '5']) assertEqual(await codeOf(() => open(origin, { timeout: bad })), 'invalid_argument', `${bad}`);
  engine.free();
}

export async function abort({ origin }) {
  const { made, worker } = await faulty();
  const records = [];
  const engine = await open(origin, { worker, timeout: 1500, onDecision: (record) => records.push(record) });
  const [busy, queued] = [new AbortController(), new AbortController()];
  const active = codeOf(() => engine.evaluate(HANG, { signal: busy.signal }));
  const waiting = codeOf(() => engine.evaluate(BLOCKED, { signal: queued.signal }));
  const next = engine.evaluate(TEXT);
  busy.abort();
  queued.abort();
  assertEqual([await active, await waiting], ['aborted', 'aborted'], 'the calls');
  assertEqual((await next).outcome, 'mask', 'the call behind them');
  assertEqual(await codeOf(() => engine.evaluate(TEXT, { signal: AbortSignal.abort() })), 'aborted', 'aborted before');
  // The one that waited was never asked.
  assertEqual(records.map((record) => record.action), ['GUARDRAIL_INTERVENED'], 'the records');
  assertEqual(made.length, 2, 'workers');
  const late = new AbortController();
  const decision = await engine.evaluate(TEXT, { signal: late.signal });
  late.abort();
  assertEqual(decision.outcome, 'mask', 'aborted after the answer');
  engine.free();
}

export async function given({ origin }) {
  // A worker that was made before cannot be made again: after a failure everything is blocked, nothing hangs.
  const { made, worker } = await faulty();
  worker();
  const engine = await open(origin, { worker: made[0], timeout: 1500 });
  assertEqual((await engine.evaluate(TEXT)).outcome, 'mask', 'before');
  assertEqual((await engine.evaluate(HANG)).reasonCode, 'deadline', 'the call');
  for (const text of [TEXT, 'fine']) {
    const decision = await engine.evaluate(text);
    assertEqual([decision.outcome, decision.reasonCode, decision.text], ['block', 'trap', MESSAGE], 'afterwards');
  }
  assertEqual(await codeOf(() => engine.selfTest()), 'worker_failed', 'the self-test');
  engine.free();
  // Freed, it is left running: it is the application's.
  const again = worker();
  const first = await open(origin, { worker: again });
  first.free();
  const second = await open(origin, { worker: again });
  assertEqual((await second.evaluate(TEXT)).outcome, 'mask', 'the same worker again');
  second.free();
  await again.terminate();
}

export async function refused({ origin }) {
  const bundle = await bundleOf(origin);
  const load = (source, more) => codeOf(() => loadEngineInWorker(source, options(origin, more)));
  assertEqual(await load(bundle.slice(0, 5000)), 'bundle_damaged', 'cut short');
  assertEqual(await load(`${origin}/login.bundle`), 'bundle_not_a_bundle', 'a login page');
  assertEqual(await load(`${origin}/error.bundle`), 'bundle_fetch', 'an error page');
  assertEqual(await load(bundle, { audience: 'server' }), 'bundle_audience', 'another audience');
  assertEqual(await load(bundle, { require: 'verified' }), 'bundle_unverified', 'unverified');
  assertEqual(await load(bundle, { wasm: `${origin}/login.wasm` }), 'wasm_fetch', 'a login page for the engine');
  assertEqual(await load(bundle, { wasm: new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]) }), 'wasm_invalid', 'another module');
  assertEqual(await load(bundle, { worker: () => { throw new Error('no'); } }), 'worker_failed', 'no worker');
  if (!isNode) {
    assertEqual(await load(bundle, { worker: () => new Worker('/web/nowhere.mjs', { type: 'module' }) }), 'worker_failed', 'no script');
  }
  const engine = await open(origin, { trust: 'local', require: 'local' });
  assertEqual([engine.info.trust, (await engine.evaluate(TEXT)).trust], ['local', 'local'], 'trust');
  engine.free();
}

export async function bundleOfTheCaller({ origin }) {
  // The caller's bytes may change: a worker that is started again has the bundle still.
  const bytes = new Uint8Array(await bundleOf(origin));
  const { worker } = await faulty();
  const engine = await loadEngineInWorker(bytes, options(origin, { worker }));
  bytes.fill(0);
  assertEqual((await engine.evaluate(CRASH)).reasonCode, 'trap', 'the crash');
  assertEqual((await engine.evaluate(TEXT)).outcome, 'mask', 'afterwards');
  engine.free();
}

/** Long texts while the page draws: gives the long tasks, and how often it drew. */
export async function responsive({ origin }) {
  const engine = await open(origin);
  // Made before it is looked at: the page has them already when they are pasted.
  const line = 'A longer text without anything in it. Write to ana@example.com, or do not.\n';
  const texts = [line.repeat(Math.ceil((2 << 20) / line.length)), line.repeat(Math.floor((1 << 20) / line.length))];
  await engine.evaluate(TEXT);
  const tasks = [];
  const observer = new PerformanceObserver((list) => tasks.push(...list.getEntries().map((entry) => entry.duration)));
  observer.observe({ type: 'longtask' });
  await new Promise((done) => setTimeout(done, 100));
  tasks.length = 0;
  let frames = 0;
  let isRunning = true;
  const draw = () => {
    frames += 1;
    if (isRunning) requestAnimationFrame(draw);
  };
  requestAnimationFrame(draw);
  const begun = performance.now();
  const decisions = await Promise.all(texts.map((text) => engine.evaluate(text)));
  const elapsed = performance.now() - begun;
  isRunning = false;
  await new Promise((done) => setTimeout(done, 100));
  tasks.push(...observer.takeRecords().map((entry) => entry.duration));
  observer.disconnect();
  engine.free();
  return { tasks, frames, elapsed, outcomes: decisions.map((decision) => [decision.outcome, decision.reasonCode]) };
}
