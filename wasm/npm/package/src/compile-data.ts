import { generation, trapped } from './compile-instance.js';
import type { DataOptions, DocumentSource } from './compile-types.js';
import { EdgerailError } from './errors.js';

/** How many bytes of lines are given to the compiler at once. */
const PIECE = 16 * 1024;
/** How many milliseconds are worked before others get their turn: less than a frame. */
const TURN = 8;

/** A document's bytes, and whether its lines are the caller's. */
export function documentBytes(source: DocumentSource, what: string): { bytes: Uint8Array; hasLines: boolean } {
  const bytes = textBytes(source);
  if (bytes) return { bytes, hasLines: true };
  return { bytes: utf8(stringify(source, what)), hasLines: false };
}

/** Bytes of data; strings as UTF-8. */
export function dataBytes(source: unknown, what: string): Uint8Array {
  const bytes = textBytes(source);
  if (bytes) return bytes;
  throw new EdgerailError('invalid_argument', `${what} is given as text or bytes`);
}

function textBytes(source: unknown): Uint8Array | undefined {
  if (typeof source === 'string') return utf8(source);
  if (source instanceof ArrayBuffer) return new Uint8Array(source);
  if (ArrayBuffer.isView(source)) return new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
  return undefined;
}

/** Objects as JSON. A promise, a response or a file would be an empty object there, and is refused. */
function stringify(source: unknown, what: string): string {
  const kind = Object.prototype.toString.call(source);
  const isData = (kind === '[object Object]' && typeof (source as { then?: unknown }).then !== 'function') || kind === '[object Array]';
  if (!isData) {
    throw new EdgerailError('invalid_argument', `${what} is given as text, bytes or a parsed object; of anything else, await its text first`);
  }
  try {
    return JSON.stringify(source);
  } catch (cause) {
    throw new EdgerailError('invalid_argument', `${what} is an object that JSON cannot hold, such as one that contains itself`, { cause });
  }
}

/**
 * UTF-8. Half of a surrogate pair, which stands for no character, becomes bytes that no reader takes for one: an
 * encoder's replacement character would silently change a word.
 */
function utf8(text: string): Uint8Array {
  const encoder = new TextEncoder();
  if (!/\p{Surrogate}/u.test(text)) return encoder.encode(text);
  const parts = text.split(/(\p{Surrogate})/u).map((part) => {
    const unit = part.charCodeAt(0);
    const isHalf = part.length === 1 && unit >= 0xd800 && unit <= 0xdfff;
    return isHalf ? Uint8Array.of(0xed, 0x80 | ((unit >> 6) & 0x3f), 0x80 | (unit & 0x3f)) : encoder.encode(part);
  });
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** Seconds since 1970; `undefined` if nothing is known of the time. */
export function seconds(now: Date | null | undefined): number | undefined {
  if (now === null) return undefined;
  const time = now === undefined ? Date.now() : now instanceof Date ? now.getTime() : NaN;
  if (Number.isNaN(time)) throw new EdgerailError('invalid_argument', 'now is a valid Date, or null');
  return time / 1000;
}

/** What of {@link DataOptions} the compiler reads. */
export function dataOptions(options: DataOptions): object {
  const examples = options.examples ?? 3;
  if (!Number.isInteger(examples) || examples < 0 || examples > 1000) {
    throw new EdgerailError('invalid_argument', 'examples is a whole number from 0 to 1000');
  }
  return {
    source: options.source ?? 'INPUT',
    now: seconds(options.now),
    examples,
    label: options.label ?? 'data',
  };
}

/** Gives data to `push` in pieces of whole lines, and lets others have their turn in between. */
export async function feed(bytes: Uint8Array, options: DataOptions, push: (piece: Uint8Array) => void): Promise<void> {
  const own = generation();
  let begun = Date.now();
  for (let at = 0; at < bytes.length; ) {
    const end = endOfLines(bytes, at + PIECE);
    push(bytes.subarray(at, end));
    at = end;
    if (Date.now() - begun < TURN && at < bytes.length) continue;
    options.onProgress?.(at, bytes.length);
    await pause();
    throwIfAborted(options.signal);
    // Somebody else's call may have trapped meanwhile.
    if (generation() !== own) throw trapped();
    begun = Date.now();
  }
}

function endOfLines(bytes: Uint8Array, from: number): number {
  const end = from < bytes.length ? bytes.indexOf(0x0a, from) : -1;
  return end < 0 ? bytes.length : end + 1;
}

/** Ends once others had their turn: what a page has to draw, what a user did. */
function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new EdgerailError('aborted', 'the call was cancelled', { cause: signal.reason });
}
