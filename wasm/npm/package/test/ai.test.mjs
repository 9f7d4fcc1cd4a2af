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

/** What the middleware makes of a prompt, without what the SDK makes of it before. */
const promptOf = async (content, { role = 'user', ...options } = {}) => {
  const { transformParams } = guardMiddleware({ engine, ...options });
  return (await transformParams({ params: { prompt: [{ role, content }] } })).prompt[0]?.content;
};
const base64 = (text) => Buffer.from(text).toString('base64');
const bytes = (text) => new TextEncoder().encode(text);

test('files of text are read in every form, and written in the form they had', async () => {
  for (const [mediaType, text, expected] of [
    ['text/plain', `File ${SECRET} é`, 'File {EMAIL} é'],
    ['text', `\ufeffFile ${SECRET}`, '\ufeffFile {EMAIL}'],
    ['text/*', SECRET, '{EMAIL}'],
    ['Text/CSV; charset="UTF-8"', `a,${SECRET}\n`, 'a,{EMAIL}\n'],
    ['application/json', `{"id":"${SECRET}","n":1e999}`, '{"id":"{EMAIL}","n":1e999}'],
    ['application/json', String.raw`{"a":"ana\u0040example.com \"\\u0041 \ud83d\ude00\/"}`, String.raw`{"a":"{EMAIL} \"\\u0041 😀/"}`],
    ['application/vnd.api+json', `["${SECRET}"]`, '["{EMAIL}"]'],
    ['image/svg+xml', `<text>${SECRET}</text>`, '<text>{EMAIL}</text>'],
  ]) {
    for (const [data, guarded] of [
      [
        { type: 'data', data: bytes(text) },
        { type: 'data', data: bytes(expected) },
      ],
      [
        { type: 'data', data: base64(text) },
        { type: 'data', data: base64(expected) },
      ],
      [
        { type: 'text', text },
        { type: 'text', text: expected },
      ],
      // Before version 4 of the models' interface.
      [bytes(text), bytes(expected)],
      [base64(text), base64(expected)],
    ]) {
      const file = { type: 'file', mediaType, filename: `${SECRET}.txt`, data };
      assert.deepEqual(await promptOf([file]), [{ ...file, filename: '{EMAIL}.txt', data: guarded }], mediaType);
    }
  }
  const long = `${SECRET} `.repeat(3000);
  const [file] = await promptOf([{ type: 'file', mediaType: 'text/plain', data: { type: 'data', data: base64(long) } }]);
  assert.equal(Buffer.from(file.data.data, 'base64').toString(), '{EMAIL} '.repeat(3000));
});

test('files that are not to be changed stay as they are', async () => {
  for (const [mediaType, data] of [
    ['image/png', { type: 'data', data: bytes(SECRET) }],
    ['application/octet-stream', { type: 'data', data: base64(SECRET) }],
    ['text/plain', { type: 'url', url: new URL('https://files.example/a.txt') }],
    ['text/plain', { type: 'reference', reference: { openai: 'file-1' } }],
    ['text/plain', 'https://files.example/a.txt'],
    ['text/plain', { type: 'data', data: `${base64('clean')}\n` }],
    ['application/json', { type: 'text', text: String.raw`{"a":"\u0041"}` }],
  ]) {
    const [file] = await promptOf([{ type: 'file', mediaType, data }]);
    assert.deepEqual(file, { type: 'file', mediaType, data });
  }
});

