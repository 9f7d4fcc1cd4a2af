import {
  ApplyGuardrailCommand,
  BedrockRuntimeClient,
  ConverseCommand,
  ConverseStreamCommand,
  CountTokensCommand,
  InvokeModelCommand,
  InvokeModelWithResponseStreamCommand,
} from '@aws-sdk/client-bedrock-runtime';
import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { after, before, test } from 'node:test';
import { guardBody, loadEngine, openPlaceholders } from 'edgerail';
import { edgerailPlugin } from 'edgerail/aws';
import { MESSAGES, bundleOf } from './guardrail.mjs';
import { pieces, serve } from './peers.mjs';

const SECRET = 'ana@example.com';
const BLOCKED = 'About Project Kestrel';
const KEY = 'secret-access-key-of-the-test';

let engine;
let server;
let answer;
before(async () => {
  engine = await loadEngine(await bundleOf());
  // As the SDK speaks to Bedrock.
  server = await serve((request) => answer(request), { http2: true });
});
after(() => server.close());

function client(options = {}) {
  const client = new BedrockRuntimeClient({
    region: 'us-east-1',
    endpoint: server.url,
    credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: KEY },
    maxAttempts: 2,
  });
  client.middlewareStack.use(edgerailPlugin({ engine, ...options }));
  return client;
}

async function sending(command, { options, reply } = {}) {
  answer = () => reply;
  server.requests.length = 0;
  const bedrock = client(options);
  try {
    const output = await bedrock.send(command);
    const events = [];
    const stream =
      output.stream ?? (typeof output.body?.[Symbol.asyncIterator] === 'function' ? output.body : undefined);
    if (stream) for await (const event of stream) events.push(event);
    return { output, events, sent: server.requests };
  } catch (error) {
    return { error, sent: server.requests };
  } finally {
    bedrock.destroy();
  }
}

/** Whether a request's signature is right for the body that came. */
function signatureIsValid({ method, url, headers, body }) {
  const [, scope, signed, signature] = /Credential=[^/]+\/([^,]+), SignedHeaders=([^,]+), Signature=(\w+)/.exec(
    headers.authorization,
  );
  const hash = (data) => createHash('sha256').update(data).digest('hex');
  const hmac = (key, data) => createHmac('sha256', key).update(data).digest();
  const path = url
    .split('?')[0]
    .split('/')
    .map((part) => encodeURIComponent(part))
    .join('/');
  const host = headers.host ?? headers[':authority'];
  const lines = signed.split(';').map((name) => `${name}:${(name === 'host' ? host : headers[name]).trim()}\n`);
  const request = [method, path, '', lines.join(''), signed, hash(body)].join('\n');
  const text = ['AWS4-HMAC-SHA256', headers['x-amz-date'], scope, hash(request)].join('\n');
  const key = scope.split('/').reduce((key, part) => hmac(key, part), `AWS4${KEY}`);
  return hmac(key, text).toString('hex') === signature;
}

const MODEL = 'amazon.nova-lite-v1:0';
const converse = (text) => ({ modelId: MODEL, messages: [{ role: 'user', content: [{ text }] }] });
const said = (text) =>
  JSON.stringify({
    output: { message: { role: 'assistant', content: [{ text }] } },
    stopReason: 'end_turn',
    usage: { inputTokens: 1, outputTokens: 1, totalTokens: 2 },
    metrics: { latencyMs: 1 },
  });

test('Converse: what is sent is masked, and signed as it is masked', async () => {
  const records = [];
  const { output, sent } = await sending(new ConverseCommand(converse(`Write to ${SECRET}`)), {
    options: { onDecision: (record) => records.push(record) },
    reply: { body: said(`To ${SECRET}`) },
  });
  assert.equal(JSON.parse(sent[0].body).messages[0].content[0].text, 'Write to {EMAIL}');
  assert.ok(signatureIsValid(sent[0]));
  assert.ok(!signatureIsValid({ ...sent[0], body: Buffer.concat([sent[0].body, Buffer.from(' ')]) }));
  assert.equal(Number(sent[0].headers['content-length']), sent[0].body.length);
  assert.equal(output.output.message.content[0].text, 'To {EMAIL}');
  assert.deepEqual(
    records.map(({ side, outcome, shape, model }) => [side, outcome, shape, model]),
    [
      ['request', 'mask', 'converse', MODEL],
      ['response', 'mask', 'converse', MODEL],
    ],
  );
  assert.ok(!JSON.stringify(records).includes('ana@'));
});

