/** `fetch` with a guardrail: what is sent to a model is checked and masked, and so is what it answers. */
import { endpointOf, isSigned } from './apis.js';
import type { Endpoint } from './apis.js';
import { mayPass } from './conversation.js';
import { EdgerailError } from './errors.js';
import { framingOf } from './event-stream.js';
import { collect, formOf, withBody } from './fetch-body.js';
import type { Form } from './fetch-body.js';
import { guardResponse } from './fetch-response.js';
import { BlockedError, PayloadError } from './payload-errors.js';
import { startPayload } from './payload-instance.js';
import { guardRead, readAs } from './payload.js';
import type { Framing, GuardedBody, PayloadOptions, ReadBody, Shape } from './payload.js';
import { recordOf } from './guard-record.js';
import type { GuardRecord } from './guard-record.js';
import type { AnyEngine } from './types.js';

export interface GuardFetchOptions extends PayloadOptions {
  /** An engine, here or in a worker, or one that is still loading: requests to models wait for it. */
  engine: AnyEngine | PromiseLike<AnyEngine>;
  /**
   * Which addresses are model APIs. `true` or an API: all that is sent there has to be understood, or it is
   * refused. `false`: what is sent there is not looked at. `undefined`: as without this option.
   */
  match?: (url: URL) => boolean | Shape | undefined;
  /**
   * After a block: `throw` a {@link BlockedError}, or `respond` with an answer of the API whose text is the
   * guardrail's message, so that a chat shows it. Default `throw`. Answers that are blocked are always replaced.
   */
  onBlock?: 'throw' | 'respond';
  /** Answers: `stream` lets streamed text go on as soon as it is safe, `buffer` each content block as a whole. */
  responses?: 'stream' | 'buffer' | 'off';
  /**
   * What to do with a body to or from a model API that cannot be read. What is known to be a conversation all the
   * same is refused even with `pass`. Default `refuse`.
   */
  unknown?: 'refuse' | 'pass';
  /** Gets a content-free record of every check. What it throws is ignored. */
  onDecision?: (record: GuardRecord) => void;
}

/**
 * A `fetch` that guards what goes to model APIs and what comes from them.
 *
 * Guarded are requests to the addresses of OpenAI, Azure OpenAI, Anthropic and Bedrock, to any address with one of
 * their paths, and to all that `match` names: what cannot be read there is refused. At other addresses JSON that
 * has the form of a conversation is guarded too, and so are its answers if they have the form of that API's; what
 * seems to be a conversation and cannot be read is refused. Everything else passes untouched.
 *
 * It does not see `XMLHttpRequest`, `WebSocket`, `sendBeacon` or forms.
 *
 * @throws {EdgerailError} `blocked` ({@link BlockedError}), `signed_body`, `payload_unreadable`
 * ({@link PayloadError}), and what the engine's loading threw. The request was not sent then.
 *
 * @example
 * const client = new OpenAI({ fetch: guardFetch(fetch, { engine: await loadEngine('/guardrail.bundle') }) });
 */
export function guardFetch(fetch: typeof globalThis.fetch, options: GuardFetchOptions): typeof globalThis.fetch {
  if (typeof fetch !== 'function' || !options?.engine) {
    throw new EdgerailError('invalid_argument', 'guardFetch takes a fetch and { engine }');
  }
  return async (input: RequestInfo | URL, init?: RequestInit) => await new Exchange(fetch, options, input, init).run();
}

/** What is known of a request that is to be guarded. */
interface Found {
  endpoint: Endpoint;
  /** The address says that it is a model's. */
  listed: boolean;
}

class Exchange {
  readonly #fetch: typeof globalThis.fetch;
  readonly #options: GuardFetchOptions;
  readonly #form: Form;
  readonly #record: (record: Omit<GuardRecord, 'url'>) => void;

