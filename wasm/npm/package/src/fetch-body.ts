/** What `fetch` is called with, and its body. */
import { beginsAsJson } from './conversation.js';
import { PayloadError } from './payload-errors.js';
import { bytesOf } from './payload.js';

/** A call of `fetch`, taken apart. All of it is read once: what the caller changes later is not sent. */
export interface Form {
  readonly input: Request | string;
  /** A copy of its own. */
  readonly init: (RequestInit & { body?: unknown }) | undefined;
  readonly url: URL;
  readonly headers: Headers;
  readonly signal: AbortSignal | undefined;
  /** Where the body is, if there is one. */
  readonly kind: 'none' | 'init' | 'request';
  /** The body is called JSON. */
  readonly typed: boolean;
}

/** The longest body that is collected unless the options say otherwise. */
const MAX_BYTES = 32 * 1024 * 1024;

export function formOf(given: RequestInfo | URL, givenInit: RequestInit | undefined): Form {
  const request = isRequest(given) ? given : undefined;
  const text = request ? request.url : String(given);
  const url = new URL(text, base());
  const init = givenInit && snapshot(givenInit);
  const method = (init?.method ?? request?.method ?? 'GET').toUpperCase();
  const hasBody = method !== 'GET' && method !== 'HEAD';
  const signal = init?.signal ?? request?.signal;
  const headers = new Headers(init?.headers ?? request?.headers);
  if (init?.headers) init.headers = new Headers(headers);
  const inInit = init?.body !== undefined && init.body !== null;
  const body: unknown = init?.body;
  const type = headers.get('content-type') ?? (isBlob(body) ? body.type : '');
  return {
    // The page's base may be another one when it is sent.
    input: request ?? (isRelative(text) && url.origin !== NOWHERE ? url.href : text),
    init,
    url,
    headers,
    signal: signal ?? undefined,
    kind: inInit ? 'init' : request && hasBody ? 'request' : 'none',
    typed: JSON_TYPE.test(type),
  };
}

const JSON_TYPE = /[/+]json\b/i;

/** Types that no server takes for JSON. */
const OTHER_TYPE = /^\s*(multipart\/|application\/x-www-form-urlencoded\b|image\/|audio\/|video\/)/i;

/** What `fetch` reads of its options; a `Request` or another object has them behind getters. */
const MEMBERS = [
  'method',
  'headers',
  'body',
  'referrer',
  'referrerPolicy',
  'mode',
  'credentials',
  'cache',
  'redirect',
  'integrity',
  'keepalive',
  'signal',
  'duplex',
  'priority',
  'window',
  'dispatcher',
] as const;

function snapshot(init: RequestInit): RequestInit & { body?: unknown } {
  const copy: Record<string, unknown> = { ...init };
  for (const name of MEMBERS) {
    if (Object.hasOwn(copy, name)) continue;
    const value = (init as Record<string, unknown>)[name];
    if (value !== undefined) copy[name] = value;
  }
  if (copy['body'] !== undefined && copy['body'] !== null) copy['body'] = ownBody(copy['body']);
  return copy;
}

/** Bytes and what `fetch` would make a text of, as they are now. */
function ownBody(body: unknown): unknown {
  if (typeof body === 'string' || isBlob(body) || isForm(body) || isStream(body) || isIterable(body)) return body;
  return isBytes(body) ? bytesOf(body) : String(body);
}

const NOWHERE = 'http://relative.invalid';

/** What relative addresses are relative to. Where there is no page, `fetch` itself says what it makes of them. */
function base(): string {
  const { document, location } = globalThis as { document?: { baseURI?: string }; location?: { href?: string } };
  // Of a page in `srcdoc` only this is an address; elsewhere `<base>` changes it.
  return document?.baseURI ?? location?.href ?? NOWHERE;
}

function isRelative(text: string): boolean {
  try {
    return !new URL(text);
  } catch {
    return true;
  }
}

function isRequest(input: RequestInfo | URL): input is Request {
  return typeof input === 'object' && 'headers' in input && typeof input.clone === 'function';
}

/**
 * The body as bytes that nobody else changes. `undefined` if there is none, or if only `json` is asked for and it
 * is not called so and does not look so.
 */
