/** Files of text in the AI SDK's prompts and answers. */
import { PayloadError } from './payload-errors.js';

type Part = Record<string, unknown>;
type Text = (text: string) => string;

/** Media types whose files are text. `text` alone is what the SDK makes of `text/*`. */
const TEXTUAL =
  /^(text(\/.*)?|application\/(json|json5|jsonl|x-ndjson|xml|yaml|x-yaml|toml|csv|sql|javascript)|[\w.-]+\/[\w.+-]+\+(json|xml|yaml))$/;
const JSON_TYPE = /json/;

/** What changes in a part with a file: its name, and its text in the form that it had. */
export function mapFile(part: Part, map: Text): Part {
  const { filename, data } = part;
  const [mediaType = '', ...parameters] = String(part['mediaType'] ?? '').toLowerCase().split(/\s*;\s*/);
  return {
    ...(typeof filename === 'string' && { filename: map(filename) }),
    ...(data !== undefined && { data: mapData(data, { type: mediaType.trim(), parameters }, map) }),
  };
}

interface Media {
  type: string;
  parameters: readonly string[];
}

/** The file itself: bytes or base64, by themselves or in an object that says so. URLs and references stay. */
function mapData(data: unknown, media: Media, map: Text): unknown {
  const { type, text, data: inner } = Object(data) as Part;
  if (type === 'text' && typeof text === 'string') return { ...(data as Part), text: mapText(text, media, map) };
  if (!TEXTUAL.test(media.type)) return data;
  if (type === 'data') return { ...(data as Part), data: mapBytes(inner, media, map) };
  return mapBytes(data, media, map);
}

function mapBytes(data: unknown, media: Media, map: Text): unknown {
  // Earlier versions of the SDK have URLs as strings here.
  if (typeof data === 'string' && /^\s*https?:/i.test(data)) return data;
  const bytes = typeof data === 'string' ? fromBase64(data) : bytesOf(data);
  if (!bytes) return data;
  const text = decoded(bytes, media);
  const mapped = mapText(text, media, map);
  if (mapped === text) return data;
  const now = new TextEncoder().encode(mapped);
  return typeof data === 'string' ? toBase64(now) : now;
}

function mapText(text: string, { type }: Media, map: Text): string {
  const plain = JSON_TYPE.test(type) ? unescaped(text) : text;
  const mapped = map(plain);
  return mapped === plain ? text : mapped;
}

/** JSON without the escapes that hide a character from who does not read it as JSON. It means the same. */
function unescaped(json: string): string {
  return json.replace(/\\(?:u(d[89ab][\da-f]{2})\\u(d[c-f][\da-f]{2})|u([\da-f]{4})|[^])/gi, (given: string, high?: string, low?: string, one?: string) => {
    if (high && low) return String.fromCharCode(parseInt(high, 16), parseInt(low, 16));
    if (given === '\\/') return '/';
    const code = one ? parseInt(one, 16) : 0;
    const stays = code < 0x20 || code === 0x22 || code === 0x5c || (code >= 0xd800 && code < 0xe000);
    return stays ? given : String.fromCharCode(code);
  });
}

function bytesOf(data: unknown): Uint8Array | undefined {
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return data instanceof ArrayBuffer ? new Uint8Array(data) : undefined;
}

/** A file that calls itself text and cannot be read could say anything. */
function decoded(bytes: Uint8Array, { parameters }: Media): string {
  const charset = parameters.find((parameter) => parameter.startsWith('charset='))?.slice(8).replace(/"/g, '');
  try {
    if (charset === undefined || /^(utf-?8|us-ascii)$/.test(charset)) {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    }
  } catch {
    // Said below, without a byte of it.
  }
  throw new PayloadError('payload_utf8', 'a file of text is not UTF-8; send it as UTF-8, or as what it is');
}

function fromBase64(base64: string): Uint8Array {
  const data = /^data:[^,]*;base64,(.*)$/is.exec(base64)?.[1] ?? base64;
  try {
    return Uint8Array.from(atob(data.replace(/-/g, '+').replace(/_/g, '/')), (byte) => byte.charCodeAt(0));
  } catch {
    throw new PayloadError('payload_kind', 'a file of text is not base64; send its bytes or its text');
  }
}

function toBase64(bytes: Uint8Array): string {
  let binary = '';
  // In pieces: a call takes only so many arguments.
  for (let from = 0; from < bytes.length; from += 0x2000) {
    binary += String.fromCharCode(...bytes.subarray(from, from + 0x2000));
  }
  return btoa(binary);
}
