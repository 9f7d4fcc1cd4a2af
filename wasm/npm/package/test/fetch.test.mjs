import Anthropic from '@anthropic-ai/sdk';
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { inspect } from 'node:util';
import { guardFetch, loadEngine, openPlaceholders } from 'edgerail';
import OpenAI from 'openai';
import { MESSAGES, bundleOf } from './guardrail.mjs';
import { chat, chatChunks, pieces, serve, sse } from './peers.mjs';

const SECRET = 'ana@example.com';
const BLOCKED = 'About Project Kestrel';
const ask = (content, more = {}) => JSON.stringify({ model: 'gpt', messages: [{ role: 'user', content }], ...more });

let engine;
let server;
let answer;
before(async () => {
  engine = await loadEngine(await bundleOf());
  server = await serve((request) => answer(request));
});
after(() => server.close());

/** What a guarded fetch does with a request: what the server got, and what came back. */
async function exchange(path, init, { options = {}, reply = { body: chat('ok') } } = {}) {
  answer = () => reply;
  server.requests.length = 0;
  const records = [];
  const guarded = guardFetch(fetch, { engine, onDecision: (record) => records.push(record), ...options });
  const url = path.startsWith('http') ? path : server.url + path;
  const result = await guarded(url, init).then(
    async (response) => ({ response, text: await response.text() }),
    (error) => ({ error }),
  );
  return {
    ...result,
    records,
    sent: server.requests.map(({ body }) => body.toString()),
    requests: [...server.requests],
  };
}

const post = (body, headers = { 'content-type': 'application/json' }) => ({ method: 'POST', body, headers });
const CHAT = '/v1/chat/completions';

async function* chunked(bytes) {
  for (let at = 0; at < bytes.length; at += 9) yield bytes.slice(at, at + 9);
}

test('requests are masked and answers too, in every form of body', async () => {
  const json = ask(`Write to ${SECRET} 😀`);
  const bytes = new TextEncoder().encode(json);
  const stream = () => new Blob([json]).stream();
  for (const init of [
    post(json),
    post(json, {}),
    post(json, [['Content-Length', String(json.length)]]),
    post(bytes),
    post(bytes.buffer),
    post(new DataView(bytes.buffer)),
    post(new Blob([json], { type: 'application/json' }), {}),
    { ...post(stream()), duplex: 'half' },
    { ...post(chunked(bytes)), duplex: 'half' },
  ]) {
    const { sent, text, records, requests, error } = await exchange(CHAT, init, {
      reply: { body: chat(`Done, ${SECRET}`), headers: { etag: 'x' } },
    });
    assert.equal(error, undefined);
    assert.deepEqual(sent, [json.replace(SECRET, '{EMAIL}')]);
    assert.equal(Number(requests[0].headers['content-length'] ?? sent[0].length), Buffer.byteLength(sent[0]));
    assert.equal(JSON.parse(text).choices[0].message.content, 'Done, {EMAIL}');
    assert.deepEqual(
      records.map(({ side, outcome, shape, stream }) => [side, outcome, shape, stream]),
      [
        ['request', 'mask', 'openai', false],
        ['response', 'mask', 'openai', false],
      ],
    );
    assert.ok(!JSON.stringify(records).includes('ana@'));
  }
});

test('Request objects are masked and keep what they are', async () => {
  const request = new Request(`${server.url}${CHAT}?a=1`, {
    ...post(ask(SECRET)),
    headers: { 'content-type': 'application/json', 'x-mine': 'yes' },
  });
  answer = () => ({ body: chat('ok') });
  server.requests.length = 0;
  const response = await guardFetch(fetch, { engine })(request);
  assert.equal(response.url, `${server.url}${CHAT}?a=1`);
  assert.equal(server.requests[0].body.toString(), ask('{EMAIL}'));
  assert.equal(server.requests[0].headers['x-mine'], 'yes');
  assert.equal(server.requests[0].method, 'POST');
});

test('what is clean goes out byte for byte', async () => {
  const body = ' {"model":"gpt" , "n":1e999,"messages":[{"role":"user","content":"\\ud800 hello"}]}';
  const { sent, text } = await exchange(CHAT, post(body));
  assert.deepEqual(sent, [body]);
  assert.equal(text, chat('ok'));
});