test('blocks are thrown, or answered as the service would', async () => {
  const { error, sent } = await sending(new ConverseCommand(converse(BLOCKED)));
  assert.equal(error.code, 'blocked');
  assert.equal(error.decision.text, MESSAGES.INPUT);
  assert.deepEqual(sent, []);
  const options = { onBlock: 'respond' };
  const whole = await sending(new ConverseCommand(converse(BLOCKED)), { options });
  assert.equal(whole.output.output.message.content[0].text, MESSAGES.INPUT);
  assert.equal(whole.output.stopReason, 'guardrail_intervened');
  const streamed = await sending(new ConverseStreamCommand(converse(BLOCKED)), { options });
  assert.equal(streamed.events.map((event) => event.contentBlockDelta?.delta.text ?? '').join(''), MESSAGES.INPUT);
  assert.equal(streamed.events.find((event) => event.messageStop).messageStop.stopReason, 'guardrail_intervened');
  const body = JSON.stringify({
    anthropic_version: 'bedrock-2023-05-31',
    max_tokens: 9,
    messages: [{ role: 'user', content: BLOCKED }],
  });
  const invoked = await sending(new InvokeModelCommand({ modelId: 'us.anthropic.claude-x', body }), { options });
  assert.equal(JSON.parse(new TextDecoder().decode(invoked.output.body)).content[0].text, MESSAGES.INPUT);
  const chunks = await sending(new InvokeModelWithResponseStreamCommand({ modelId: 'us.anthropic.claude-x', body }), {
    options,
  });
  const events = chunks.events.map((event) => JSON.parse(new TextDecoder().decode(event.chunk.bytes)));
  assert.equal(events.map((event) => event.delta?.text ?? '').join(''), MESSAGES.INPUT);
  for (const { sent } of [whole, streamed, invoked, chunks]) assert.deepEqual(sent, []);
});

/** What ConverseStream answers, written by the guardrail's own module for a message and then changed. */
async function eventStream(text) {
  // A block's answer with the text as the guardrail's message: real frames with real checksums.
  const loud = await loadEngine(
    await bundleOf({
      name: 'loud',
      blockedInputMessaging: text,
      blockedOutputsMessaging: text,
      wordPolicyConfig: { wordsConfig: [{ text: 'loud' }] },
    }),
  );
  const { body } = await guardBody(loud, '{"messages":[{"role":"user","content":[{"text":"loud"}]}]}', {
    shape: 'converse',
    framing: 'eventstream',
  });
  loud.free();
  return Buffer.from(body);
}

test('ConverseStream: events are guarded as they come', async () => {
  for (const [text, shown, stop] of [
    [`Sure, ${SECRET}, all right.`, 'Sure, {EMAIL}, all right.', 'guardrail_intervened'],
    ['All on Project Kestrel, secretly', `All on ${MESSAGES.OUTPUT}`, 'guardrail_intervened'],
  ]) {
    const bytes = await eventStream(text);
    for (const size of [7, 100_000]) {
      const chunks = [...pieces(bytes.toString('latin1'), size)].map((piece) => Buffer.from(piece, 'latin1'));
      const { events, sent, error } = await sending(new ConverseStreamCommand(converse(`To ${SECRET}`)), {
        reply: { type: 'application/vnd.amazon.eventstream', body: chunks },
      });
      assert.equal(error, undefined);
      assert.equal(events.map((event) => event.contentBlockDelta?.delta.text ?? '').join(''), shown);
      assert.equal(events.find((event) => event.messageStop).messageStop.stopReason, stop);
      assert.equal(JSON.parse(sent[0].body).messages[0].content[0].text, 'To {EMAIL}');
      assert.ok(signatureIsValid(sent[0]));
    }
  }
});

