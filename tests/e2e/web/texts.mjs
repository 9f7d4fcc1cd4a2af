// Texts and arguments that are none: content never throws, arguments throw `invalid_argument`.

import { guardStream, loadEngine } from 'edgerail';

import { codeOf } from './code.mjs';
import { assert, assertEqual } from './same.mjs';

const HIGH = '\ud83d';
const LOW = '\ude00';

async function engineOf(origin) {
  return await loadEngine(`${origin}/corpus/demo.bundle`);
}

/** The decision on a text that is no Unicode: blocked, with the reason and the guardrail's message. */
function refused(decision, what) {
  assertEqual(decision.outcome, 'block', what);
  assertEqual(decision.reasonCode, 'invalid_text', what);
  assert(decision.text.startsWith('Sorry, I cannot'), `${what}: "${decision.text}"`);
  assertEqual(JSON.parse(decision.json).edgerail.reasonCode, 'invalid_text', what);
}

export async function loneSurrogates({ origin }) {
  const engine = await engineOf(origin);
  for (const text of [HIGH, LOW, `a${HIGH}`, `${LOW}b`, `a${LOW}${HIGH}b`, `ana@example.com ${HIGH} x`, `${HIGH}${HIGH}${LOW}`]) {
    const what = JSON.stringify(text);
    refused(engine.evaluate(text), what);
    refused(engine.evaluate(text, { source: 'OUTPUT', outputScope: 'FULL', offsets: 'chars' }), what);
    refused(engine.evaluate({ content: [{ text: 'fine' }, { text, qualifiers: ['query'] }] }), what);
  }
  assertEqual(engine.evaluate(`a${HIGH}${LOW}b`).outcome, 'pass', 'a pair');
}

export async function loneSurrogatesInStreams({ origin }) {
  const engine = await engineOf(origin);
  const run = (pieces, finish = true) => {
    const stream = engine.stream();
    let out = '';
    for (const piece of pieces) {
      if (piece === undefined) out += stream.nextBlock();
      else out += typeof piece === 'string' ? stream.push(piece) : stream.pushBytes(piece);
    }
    if (!finish) return { out };
    const end = stream.finish();
    return { out: out + end.text, end };
  };
  const pairs = [['a', HIGH, LOW, 'b'], [`a${HIGH}`, `${LOW}b`], [`a${HIGH}`, '', LOW, 'b'], [...`a${HIGH}${LOW}b`]];
  for (const pieces of pairs) {
    const { out, end } = run(pieces);
    assertEqual(out, `a${HIGH}${LOW}b`, 'a pair in pieces');
    assertEqual(end.outcome, 'pass', 'a pair in pieces');
  }
  const bytes = new TextEncoder().encode('b');
  const broken = [
    ['a secret ', HIGH, 'b'],
    ['a secret ', LOW, 'b'],
    ['a secret ', HIGH],
    ['a secret ', HIGH, HIGH, LOW],
    ['a secret ', HIGH, bytes],
    ['a secret ', HIGH, undefined, LOW],
    ['a secret ', new Uint8Array([0xff]), 'b'],
    ['a secret ', new Uint8Array([0xf0, 0x9f])],
    ['a secret ', new Uint8Array([0xf0, 0x9f]), 'b'],
    ['a secret ', new Uint8Array([0xed, 0xa0, 0xbd]), 'b'],
  ];
  for (const pieces of broken) {
    const what = `pieces ${JSON.stringify(pieces)}`;
    const { out, end } = run(pieces);
    assertEqual([end.outcome, end.reasonCode], ['block', 'invalid_text'], what);
    assert(!/[\ud800-\udfff\ufffd]/.test(out) && !out.endsWith('b'), `${what} let "${out}" out`);
    assert(out.endsWith('Sorry, I cannot show this answer.'), `${what} ends in "${out}"`);
  }
}

export async function loneSurrogatesInGuardStream({ origin }) {
  const engine = await engineOf(origin);
  const run = async (pieces) => {
    const source = new ReadableStream({
      start(controller) {
        for (const piece of pieces) controller.enqueue(piece);
        controller.close();
      },
    });
    const reader = source.pipeThrough(guardStream(engine)).getReader();
    let out = '';
    for (let next = await reader.read(); !next.done; next = await reader.read()) out += next.value;
    return out;
  };
  assertEqual(await run(['mail ana@exam', 'ple.com ', HIGH, LOW, ' now']), `mail {EMAIL} ${HIGH}${LOW} now`, 'a pair');
  const out = await run(['mail ', HIGH, ' x ana@example.com']);
  assert(out.endsWith('Sorry, I cannot show this answer.') && !out.includes('ana@'), `a lone one let "${out}" out`);
}