test('a blocked file blocks, and one that cannot be read is refused', async () => {
  const { mock, model } = guarded();
  const messages = (data, mediaType = 'text/plain') => [
    { role: 'user', content: [{ type: 'file', mediaType, data }] },
  ];
  const blocked = await generateText({ model, messages: messages(bytes(BLOCKED)) });
  assert.equal(blocked.text, MESSAGES.INPUT);
  for (const [data, mediaType] of [
    [Uint8Array.of(0xff, 0xfe, 0x61, 0), 'text/plain'],
    [bytes(SECRET), 'text/plain;charset=utf-16'],
  ]) {
    await assert.rejects(generateText({ model, messages: messages(data, mediaType), maxRetries: 0 }), (error) => {
      assert.equal(error.code, 'payload_unreadable');
      return true;
    });
  }
  await assert.rejects(promptOf([{ type: 'file', mediaType: 'text/plain', data: { type: 'data', data: '%%%' } }]), {
    code: 'payload_unreadable',
  });
  assert.equal(mock.doGenerateCalls.length, 0);
  const file = { type: 'file', mediaType: 'text/plain', data: { type: 'data', data: base64(SECRET) } };
  const answer = await generateText({ model: guarded({ content: [file] }).model, prompt: 'hi' });
  assert.equal(answer.files[0].base64, base64('{EMAIL}'));
  const stream = streamText({ model: guarded({ parts: [file] }).model, prompt: 'hi' });
  assert.equal((await stream.files)[0].base64, base64('{EMAIL}'));
});

test('what a user says of a tool is read, and so are the parts of providers', async () => {
  const approval = { type: 'tool-approval-response', approvalId: 'a', approved: false, reason: `ask ${SECRET}` };
  const denied = {
    type: 'tool-result',
    toolCallId: 'c',
    toolName: 'mail',
    output: { type: 'execution-denied', reason: `ask ${SECRET}` },
  };
  for (const tools of [false, true]) {
    const content = await promptOf([approval, denied], { role: 'tool', tools });
    assert.deepEqual(content, [
      { ...approval, reason: 'ask {EMAIL}' },
      { ...denied, output: { type: 'execution-denied', reason: 'ask {EMAIL}' } },
    ]);
  }
  const file = { type: 'file', mediaType: 'text/plain', data: { type: 'data', data: base64(SECRET) } };
  const result = { ...denied, output: { type: 'content', value: [{ type: 'text', text: SECRET }, file] } };
  const [{ output }] = await promptOf([result], { role: 'tool', tools: true });
  assert.deepEqual(output.value, [
    { type: 'text', text: '{EMAIL}' },
    { ...file, data: { type: 'data', data: base64('{EMAIL}') } },
  ]);
  const custom = (text) => ({
    type: 'custom',
    kind: 'vendor.note',
    providerOptions: { vendor: { itemId: 'i', encryptedContent: 'TCK-123456', id: text, note: [text] } },
  });
  assert.deepEqual(await promptOf([custom(SECRET)], { role: 'assistant' }), [custom('{EMAIL}')]);
  assert.equal(await promptOf([custom(BLOCKED)], { role: 'assistant' }), undefined);
  const note = { type: 'custom', kind: 'vendor.note', providerMetadata: { vendor: { note: SECRET } } };
  const answer = await generateText({ model: guarded({ content: [note] }).model, prompt: 'hi' });
  assert.equal(answer.content[0].providerMetadata.vendor.note, '{EMAIL}');
});

