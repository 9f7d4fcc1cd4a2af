/** A repository in one file: a tar archive as `edgerail repository export` writes it. Nothing in it is trusted before it is verified. */
import { SyncError } from './sync-errors.js';

const BLOCK = 512;
/** Files of an archive: a baseline holds a handful. */
const MOST = 4_096;

/** The files by their paths. */
export function readArchive(bytes: Uint8Array): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  let longName: string | undefined;
  for (let at = 0; at + BLOCK <= bytes.length; ) {
    const header = bytes.subarray(at, at + BLOCK);
    if (header.every((byte) => byte === 0)) return files;
    const { name, size, type } = entryOf(header);
    const content = bytes.subarray(at + BLOCK, at + BLOCK + size);
    if (content.length < size) throw damaged('it ends too early');
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
    if (type === 'x') {
      longName = paxPath(content);
    } else if (type === '0' || type === '\0') {
      if (files.size === MOST) throw damaged('it has too many files');
      const path = (longName ?? name).replace(/^\.\//, '');
      if (files.has(path)) throw damaged('a file is in it twice');
      files.set(path, content);
      longName = undefined;
    } else if (type !== '5') {
      throw damaged('it holds something else than files');
    } else {
      longName = undefined;
    }
  }
  throw damaged('it ends too early');
}

/** Whether bytes look like an archive. */
export function isArchive(bytes: Uint8Array): boolean {
  return bytes.length >= BLOCK && text(bytes.subarray(257, 262)) === 'ustar';
}

function entryOf(header: Uint8Array): { name: string; size: number; type: string } {
  if (text(header.subarray(257, 262)) !== 'ustar') throw damaged('it is no tar archive');
  if (octal(header.subarray(148, 156)) !== checksum(header)) throw damaged('a header does not have its checksum');
  const name = text(header.subarray(0, 100));
  const prefix = text(header.subarray(345, 500));
  const type = String.fromCharCode(header[156] as number);
  return { name: prefix === '' ? name : `${prefix}/${name}`, size: octal(header.subarray(124, 136)), type };
}

/** The sum of a header's bytes, with the field of the sum itself as spaces. */
function checksum(header: Uint8Array): number {
  return header.reduce((sum, byte, at) => sum + (at >= 148 && at < 156 ? 32 : byte), 0);
}

function octal(field: Uint8Array): number {
  const digits = text(field).trim();
  if (!/^[0-7]{1,11}$/.test(digits)) throw damaged('a number in it is none');
  return Number.parseInt(digits, 8);
}

function text(field: Uint8Array): string {
  const end = field.indexOf(0);
  return new TextDecoder().decode(end < 0 ? field : field.subarray(0, end));
}

/** The member `path` of an extended header, whose records are `LENGTH KEY=VALUE\n`. */
function paxPath(records: Uint8Array): string | undefined {
  let path: string | undefined;
  for (let at = 0; at < records.length; ) {
    const space = records.indexOf(0x20, at);
    const length = space < 0 ? 0 : Number(text(records.subarray(at, space)));
    if (!Number.isInteger(length) || length < 5 || at + length > records.length || space >= at + length) {
      throw damaged('an extended header is none');
    }
    const [key, ...value] = text(records.subarray(space + 1, at + length - 1)).split('=');
    if (key === 'path') path = value.join('=');
    at += length;
  }
  return path;
}

function damaged(what: string): SyncError {
  return new SyncError('sync_metadata', 'archive', `the baseline cannot be read as an exported repository: ${what}`);
}

/** Files as one value: their names and lengths as JSON behind its own length, then their bytes. */
export function packFiles(files: ReadonlyMap<string, Uint8Array>): Uint8Array {
  const names = new TextEncoder().encode(JSON.stringify([...files].map(([name, bytes]) => [name, bytes.length])));
  const packed = new Uint8Array([...files.values()].reduce((sum, bytes) => sum + bytes.length, 4 + names.length));
  new DataView(packed.buffer).setUint32(0, names.length);
  packed.set(names, 4);
  let at = 4 + names.length;
  for (const bytes of files.values()) {
    packed.set(bytes, at);
    at += bytes.length;
  }
  return packed;
}

/** What {@link packFiles} wrote; nothing if it is damaged. */
export function unpackFiles(packed: Uint8Array): Map<string, Uint8Array> | undefined {
  try {
    const head = new DataView(packed.buffer, packed.byteOffset, packed.byteLength).getUint32(0);
    const names = JSON.parse(new TextDecoder().decode(packed.subarray(4, 4 + head))) as [string, number][];
    let at = 4 + head;
    const files = new Map(names.map(([name, length]) => [String(name), packed.subarray(at, (at += length))]));
    return at === packed.length ? files : undefined;
  } catch {
    return undefined;
  }
}
