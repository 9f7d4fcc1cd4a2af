// A trap never bricks a page: what is evaluated meanwhile is blocked, what was begun before fails closed, and the next
// call starts afresh. The engine of these tests panics on one text, as a defect would.

import * as edgerail from 'edgerail';

import { codeOf } from './code.mjs';
import { assert, assertEqual } from './same.mjs';

const { loadEngine, openPlaceholders } = edgerail;
const FAULT = 'edgerail-fault-injection: panic';
const TEXT = 'Write to ana@example.com, TCK-123456.';
const MESSAGE = 'Sorry, I cannot help with that. Please leave out confidential details and try again.';
const MESSAGE_OUT = 'Sorry, I cannot show this answer.';

async function engineOf(origin, options = {}) {
  return await loadEngine(`${origin}/corpus/demo.bundle`, {
    trust: 'local',
    wasm: `${origin}/fault/engine.wasm`,
    ...options,
  });
}

function trap(engine, options) {
  const decision = engine.evaluate(FAULT, options);
  assertEqual([decision.outcome, decision.reasonCode], ['block', 'trap'], 'a text that traps');
  return decision;
}

/** Lets finalizers run, where the collector can be asked; elsewhere makes enough garbage that it comes by itself. */
async function collect() {
  for (let round = 0; round < 5; round += 1) {
    if (typeof globalThis.gc === 'function') globalThis.gc();
    else for (let more = 0; more < 200; more += 1) new ArrayBuffer(1 << 20);
    await new Promise((done) => setTimeout(done, 20));
  }
}

export async function blocks({ origin }) {
  const records = [];
  const engine = await engineOf(origin, { onDecision: (record) => records.push(record) });
  const before = engine.evaluate(TEXT).json;
  const input = trap(engine);
  assertEqual([input.text, input.texts, input.findings, input.masks], [MESSAGE, [MESSAGE], [], []], 'the decision');
  assertEqual(input.deferred.map((one) => one.policy), ['all'], 'what is deferred');
  assertEqual(trap(engine, { source: 'OUTPUT' }).text, MESSAGE_OUT, 'the message of answers');
  const several = engine.evaluate({ content: [{ text: 'fine' }, { text: FAULT }] });
  assertEqual([several.outcome, several.reasonCode, several.texts], ['block', 'trap', [MESSAGE]], 'several texts');
  assertEqual(engine.evaluate(TEXT).json, before, 'the same text afterwards');
  assertEqual(records.map((record) => record.reasonCode), ['ok', 'trap', 'trap', 'trap', 'ok'], 'the records');
  engine.selfTest();
}

export async function liveHandles({ origin }) {
  const engines = [];
  for (let number = 0; number < 4; number += 1) engines.push(await engineOf(origin));
  const before = engines.map((engine) => engine.evaluate(TEXT).json);
  const placeholders = await openPlaceholders('c1');
  const masked = placeholders.mask(TEXT, engines[0].evaluate(TEXT));
  assertEqual(masked, 'Write to {EMAIL_1}, {TICKET_1}.', 'placeholders');
  const begin = () => {
    const stream = engines[1].stream();
    // The address is held back, for it may go on.
    assertEqual(stream.push('Write to ana@example.c'), 'Write to ', 'what is let out');
    return stream;
  };
  let streams = Array.from({ length: 8 }, begin);
  const [pushed, finished, freed, blockEnded, bytes] = streams;
  trap(engines[0]);
  await collect();

  // Streams of before fail closed: the message once, nothing of what was held back.
  assertEqual(pushed.push('om now'), MESSAGE_OUT, 'a stream of before');
  assertEqual(pushed.push('ana@example.com'), '', 'the same, again');
  assert(pushed.blocked, 'it says that it is blocked');
  const end = pushed.finish();
  assertEqual([end.outcome, end.reasonCode, end.text, end.findings], ['block', 'trap', '', []], 'its end');
  const other = finished.finish();
  assertEqual([other.outcome, other.reasonCode, other.text], ['block', 'trap', MESSAGE_OUT], 'a stream that is finished');
  assertEqual(blockEnded.nextBlock(), MESSAGE_OUT, 'a stream whose block ends');
  assertEqual(bytes.pushBytes(new TextEncoder().encode('om')), MESSAGE_OUT, 'a stream of bytes');
  freed.free();
  freed.free();
  freed[Symbol.dispose]?.();
  assertEqual(await codeOf(() => freed.push('x')), 'freed', 'a stream that was freed');

  // Engines load their bundles again; handles of before that are collected now free nothing of the new instance.
  assertEqual(engines.map((engine) => engine.evaluate(TEXT).json), before, 'engines of before');
  streams = undefined;
  await collect();
  const fresh = begin();
  assertEqual(fresh.push('om now') + fresh.finish().text, '{EMAIL} now', 'a new stream');
  assertEqual(placeholders.restore(masked), TEXT, 'placeholders of before');
  assertEqual(placeholders.mask('ana@example.com', engines[2].evaluate('ana@example.com')), '{EMAIL_1}', 'the same number');
  for (const engine of engines.slice(1)) engine.free();
  await collect();
  assertEqual(engines[0].evaluate(TEXT).json, before[0], 'the engine that is left');
  assertEqual((await engineOf(origin)).evaluate(TEXT).json, before[0], 'an engine that is loaded now');
}

