/** What `fetch` is called with, and its body. */
import { PayloadError } from './payload-errors.js';
import { bytesOf } from './payload.js';

/** A call of `fetch`, taken apart. */
export interface Form {
  readonly input: RequestInfo | URL;
  readonly init: RequestInit | undefined;
  readonly url: URL;
  readonly headers: Headers;
  readonly signal: AbortSignal | undefined;
  /** Where the body is, if there is one. */
  readonly kind: 'none' | 'init' | 'request';
}

/** The longest body that is collected unless the options say otherwise. */
const MAX_BYTES = 32 * 1024 * 1024;

export function formOf(input: RequestInfo | URL, init: RequestInit | undefined): Form {
  const request = isRequest(input) ? input : undefined;
  const method = (init?.method ?? request?.method ?? 'GET').toUpperCase();
  const hasBody = method !== 'GET' && method !== 'HEAD';
  const signal = init?.signal ?? request?.signal;
  const inInit = init?.body !== undefined && init.body !== null;
  return {
    input,
    init,
    url: new URL(request ? request.url : String(input), base()),
    headers: new Headers(init?.headers ?? request?.headers),
    signal: signal ?? undefined,
    kind: inInit ? 'init' : request && hasBody ? 'request' : 'none',
  };
}

/** What relative addresses are relative to. Where there is no page, `fetch` itself says what it makes of them. */
function base(): string {
  const { location } = globalThis as { location?: { href?: string } };
  return location?.href ?? 'http://relative.invalid/';
}

function isRequest(input: RequestInfo | URL): input is Request {
  return typeof input === 'object' && 'headers' in input && typeof input.clone === 'function';
}

/**
 * The body as bytes that nobody else changes. `undefined` if there is none, or if only `json` is asked for and it
 * is not called so and does not look so.
 */
export async function collect(form: Form, what: 'any' | 'json', maxBytes = MAX_BYTES): Promise<Uint8Array | undefined> {
  const { kind, headers, init } = form;
  const isJson = /[/+]json\b/i.test(headers.get('content-type') ?? '');
  const wanted = what === 'any' || isJson;
  if (kind === 'none') return undefined;
  if (kind === 'request') {
    if (!wanted) return undefined;
    const bytes = new Uint8Array(await (form.input as Request).clone().arrayBuffer());
    return bytes.length > 0 ? bytes : undefined;
  }
  const body = (init as { body: unknown }).body;
  if (typeof body === 'string' || isBytes(body)) {
    const bytes = bytesOf(body);
    return wanted || begins(bytes) ? bytes : undefined;
  }
  if (isBlob(body)) {
    if (!wanted && !/[/+]json\b/i.test(body.type)) return undefined;
    return new Uint8Array(await body.arrayBuffer());
  }
  if (!wanted) return undefined;
  if (isIterable(body)) return await gather(body, maxBytes);
  throw new PayloadError(
    'payload_kind',
    'the body of a request to a model API is no JSON (a form, for instance); send JSON',
  );
}

/** The arguments of `fetch` with the bytes as body, or with what was given. */
export function withBody(form: Form, bytes: Uint8Array | undefined): [RequestInfo | URL, RequestInit | undefined] {
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

async function gather(chunks: AsyncIterable<unknown>, maxBytes: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    const part = bytesOf(chunk as Uint8Array | string);
    length += part.length;
    if (length > maxBytes)
      throw new PayloadError(
        'payload_length',
        'the body: the body is longer than the limit; send less, or raise the limit',
      );
    parts.push(part);
  }
  return joined(parts, length);
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

function isIterable(body: unknown): body is AsyncIterable<unknown> {
  if (typeof body !== 'object' || body === null || (typeof FormData === 'function' && body instanceof FormData))
    return false;
  if (typeof ReadableStream === 'function' && body instanceof ReadableStream && !(Symbol.asyncIterator in body)) {
    throw new PayloadError(
      'payload_kind',
      'this platform cannot read a streamed body before it is sent; send text or bytes',
    );
  }
  return Symbol.asyncIterator in body;
}

/** Whether bytes look like an object of JSON. */
function begins(bytes: Uint8Array): boolean {
  const first = bytes.find((byte) => byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09);
  return first === 0x7b;
}