test("what a provider says of an answer does not repeat what was masked or blocked", async () => {
  const said = { vendor: { deep: [{ logprobs: [{ token: SECRET }] }], segment: SECRET, id: 'r' } };
  const call = {
    type: 'tool-call',
    toolCallId: 'c',
    toolName: 'mail',
    input: '{}',
    providerMetadata: { vendor: { signature: 's', logprobs: [{ token: SECRET }] } },
  };
  const reasoning = { type: 'reasoning', text: 'hm', providerMetadata: { vendor: { signature: 's' } } };
  const wrap = (text, providerMetadata = said) => ({
    content: [reasoning, { type: 'text', text, providerMetadata }, call],
    providerMetadata,
  });
  const { wrapGenerate, wrapStream } = guardMiddleware({ engine });
  const answer = (text, metadata) => wrapGenerate({ doGenerate: async () => wrap(text, metadata), params: {} });
  const masked = await answer(`To ${SECRET}`);
  assert.ok(!JSON.stringify(masked).includes('ana@'), JSON.stringify(masked));
  assert.ok(!('providerMetadata' in masked) && !('providerMetadata' in masked.content[1]));
  assert.deepEqual(masked.content[0], reasoning);
  assert.deepEqual(masked.content[2].providerMetadata, { vendor: { signature: 's' } });
  const blocked = await answer(BLOCKED, { vendor: { logprobs: [{ token: 'Kestrel' }] } });
  assert.ok(!/Kestrel|logprobs/.test(JSON.stringify(blocked)));
  assert.deepEqual(await answer('clean'), wrap('clean'));

  const streamed = async (texts, options) => {
    const deltas = texts.map((delta) => ({
      type: 'text-delta',
      id: 't',
      delta,
      providerMetadata: { vendor: { logprobs: [{ token: delta }] } },
    }));
    const parts = [
      { type: 'text-start', id: 't' },
      ...deltas,
      { type: 'text-end', id: 't', providerMetadata: said },
      call,
      { type: 'finish', finishReason: stop, usage, providerMetadata: said },
    ];
    const guard = options ? guardMiddleware({ engine, ...options }).wrapStream : wrapStream;
    const doStream = async () => ({ stream: simulateReadableStream({ chunks: parts }) });
    const { stream } = await guard({ doStream, params: {} });
    const seen = [];
    for await (const part of stream) seen.push(part);
    return { parts, seen };
  };
  for (const responses of ['stream', 'buffer']) {
    for (const texts of [[`To ${SECRET}, all right`], ['To a', 'na@exa', 'mple.com, all', ' right'], [SECRET]]) {
      const { seen } = await streamed(texts, { responses });
      const tokens = JSON.stringify(seen);
      assert.ok(!/ana@|na@|mple\.com/.test(tokens), tokens);
      assert.ok(!('providerMetadata' in seen.find(({ type }) => type === 'text-end')));
      assert.ok(!('providerMetadata' in seen.find(({ type }) => type === 'finish')));
      assert.deepEqual(seen.find(({ type }) => type === 'tool-call').providerMetadata, { vendor: { signature: 's' } });
    }
    const { seen } = await streamed(['All on Project', ' Kestrel', ', secretly'], { responses });
    assert.ok(!/Project|Kestrel|secretly|ana@/.test(JSON.stringify(seen)), JSON.stringify(seen));
  }
  const { parts, seen } = await streamed(['Nice day.\n'.repeat(80)]);
  assert.deepEqual(seen.slice(-3), parts.slice(-3));
});

test('passages that an answer cites are guarded', async () => {
  const source = { type: 'source', sourceType: 'url', id: 's', url: 'https://a.example' };
  const cited = (citedText) => [{ source, citedText, startIndex: 0 }, { source }];
  const { wrapGenerate, wrapStream } = guardMiddleware({ engine });
  const content = [{ type: 'text', text: 'clean', citations: cited(SECRET) }];
  const { content: answer } = await wrapGenerate({ doGenerate: async () => ({ content }), params: {} });
  assert.deepEqual(answer[0].citations, cited('{EMAIL}'));
  for (const [said, expected] of [
    [SECRET, cited('{EMAIL}')],
    [BLOCKED, undefined],
  ]) {
    const chunks = [
      ...textParts(['clean']).slice(0, -1),
      { type: 'text-end', id: 't1', citations: cited(said) },
      { type: 'finish', finishReason: stop, usage },
    ];
    const { stream } = await wrapStream({ doStream: async () => ({ stream: simulateReadableStream({ chunks }) }), params: {} });
    const seen = [];
    for await (const part of stream) seen.push(part);
    assert.deepEqual(seen.find(({ citations }) => citations)?.citations, expected);
    assert.equal(seen.at(-1).finishReason.unified, expected ? 'stop' : 'content-filter');
    const ids = (type) => seen.filter((part) => part.type === type).map(({ id }) => id);
    assert.deepEqual(ids('text-end'), ids('text-start'));
  }
});
