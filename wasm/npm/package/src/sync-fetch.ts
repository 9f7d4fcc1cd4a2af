/** The way to the repository: plain GET requests, whose answers are not trusted with anything, their length included. */
import { networkError } from './sync-errors.js';
import type { SyncError } from './sync-errors.js';
import type { SyncOptions } from './sync-types.js';

/** Bytes a second that a bundle has to come with at least, beyond the time that every file has. */
const SLOWEST = 16_384;
/** Milliseconds that a server may ask to wait; more is not believed. */
const LONGEST_WAIT = 3_600_000;

/** What a server answered. */
export type Answer =
  | { kind: 'bytes'; bytes: Uint8Array; etag: string | undefined }
  /** It has no such file: 404, and 403, which object stores say instead. */
  | { kind: 'absent' }
  /** The file is what it was (304). */
  | { kind: 'unchanged' };

export interface Addresses {
  metadata: string;
  targets: string;
}

export class Transport {
  readonly #base: Addresses;
  readonly #fetch: NonNullable<SyncOptions['fetch']>;
  readonly #timeout: number;
  #ending = new AbortController();

  constructor(base: Addresses, fetch: SyncOptions['fetch'], timeout: number) {
    this.#base = base;
    // Browsers take their own function under its own name only.
    this.#fetch = fetch ?? ((url, init) => globalThis.fetch(url, init));
    this.#timeout = timeout;
  }