test('a body that the caller changes while it is checked goes out as it was checked', async () => {
  const bytes = new TextEncoder().encode(ask('hello there, model'));
  const loading = new Promise((resolve) => setTimeout(() => resolve(engine), 20));
  const running = exchange(CHAT, post(bytes), { options: { engine: loading } });
  bytes.set(new TextEncoder().encode(SECRET), bytes.length - 30);
  assert.deepEqual((await running).sent, [ask('hello there, model')]);
});

test('a block is thrown, or answered in the form of the API, and nothing is sent', async () => {
  const { error, sent } = await exchange(CHAT, post(ask(BLOCKED)));
  assert.equal(error.code, 'blocked');
  assert.equal(error.decision.text, MESSAGES.INPUT);
  assert.ok(!error.message.includes('Kestrel'));
  assert.deepEqual(sent, []);
  const responded = await exchange(CHAT, post(ask(BLOCKED)), { options: { onBlock: 'respond' } });
  assert.equal(JSON.parse(responded.text).choices[0].message.content, MESSAGES.INPUT);
  assert.deepEqual(responded.sent, []);
  const streamed = await exchange(CHAT, post(ask(BLOCKED, { stream: true })), { options: { onBlock: 'respond' } });
  assert.match(streamed.response.headers.get('content-type'), /^text\/event-stream/);
  assert.match(streamed.text, /That cannot be sent\..*\[DONE\]/s);
});