export async function notATextOrRequest({ origin }) {
  const engine = await engineOf(origin);
  const inputs = [undefined, null, 5, true, new String('text'), {}, [], { content: 'text' }, { content: [null] }];
  inputs.push({ content: [{}] }, { content: [{ text: 5 }] }, { content: { text: 'x' } }, { text: 'x' });
  inputs.push({ content: [{ text: 'x', qualifiers: ['loud'] }] }, { content: [{ text: 'x', qualifiers: 'query' }] });
  inputs.push({ content: [{ text: 'x', role: 'pope' }] }, { content: [{ text: 'x' }], model: 5 });
  for (const input of inputs) {
    assertEqual(await codeOf(() => engine.evaluate(input), JSON.stringify(input)), 'invalid_argument', JSON.stringify(input));
  }
  const options = [{ source: 'SIDEWAYS' }, { source: 5 }, { outputScope: 'HALF' }, { offsets: 'pixels' }, { now: 'today' }, { now: 5 }];
  for (const option of options) {
    const what = JSON.stringify(option);
    assertEqual(await codeOf(() => engine.evaluate('x', option), what), 'invalid_argument', what);
  }
  assertEqual(engine.evaluate('x').outcome, 'pass', 'after all of them');
}

export async function notAStream({ origin }) {
  const engine = await engineOf(origin);
  for (const option of [{ source: 'X' }, { mode: 'fast' }, { holdback: -1 }, { holdback: 1.5 }, { holdback: 'a' }, { now: 'x' }]) {
    const what = JSON.stringify(option);
    assertEqual(await codeOf(() => engine.stream(option), what), 'invalid_argument', what);
  }
  const stream = engine.stream();
  for (const piece of [undefined, null, 5, {}, new Uint8Array(1)]) {
    assertEqual(await codeOf(() => stream.push(piece), `push ${piece}`), 'invalid_argument', `push ${piece}`);
  }
  for (const piece of [undefined, null, 5, {}, 'x', [1]]) {
    assertEqual(await codeOf(() => stream.pushBytes(piece), `pushBytes ${piece}`), 'invalid_argument', `pushBytes ${piece}`);
  }
  assertEqual(stream.push('fine ') + stream.finish().text, 'fine ', 'after all of them');
  for (const work of [() => stream.push('x'), () => stream.pushBytes(new Uint8Array(1)), () => stream.nextBlock(), () => stream.finish()]) {
    assertEqual(await codeOf(work), 'stream_finished', String(work));
  }
}

/** A request whose members change or throw while they are read blocks or is refused, and nothing else changes. */
export async function requestsThatLie({ origin }) {
  const engine = await engineOf(origin);
  const expected = engine.evaluate('Write to ana@example.com').json;
  let reads = 0;
  const liars = [
    { get text() { return (reads += 1) % 2 ? 'fine' : 'Write to ana@example.com'; } },
    { get text() { if ((reads += 1) % 3 === 0) throw new RangeError('no'); return 'fine'; } },
    { text: 'fine', get qualifiers() { throw new RangeError('no'); } },
  ];
  for (const block of liars) {
    for (let round = 0; round < 6; round += 1) {
      try {
        const decision = engine.evaluate({ content: [block] });
        // What was decided is what comes out.
        assert(decision.outcome === 'block' || !decision.texts.join().includes('ana@'), `let "${decision.text}" out`);
      } catch (error) {
        assert(error instanceof Error, 'an error');
      }
      assertEqual(engine.evaluate('Write to ana@example.com').json, expected, 'the engine afterwards');
    }
  }
}

/** Nothing that is long or odd throws. */
export async function longTexts({ origin }) {
  const engine = await engineOf(origin);
  const two = engine.evaluate('ab '.repeat(700_000));
  assertEqual([two.outcome, two.reasonCode], ['block', 'limit_text'], '2 MB');
  const stream = engine.stream();
  for (let piece = 0; piece < 100; piece += 1) stream.push('ana@example.com '.repeat(100));
  const end = stream.finish();
  assertEqual([end.outcome, end.found, end.findings.length], ['mask', 10_000, 1_000], '10,000 findings');
  for (const text of ['', '\0', '\ufeff', '\uffff', '\u202e', '\u{10ffff}', '%'.repeat(10_000)]) {
    assertEqual(engine.evaluate(text).texts, [text], JSON.stringify(text).slice(0, 30));
  }
}