test('InvokeModel: vendors are told by the model', async () => {
  for (const [modelId, request, response] of [
    [
      'us.anthropic.claude-x',
      { anthropic_version: 'bedrock-2023-05-31', max_tokens: 9, messages: [{ role: 'user', content: SECRET }] },
      { type: 'message', role: 'assistant', content: [{ type: 'text', text: SECRET }], stop_reason: 'end_turn' },
    ],
    [
      'anthropic.claude-v2',
      { prompt: `\n\nHuman: ${SECRET}\n\nAssistant:`, max_tokens_to_sample: 9 },
      { type: 'completion', completion: SECRET, stop_reason: 'stop_sequence' },
    ],
    [
      'meta.llama3-8b',
      { prompt: SECRET },
      { generation: SECRET, prompt_token_count: 1, generation_token_count: 1, stop_reason: 'stop' },
    ],
    [
      'arn:aws:bedrock:us-east-1:111122223333:inference-profile/eu.amazon.nova-pro-v1:0',
      { messages: [{ role: 'user', content: [{ text: SECRET }] }] },
      { output: { message: { role: 'assistant', content: [{ text: SECRET }] } }, stopReason: 'end_turn' },
    ],
  ]) {
    const { output, sent, error } = await sending(new InvokeModelCommand({ modelId, body: JSON.stringify(request) }), {
      reply: { body: JSON.stringify(response) },
    });
    assert.equal(error, undefined, modelId);
    assert.equal(sent[0].body.toString(), JSON.stringify(request).replaceAll(SECRET, '{EMAIL}'));
    assert.equal(new TextDecoder().decode(output.body), JSON.stringify(response).replaceAll(SECRET, '{EMAIL}'));
    assert.ok(signatureIsValid(sent[0]));
  }
});

test('placeholders come back in answers', async () => {
  const placeholders = await openPlaceholders('c-1');
  const { output, sent } = await sending(new ConverseCommand(converse(`Write to ${SECRET}`)), {
    options: { placeholders },
    reply: { body: said('To {EMAIL_1}') },
  });
  assert.equal(JSON.parse(sent[0].body).messages[0].content[0].text, 'Write to {EMAIL_1}');
  assert.equal(output.output.message.content[0].text, `To ${SECRET}`);
});

test('what cannot be guarded is not sent', async () => {
  for (const command of [
    new CountTokensCommand({ modelId: MODEL, input: { converse: { messages: converse(SECRET).messages } } }),
    new InvokeModelCommand({ modelId: 'vendor.unknown', body: '{"surprise":1}' }),
    new InvokeModelCommand({ modelId: 'us.anthropic.claude-x', body: '<html>' }),
  ]) {
    const { error, sent } = await sending(command);
    assert.equal(error.code, 'payload_unreadable');
    assert.deepEqual(sent, []);
  }
  const passed = await sending(new InvokeModelCommand({ modelId: 'vendor.unknown', body: '{"surprise":1}' }), {
    options: { unknown: 'pass' },
    reply: { body: '{}' },
  });
  assert.equal(passed.sent[0].body.toString(), '{"surprise":1}');
});

test('conversations that are recognized do not pass unguarded', async () => {
  const secret = { role: 'user', content: [{ type: 'text', text: SECRET }] };
  const messages = [secret, { role: 'user', content: [{ type: 'hologram', size: 5 }] }];
  const body = JSON.stringify({ anthropic_version: 'bedrock-2023-05-31', max_tokens: 9, messages });
  const { error, sent } = await sending(new InvokeModelCommand({ modelId: 'us.anthropic.claude-x', body }), {
    options: { unknown: 'pass' },
    reply: { body: '{}' },
  });
  assert.equal(error?.code, 'payload_unreadable');
  assert.deepEqual(sent, []);
  const content = [...secret.content, { type: 'hologram', size: 5 }];
  const answered = await sending(
    new InvokeModelCommand({
      modelId: 'us.anthropic.claude-x',
      body: JSON.stringify({ anthropic_version: 'bedrock-2023-05-31', max_tokens: 9, messages: [secret] }),
    }),
    {
      options: { unknown: 'pass' },
      reply: { body: JSON.stringify({ type: 'message', role: 'assistant', content, stop_reason: 'end_turn' }) },
    },
  );
  assert.equal(answered.error?.code, 'payload_unreadable');
});