test('a signed request passes unchanged or is refused', async () => {
  const aws = {
    'content-type': 'application/json',
    authorization: 'AWS4-HMAC-SHA256 Credential=x',
    'x-amz-content-sha256': 'abc',
  };
  const converse = (text) => JSON.stringify({ messages: [{ role: 'user', content: [{ text }] }] });
  const path = '/model/amazon.nova-lite-v1%3A0/converse';
  const reply = {
    body: '{"output":{"message":{"role":"assistant","content":[{"text":"ok"}]}},"stopReason":"end_turn"}',
  };
  assert.deepEqual((await exchange(path, post(converse('hello'), aws), { reply })).sent, [converse('hello')]);
  for (const [at, headers] of [
    [path, aws],
    [path, { ...aws, 'x-amz-content-sha256': undefined, authorization: 'AWS4-ECDSA-P256-SHA256 x' }],
    [`${path}?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=00`, { 'content-type': 'application/json' }],
    [path, { 'content-digest': 'sha-256=:x:' }],
  ]) {
    const given = Object.fromEntries(Object.entries(headers).filter(([, value]) => value));
    const { error, sent } = await exchange(at, post(converse(SECRET), given), { reply });
    assert.equal(error?.code, 'signed_body');
    assert.deepEqual(sent, []);
  }
  const unsigned = { ...aws, 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' };
  assert.deepEqual((await exchange(path, post(converse(SECRET), unsigned), { reply })).sent, [converse('{EMAIL}')]);
  assert.equal((await exchange(path, post(converse(BLOCKED), aws), { reply })).error.code, 'blocked');
});

test('what cannot be read is not sent to a model API', async () => {
  const form = new FormData();
  form.set('prompt', SECRET);
  for (const [init, problem, options] of [
    [post('<html>'), 'payload_json'],
    [post('{"surprise":1}'), 'payload_shape'],
    [post(`{"messages":[{"role":"user","content":[{"type":"hologram"}]}]}`), 'payload_block'],
    [post(new Uint8Array([0x7b, 0xff])), 'payload_utf8'],
    [post(form, {}), 'payload_kind'],
    [post(new URLSearchParams({ prompt: SECRET }), {}), 'payload_kind'],
    [post(ask('hi'), { 'content-encoding': 'gzip' }), 'payload_kind'],
    [post(ask('hi'.repeat(50))), 'payload_length', { maxBytes: 60 }],
    [{ ...post(new Blob([ask('hi'.repeat(50))]).stream()), duplex: 'half' }, 'payload_length', { maxBytes: 60 }],
  ]) {
    const { error, sent } = await exchange(CHAT, init, { options });
    assert.equal(error?.code, 'payload_unreadable', problem);
    assert.equal(error.problem, problem);
    assert.deepEqual(sent, []);
  }
  const passed = await exchange(CHAT, post('{"surprise":1}'), { options: { unknown: 'pass' } });
  assert.deepEqual(passed.sent, ['{"surprise":1}']);
});

test('elsewhere only conversations are guarded', async () => {
  const reply = { body: 'ok', type: 'text/plain' };
  const form = new URLSearchParams({ email: SECRET });
  for (const body of [
    `{"email":"${SECRET}"}`,
    `{"message":"${SECRET}"}`,
    `{"input":"${SECRET}"}`,
    `{"message":{"email":"${SECRET}"}}`,
    `[{"email":"${SECRET}","method":"x"}]`,
    `{"jsonrpc":"2.0","id":1,"method":"eth_call","params":["${SECRET}"]}`,
    `[{"jsonrpc":"2.0","id":1,"method":"eth_call","params":["${SECRET}"]}]`,
    `{"jsonrpc":"2.0","id":1,"result":{"roots":["${SECRET}"]}}`,
    `"${SECRET}"`,
    SECRET,
  ]) {
    assert.deepEqual((await exchange('/contact', post(body), { reply })).sent, [body]);
  }
  assert.deepEqual((await exchange('/contact', post(form, {}), { reply })).sent, [String(form)]);
  assert.equal((await exchange('/image', undefined, { reply })).text, 'ok');
  assert.deepEqual((await exchange('/my/backend', post(ask(SECRET)))).sent, [ask('{EMAIL}')]);
  assert.equal((await exchange('/my/backend', post(ask(BLOCKED)))).error.code, 'blocked');
  assert.equal((await exchange('/my/backend', post(ask('hi')), { reply })).text, 'ok');
  assert.equal((await exchange('/my/backend', post(ask('hi')), { reply: { body: '{"mine":1}' } })).text, '{"mine":1}');
  const chunks = await exchange('/my/backend', post(ask('hi')), {
    reply: { type: 'text/event-stream', body: chatChunks(`to ${SECRET}`) },
  });
  assert.equal(chunks.text, chatChunks('to {EMAIL}'));
  const mixed = `{"messages":[{"role":"user","content":[{"type":"hologram"}]}]}`;
  assert.equal((await exchange('/my/backend', post(mixed))).error.code, 'payload_unreadable');
});

test('elsewhere a conversation that cannot be read is refused', async () => {
  const deep = (depth) => '['.repeat(depth) + ']'.repeat(depth);
  const params = { name: 't', arguments: { to: SECRET } };
  const call = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params });
  for (const [body, problem, options] of [
    [ask('hi'.repeat(50)), 'payload_length', { maxBytes: 60 }],
    [`{"a":"${'hi'.repeat(50)}"}`, 'payload_length', { maxBytes: 60 }],
    [ask(SECRET, { extra: 1 }).replace('1}', `${deep(140)}}`), 'payload_depth'],
    [ask(5), 'payload_type'],
    ['{"messages":"none"}', 'payload_type'],
    ['{"\\u006dessages":"none"}', 'payload_type'],
    [`${ask(SECRET)} and more`, 'payload_json'],
    [`${ask(SECRET)}\n${ask(SECRET)}`, 'payload_json'],
    [`{"n":1}\n${ask(SECRET)}`, 'payload_json'],
    [ask(SECRET).slice(0, -1), 'payload_json'],
    [`{"prompt":5,"text":"${SECRET}"}`, 'payload_type'],
    [`{"contents":[{"parts":[{"text":"${SECRET}"}]}]}`, 'payload_shape'],
    [Buffer.concat([Buffer.from(ask(SECRET)), Buffer.from([0xff])]), 'payload_utf8'],
    [Buffer.from(ask(SECRET), 'utf16le'), 'payload_json'],
    [`[${call}]`, 'payload_type'],
    [`[{"id":2},${call.replace('tools/call', 'tools\\u002fcall')}]`, 'payload_type'],
    [`[${ask(SECRET)}]`, 'payload_type'],
    [`[${call}] x`, 'payload_json'],
    ['{"jsonrpc":"2.0","id":1,"method":"tools/call","params":[]}', 'payload_type'],
  ]) {
    const { error, sent } = await exchange('/my/backend', post(body), { options });
    assert.equal(error?.problem, problem, String(body).slice(0, 60));
    assert.deepEqual(sent, []);
  }
  const zipped = await exchange(
    '/my/backend',
    post(ask(SECRET), { 'content-type': 'application/json', 'content-encoding': 'gzip' }),
  );
  assert.equal(zipped.error?.problem, 'payload_kind');
  // What has no such member is the application's own.
  for (const body of ['{"a":1} x', `{"a":${deep(3)}}`, '{"a":1}\n{"b":2}', '[1,']) {
    assert.deepEqual((await exchange('/my/backend', post(body), { reply: { body: '' } })).sent, [body]);
  }
});

