import { EdgerailError } from './errors.js';
import type { Audience, BundleSource, LoadOptions } from './types.js';
import { isResponse } from './wasm.js';

/** Bytes of the hash that every bundle ends in, SHA-256. */
const HASH = 32;

/** Reads a bundle's bytes from wherever it is. The engine looks into them; here is only said what they are not. */
export async function readBundle(source: BundleSource): Promise<Uint8Array> {
  const given = await settled(source);
  if (typeof given === 'string' || given instanceof URL) return await readResponse(await fetchBundle(given));
  if (isResponse(given)) return await readResponse(given);
  if (given instanceof ArrayBuffer) return checked(new Uint8Array(given));
  if (ArrayBuffer.isView(given)) return checked(new Uint8Array(given.buffer, given.byteOffset, given.byteLength));
  if (typeof Blob === 'function' && given instanceof Blob) return checked(new Uint8Array(await given.arrayBuffer()));
  throw new EdgerailError('invalid_argument', 'a bundle is given as bytes, a Blob, a Response, or a URL to fetch it from');
}

/** What the caller fetches may fail as our own fetching does. */
async function settled(source: BundleSource): Promise<Awaited<BundleSource>> {
  try {
    return await source;
  } catch (cause) {
    throw cause instanceof EdgerailError ? cause : new EdgerailError('bundle_fetch', 'the bundle could not be fetched: its promise failed', { cause });
  }
}

async function fetchBundle(url: string | URL): Promise<Response> {
  try {
    return await fetch(url);
  } catch (cause) {
    throw new EdgerailError('bundle_fetch', 'the bundle could not be fetched: the server cannot be reached, or does not allow this page to', {
      cause,
    });
  }
}

async function readResponse(response: Response): Promise<Uint8Array> {
  if (!response.ok) {
    throw new EdgerailError('bundle_fetch', `the bundle could not be fetched: the server answered ${response.status}`);
  }
  try {
    return checked(new Uint8Array(await response.arrayBuffer()));
  } catch (cause) {
    if (cause instanceof EdgerailError) throw cause;
    throw new EdgerailError('bundle_fetch', 'the bundle could not be read to its end: try again', { cause });
  }
}

/** Names the mistakes that happen: a page or a definition instead of a bundle. */
function checked(bytes: Uint8Array): Uint8Array {
  const start = new TextDecoder().decode(bytes.subarray(0, 64)).trimStart();
  if (bytes.length === 0) throw notABundle('it is empty');
  if (start.startsWith('<')) {
    throw notABundle('it begins like an HTML page; probably the server answered with an error or login page');
  }
  if (start.startsWith('{')) throw notABundle('it begins like JSON; a definition must be compiled first (edgerail/compile)');
  return bytes;
}

function notABundle(what: string): EdgerailError {
  return new EdgerailError('bundle_not_a_bundle', `this is no Edgerail bundle: ${what}`);
}

/** Who a bundle must be for: in a page or its workers, browsers, unless the caller says otherwise. */
export function expectedAudience(options: LoadOptions): Audience | 'any' {
  if (options.audience) return options.audience;
  const agent = typeof navigator === 'object' && navigator ? navigator.userAgent : undefined;
  // Of all platforms only browsers call themselves so.
  return agent?.startsWith('Mozilla/') ? 'browser' : 'any';
}

/**
 * Whether the hash that a bundle ends in is found to be its own. The platform computes it several times as quickly
 * as the engine; `undefined` where it does not (a page that was not served securely): then the engine has to look. It looks
 * as well where the hash is wrong.
 */
export function hasOwnHash(bytes: Uint8Array<ArrayBuffer>): Promise<boolean> | undefined {
  const { crypto } = globalThis as { crypto?: Crypto };
  if (!crypto?.subtle || bytes.length < HASH) return undefined;
  const last = bytes.subarray(-HASH);
  const isLast = (hash: ArrayBuffer): boolean =>
    hash.byteLength === HASH && new Uint8Array(hash).every((byte, at) => byte === last[at]);
  return crypto.subtle.digest('SHA-256', bytes.subarray(0, -HASH)).then(isLast, () => false);
}

/** The hash that a bundle ends in, hexadecimal. */
export function bundleHash(bytes: Uint8Array): string {
  return Array.from(bytes.subarray(-HASH), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
