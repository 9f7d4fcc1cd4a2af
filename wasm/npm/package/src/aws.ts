/** The AWS SDK for JavaScript (v3) with a guardrail: bodies are checked and masked before they are signed. */
import { endpointOf } from './apis.js';
import type { Endpoint } from './apis.js';
import { framingOf, guardEventStream } from './event-stream.js';
import { joined } from './fetch-body.js';
import { BlockedError, PayloadError } from './payload-errors.js';
import { startPayload } from './payload-instance.js';
import { bytesOf, guardRead, readAs } from './payload.js';
import type { GuardedBody, PayloadOptions, ReadBody } from './payload.js';
import { recordOf } from './guard-record.js';
import type { GuardRecord } from './guard-record.js';
import type { AnyEngine } from './types.js';

export { EdgerailError, isEdgerailError } from './errors.js';
export { BlockedError, PayloadError } from './payload-errors.js';
export type { GuardRecord } from './guard-record.js';
export type { PayloadOptions } from './payload.js';

export interface EdgerailPluginOptions extends PayloadOptions {
  /** An engine, here or in a worker, or one that is still loading: commands wait for it. */
  engine: AnyEngine | PromiseLike<AnyEngine>;
  /** After a block: `throw` a {@link BlockedError}, or `respond` with an answer whose text is the message. Default `throw`. */
  onBlock?: 'throw' | 'respond';
  /** Answers: `stream` lets streamed text go on as soon as it is safe, `buffer` each content block as a whole. */
  responses?: 'stream' | 'buffer' | 'off';
  /**
   * What to do with commands and bodies that cannot be read. Default `refuse`, which is also what becomes of a
   * conversation that is recognized but cannot be guarded.
   */
  unknown?: 'refuse' | 'pass';
  /** Gets a content-free record of every check. What it throws is ignored. */
  onDecision?: (record: GuardRecord) => void;
}

/** What `client.middlewareStack.use` takes. */
export interface EdgerailPlugin {
  applyToStack(stack: { add: (...middleware: never) => void }): void;
}

/**
 * A plugin for a `BedrockRuntimeClient`: Converse, ConverseStream, InvokeModel and InvokeModelWithResponseStream are
 * guarded both ways. Other commands that could carry a prompt are refused. Of several plugins on one client each is
 * applied; the same one twice is refused by the SDK.
 *
 * @throws {EdgerailError} from `client.send`: `blocked` ({@link BlockedError}), `payload_unreadable`
 * ({@link PayloadError}); nothing was sent then.
 *
 * @example
 * const client = new BedrockRuntimeClient({});
 * client.middlewareStack.use(edgerailPlugin({ engine: await loadEngine(bundle) }));
 */
export function edgerailPlugin(options: EdgerailPluginOptions): EdgerailPlugin {
  const guard = new CommandGuard(options);
  // Of its own, and not to be overridden: a second guardrail must not take the first one's place.
  const number = ++plugins;
  return {
    applyToStack(given) {
      const stack = given as unknown as Stack;
      // Serialized, but the length is not set and nothing is signed yet.
      stack.add((next, context) => (args) => guard.request(next, context, args), {
        step: 'build',
        priority: 'high',
        name: `edgerailRequest${number}`,
        tags: ['EDGERAIL'],
      });
      // Nearest to the wire: what the SDK has not read yet.
      stack.add((next, context) => (args) => guard.response(next, context, args), {
        step: 'deserialize',
        priority: 'low',
        name: `edgerailResponse${number}`,
        tags: ['EDGERAIL'],
      });
    },
  };
}

let plugins = 0;

/** As much of the SDK's types as is needed; it is not a dependency. */
interface HttpRequest {
  protocol?: string;
  hostname?: string;
  path: string;
  body?: unknown;
}
interface HttpResponse {
  statusCode: number;
  headers: Record<string, string>;
  body?: unknown;
}
interface Args {
  request: HttpRequest;
}
interface Result {
  response: HttpResponse;
}
type Handler = (args: Args) => Promise<Result>;
interface Context {
  commandName?: string;
}
interface Stack {
  add(middleware: (next: Handler, context: Context) => Handler, options: Record<string, unknown>): void;
}

/** What is known of a command when its answer comes. */
interface Sent {
  url: string;
  request: GuardedBody;
  stream: boolean;
}

/** Commands without a prompt; ApplyGuardrail is itself a guardrail. */
const PASS = new Set(['ApplyGuardrailCommand', 'GetAsyncInvokeCommand', 'ListAsyncInvokesCommand']);

/** Commands that a plugin blocked: no text is left for the others. */
const blocked = new WeakSet<Context>();

class CommandGuard {
  readonly #options: EdgerailPluginOptions;
  readonly #sent = new WeakMap<Context, Sent>();

  constructor(options: EdgerailPluginOptions) {
    this.#options = options;
  }