test('of two guardrails on a client both are applied, and any block blocks', async () => {
  const inner = await loadEngine(
    await bundleOf({
      name: 'inner',
      blockedInputMessaging: 'inner in',
      blockedOutputsMessaging: 'inner out',
      wordPolicyConfig: { wordsConfig: [{ text: 'heron' }] },
    }),
  );
  const both = async (command, { options = {}, reply, first = engine, second = inner } = {}) => {
    answer = () => reply;
    server.requests.length = 0;
    const bedrock = client({ ...options, engine: first });
    bedrock.middlewareStack.use(edgerailPlugin({ ...options, engine: second }));
    try {
      const output = await bedrock.send(command);
      let text = output.output?.message.content[0].text ?? '';
      for await (const event of output.stream ?? []) text += event.contentBlockDelta?.delta.text ?? '';
      return { text, sent: [...server.requests] };
    } catch (error) {
      return { error, sent: [...server.requests] };
    } finally {
      bedrock.destroy();
    }
  };
  for (const engines of [
    { first: engine, second: inner },
    { first: inner, second: engine },
  ]) {
    const masked = await both(new ConverseCommand(converse(`To ${SECRET}`)), {
      ...engines,
      reply: { body: said(SECRET) },
    });
    assert.equal(JSON.parse(masked.sent[0].body).messages[0].content[0].text, 'To {EMAIL}');
    assert.ok(signatureIsValid(masked.sent[0]));
    assert.equal(masked.text, '{EMAIL}');
    for (const [text, message] of [
      [BLOCKED, MESSAGES.INPUT],
      ['a heron', 'inner in'],
    ]) {
      const { error, sent } = await both(new ConverseCommand(converse(text)), engines);
      assert.equal(error?.decision?.text, message);
      assert.deepEqual(sent, []);
      for (const Command of [ConverseCommand, ConverseStreamCommand]) {
        const shown = await both(new Command(converse(text)), { ...engines, options: { onBlock: 'respond' } });
        assert.equal(shown.error, undefined);
        assert.equal(shown.text, message);
        assert.deepEqual(shown.sent, []);
      }
    }
    for (const [text, message] of [
      [BLOCKED, MESSAGES.OUTPUT],
      ['a heron', 'inner out'],
    ]) {
      const shown = await both(new ConverseCommand(converse('hi')), { ...engines, reply: { body: said(text) } });
      assert.equal(shown.text, message);
    }
  }
  inner.free();
});

test('ApplyGuardrail and errors of the service pass; broken answers do not', async () => {
  const apply = new ApplyGuardrailCommand({
    guardrailIdentifier: 'g',
    guardrailVersion: '1',
    source: 'INPUT',
    content: [{ text: { text: SECRET } }],
  });
  const applied = await sending(apply, {
    reply: { body: '{"action":"NONE","outputs":[],"assessments":[],"usage":{}}' },
  });
  assert.ok(applied.sent[0].body.includes(SECRET));
  const limited = await sending(new ConverseCommand(converse('hi')), {
    reply: { status: 400, body: '{"message":"no"}', headers: { 'x-amzn-errortype': 'ValidationException' } },
  });
  assert.equal(limited.error.name, 'ValidationException');
  const html = await sending(new ConverseCommand(converse('hi')), {
    reply: { type: 'text/html', body: `<p>${SECRET}</p>` },
  });
  assert.equal(html.error.code, 'payload_unreadable');
  assert.ok(!html.error.message.includes(SECRET));
  const freed = await loadEngine(await bundleOf());
  freed.free();
  const gone = await sending(new ConverseCommand(converse('hi')), { options: { engine: freed } });
  assert.equal(gone.error.code, 'freed');
  assert.deepEqual(gone.sent, []);
});
