// Memory that is given back: once, twice, by `using`, and what a handle answers afterwards.

import { loadEngine, openPlaceholders } from 'edgerail';

import { codeOf } from './code.mjs';
import { assert, assertEqual } from './same.mjs';

async function engineOf(origin) {
  return await loadEngine(`${origin}/corpus/demo.bundle`);
}

export async function freed({ origin }) {
  const engine = await engineOf(origin);
  const other = await engineOf(origin);
  const stream = engine.stream();
  assertEqual(stream.push('Write to ana@example.com'), 'Write to ', 'the stream');
  engine.free();
  engine.free();
  engine[Symbol.dispose]?.();
  for (const work of [() => engine.evaluate('x'), () => engine.stream(), () => engine.selfTest()]) {
    assertEqual(await codeOf(work), 'freed', String(work));
  }
  assertEqual(engine.info.audience, 'browser', 'what the bundle is');
  assertEqual(stream.push(' now') + stream.finish().text, '{EMAIL} now', 'a stream of an engine that was freed');
  stream.free();
  assertEqual(await codeOf(() => stream.push('x')), 'stream_finished', 'a stream that was finished and freed');
  const unfinished = other.stream();
  unfinished.free();
  unfinished.free();
  for (const work of [() => unfinished.push('x'), () => unfinished.nextBlock(), () => unfinished.finish()]) {
    assertEqual(await codeOf(work), 'freed', String(work));
  }
  const placeholders = await openPlaceholders('c1');
  const decision = other.evaluate('ana@example.com');
  placeholders.free();
  placeholders.free();
  const works = [
    () => placeholders.mask('ana@example.com', decision),
    () => placeholders.restore('{EMAIL_1}'),
    () => placeholders.restoreStream(),
    () => placeholders.toJSON(),
  ];
  for (const work of works) assertEqual(await codeOf(work), 'freed', String(work));
  assertEqual(other.evaluate('x').outcome, 'pass', 'another engine');
}

/** `Symbol.dispose` is what `using` calls; the syntax itself runs where the platform has it. */
export async function disposed({ origin }) {
  const engine = await engineOf(origin);
  assert(typeof Symbol.dispose === 'symbol', 'the platform has Symbol.dispose');
  const stream = engine.stream();
  stream[Symbol.dispose]();
  assertEqual(await codeOf(() => stream.push('x')), 'freed', 'a disposed stream');
  engine[Symbol.dispose]();
  assertEqual(await codeOf(() => engine.evaluate('x')), 'freed', 'a disposed engine');
}

/** Loading and freeing again and again takes no more memory than once. */
export async function repeated({ origin }) {
  const bundle = await (await fetch(`${origin}/corpus/demo.bundle`)).arrayBuffer();
  const used = () => globalThis.process?.memoryUsage?.().rss;
  let early;
  for (let round = 0; round < 600; round += 1) {
    const engine = await loadEngine(bundle);
    const stream = engine.stream();
    stream.push('Write to ana@example.com');
    stream.free();
    engine.evaluate('Write to ana@example.com');
    engine.free();
    if (round === 150) {
      globalThis.gc?.();
      early = used();
    }
  }
  globalThis.gc?.();
  return { early, late: used() };
}