/** A stream that itself traps: the message once, and nothing of what was held back; the streams beside it likewise. */
export async function inStreams({ origin }) {
  const records = [];
  const engine = await engineOf(origin, { onDecision: (record) => records.push(record.reasonCode) });
  const streams = [engine.stream(), engine.stream(), engine.stream({ source: 'INPUT', mode: 'buffer' })];
  for (const stream of streams) stream.push('Write to ana@example.c');
  const [trapping, beside, buffered] = streams;
  assertEqual(trapping.push(FAULT), MESSAGE_OUT, 'the stream that traps');
  assertEqual([trapping.push('om'), trapping.nextBlock(), trapping.blocked], ['', '', true], 'the same afterwards');
  assertEqual(beside.push('om'), MESSAGE_OUT, 'a stream beside it');
  for (const [stream, text] of [[trapping, ''], [beside, ''], [buffered, MESSAGE]]) {
    const end = stream.finish();
    assertEqual([end.outcome, end.reasonCode, end.text, end.found], ['block', 'trap', text, 0], 'the end');
    assertEqual(await codeOf(() => stream.push('x')), 'stream_finished', 'a stream that was finished');
  }
  assertEqual(records, ['trap', 'trap', 'trap'], 'the records');
  assertEqual(engine.evaluate(TEXT).outcome, 'mask', 'the engine afterwards');
  const pieces = new ReadableStream({
    start(controller) {
      for (const piece of ['Write to ana@example.c', FAULT, 'om and more']) controller.enqueue(piece);
      controller.close();
    },
  });
  let out = '';
  const reader = pieces.pipeThrough(edgerail.guardStream(engine)).getReader();
  for (let next = await reader.read(); !next.done; next = await reader.read()) out += next.value;
  assertEqual(out, `Write to ${MESSAGE_OUT}`, 'a guarded stream');
}

/** Handles that are dropped, not freed, before, between and after traps. */
export async function garbage({ origin }) {
  const kept = await engineOf(origin);
  const before = kept.evaluate(TEXT).json;
  for (let round = 0; round < 30; round += 1) {
    for (let number = 0; number < 3; number += 1) {
      const engine = await engineOf(origin);
      engine.stream().push('Write to ana@');
      (await openPlaceholders(`c${number}`)).mask(TEXT, engine.evaluate(TEXT));
    }
    trap(kept);
    if (round % 5 === 0) await collect();
    assertEqual(kept.evaluate(TEXT).json, before, `round ${round}`);
  }
}

/** How much memory a thousand traps in a row cost, in bytes where the platform tells. */
export async function thousand({ origin }) {
  const engine = await engineOf(origin);
  const before = engine.evaluate(TEXT).json;
  const used = () => globalThis.process?.memoryUsage?.().rss;
  let early;
  for (let round = 1; round <= 1_000; round += 1) {
    const stream = round % 10 === 0 ? engine.stream() : undefined;
    stream?.push('Write to ana@');
    trap(engine);
    assertEqual(engine.evaluate(TEXT).json, before, `after ${round} traps`);
    // Collectors work between tasks.
    if (round % 50 === 0) await new Promise((done) => setTimeout(done, 0));
    if (round === 200) {
      await collect();
      early = used();
    }
  }
  await collect();
  return { early, late: used() };
}

/** Traps that follow each other without an evaluation between them, in two engines by turns. */
export async function again({ origin }) {
  const engines = [await engineOf(origin), await engineOf(origin)];
  for (let round = 0; round < 20; round += 1) trap(engines[round % 2]);
  const outcomes = engines.map((engine) => engine.evaluate(TEXT).outcome);
  assertEqual(outcomes, ['mask', 'mask'], 'both engines afterwards');
}
