import { generateText, streamText, tool, wrapLanguageModel, jsonSchema } from 'ai';
import { MockLanguageModelV4, simulateReadableStream } from 'ai/test';
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { loadEngine, openPlaceholders } from 'edgerail';
import { guardMiddleware } from 'edgerail/ai';
import { MESSAGES, bundleOf } from './guardrail.mjs';

const SECRET = 'ana@example.com';
const BLOCKED = 'About Project Kestrel';
const usage = {
  inputTokens: { total: 1, noCache: 1, cacheRead: 0, cacheWrite: 0 },
  outputTokens: { total: 1, text: 1, reasoning: 0 },
};
const stop = { unified: 'stop', raw: 'stop' };

let engine;
before(async () => {
  engine = await loadEngine(await bundleOf());
});

const textParts = (texts, id = 't1') => [
  { type: 'text-start', id },
  ...texts.map((delta) => ({ type: 'text-delta', id, delta })),
  { type: 'text-end', id },
];

/** A model that says what it is told to, behind the middleware. */
function guarded({ content = [], parts = [], options = {}, more = {} } = {}) {
  const mock = new MockLanguageModelV4({
    doGenerate: async () => ({
      content,
      finishReason: stop,
      usage,
      warnings: [],
      response: { id: 'r', body: { said: content } },
      ...more,
    }),
    doStream: async () => ({
      stream: simulateReadableStream({
        chunks: [
          { type: 'stream-start', warnings: [] },
          { type: 'response-metadata', id: 'r' },
          ...parts,
          { type: 'finish', finishReason: stop, usage },
        ],
        initialDelayInMs: null,
        chunkDelayInMs: null,
      }),
    }),
  });
  return { mock, model: wrapLanguageModel({ model: mock, middleware: guardMiddleware({ engine, ...options }) }) };
}

test('prompts and answers are masked', async () => {
  const { mock, model } = guarded({
    content: [
      { type: 'text', text: `To ${SECRET}` },
      { type: 'text', text: ' and more' },
    ],
    more: { structuredOutputText: `{"to":"${SECRET}"}` },
  });
  const result = await generateText({
    model,
    instructions: `System ${SECRET}`,
    messages: [
      {
        role: 'user',
        content: [
          { type: 'text', text: `One ${SECRET}` },
          { type: 'text', text: 'clean' },
        ],
      },
      { role: 'assistant', content: `Two ${SECRET}` },
      {
        role: 'user',
        content: [{ type: 'file', mediaType: 'text/plain', data: { type: 'text', text: `File ${SECRET}` } }],
      },
    ],
  });
  assert.equal(result.text, 'To {EMAIL} and more');
  assert.ok(!JSON.stringify(result.response.body ?? null).includes('ana@'));
  const prompt = JSON.stringify(mock.doGenerateCalls[0].prompt);
  assert.ok(!prompt.includes('ana@'), prompt);
  for (const text of ['System {EMAIL}', 'One {EMAIL}', 'Two {EMAIL}', 'File {EMAIL}', 'clean'])
    assert.ok(prompt.includes(text), text);
});

test('a blocked prompt is answered with the message, and the model is not called', async () => {
  const { mock, model } = guarded();
  const result = await generateText({ model, prompt: BLOCKED });
  assert.equal(result.text, MESSAGES.INPUT);
  assert.equal(result.finishReason, 'content-filter');
  const stream = streamText({ model, prompt: BLOCKED });
  assert.equal(await stream.text, MESSAGES.INPUT);
  assert.equal(await stream.finishReason, 'content-filter');
  assert.equal(mock.doGenerateCalls.length + mock.doStreamCalls.length, 0);
  const { model: throwing } = guarded({ options: { onBlock: 'throw' } });
  await assert.rejects(generateText({ model: throwing, prompt: BLOCKED, maxRetries: 0 }), (error) => {
    assert.equal(error.code, 'blocked');
    assert.equal(error.decision.text, MESSAGES.INPUT);
    return true;
  });
});

test('a blocked answer is the message, with nothing of what was said', async () => {
  const { model } = guarded({
    content: [
      { type: 'text', text: 'Nice day.' },
      { type: 'text', text: BLOCKED },
    ],
  });
  const result = await generateText({ model, prompt: 'hi' });
  assert.equal(result.text, MESSAGES.OUTPUT);
  assert.equal(result.finishReason, 'content-filter');
  assert.ok(!JSON.stringify([result.content, result.response]).includes('Kestrel'));
});

test('streams are masked however they are cut, and keep their parts', async () => {
  for (const texts of [
    ['To ana@example.com, yes'],
    ['To a', 'na@exam', 'ple.c', 'om, yes'],
    [...'To ana@example.com, yes'],
  ]) {
    const { mock, model } = guarded({
      parts: [...textParts(texts), ...textParts(['more'], 't2'), { type: 'raw', rawValue: { said: SECRET } }],
    });
    const result = streamText({ model, prompt: `hi ${SECRET}`, include: { rawChunks: true } });
    const parts = [];
    for await (const part of result.stream) parts.push(part);
    assert.equal(await result.text, 'To {EMAIL}, yesmore');
    assert.equal(await result.finishReason, 'stop');
    assert.ok(!JSON.stringify(parts).includes('ana@'));
    assert.equal(parts.filter(({ type }) => type === 'text-start').length, 2);
    assert.equal(parts.filter(({ type }) => type === 'text-end').length, 2);
    assert.ok(JSON.stringify(mock.doStreamCalls[0].prompt).includes('hi {EMAIL}'));
  }
});