test('answers to conversations elsewhere that cannot be read are refused', async () => {
  const broken = `${chat(SECRET)} and more`;
  for (const [reply, problem, options] of [
    [{ body: broken }, 'payload_json'],
    [{ body: broken, status: 500 }, 'payload_json'],
    [{ body: `{"choices":[5],"text":"${SECRET}"}` }, 'payload_type'],
    [{ body: `{"candidates":[{"text":"${SECRET}"}]}` }, 'payload_shape'],
    [{ body: chat(SECRET.repeat(20)) }, 'payload_length', { maxBytes: 300 }],
    [{ body: chat(SECRET).replace('"id":', `"x":${'['.repeat(140)}${']'.repeat(140)},"id":`) }, 'payload_depth'],
  ]) {
    const { error, sent } = await exchange('/my/backend', post(ask('hi')), { reply, options });
    assert.equal(error?.problem, problem, reply.body.slice(0, 60));
    assert.equal(sent.length, 1);
  }
  for (const reply of [
    { body: '{"mine":1}' },
    { body: '{"error":"no"}' },
    { body: '{"messages":["is too long"]}', status: 422 },
  ]) {
    assert.equal((await exchange('/my/backend', post(ask('hi')), { reply })).text, reply.body);
  }
});

test('elsewhere bodies without a type are looked at in every form', async () => {
  const reply = { body: 'ok', type: 'text/plain' };
  const json = ask(SECRET);
  const url = `${server.url}/my/backend`;
  const halves = (text) => [text.slice(0, 1), text.slice(1)].map((half) => new TextEncoder().encode(half));
  const forms = (text, type = '') => [
    () => [url, post(`\ufeff ${text}`, {})],
    () => [url, post(new Blob([text], { type }), {})],
    () => [url, { ...post(new Blob([text]).stream(), {}), duplex: 'half' }],
    () => [url, { ...post(ReadableStream.from(halves(text)), {}), duplex: 'half' }],
    () => [url, { ...post(chunked(new TextEncoder().encode(text)), {}), duplex: 'half' }],
    () => [new Request(url, post(text, type ? { 'content-type': type } : {})), undefined],
    () => [new Request(url, post(new TextEncoder().encode(text), {})), undefined],
    () => [url, new Request(url, post(text, {}))],
    () => [url, post(new String(text), {})],
    () => [url, post({ toString: () => text }, {})],
  ];
  const send = async ([input, init]) => {
    answer = () => reply;
    server.requests.length = 0;
    await guardFetch(fetch, { engine })(input, init);
    return server.requests[0].body.toString().replace(/^\ufeff ?/, '');
  };
  for (const type of ['', 'text/plain', 'application/octet-stream']) {
    for (const [place, form] of forms(json, type).entries()) {
      assert.equal(await send(form()), ask('{EMAIL}'), `form ${place} ${type}`);
    }
  }
  for (const text of [SECRET, `{ ${SECRET} }`, `  `, `[note] ${SECRET}`, `{"a":"${SECRET}"}`]) {
    for (const [place, form] of forms(text).entries()) assert.equal((await send(form())).trim(), text.trim(), place);
  }
  const long = 'x'.repeat(100_000);
  for (const form of forms(long)) assert.equal(await send(form()), long);
  const form = new FormData();
  form.set('prompt', SECRET);
  assert.match(await send([new Request(url, { method: 'POST', body: form })]), /ana@example/);
  // A stream that does not begin as JSON is not held up.
  let release;
  const slow = new ReadableStream({
    start: (controller) => controller.enqueue(new TextEncoder().encode('log: ')),
    pull: (controller) => new Promise((resolve) => (release = resolve)).then(() => controller.close()),
  });
  let called;
  const begun = new Promise((resolve) => (called = resolve));
  const sending = guardFetch(
    async (_, init) => {
      called();
      return new Response(await new Response(init.body).text());
    },
    { engine },
  )(url, { ...post(slow, {}), duplex: 'half' });
  await begun;
  release();
  assert.equal(await (await sending).text(), 'log: ');
});

