import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { guardIterable, guardStream, loadEngine, openPlaceholders } from 'edgerail';
import { MESSAGES, bundleOf } from './guardrail.mjs';

let engine;
before(async () => {
  engine = await loadEngine(await bundleOf());
});

const streamOf = (...chunks) =>
  new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });

async function textOf(stream) {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of stream) text += typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true });
  return text + decoder.decode();
}

const TEXT = 'Grüße 😀 an ana@example.com, siehe TCK-123456. Danke!';
const MASKED = 'Grüße 😀 an {EMAIL}, siehe {Ticket}. Danke!';

test('however a text is cut, the same comes out', async () => {
  for (let size = 1; size < 9; size += 1) {
    const units = TEXT.match(new RegExp(`[^]{1,${size}}`, 'g'));
    assert.equal(await textOf(streamOf(...units).pipeThrough(guardStream(engine))), MASKED, `${size} units`);
    const bytes = new TextEncoder().encode(TEXT);
    const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) => bytes.slice(at * size, (at + 1) * size));
    const out = streamOf(...pieces).pipeThrough(guardStream(engine));
    assert.equal(await textOf(out), MASKED, `${size} bytes`);
  }
});

test('bytes come out as bytes', async () => {
  for await (const chunk of streamOf(new TextEncoder().encode(TEXT)).pipeThrough(guardStream(engine))) {
    assert.ok(chunk instanceof Uint8Array);
  }
});

test('a block ends the stream with the message, and tells whoever writes', async () => {
  const ends = [];
  const guard = guardStream(engine, { onEnd: (end) => ends.push(end) });
  let pulled = 0;
  const source = new ReadableStream(
    {
      pull(controller) {
        pulled += 1;
        controller.enqueue(pulled === 3 ? 'about Project Kestrel today ' : 'so far so good ');
      },
    },
    { highWaterMark: 0 },
  );
  let cancelled = false;
  const out = await textOf(
    source
      .pipeThrough(new TransformStream({ cancel: () => (cancelled = true) }))
      .pipeThrough(guard),
  );
  assert.equal(out, `so far so good so far so good about ${MESSAGES.OUTPUT}`);
  assert.ok(pulled < 20, 'the source was read on after the block');
  assert.deepEqual(ends.map((end) => [end.outcome, end.reasonCode]), [['block', 'ok']]);
  assert.ok(cancelled || pulled < 20);
});

test('nothing that was held back comes out when the stream is cancelled or fails', async () => {
  const { readable, writable } = guardStream(engine);
  const writer = writable.getWriter();
  const reader = readable.getReader();
  const first = reader.read();
  await writer.write('one two ana@exam');
  const { value } = await first;
  assert.ok(!value.includes('ana@'), value);
  await writer.abort(new Error('gone')).catch(() => {});
  await assert.rejects(reader.read());
});

test('a surrogate without its other half fails the stream', () => {
  const stream = engine.stream();
  assert.equal(stream.push('fine \ud83d') + stream.push('\ude00 and '), 'fine 😀 and ');
  assert.equal(stream.push('\ud83d') + stream.push('x'), MESSAGES.OUTPUT);
  assert.equal(stream.blocked, true);
  const end = stream.finish();
  assert.deepEqual([end.outcome, end.reasonCode, end.text], ['block', 'invalid_text', '']);
  const last = engine.stream();
  last.push('ends high \ud83d');
  assert.deepEqual([last.finish().reasonCode, last.blocked], ['invalid_text', true]);
});

test('async iterables are guarded, and let go of', async () => {
  let finished = false;
  async function* tokens() {
    try {
      for (const token of ['to ana@ex', 'ample.com ', 'about Project', ' Kestrel ', 'and more']) yield token;
    } finally {
      finished = true;
    }
  }
  let out = '';
  for await (const text of guardIterable(engine, tokens())) out += text;
  assert.equal(out, `to {EMAIL} about ${MESSAGES.OUTPUT}`);
  assert.ok(finished);
});

test('a buffered stream blocks all of a text', () => {
  const stream = engine.stream({ mode: 'buffer' });
  assert.equal(stream.push('so far so good, then Project Kestrel'), '');
  assert.equal(stream.finish().text, MESSAGES.OUTPUT);
});