test('a block ends a stream with the message; the model is stopped', async () => {
  for (const responses of ['stream', 'buffer']) {
    const { model } = guarded({
      parts: [...textParts(['All on Project', ' Kestrel', ', secretly']), ...textParts(['after'], 't2')],
      options: { responses },
    });
    const result = streamText({ model, prompt: 'hi' });
    const parts = [];
    for await (const part of result.stream) parts.push(part);
    assert.equal(await result.text, responses === 'stream' ? `All on ${MESSAGES.OUTPUT}` : MESSAGES.OUTPUT);
    assert.equal(await result.finishReason, 'content-filter');
    assert.ok(!/Kestrel|secretly|after/.test(JSON.stringify(parts)));
  }
});

test('tools are guarded if they are to be', async () => {
  const input = JSON.stringify({ to: SECRET, n: 5 });
  const tools = { mail: tool({ description: 'x', inputSchema: jsonSchema({ type: 'object' }) }) };
  const content = [{ type: 'tool-call', toolCallId: 'c', toolName: 'mail', input }];
  const parts = [
    { type: 'tool-input-start', id: 'c', toolName: 'mail' },
    { type: 'tool-input-delta', id: 'c', delta: input },
    { type: 'tool-input-end', id: 'c' },
    content[0],
  ];
  for (const [on, expected] of [
    [true, '{EMAIL}'],
    [false, SECRET],
  ]) {
    const { model, mock } = guarded({ content, parts, options: { tools: on } });
    const messages = [
      { role: 'user', content: 'hi' },
      { role: 'assistant', content: [{ type: 'tool-call', toolCallId: 'b', toolName: 'mail', input: { to: SECRET } }] },
      {
        role: 'tool',
        content: [
          {
            type: 'tool-result',
            toolCallId: 'b',
            toolName: 'mail',
            output: { type: 'text', value: `sent to ${SECRET}` },
          },
        ],
      },
    ];
    const result = await generateText({ model, messages, tools });
    assert.deepEqual(result.toolCalls[0].input, { to: expected, n: 5 });
    assert.equal(JSON.stringify(mock.doGenerateCalls[0].prompt).includes('ana@'), !on);
    const stream = streamText({ model, messages, tools });
    const seen = [];
    for await (const part of stream.stream) seen.push(part);
    assert.deepEqual(seen.find(({ type }) => type === 'tool-call').input, { to: expected, n: 5 });
    assert.equal(JSON.stringify(seen).includes('ana@'), !on);
  }
  const { model } = guarded({
    parts: [{ ...content[0], input: JSON.stringify({ about: BLOCKED }) }],
    options: { tools: true },
  });
  const stream = streamText({ model, prompt: 'hi', tools });
  assert.equal(await stream.text, MESSAGES.OUTPUT);
  assert.deepEqual(await stream.toolCalls, []);
});

test('placeholders go out and come back, but not into tools', async () => {
  const placeholders = await openPlaceholders('c-1');
  const options = { placeholders, tools: true };
  const call = { type: 'tool-call', toolCallId: 'c', toolName: 'mail', input: '{"to":"{EMAIL_1}"}' };
  const tools = { mail: tool({ description: 'x', inputSchema: jsonSchema({ type: 'object' }) }) };
  const { model, mock } = guarded({
    options,
    content: [{ type: 'text', text: 'To {EMAIL_1}, not eve@example.com' }, call],
    parts: [...textParts(['To {EMA', 'IL_1}, not e', 've@example.com']), call],
  });
  const result = await generateText({ model, prompt: `Write to ${SECRET}`, tools });
  assert.equal(result.text, `To ${SECRET}, not {EMAIL}`);
  assert.deepEqual(result.toolCalls[0].input, { to: '{EMAIL_1}' });
  assert.ok(JSON.stringify(mock.doGenerateCalls[0].prompt).includes('Write to {EMAIL_1}'));
  const stream = streamText({ model, prompt: `Write to ${SECRET}`, tools });
  assert.equal(await stream.text, `To ${SECRET}, not {EMAIL}`);
  assert.deepEqual((await stream.toolCalls)[0].input, { to: '{EMAIL_1}' });
});

test('a freed engine, ill-formed text and kinds of parts that are not known', async () => {
  const freed = await loadEngine(await bundleOf());
  freed.free();
  const { model, mock } = guarded({ options: { engine: freed } });
  await assert.rejects(generateText({ model, prompt: 'hi', maxRetries: 0 }), { code: 'freed' });
  assert.equal(mock.doGenerateCalls.length, 0);
  const broken = guarded();
  assert.equal((await generateText({ model: broken.model, prompt: 'hi \ud800' })).finishReason, 'content-filter');
  assert.equal(broken.mock.doGenerateCalls.length, 0);
  const { model: odd } = guarded({ parts: [{ type: 'custom', kind: 'vendor.note', note: SECRET }] });
  const parts = [];
  for await (const part of streamText({ model: odd, prompt: 'hi' }).stream) parts.push(part);
  assert.ok(!JSON.stringify(parts).includes('ana@'));
  assert.throws(() => guardMiddleware({}), { code: 'invalid_argument' });
});