test('what the caller changes after the call is not sent', async () => {
  const calls = [];
  const late = new Promise((resolve) => setTimeout(() => resolve(engine), 20));
  const fake = async (input, init) => {
    calls.push([input, init]);
    return new Response(chat('ok'), { headers: { 'content-type': 'application/json' } });
  };
  const guarded = guardFetch(fake, { engine: late });
  const url = new URL(server.url + CHAT);
  const headers = new Headers({ 'content-type': 'application/json' });
  const init = { method: 'POST', body: ask('hello there'), headers };
  const running = guarded(url, init);
  url.pathname = '/elsewhere';
  init.body = ask(SECRET);
  init.method = 'PUT';
  headers.set('x-late', 'yes');
  await running;
  assert.equal(String(calls[0][0]), server.url + CHAT);
  assert.equal(calls[0][1].body, ask('hello there'));
  assert.equal(calls[0][1].method, 'POST');
  assert.equal(new Headers(calls[0][1].headers).has('x-late'), false);
  // Where nothing is looked at, what was given is sent all the same.
  const other = { method: 'POST', body: '{"a":1}', headers: { 'content-type': 'application/json' } };
  const passing = guarded(`${server.url}/contact`, other);
  other.body = ask(SECRET);
  await passing;
  assert.equal(calls[1][1].body, '{"a":1}');
  // Getters are asked once.
  let asked = 0;
  const tricky = {
    method: 'POST',
    get body() {
      asked += 1;
      return asked === 1 ? ask('hello') : ask(SECRET);
    },
  };
  await guarded(server.url + CHAT, tricky);
  assert.equal(calls[2][1].body, ask('hello'));
  const text = { texts: [server.url + CHAT, `${server.url}/contact`], toString: () => text.texts.shift() };
  await guarded(text, post(ask(SECRET)));
  assert.deepEqual([calls[3][0], calls[3][1].body], [server.url + CHAT, ask('{EMAIL}')]);
});

test('a Request as init works, and one that was used or a wrong address rejects', async () => {
  const request = new Request(`${server.url}/ignored`, { ...post(ask(SECRET)), redirect: 'error' });
  const { sent, requests } = await exchange(CHAT, request);
  assert.deepEqual(sent, [ask('{EMAIL}')]);
  assert.equal(requests[0].headers['content-type'], 'application/json');
  const used = new Request(server.url + CHAT, post(ask('hi')));
  await used.text();
  const guarded = guardFetch(fetch, { engine });
  for (const call of [
    () => guarded(used),
    () => guarded('http://['),
    () => guarded(server.url, { headers: { 'a b': 'c' } }),
    () => guarded(Symbol('no')),
  ]) {
    let running;
    assert.doesNotThrow(() => (running = call()));
    await assert.rejects(running, TypeError);
  }
});

test('a Request keeps its redirect, keepalive and signal', async () => {
  const stop = new AbortController();
  const about = { redirect: 'manual', keepalive: true, signal: stop.signal };
  for (const url of [server.url + CHAT, `${server.url}/contact`]) {
    for (const asInit of [false, true]) {
      let sent;
      const fake = async (input, init) => {
        sent = new Request(input, init);
        return new Response(chat('ok'), { headers: { 'content-type': 'application/json' } });
      };
      const request = new Request(url, { ...post(ask(SECRET)), ...about });
      await (asInit ? guardFetch(fake, { engine })(url, request) : guardFetch(fake, { engine })(request));
      assert.deepEqual([sent.redirect, sent.keepalive, sent.method], ['manual', true, 'POST']);
      assert.equal(await sent.text(), ask('{EMAIL}'));
      assert.equal(sent.signal.aborted, stop.signal.aborted);
    }
  }
  const request = new Request(server.url + CHAT, { ...post(ask(SECRET)), ...about });
  stop.abort();
  await assert.rejects(guardFetch(() => assert.fail('it was sent'), { engine })(request), { name: 'AbortError' });
});

test('relative addresses are relative to the document', async () => {
  const calls = [];
  const fake = async (input) => {
    calls.push(input);
    return new Response('ok');
  };
  globalThis.document = { baseURI: 'https://api.openai.com/app/' };
  globalThis.location = { href: 'about:srcdoc' };
  try {
    await guardFetch(fake, { engine })('/v1/models');
    assert.deepEqual(calls, ['https://api.openai.com/v1/models']);
    await assert.rejects(guardFetch(fake, { engine })('x', post(`{"a":"${SECRET}"}`)), { problem: 'payload_shape' });
  } finally {
    delete globalThis.document;
    delete globalThis.location;
  }
});

test('addresses of models are known however they are written', async () => {
  const fake = async () => assert.fail('it was sent');
  for (const url of [
    'https://api.openai.com./v1/unheard-of',
    'https://API.anthropic.com./v1/unheard-of',
    'https://mine.openai.azure.com./x',
    'https://mine.cognitiveservices.azure.com/openai/x',
    'https://mine.services.ai.azure.com/models/x',
    'https://gateway.example/openai/responses',
  ]) {
    const running = guardFetch(fake, { engine })(url, post('{"surprise":1}'));
    await assert.rejects(running, { code: 'payload_unreadable' }, url);
  }
});

