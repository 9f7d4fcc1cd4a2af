// A server that answers as model APIs do, and what it was sent.
import { createServer } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';

/**
 * Starts a server. `answer(request)` gives `{ status?, type?, body }`; `body` may be an iterable of chunks.
 * `requests` lists what came: `{ method, url, headers, body }`.
 */
export async function serve(answer, { http2 = false } = {}) {
  const requests = [];
  const server = (http2 ? createHttp2Server : createServer)(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const got = { method: request.method, url: request.url, headers: request.headers, body: Buffer.concat(chunks) };
    requests.push(got);
    const { status = 200, type = 'application/json', headers = {}, body = '' } = await answer(got);
    response.writeHead(status, { 'content-type': type, ...headers });
    if (typeof body === 'string' || body instanceof Uint8Array) return response.end(body);
    try {
      for await (const chunk of body) {
        if (response.destroyed) break;
        response.write(chunk);
      }
      response.end();
    } catch {
      response.destroy();
    }
  });
  // A busy machine is no server that closes a connection while a request is on its way.
  server.keepAliveTimeout = 600_000;
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${server.address().port}`;
  return {
    url,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections?.();
      }),
  };
}

/** Server-sent events of objects. */
export const sse = (...events) =>
  events.map((event) => `data: ${typeof event === 'string' ? event : JSON.stringify(event)}\n\n`).join('');

/** A chat completion's chunks for texts, as OpenAI streams them. */
export const chatChunks = (...texts) =>
  sse(
    ...texts.map((content) => ({
      id: 'c1',
      object: 'chat.completion.chunk',
      created: 7,
      model: 'gpt',
      choices: [{ index: 0, delta: { content }, finish_reason: null }],
    })),
    {
      id: 'c1',
      object: 'chat.completion.chunk',
      created: 7,
      model: 'gpt',
      choices: [{ index: 0, delta: {}, finish_reason: 'stop' }],
    },
    '[DONE]',
  );

/** A chat completion. */
export const chat = (content) =>
  JSON.stringify({
    id: 'c1',
    object: 'chat.completion',
    created: 7,
    model: 'gpt',
    choices: [
      { index: 0, message: { role: 'assistant', content, refusal: null }, logprobs: null, finish_reason: 'stop' },
    ],
    usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
  });

/** A text cut into pieces of some characters. */
export function* pieces(text, size) {
  for (let at = 0; at < text.length; at += size) yield text.slice(at, at + size);
}