  /**
   * Whether an ETag can be sent along. Another origin would have to be asked for leave first, with a request of its own;
   * there the browser's cache asks by itself.
   */
  get isConditional(): boolean {
    const page = (globalThis as { location?: { origin?: string } }).location?.origin;
    return page === undefined || page === 'null' || new URL(this.#base.metadata).origin === page;
  }

  metadata(path: string, maxBytes: number, etag?: string): Promise<Answer> {
    return this.#get(this.#base.metadata + path, path, maxBytes, this.#timeout, etag);
  }

  /** A bundle, exactly as long as the metadata says. */
  async target(path: string, length: number): Promise<Uint8Array> {
    // The path has the hash and the target's name: the name is what people know.
    const name = path.replace(/^(?:.*\/)?[0-9a-f]{64}\./, '');
    const limit = this.#timeout + (length / SLOWEST) * 1_000;
    const answer = await this.#get(this.#base.targets + escaped(path), name, length, limit);
    if (answer.kind !== 'bytes') throw networkError('not_found', `${name}: the repository lists this bundle, and the server does not have it`);
    if (answer.bytes.length < length) throw networkError('truncated', `${name}: ${answer.bytes.length} of ${length} bytes came`);
    return answer.bytes;
  }

  /** Ends what is under way, and everything that is asked later. */
  close(): void {
    this.#ending.abort();
  }

  async #get(url: string, name: string, maxBytes: number, timeout: number, etag?: string): Promise<Answer> {
    const ending = new AbortController();
    let isLate = false;
    const late = (): void => {
      isLate = true;
      ending.abort();
    };
    // As a whole, and from one piece to the next.
    const timer = setTimeout(late, timeout);
    let idle = setTimeout(late, this.#timeout);
    const alive = (): void => {
      clearTimeout(idle);
      idle = setTimeout(late, this.#timeout);
    };
    const end = (): void => ending.abort();
    this.#ending.signal.addEventListener('abort', end);
    if (this.#ending.signal.aborted) end();
    try {
      const response = await this.#fetch(url, initOf(ending.signal, etag));
      alive();
      return await answerOf(response, name, maxBytes, etag, alive);
    } catch (cause) {
      if (cause instanceof Error && 'reason' in cause) throw cause;
      if (isLate) throw networkError('timeout', `${name}: the server is too slow; ${this.#timeout} ms is the longest wait for it`, { cause });
      throw networkError('unreachable', `${name}: the server cannot be reached, does not allow this page to, or ended the connection`, { cause });
    } finally {
      clearTimeout(timer);
      clearTimeout(idle);
      this.#ending.signal.removeEventListener('abort', end);
      ending.abort();
    }
  }
}

/** What fetch is told. Edge platforms refuse members that they do not know, so only those that are there are given. */
function initOf(signal: AbortSignal, etag: string | undefined): RequestInit {
  const wanted: RequestInit = { cache: etag === undefined ? 'no-cache' : 'no-store', credentials: 'omit', referrerPolicy: 'no-referrer' };
  const known = typeof Request === 'function' ? Object.entries(wanted).filter(([name]) => name in Request.prototype) : [];
  return {
    ...Object.fromEntries(known),
    method: 'GET',
    // Whoever is asked answers: to be sent elsewhere is refused, wherever that is.
    redirect: 'manual',
    signal,
    ...(etag === undefined ? {} : { headers: { 'if-none-match': etag } }),
  };
}

async function answerOf(response: Response, name: string, maxBytes: number, etag: string | undefined, alive: () => void): Promise<Answer> {
  const { status } = response;
  if (response.type === 'opaqueredirect' || response.redirected || (status >= 300 && status < 400 && status !== 304)) {
    throw networkError('redirect', `${name}: the server redirects; give the repository's own address as url`, { isRefused: true });
  }
  if (status === 304 && etag !== undefined) return { kind: 'unchanged' };
  if (status === 404 || status === 403) return { kind: 'absent' };
  if (status !== 200) throw refused(response, name);
  const bytes = await capped(response, name, maxBytes, alive);
  if (isHtml(bytes)) throw networkError('html', `${name}: the server answers with a web page; look at what its address shows in a browser`);
  return { kind: 'bytes', bytes, etag: response.headers.get('etag') ?? undefined };
}

function refused(response: Response, name: string): SyncError {
  const { status } = response;
  return networkError('http_status', `${name}: the server answers with the status ${status}`, {
    retryAfter: retryAfter(response.headers.get('retry-after')),
    isRefused: status >= 400 && status < 500 && status !== 408 && status !== 425 && status !== 429,
  });
}

/** Milliseconds of a `Retry-After`: a number of seconds, or a date. */
export function retryAfter(header: string | null, now = Date.now()): number | undefined {
  if (header === null) return undefined;
  const wait = /^\d{1,9}$/.test(header.trim()) ? Number(header) * 1_000 : Date.parse(header) - now;
  return Number.isNaN(wait) ? undefined : Math.min(Math.max(wait, 0), LONGEST_WAIT);
}

/** The body, as long as it stays within the limit: whatever comes beyond it is not kept. */
async function capped(response: Response, name: string, maxBytes: number, alive: () => void): Promise<Uint8Array> {
  const announced = Number(response.headers.get('content-length') ?? Number.NaN);
  // Of a compressed body the header gives another length.
  const isPlain = !response.headers.get('content-encoding');
  if (isPlain && announced > maxBytes) {
    await response.body?.cancel().catch(() => undefined);
    throw tooLarge(name, maxBytes);
  }
  const chunks: Uint8Array[] = [];
  let length = 0;
  if (response.body) {
    const reader = response.body.getReader();
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      alive();
      length += next.value.length;
      if (length > maxBytes) {
        await reader.cancel().catch(() => undefined);
        throw tooLarge(name, maxBytes);
      }
      chunks.push(next.value);
    }
  }
  if (isPlain && length < announced) throw networkError('truncated', `${name}: ${length} of ${announced} bytes came`);
  return joined(chunks, length);
}

function tooLarge(name: string, maxBytes: number): SyncError {
  return networkError('too_large', `${name}: the answer is longer than the ${maxBytes} bytes that it may have`);
}

function joined(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const [only] = chunks;
  if (chunks.length === 1 && only) return only;
  const all = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}

function isHtml(bytes: Uint8Array): boolean {
  return /^\s*<(?:!doctype|html|head|body|\?xml)/i.test(new TextDecoder().decode(bytes.subarray(0, 64)));
}

/** A path as it stands in a URL. Names of metadata come escaped from the client already; names of targets do not. */
function escaped(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/');
}