test('unknown: pass lets no recognised conversation out, and guards what is answered', async () => {
  const options = { unknown: 'pass' };
  const mixed = `{"messages":[{"role":"user","content":[{"type":"hologram"}]}]}`;
  for (const path of [CHAT, '/my/backend']) {
    const { error, sent } = await exchange(path, post(mixed), { options });
    assert.equal(error?.problem, 'payload_block');
    assert.deepEqual(sent, []);
  }
  const passed = await exchange(CHAT, post('{"surprise":1}'), { options, reply: { body: chat(SECRET) } });
  assert.deepEqual(passed.sent, ['{"surprise":1}']);
  assert.equal(JSON.parse(passed.text).choices[0].message.content, '{EMAIL}');
});

test('what is asked for without a body is guarded if it is a conversation', async () => {
  const list = (data) => JSON.stringify({ object: 'list', data });
  const models = { body: list([{ id: 'gpt', object: 'model' }]) };
  const match = () => true;
  assert.equal((await exchange('/v1/models', undefined, { options: { match }, reply: models })).text, models.body);
  const turns = { body: list([{ type: 'message', role: 'user', content: [{ type: 'text', text: SECRET }] }]) };
  for (const [reply, problem] of [
    [turns, 'payload_shape'],
    [{ body: `${chat(SECRET)}x` }, 'payload_json'],
    [{ type: 'text/event-stream', body: chatChunks(SECRET) }, 'payload_kind'],
  ]) {
    const { error } = await exchange('/v1/threads/t/messages', undefined, { options: { match }, reply });
    assert.equal(error?.problem, problem);
    const pass = await exchange('/v1/threads/t/messages', undefined, { options: { match, unknown: 'pass' }, reply });
    assert.equal(pass.text, reply.body);
  }
});

test('an error of a block does not print what was found', async () => {
  const { error } = await exchange(CHAT, post(ask(`${BLOCKED}, says ${SECRET}`)));
  assert.equal(error.decision.outcome, 'block');
  assert.equal(Object.keys(error).includes('decision'), false);
  for (const printed of [inspect(error, { depth: 9 }), JSON.stringify(error), JSON.stringify({ ...error })]) {
    assert.doesNotMatch(printed, /Kestrel|ana@|decision"?:/);
  }
});

test('match says what is looked at', async () => {
  const match = (url) => (url.pathname === '/llm' ? 'anthropic' : url.pathname === '/raw' ? false : undefined);
  const body = JSON.stringify({ max_tokens: 5, messages: [{ role: 'user', content: SECRET }] });
  const reply = {
    body: JSON.stringify({
      type: 'message',
      role: 'assistant',
      content: [{ type: 'text', text: SECRET }],
      stop_reason: 'end_turn',
    }),
  };
  const guarded = await exchange('/llm', post(body), { options: { match }, reply });
  assert.deepEqual(guarded.sent, [body.replace(SECRET, '{EMAIL}')]);
  assert.equal(JSON.parse(guarded.text).content[0].text, '{EMAIL}');
  assert.equal((await exchange('/llm', post('{"a":1}'), { options: { match } })).error.code, 'payload_unreadable');
  assert.deepEqual((await exchange('/raw', post(body), { options: { match }, reply })).sent, [body]);
});

test('answers that are no answers are refused, errors pass', async () => {
  const html = { type: 'text/html', body: `<p>${SECRET}</p>` };
  const refused = await exchange(CHAT, post(ask('hi')), { reply: html });
  assert.equal(refused.error.code, 'payload_unreadable');
  assert.equal(refused.error.problem, 'payload_kind');
  assert.equal((await exchange(CHAT, post(ask('hi')), { reply: { ...html, status: 502 } })).text, html.body);
  assert.equal(
    (await exchange(CHAT, post(ask('hi')), { reply: { body: '{"surprise":1}' } })).error.code,
    'payload_unreadable',
  );
  const error = '{"error":{"message":"slow down","type":"rate_limit"}}';
  const limited = await exchange(CHAT, post(ask('hi')), { reply: { status: 429, body: error } });
  assert.equal(limited.response.status, 429);
  assert.equal(limited.text, error);
  // A model's answer is guarded whatever the status says.
  assert.equal(
    JSON.parse((await exchange(CHAT, post(ask('hi')), { reply: { status: 500, body: chat(SECRET) } })).text).choices[0]
      .message.content,
    '{EMAIL}',
  );
  assert.equal((await exchange(CHAT, post(ask('hi')), { reply: { status: 204 } })).response.status, 204);
  const stored = await exchange('/v1/responses/resp_1', undefined, {
    reply: {
      body: JSON.stringify({
        object: 'response',
        output: [
          { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: SECRET, annotations: [] }] },
        ],
      }),
    },
  });
  assert.ok(stored.text.includes('{EMAIL}') && !stored.text.includes(SECRET));
});