test('statistics tell what is held back', () => {
  const stream = engine.stream();
  const text = 'write to ana@example';
  const out = stream.push(text);
  assert.ok(!out.includes('ana'), out);
  assert.equal(stream.stats().held, text.length - out.length);
  const { stats } = stream.finish();
  assert.deepEqual([stats.held, stats.pushes, stats.mode], [0, 1, 'incremental']);
});

test('a decision masks the text it was made on, and no other', async () => {
  const text = '😀 ana@example.com, then bob@example.com 日本';
  const own = await openPlaceholders('own');
  const [mask, pass] = [engine.evaluate(text), engine.evaluate('nothing here')];
  assert.equal(own.mask(text, mask), '😀 {EMAIL_1}, then {EMAIL_2} 日本');
  assert.equal(own.mask(text, engine.evaluate(text, { offsets: 'bytes' })), '😀 {EMAIL_1}, then {EMAIL_2} 日本');
  assert.equal(own.mask('nothing here', pass), 'nothing here');
  for (const [another, decision] of [
    // Longer, shorter, of the same length, the same but for what is masked, or for characters of other lengths.
    [`Dear ${text}`, mask],
    [`${text} and cid@example.com`, mask],
    [text.slice(0, 20), mask],
    ['', mask],
    [text.replaceAll('a', 'e'), mask],
    [text.replace('ana@', 'eva@'), mask],
    [text.replace('😀', 'éé'), mask],
    [text.replace('😀 ', '😀'), mask],
    ['to ana@example.com', pass],
    ['', pass],
  ]) {
    assert.throws(() => own.mask(another, decision), { name: 'EdgerailError', code: 'invalid_argument', message: /another text/ }, another);
  }
  const texts = ['ana@example.com', 'fine', 'bob@example.com'];
  const all = engine.evaluate({ content: texts.map((text) => ({ text })) });
  const placeholders = await openPlaceholders('all');
  assert.deepEqual(placeholders.maskAll(texts, all), ['{EMAIL_1}', 'fine', '{EMAIL_2}']);
  for (const wrong of [texts.slice(0, 2), [...texts, 'more'], [...texts].reverse(), []]) {
    assert.throws(() => placeholders.maskAll(wrong, all), { code: 'invalid_argument' });
  }
  // Nothing of what was refused was taken in.
  assert.equal(placeholders.size, 2);
  // More than are listed.
  const many = Array.from({ length: 1200 }, (_, number) => `user${number}@example.com`).join(' ');
  assert.equal(placeholders.mask(many, engine.evaluate(many)).match(/\{EMAIL_\d+\}/g).length, 1200);
});

test('numbered masks come back, also in pieces, and not into links', async () => {
  const placeholders = await openPlaceholders('conversation-7');
  const text = 'ana@example.com writes to bob@example.com and ana@example.com';
  const masked = placeholders.mask(text, engine.evaluate(text));
  assert.equal(masked, '{EMAIL_1} writes to {EMAIL_2} and {EMAIL_1}');
  assert.equal(placeholders.size, 2);
  assert.equal(placeholders.restore('Hello {EMAIL_2}: [x](https://evil.example/?q={EMAIL_1})'), 'Hello bob@example.com: [x](https://evil.example/?q={EMAIL_1})');
  assert.equal(placeholders.restore('[x](mailto:{EMAIL_1})', { allow: { links: true, urls: true } }), '[x](mailto:ana@example.com)');
  const pieces = [...'Dear {EMAIL_1} 😀!'].flatMap((character) => character.split(''));
  assert.equal(await textOf(streamOf(...pieces).pipeThrough(placeholders.restoreStream())), 'Dear ana@example.com 😀!');
  const again = await openPlaceholders('conversation-7', { stored: placeholders.toJSON() });
  assert.equal(again.restore('{EMAIL_2}'), 'bob@example.com');
  for (const stored of ['{}', 'nonsense', placeholders.toJSON().slice(0, -5)]) {
    await assert.rejects(openPlaceholders('conversation-7', { stored }), { code: 'placeholders_invalid' });
  }
  await assert.rejects(openPlaceholders('another', { stored: placeholders.toJSON() }), { code: 'placeholders_invalid' });
  const blocked = engine.evaluate('Project Kestrel');
  assert.throws(() => placeholders.mask('Project Kestrel', blocked), { code: 'invalid_argument' });
  placeholders.free();
  assert.throws(() => placeholders.restore('x'), { code: 'freed' });
});
