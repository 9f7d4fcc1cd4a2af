import type { SyncStore } from './sync-types.js';

/** Makes the value to be written of the one that is stored, in the same transaction where there are any. */
export type Join = (stored: Uint8Array | undefined) => Uint8Array;

/** What is to be written at once: a value, or nothing to delete it. Whoever writes one by one does so in this order. */
export type Changes = readonly (readonly [key: string, value: Uint8Array | undefined | Join])[];

/** Where bytes are kept. */
export interface Backing {
  get(key: string): Promise<Uint8Array | undefined>;
  commit(changes: Changes): Promise<void>;
  close(): void;
}

/** Nothing outlives the process. */
export class MemoryBacking implements Backing {
  readonly #values = new Map<string, Uint8Array>();

  get(key: string): Promise<Uint8Array | undefined> {
    return Promise.resolve(this.#values.get(key));
  }

  commit(changes: Changes): Promise<void> {
    for (const [key, change] of changes) {
      const value = typeof change === 'function' ? change(this.#values.get(key)) : change;
      if (value) this.#values.set(key, value);
      else this.#values.delete(key);
    }
    return Promise.resolve();
  }

  close(): void {
    this.#values.clear();
  }
}

/** The application's own store. It has no transactions, so what is written last is what points to the rest. */
export class CustomBacking implements Backing {
  readonly #store: SyncStore;

  constructor(store: SyncStore) {
    this.#store = store;
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    return bytesOf(await this.#store.get(key));
  }

  async commit(changes: Changes): Promise<void> {
    for (const [key, change] of changes) {
      const value = typeof change === 'function' ? change(await this.get(key)) : change;
      // A copy: the store may keep what it is given, and so does the engine.
      if (value) await this.#store.put(key, value.slice());
      else await this.#store.delete(key);
    }
  }

  close(): void {}
}

/** Bytes of whichever realm; anything else counts as missing. */
export function bytesOf(value: unknown): Uint8Array | undefined {
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  return Object.prototype.toString.call(value) === '[object ArrayBuffer]' ? new Uint8Array(value as ArrayBuffer) : undefined;
}

/** So often a value is read before the store counts as failed: databases have moments in which they do not answer. */
const READS = 3;

/**
 * State that survives its backing: what was read or written here is kept in memory too. If the backing fails, or loses what
 * it had, the piece of work goes on from there; `isDegraded` says that. The next piece of work tries the backing again.
 */
export class StateStore {
  readonly #backing: Backing;
  readonly #prefix: string;
  readonly #memory = new Map<string, Uint8Array>();
  /** What was written since {@link fresh}: some stores show it only after a while. */
  readonly #written = new Map<string, Uint8Array | undefined>();
  /** Whether there is no backing that outlives this session. */
  readonly #isLost: boolean;
  #hasFailed = false;

  constructor(backing: Backing, prefix: string, isDegraded: boolean) {
    this.#backing = backing;
    this.#prefix = prefix;
    this.#isLost = isDegraded;
  }

  /** Whether the backing failed. */
  get isDegraded(): boolean {
    return this.#isLost || this.#hasFailed;
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    if (this.#written.has(key)) return this.#written.get(key);
    return (await this.stored(key)) ?? this.#memory.get(key);
  }

  /** A piece of work begins: from here on others' writes are looked at again, and a backing that failed is tried again. */
  fresh(): void {
    this.#written.clear();
    this.#hasFailed = false;
  }

  /** What is in the backing, whatever this session knows. */
  async stored(key: string): Promise<Uint8Array | undefined> {
    for (let read = 0; read < READS && !this.isDegraded; read += 1) {
      try {
        const value = await this.#backing.get(this.#prefix + key);
        if (value) this.#memory.set(key, value);
        return value;
      } catch {
        this.#hasFailed = read + 1 === READS;
      }
    }
    return this.#memory.get(key);
  }

  /**
   * Writes all or, if the backing has transactions and fails, nothing there; here it is kept in any case. Whether it is in the
   * backing, too.
   */
  async commit(changes: Changes): Promise<boolean> {
    for (const [key, value] of changes) this.#note(key, typeof value === 'function' ? value(undefined) : value);
    // After a failure a part might be written that does not fit what is there.
    return !this.isDegraded && (await this.#write(changes));
  }

  /** Writes what fits whatever is there, also to a backing that just failed. Whether that succeeded; it stays degraded. */
  async retry(changes: Changes): Promise<boolean> {
    return await this.#write(changes);
  }

  /** Writes what is known here to a backing that lost it. */
  async rewrite(): Promise<void> {
    await this.commit([...this.#memory]);
  }

  close(): void {
    this.#backing.close();
    this.#memory.clear();
  }

  async #write(changes: Changes): Promise<boolean> {
    const written = changes.map(([key, value]) => {
      const join: Join | undefined = typeof value === 'function' ? (stored) => this.#note(key, value(stored)) as Uint8Array : undefined;
      return [this.#prefix + key, join ?? value] as const;
    });
    try {
      await this.#backing.commit(written);
      return true;
    } catch {
      this.#hasFailed = true;
      return false;
    }
  }

  #note(key: string, value: Uint8Array | undefined): Uint8Array | undefined {
    this.#written.set(key, value);
    if (value) this.#memory.set(key, value);
    else this.#memory.delete(key);
    return value;
  }
}
