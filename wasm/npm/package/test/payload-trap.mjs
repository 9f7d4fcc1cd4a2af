// Run with the path of the payload module that has an injected fault: a trap costs one body, and what was being read.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { guardBody, guardEventStream, guardFetch, loadEngine } from 'edgerail';
import { bundleOf } from './guardrail.mjs';
import { chatChunks } from './peers.mjs';

const wasm = await readFile(process.argv[2]);
const engine = await loadEngine(await bundleOf());
const clean = '{"messages":[{"role":"user","content":"to ana@example.com"}]}';
const fault = '{"messages":[{"role":"user","content":"edgerail-fault-injection"}]}';
const masked = async () => new TextDecoder().decode((await guardBody(engine, clean, { wasm, shape: 'openai' })).body);

/** A stream that is being read while the module traps. */
async function interrupted() {
  const [first, ...rest] = chatChunks('to ana@', 'example.com').match(/.*\n\n/g);
  const encoder = new TextEncoder();
  let more;
  const source = new ReadableStream({
    start(controller) {
      controller.enqueue(encoder.encode(`: begin\n\n${first}`));
      more = () => {
        controller.enqueue(encoder.encode(rest.join('')));
        controller.close();
      };
    },
  });
  const reader = guardEventStream(engine, source, { shape: 'openai' }).getReader();
  await reader.read();
  return { reader, more };
}

assert.equal(await masked(), clean.replace('ana@example.com', '{EMAIL}'));
for (let round = 0; round < 200; round += 1) {
  const { reader, more } = round < 20 ? await interrupted() : {};
  await assert.rejects(guardBody(engine, fault), (error) => error.code === 'trap' && !error.message.includes('fault'));
  globalThis.gc?.();
  if (reader) {
    more();
    await assert.rejects(reader.read(), { code: 'trap' });
  }
  if (round % 50 === 0) assert.equal(await masked(), clean.replace('ana@example.com', '{EMAIL}'));
}
let sent = 0;
const guarded = guardFetch(async () => ((sent += 1), new Response('{}')), { engine });
await assert.rejects(guarded('https://api.openai.com/v1/chat/completions', { method: 'POST', body: fault }), { code: 'trap' });
assert.equal(sent, 0);
assert.equal(await masked(), clean.replace('ana@example.com', '{EMAIL}'));
console.log('survived');