  constructor(
    fetch: typeof globalThis.fetch,
    options: GuardFetchOptions,
    input: RequestInfo | URL,
    init: RequestInit | undefined,
  ) {
    this.#fetch = fetch;
    this.#options = options;
    this.#form = formOf(input, init);
    this.#record = (record) => {
      try {
        const { origin, pathname } = this.#form.url;
        options.onDecision?.({ ...record, url: origin + pathname });
      } catch {
        // A listener does not decide what is sent.
      }
    };
  }

  async run(): Promise<Response> {
    const found = this.#endpoint();
    if (!found) return await this.#send(undefined);
    const bytes = await collect(this.#form, found.listed ? 'any' : 'json', this.#options.maxBytes);
    if (bytes === undefined) {
      // Nothing is sent; what a listed address answers may be a model's all the same.
      return found.listed ? await this.#answered(undefined, found) : await this.#send(undefined);
    }
    await startPayload(this.#options.wasm);
    const request = await this.#guard(bytes, found);
    if (!request) return found.listed ? await this.#answered(undefined, found, bytes) : await this.#send(bytes);
    const { outcome, decision } = request;
    this.#record(recordOf(request, 'request', found.endpoint.stream ?? request.stream));
    this.#form.signal?.throwIfAborted();
    if (outcome === 'block') {
      if (this.#options.onBlock !== 'respond') throw new BlockedError(decision);
      return blockedResponse(request, found.endpoint.stream ?? request.stream);
    }
    const changed = !same(request.body, bytes);
    if (changed && isSigned(this.#form.url, this.#form.headers)) {
      throw new EdgerailError(
        'signed_body',
        'the request is signed over its body, so it cannot be masked: guard it before it is signed (edgerail/aws for the AWS SDK)',
      );
    }
    return await this.#answered(request, found, changed ? request.body : bytes);
  }

  #endpoint(): Found | undefined {
    const { url } = this.#form;
    const matched = this.#options.match?.(new URL(url));
    if (matched === false) return undefined;
    const known = endpointOf(url);
    if (matched === undefined) return { endpoint: this.#named(known), listed: known !== undefined };
    const endpoint = typeof matched === 'string' ? { ...known, shapes: [matched] } : this.#named(known);
    return { endpoint, listed: true };
  }

  #named(endpoint: Endpoint | undefined): Endpoint {
    const { shape } = this.#options;
    return { ...endpoint, shapes: shape ? [shape] : (endpoint?.shapes ?? []) };
  }

  /** The request, guarded; `undefined` if it is none of a model. */
  async #guard(bytes: Uint8Array, { endpoint, listed }: Found): Promise<GuardedBody | undefined> {
    const model = this.#options.model ?? endpoint.model;
    const options = { ...this.#options, side: 'request' as const, ...(model !== undefined && { model }) };
    let found: ReadBody;
    try {
      if (!/^(identity)?$/i.test(this.#form.headers.get('content-encoding') ?? '')) {
        throw new PayloadError('payload_kind', 'the body is compressed; send it as it is');
      }
      found = readAs(bytes, endpoint.shapes, options);
    } catch (error) {
      if (!(error instanceof PayloadError)) throw error;
      const passes =
        this.#options.unknown === 'pass'
          ? !error.recognized
          : !listed && mayPass(error, bytes, { what: 'request', typed: this.#form.typed });
      if (passes) return undefined;
      throw error;
    }
    if (!listed && !this.#options.shape && !isConversation(found)) return undefined;
    const framing = (endpoint.stream ?? found.stream) ? framingOf(found.shape) : undefined;
    return await guardRead(await this.#options.engine, bytes, found, { ...options, ...(framing && { framing }) });
  }

  async #answered(request: GuardedBody | undefined, found: Found, body?: Uint8Array): Promise<Response> {
    const response = await this.#send(body);
    const { responses, unknown } = this.#options;
    if (responses === 'off') return response;
    return await guardResponse(response, {
      ...this.#options,
      mode: responses === 'buffer' ? 'buffer' : 'incremental',
      // An application's own server may take a conversation and answer with anything.
      refuse: unknown !== 'pass' && request !== undefined && found.listed,
      listed: found.listed,
      shapes: request ? [request.shape] : found.endpoint.shapes,
      certain: found.endpoint.shapes.length > 0,
      ...(request?.model !== undefined && { model: request.model }),
      record: this.#record,
    });
  }

  async #send(body: Uint8Array | undefined): Promise<Response> {
    const [input, init] = withBody(this.#form, body);
    return await (0, this.#fetch)(input, init);
  }
}

/** Where only the body speaks: a conversation, and not a lone member that many other APIs have too. */
function isConversation({ shape, model, content }: ReadBody): boolean {
  if (shape === 'mcp') return true;
  if (LONE.has(shape) || (shape === 'openai-responses' && model === undefined)) return false;
  return content.some(({ role }) => role !== undefined);
}

const LONE: ReadonlySet<Shape> = new Set([
  'invoke-titan',
  'invoke-llama',
  'invoke-mistral',
  'invoke-cohere',
  'invoke-anthropic-text',
]);

/** The guardrail's message as an answer of the API. */
function blockedResponse(request: GuardedBody, stream: boolean): Response {
  const framing: Framing | 'json' = stream ? framingOf(request.shape) : 'json';
  return new Response(request.body as Uint8Array<ArrayBuffer>, {
    status: 200,
    headers: { 'content-type': CONTENT_TYPES[framing] },
  });
}

const CONTENT_TYPES = {
  json: 'application/json',
  sse: 'text/event-stream; charset=utf-8',
  eventstream: 'application/vnd.amazon.eventstream',
} as const;

function same(a: Uint8Array, b: Uint8Array): boolean {
  return a === b || (a.length === b.length && a.every((byte, place) => byte === b[place]));
}
