/** What stands behind the client's questions: the storage and the network, an archive, or what was kept with a bundle. */
import type { Medium } from './sync-client.js';
import { networkError } from './sync-errors.js';
import type { Transport } from './sync-fetch.js';
import type { StateStore } from './sync-memory.js';

/** Where a metadata file is stored. */
const METADATA = 'metadata/';
/** Where the validator of the stored timestamp is, in a line of its own before the bytes it stands for. */
const ETAG = 'etag';
const TIMESTAMP = 'timestamp.json';

/** The storage and the repository. */
export class RepositoryMedium implements Medium {
  readonly #store: StateStore;
  readonly #transport: Transport;
  /** The validator that came with the timestamp that is being verified. */
  #etag: string | undefined;

  constructor(store: StateStore, transport: Transport) {
    this.#store = store;
    this.#transport = transport;
  }

  load(file: string): Promise<Uint8Array | undefined> {
    return this.#store.get(METADATA + file);
  }

  async fetch(path: string, maxBytes: number): Promise<Uint8Array | undefined> {
    const stored = path === TIMESTAMP && this.#transport.isConditional ? await this.load(TIMESTAMP) : undefined;
    const etag = stored && etagOf(stored, await this.#store.get(ETAG));
    const answer = await this.#transport.metadata(path, maxBytes, etag);
    // What did not change is verified like what did.
    if (answer.kind === 'unchanged') return stored;
    if (answer.kind === 'absent') return undefined;
    if (path === TIMESTAMP) this.#etag = answer.etag;
    return answer.bytes;
  }

  async store(file: string, bytes: Uint8Array): Promise<unknown> {
    if (file !== TIMESTAMP) return await this.#store.commit([[METADATA + file, bytes]]);
    // The validator goes with the bytes it stands for: beside others, "not modified" would hold back what is new.
    const etag = this.#etag === undefined ? undefined : validator(this.#etag, bytes);
    return await this.#store.commit([
      [METADATA + file, bytes],
      [ETAG, etag],
    ]);
  }

  remove(file: string): Promise<unknown> {
    return this.#store.commit([[METADATA + file, undefined]]);
  }
}

/** A validator and the bytes it stands for. */
function validator(etag: string, bytes: Uint8Array): Uint8Array {
  const line = new TextEncoder().encode(`${etag}\n`);
  const joined = new Uint8Array(line.length + bytes.length);
  joined.set(line);
  joined.set(bytes, line.length);
  return joined;
}

/** The validator of exactly these bytes. */
function etagOf(bytes: Uint8Array, kept: Uint8Array | undefined): string | undefined {
  const end = kept?.indexOf(0x0a) ?? -1;
  if (!kept || end < 0 || kept.length - end - 1 !== bytes.length) return undefined;
  const isSame = bytes.every((byte, place) => byte === kept[end + 1 + place]);
  return isSame ? new TextDecoder().decode(kept.subarray(0, end)) : undefined;
}

/** Files at hand that stand for the repository; nothing is stored. */
export class ArchiveMedium implements Medium {
  readonly #files: ReadonlyMap<string, Uint8Array>;

  constructor(files: ReadonlyMap<string, Uint8Array>) {
    this.#files = files;
  }

  load(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  fetch(path: string, maxBytes: number): Promise<Uint8Array | undefined> {
    const bytes = this.#files.get(METADATA + path);
    if (bytes && bytes.length > maxBytes) throw networkError('too_large', `${path}: the file is longer than the ${maxBytes} bytes that it may have`);
    return Promise.resolve(bytes);
  }

  store(): Promise<void> {
    return Promise.resolve();
  }

  remove(): Promise<void> {
    return Promise.resolve();
  }
}

/** Stored files, and no others. What is read is noted: it is all that is needed to verify the same again. */
export class StoredMedium implements Medium {
  readonly read = new Map<string, Uint8Array>();
  readonly #load: (file: string) => Promise<Uint8Array | undefined>;

  constructor(load: (file: string) => Promise<Uint8Array | undefined>) {
    this.#load = load;
  }

  static of(store: StateStore): StoredMedium {
    return new StoredMedium((file) => store.get(METADATA + file));
  }

  static from(files: ReadonlyMap<string, Uint8Array>): StoredMedium {
    return new StoredMedium((file) => Promise.resolve(files.get(METADATA + file)));
  }

  async load(file: string): Promise<Uint8Array | undefined> {
    const bytes = await this.#load(file);
    if (bytes) this.read.set(METADATA + file, bytes);
    return bytes;
  }

  fetch(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  store(): Promise<void> {
    return Promise.resolve();
  }

  remove(): Promise<void> {
    return Promise.resolve();
  }
}