export async function collect(form: Form, what: 'any' | 'json', maxBytes = MAX_BYTES): Promise<Uint8Array | undefined> {
  const { kind, init, typed } = form;
  if (kind === 'none') return undefined;
  const wanted = what === 'any' || typed;
  const body = init?.body as unknown;
  if (kind === 'init' && (typeof body === 'string' || isBytes(body))) {
    const bytes = bytesOf(body);
    return wanted || beginsAsJson(bytes) ? bytes : undefined;
  }
  // Such uploads may be long: they are not even begun.
  const type = form.headers.get('content-type') ?? (isBlob(body) ? body.type : '');
  if (!wanted && OTHER_TYPE.test(type)) return undefined;
  if (kind === 'request') {
    const copy = (form.input as Request).clone();
    // Some platforms do not show the stream.
    const bytes = isStream(copy.body)
      ? await gather(chunksOf(copy.body), maxBytes, wanted)
      : await looked(copy, wanted);
    return bytes && bytes.length > 0 ? bytes : undefined;
  }
  if (isBlob(body)) {
    if (!wanted && beginsAsJson(new Uint8Array(await body.slice(0, 4096).arrayBuffer())) !== true) return undefined;
    return new Uint8Array(await body.arrayBuffer());
  }
  if (isStream(body)) {
    if (wanted) return await gather(chunksOf(body), maxBytes, true);
    const [seen, rest] = body.tee();
    (init as { body: unknown }).body = rest;
    return await gather(chunksOf(seen), maxBytes, false).catch((error: unknown) => {
      rest.cancel(error).catch(() => undefined);
      throw error;
    });
  }
  if (isIterable(body)) {
    if (wanted) return await gather(body, maxBytes, true);
    const seen: unknown[] = [];
    const chunks = body[Symbol.asyncIterator]();
    (init as { body: unknown }).body = resumed(seen, chunks);
    return await gather(recorded(seen, chunks), maxBytes, false);
  }
  if (what !== 'any') return undefined;
  throw new PayloadError(
    'payload_kind',
    'the body of a request to a model API is no JSON (a form, for instance); send JSON',
  );
}

async function looked(body: Body, wanted: boolean): Promise<Uint8Array | undefined> {
  const bytes = new Uint8Array(await body.arrayBuffer());
  return wanted || beginsAsJson(bytes) ? bytes : undefined;
}

/** The arguments of `fetch` with the bytes as body, or with what was given. */
export function withBody(form: Form, bytes: Uint8Array | undefined): [Request | string, RequestInit | undefined] {
  const { input, init } = form;
  if (bytes === undefined) return [input, init];
  const headers = new Headers(form.headers);
  // It is computed anew.
  headers.delete('content-length');
  const body = asGiven(form.kind === 'init' ? (init as { body: unknown }).body : undefined, bytes);
  if (form.kind === 'request') {
    const { headers: _, ...rest } = init ?? {};
    return [new Request(input, { body, headers }), rest];
  }
  return [input, { ...init, headers, body }];
}

/** Bytes in the form in which `fetch` was given the body, since that decides about the content type. */
function asGiven(given: unknown, bytes: Uint8Array): BodyInit {
  if (typeof given === 'string') return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
  const owned = bytes as Uint8Array<ArrayBuffer>;
  return isBlob(given) ? new Blob([owned], { type: given.type }) : owned;
}

/** All bytes. Unless they are `wanted`: `undefined` as soon as they do not look like JSON, and no more is read. */
async function gather(
  chunks: AsyncIterable<unknown>,
  maxBytes: number,
  wanted: boolean,
): Promise<Uint8Array | undefined> {
  const parts: Uint8Array[] = [];
  let length = 0;
  let json: boolean | undefined = wanted || undefined;
  for await (const chunk of chunks) {
    const part = bytesOf(chunk as Uint8Array | string);
    length += part.length;
    parts.push(part);
    json ??= beginsAsJson(joined(parts, length));
    if (json === false) return undefined;
    if (length > maxBytes)
      throw new PayloadError(
        'payload_length',
        'the body: the body is longer than the limit; send less, or raise the limit',
      );
  }
  return json ? joined(parts, length) : undefined;
}

/** The chunks of a stream; browsers' streams are not iterable everywhere. */
async function* chunksOf(stream: ReadableStream<unknown>): AsyncGenerator<unknown> {
  const reader = stream.getReader();
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    // The other branch of a stream goes on; this waits for it, so nothing waits for this.
    reader.cancel().catch(() => undefined);
  }
}

/** Chunks, of which a list is kept. Who stops looking does not end them. */
async function* recorded(seen: unknown[], chunks: AsyncIterator<unknown>): AsyncGenerator<unknown> {
  for (;;) {
    const { value, done } = await chunks.next();
    if (done) return;
    const own: unknown = isBytes(value) ? bytesOf(value) : value;
    seen.push(own);
    yield own;
  }
}

/** The chunks that were seen, and all that come after them. */
async function* resumed(seen: unknown[], chunks: AsyncIterator<unknown>): AsyncGenerator<unknown> {
  yield* seen;
  try {
    for (;;) {
      const { value, done } = await chunks.next();
      if (done) return;
      yield value;
    }
  } finally {
    await chunks.return?.();
  }
}

export function joined(parts: readonly Uint8Array[], length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function isBytes(body: unknown): body is ArrayBuffer | ArrayBufferView {
  return ArrayBuffer.isView(body) || Object.prototype.toString.call(body) === '[object ArrayBuffer]';
}

function isBlob(body: unknown): body is Blob {
  return typeof Blob === 'function' && body instanceof Blob;
}

function isForm(body: unknown): boolean {
  return /^\[object (FormData|URLSearchParams)\]$/.test(Object.prototype.toString.call(body));
}

function isStream(body: unknown): body is ReadableStream<unknown> {
  return typeof ReadableStream === 'function' && body instanceof ReadableStream;
}

function isIterable(body: unknown): body is AsyncIterable<unknown> {
  return typeof body === 'object' && body !== null && Symbol.asyncIterator in body && !isForm(body);
}
