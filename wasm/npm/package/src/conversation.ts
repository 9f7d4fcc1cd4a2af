/** Whether a body that could not be read may be a conversation all the same, by a look at its outermost members. */
import type { PayloadError } from './payload-errors.js';

/** What a body has at its top if it asks a model. `jsonrpc` and `method` count by their values. */
const ASKS: ReadonlySet<string> = new Set(['messages', 'contents', 'input', 'prompt']);
/** In a list of bodies these alone: lists of things with a `prompt` are not what models are sent. */
const ASKS_IN_LIST: ReadonlySet<string> = new Set(['messages', 'contents']);
/** What a body has at its top if a model answers. */
const ANSWERS: ReadonlySet<string> = new Set([
  'messages',
  'contents',
  'choices',
  'candidates',
  'output',
  'content',
  'completion',
]);
/** An application's errors often have `messages` and `content`. */
const FAILS: ReadonlySet<string> = new Set(['choices', 'candidates', 'output', 'completion']);

/** What is known of a body that could not be read. */
interface Unread {
  what: 'request' | 'answer' | 'error';
  /** Its content type says that it is JSON. */
  typed: boolean;
}

/** Whether a body may pass that could not be read, where only the body says whether it is a model's. */
export function mayPass(error: PayloadError, bytes: Uint8Array, { what, typed }: Unread): boolean {
  if (error.recognized) return false;
  const seems = () => seemsConversation(bytes, what);
  switch (error.problem) {
    // What breaks these rules could not be looked through, by nobody.
    case 'payload_length':
    case 'payload_depth':
    case 'payload_kind':
      return false;
    case 'payload_utf8':
      return !typed && !seems();
    case 'payload_shape':
    case 'payload_json':
    case 'payload_type':
      return !seems();
    default:
      return false;
  }
}

/** Goes over bytes that need not be JSON: the members of outermost objects, and of those in outermost lists. */
function seemsConversation(bytes: Uint8Array, what: Unread['what']): boolean {
  // JSON in UTF-16, which some servers read.
  if (bytes.subarray(0, 4).includes(0)) return true;
  let depth = 0;
  let inList = false;
  /** What a call of JSON-RPC says of itself. */
  let call = { rpc: false, harmless: false };
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (byte === OBJECT || byte === LIST) {
      if (depth === 0) inList = byte === LIST;
      depth += 1;
      if (depth === (inList ? 2 : 1)) call = { rpc: false, harmless: false };
    } else if (byte === OBJECT_END || byte === LIST_END) {
      if (depth === (inList ? 2 : 1) && call.rpc && !call.harmless) return true;
      depth = Math.max(0, depth - 1);
    } else if (byte === QUOTE) {
      const end = endOfString(bytes, at);
      const colon = skipSpace(bytes, end);
      if (depth === (inList ? 2 : 1) && bytes[colon] === COLON) {
        const name = decoded(bytes, at, end);
        if ((what === 'request' ? (inList ? ASKS_IN_LIST : ASKS) : what === 'answer' ? ANSWERS : FAILS).has(name)) {
          return true;
        }
        if (name === 'jsonrpc') call.rpc = true;
        if (what === 'request' && (name === 'result' || name === 'error')) call.harmless = true;
        if (what === 'request' && name === 'method') {
          const value = skipSpace(bytes, colon + 1);
          const method = bytes[value] === QUOTE ? decoded(bytes, value, endOfString(bytes, value)) : '';
          if (method === 'tools/call') return true;
          // Other methods say nothing to a tool.
          if (method) call.harmless = true;
        }
      }
      at = end - 1;
    }
  }
  return call.rpc && !call.harmless;
}

const QUOTE = 0x22;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const LIST = 0x5b;
const LIST_END = 0x5d;
const OBJECT = 0x7b;
const OBJECT_END = 0x7d;

/** Just past the string that begins at a place. */
function endOfString(bytes: Uint8Array, start: number): number {
  for (let at = start + 1; at < bytes.length; at += 1) {
    if (bytes[at] === BACKSLASH) at += 1;
    else if (bytes[at] === QUOTE) return at + 1;
  }
  return bytes.length;
}

function skipSpace(bytes: Uint8Array, start: number): number {
  let at = start;
  while (isSpace(bytes[at])) at += 1;
  return at;
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

/** A string in its quotes, as far as it may be one of the names. */
function decoded(bytes: Uint8Array, start: number, end: number): string {
  // Every character of the longest name as an escape.
  if (end - start > 80) return '';
  const text = new TextDecoder().decode(bytes.subarray(start, end));
  try {
    return String(JSON.parse(text));
  } catch {
    return '';
  }
}

/** Whether bytes begin as an object or a list of JSON does; `undefined` while there are too few to tell. */
export function beginsAsJson(bytes: Uint8Array): boolean | undefined {
  const [first, second, third] = bytes;
  // A byte order mark, which readers of JSON skip; and the zeros of UTF-16.
  const marked = first === 0xef && second === 0xbb && third === 0xbf;
  const wide = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
  const seen = bytes.subarray(marked ? 3 : wide ? 2 : 0, 4096).filter((byte) => byte !== 0 && !isSpace(byte));
  if (seen[0] !== undefined && seen[0] !== OBJECT && seen[0] !== LIST) return false;
  // So much space is looked through to its end.
  if (seen[1] === undefined) return bytes.length < 4096 ? undefined : true;
  // The second character too, or data that is no text would be taken for JSON now and then.
  const after = String.fromCharCode(seen[1]);
  return seen[0] === OBJECT ? after === '"' || after === '}' : /[[{"\d\-tfn]/.test(after);
}

/** Whether a JSON text holds turns of a conversation: objects that have a `role` and something said. */
export function holdsTurns(bytes: Uint8Array): boolean {
  let open: unknown[];
  try {
    open = [JSON.parse(new TextDecoder().decode(bytes))];
  } catch {
    return false;
  }
  for (let value = open.pop(); value !== undefined; value = open.pop()) {
    if (typeof value !== 'object' || value === null) continue;
    if (!Array.isArray(value) && 'role' in value && ('content' in value || 'parts' in value || 'text' in value)) {
      return true;
    }
    for (const inner of Object.values(value)) {
      if (typeof inner === 'object' && inner !== null) open.push(inner);
    }
  }
  return false;
}