test('a blocked answer is replaced, and nothing of it comes out', async () => {
  const { text, records } = await exchange(CHAT, post(ask('hi')), {
    reply: { body: chat(`${BLOCKED}, which is secret`) },
  });
  assert.equal(JSON.parse(text).choices[0].message.content, MESSAGES.OUTPUT);
  assert.ok(!text.includes('Kestrel'));
  assert.equal(records[1].outcome, 'block');
  assert.ok(
    (
      await exchange(CHAT, post(ask('hi')), { options: { responses: 'off' }, reply: { body: chat(BLOCKED) } })
    ).text.includes('Kestrel'),
  );
});

test('an engine that does not load or was freed lets nothing pass', async () => {
  const failing = Promise.reject(Object.assign(new Error('no'), { code: 'bundle_fetch' }));
  failing.catch(() => undefined);
  const failed = await exchange(CHAT, post(ask('hi')), { options: { engine: failing } });
  assert.equal(failed.error.code, 'bundle_fetch');
  const freed = await loadEngine(await bundleOf());
  freed.free();
  const gone = await exchange(CHAT, post(ask('hi')), { options: { engine: freed } });
  assert.equal(gone.error.code, 'freed');
  assert.deepEqual([...failed.sent, ...gone.sent], []);
  assert.throws(() => guardFetch(fetch, {}), { code: 'invalid_argument' });
  assert.throws(() => guardFetch(undefined, { engine }), { code: 'invalid_argument' });
});

test('an aborted request is not sent, and an aborted answer ends', async () => {
  const aborted = await exchange(CHAT, { ...post(ask(SECRET)), signal: AbortSignal.abort() });
  assert.equal(aborted.error.name, 'AbortError');
  assert.deepEqual(aborted.sent, []);
  const stop = new AbortController();
  answer = () => ({
    type: 'text/event-stream',
    body: (async function* () {
      yield chatChunks('first ').replace('data: [DONE]\n\n', '');
      await new Promise((resolve) => setTimeout(resolve, 10_000).unref());
    })(),
  });
  const response = await guardFetch(fetch, { engine })(server.url + CHAT, {
    ...post(ask('hi', { stream: true })),
    signal: stop.signal,
  });
  const reader = response.body.getReader();
  await reader.read();
  stop.abort();
  await assert.rejects(
    (async () => {
      while (!(await reader.read()).done);
    })(),
    { name: 'AbortError' },
  );
});

test('listeners cannot break a request', async () => {
  const onDecision = () => {
    throw new Error('listener');
  };
  assert.equal((await exchange(CHAT, post(ask('hi')), { options: { onDecision } })).error, undefined);
});