  async request(next: Handler, context: Context, args: Args): Promise<Result> {
    const { request } = args;
    const url = new URL(`${request.protocol ?? 'https:'}//${request.hostname ?? 'localhost'}${request.path}`);
    const endpoint = endpointOf(url);
    if (PASS.has(context.commandName ?? '') || blocked.has(context)) return await next(args);
    let guarded: GuardedBody;
    try {
      guarded = await this.#guard(request, endpoint);
    } catch (error) {
      if (!this.#passes(error)) throw error;
      return await next(args);
    }
    const stream = endpoint?.stream ?? false;
    const sent = { url: url.origin + url.pathname, request: guarded, stream };
    this.#record(sent, recordOf(guarded, 'request', stream));
    if (guarded.outcome === 'block' && this.#options.onBlock !== 'respond') throw new BlockedError(guarded.decision);
    this.#sent.set(context, sent);
    // A blocked text does not go on, not even to other middleware.
    if (guarded.outcome === 'block') blocked.add(context);
    request.body = guarded.outcome === 'block' ? '{}' : guarded.body;
    return await next(args);
  }

  async response(next: Handler, context: Context, args: Args): Promise<Result> {
    const sent = this.#sent.get(context);
    if (sent?.request.outcome === 'block') return { response: answer(sent) };
    const result = await next(args);
    const { response } = result;
    // What is no success holds no model's answer.
    if (!sent || this.#options.responses === 'off' || response.statusCode >= 300) return result;
    const body = sent.stream ? await this.#streamed(sent, response) : await this.#whole(sent, response);
    // In place: the SDK tells responses by their prototype.
    response.body = body;
    return result;
  }

  async #guard(request: HttpRequest, endpoint: Endpoint | undefined): Promise<GuardedBody> {
    const { body } = request;
    if (!endpoint?.model || !(typeof body === 'string' || ArrayBuffer.isView(body))) {
      throw new PayloadError(
        'payload_kind',
        `${request.path.replace(/\?.*/, '')}: a command that cannot be guarded; use Converse or InvokeModel`,
      );
    }
    const bytes = bytesOf(body);
    await startPayload(this.#options.wasm);
    const { shape } = this.#options;
    const shapes = shape ? [shape] : endpoint.shapes;
    const options = { ...this.#options, model: this.#options.model ?? endpoint.model, side: 'request' as const };
    const found = readAs(bytes, shapes, options);
    const framing = endpoint.stream ? { framing: framingOf(found.shape) } : {};
    return await guardRead(await this.#options.engine, bytes, found, { ...options, ...framing });
  }

  async #streamed(sent: Sent, response: HttpResponse): Promise<ReadableStream<Uint8Array>> {
    const { shape, model } = sent.request;
    return guardEventStream(await this.#options.engine, webStream(response.body), {
      ...this.#options,
      shape,
      framing: 'eventstream',
      mode: this.#options.responses === 'buffer' ? 'buffer' : 'incremental',
      ...(model !== undefined && { model }),
      onEnd: ({ outcome, blocks }) => {
        const reasonCode = blocks.find(({ reasonCode }) => reasonCode !== 'ok')?.reasonCode ?? 'ok';
        const found = blocks.reduce((sum, { found }) => sum + found, 0);
        this.#record(sent, {
          side: 'response',
          shape,
          ...(model !== undefined && { model }),
          outcome,
          reasonCode,
          found,
          stream: true,
        });
      },
    });
  }

  async #whole(sent: Sent, response: HttpResponse): Promise<Uint8Array> {
    const bytes = await gathered(response.body);
    const { shape, model } = sent.request;
    const options = { ...this.#options, side: 'response' as const, ...(model !== undefined && { model }) };
    let found: ReadBody;
    try {
      found = readAs(bytes, [shape], options);
    } catch (error) {
      if (!this.#passes(error)) throw error;
      return bytes;
    }
    const guarded = await guardRead(await this.#options.engine, bytes, found, options);
    this.#record(sent, recordOf(guarded, 'response', false));
    return guarded.body;
  }

  /** Whether something goes through unguarded: a conversation never does. */
  #passes(error: unknown): boolean {
    return this.#options.unknown === 'pass' && error instanceof PayloadError && !error.recognized;
  }

  #record(sent: Sent, record: Omit<GuardRecord, 'url'>): void {
    try {
      this.#options.onDecision?.({ ...record, url: sent.url });
    } catch {
      // A listener does not decide what is sent.
    }
  }
}

/** The guardrail's message, as if the service had answered it. */
function answer({ request, stream }: Sent): HttpResponse {
  const type = stream ? 'application/vnd.amazon.eventstream' : 'application/json';
  const body = stream ? webStream([request.body]) : request.body;
  return { statusCode: 200, headers: { 'content-type': type }, body };
}

/** Node's streams, the web's and iterables as one of the web. */
function webStream(body: unknown): ReadableStream<Uint8Array> {
  if (typeof ReadableStream === 'function' && body instanceof ReadableStream) return body as ReadableStream<Uint8Array>;
  const chunks = iterated(body);
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { value, done } = await chunks.next();
        if (done) controller.close();
        else controller.enqueue(bytesOf(value as Uint8Array | string));
      },
      async cancel() {
        await chunks.return?.();
      },
    },
    { highWaterMark: 0 },
  );
}

function iterated(body: unknown): AsyncIterator<unknown> | Iterator<unknown> {
  const { [Symbol.asyncIterator]: asynchronous, [Symbol.iterator]: synchronous } = Object(body) as Partial<
    AsyncIterable<unknown> & Iterable<unknown>
  >;
  if (asynchronous) return asynchronous.call(body);
  if (synchronous) return synchronous.call(body);
  throw new PayloadError('payload_kind', 'the answer is no stream that can be read here');
}

async function gathered(body: unknown): Promise<Uint8Array> {
  if (typeof body === 'string' || ArrayBuffer.isView(body)) return bytesOf(body);
  if (typeof Blob === 'function' && body instanceof Blob) return new Uint8Array(await body.arrayBuffer());
  if (body === undefined || body === null) return new Uint8Array();
  const parts: Uint8Array[] = [];
  let length = 0;
  const reader = webStream(body).getReader();
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return joined(parts, length);
    parts.push(value);
    length += value.length;
  }
}