test('the OpenAI client: chat, streamed chat, responses, blocks', async () => {
  const client = (options = {}) =>
    new OpenAI({
      apiKey: 'k',
      baseURL: `${server.url}/v1`,
      maxRetries: 0,
      fetch: guardFetch(fetch, { engine, ...options }),
    });
  const messages = [{ role: 'user', content: `Write to ${SECRET}` }];
  server.requests.length = 0;
  answer = () => ({ body: chat(`Sure, ${SECRET}`) });
  const completion = await client().chat.completions.create({ model: 'gpt', messages });
  assert.equal(completion.choices[0].message.content, 'Sure, {EMAIL}');
  assert.equal(JSON.parse(server.requests[0].body).messages[0].content, 'Write to {EMAIL}');

  answer = () => ({
    type: 'text/event-stream',
    body: pieces(chatChunks('Sure, ana@', 'example', '.com, all ', 'right.'), 13),
  });
  let shown = '';
  for await (const chunk of await client().chat.completions.create({ model: 'gpt', messages, stream: true }))
    shown += chunk.choices[0].delta.content ?? '';
  assert.equal(shown, 'Sure, {EMAIL}, all right.');

  answer = () => ({
    type: 'text/event-stream',
    body: pieces(chatChunks('All on Project', ' Kestrel', ', secretly'), 13),
  });
  const reasons = [];
  shown = '';
  for await (const chunk of await client().chat.completions.create({ model: 'gpt', messages, stream: true })) {
    shown += chunk.choices[0].delta.content ?? '';
    if (chunk.choices[0].finish_reason) reasons.push(chunk.choices[0].finish_reason);
  }
  assert.equal(shown, `All on ${MESSAGES.OUTPUT}`);
  assert.deepEqual(reasons, ['content_filter']);

  const blocked = [{ role: 'user', content: BLOCKED }];
  server.requests.length = 0;
  await assert.rejects(
    client().chat.completions.create({ model: 'gpt', messages: blocked }),
    (error) => error.cause?.code === 'blocked' || error.code === 'blocked',
  );
  const polite = await client({ onBlock: 'respond' }).chat.completions.create({ model: 'gpt', messages: blocked });
  assert.equal(polite.choices[0].message.content, MESSAGES.INPUT);
  shown = '';
  for await (const chunk of await client({ onBlock: 'respond' }).chat.completions.create({
    model: 'gpt',
    messages: blocked,
    stream: true,
  }))
    shown += chunk.choices[0].delta.content ?? '';
  assert.equal(shown, MESSAGES.INPUT);
  const response = await client({ onBlock: 'respond' }).responses.create({ model: 'gpt', input: BLOCKED });
  assert.equal(response.output_text, MESSAGES.INPUT);
  const stream = client({ onBlock: 'respond' }).responses.stream({ model: 'gpt', input: BLOCKED });
  assert.equal((await stream.finalResponse()).output_text, MESSAGES.INPUT);
  assert.deepEqual(server.requests, []);
});

test('the Anthropic client: messages, streams, blocks, placeholders', async () => {
  const placeholders = await openPlaceholders('c-1');
  const client = (options = {}) =>
    new Anthropic({
      apiKey: 'k',
      baseURL: server.url,
      maxRetries: 0,
      fetch: guardFetch(fetch, { engine, ...options }),
    });
  const params = { model: 'claude', max_tokens: 99, messages: [{ role: 'user', content: `Write to ${SECRET}` }] };
  const reply = (text) =>
    JSON.stringify({
      id: 'm',
      type: 'message',
      role: 'assistant',
      model: 'claude',
      content: [{ type: 'text', text }],
      stop_reason: 'end_turn',
      stop_sequence: null,
      usage: { input_tokens: 1, output_tokens: 1 },
    });
  server.requests.length = 0;
  answer = () => ({ body: reply('To {EMAIL_1}, not to eve@example.com') });
  const message = await client({ placeholders }).messages.create(params);
  assert.equal(JSON.parse(server.requests[0].body).messages[0].content, 'Write to {EMAIL_1}');
  assert.equal(message.content[0].text, `To ${SECRET}, not to {EMAIL}`);

  const events = (text) => [
    { type: 'message_start', message: { ...JSON.parse(reply('')), content: [] } },
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
    ...[...pieces(text, 5)].map((text) => ({
      type: 'content_block_delta',
      index: 0,
      delta: { type: 'text_delta', text },
    })),
    { type: 'content_block_stop', index: 0 },
    { type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: { output_tokens: 9 } },
    { type: 'message_stop' },
  ];
  const named = (events) => events.map((event) => `event: ${event.type}\n${sse(event)}`).join('');
  answer = () => ({
    type: 'text/event-stream',
    body: pieces(named(events('To {EMAIL_1}, not to eve@example.com')), 31),
  });
  assert.equal(await client({ placeholders }).messages.stream(params).finalText(), `To ${SECRET}, not to {EMAIL}`);
  answer = () => ({ type: 'text/event-stream', body: pieces(named(events('All on Project Kestrel, secretly')), 31) });
  const blocked = await client().messages.stream(params).finalMessage();
  assert.equal(blocked.content[0].text, `All on ${MESSAGES.OUTPUT}`);
  assert.equal(blocked.stop_reason, 'refusal');
  const polite = client({ onBlock: 'respond' }).messages;
  const refused = { ...params, messages: [{ role: 'user', content: BLOCKED }] };
  server.requests.length = 0;
  assert.equal((await polite.create(refused)).content[0].text, MESSAGES.INPUT);
  assert.equal(await polite.stream(refused).finalText(), MESSAGES.INPUT);
  assert.deepEqual(server.requests, []);
});
