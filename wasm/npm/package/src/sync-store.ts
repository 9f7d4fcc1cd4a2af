/** The state in IndexedDB: one database of the origin, one transaction for every step. */
import { EdgerailError } from './errors.js';
import { CustomBacking, MemoryBacking, StateStore, bytesOf } from './sync-memory.js';
import type { Backing, Changes, Join } from './sync-memory.js';
import type { SyncOptions } from './sync-types.js';

const DATABASE = 'edgerail';
const STORE = 'sync';
/** Milliseconds: some browsers leave the opening of a database unanswered. */
const OPENING = 5_000;

/** Opens what the options say; `isShared` tells whether other tabs have the same state. */
export async function openStore(storage: SyncOptions['storage'], prefix: string): Promise<{ store: StateStore; isShared: boolean }> {
  if (storage === 'memory') return { store: new StateStore(new MemoryBacking(), prefix, false), isShared: false };
  if (storage !== undefined && storage !== 'indexeddb') return { store: new StateStore(new CustomBacking(storage), prefix, false), isShared: false };
  const factory = databases();
  // Where nothing was asked for, memory is as good as it gets; otherwise it is not what was asked for.
  if (!factory) return { store: new StateStore(new MemoryBacking(), prefix, storage === 'indexeddb'), isShared: false };
  const database = new Database(factory);
  try {
    await database.open();
    return { store: new StateStore(database, prefix, false), isShared: true };
  } catch {
    return { store: new StateStore(new MemoryBacking(), prefix, true), isShared: false };
  }
}

/** Reading the global alone may throw, where storage is denied. */
function databases(): IDBFactory | undefined {
  try {
    return (globalThis as { indexedDB?: IDBFactory }).indexedDB ?? undefined;
  } catch {
    return undefined;
  }
}

/** Asks the browser to keep the state; what it answers changes nothing here. */
export async function askToPersist(): Promise<void> {
  try {
    await (globalThis as { navigator?: Navigator }).navigator?.storage?.persist?.();
  } catch {
    // It may be evicted then, as by default.
  }
}

class Database implements Backing {
  readonly #factory: IDBFactory;
  #opening: Promise<IDBDatabase> | undefined;
  #closed = false;

  constructor(factory: IDBFactory) {
    this.#factory = factory;
  }

  async open(): Promise<void> {
    await this.#database();
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    return bytesOf(await this.#transact('readonly', (store) => store.get(key) as IDBRequest<unknown>));
  }

  async commit(changes: Changes): Promise<void> {
    await this.#transact('readwrite', (store) => {
      for (const [key, value] of changes) {
        if (typeof value === 'function') joinIn(store, key, value);
        else if (value) store.put(value, key);
        else store.delete(key);
      }
    });
  }

  close(): void {
    this.#closed = true;
    void this.#opening?.then(
      (database) => database.close(),
      () => undefined,
    );
    this.#opening = undefined;
  }

  /** One transaction. The browser closes databases that it evicts: then it is opened again, and empty. */
  async #transact(mode: IDBTransactionMode, work: (store: IDBObjectStore) => IDBRequest<unknown> | void): Promise<unknown> {
    try {
      return await transacted(await this.#database(), mode, work);
    } catch (error) {
      if (!(error instanceof Error && error.name === 'InvalidStateError') || this.#closed) throw error;
      this.#opening = undefined;
      return await transacted(await this.#database(), mode, work);
    }
  }

  #database(): Promise<IDBDatabase> {
    if (this.#closed) return Promise.reject(new EdgerailError('freed', 'the synchronization was closed'));
    this.#opening ??= opened(this.#factory, () => (this.#opening = undefined)).catch((error: unknown) => {
      this.#opening = undefined;
      throw error;
    });
    return this.#opening;
  }
}

/** Reads and writes in one transaction: no other tab writes in between. */
function joinIn(store: IDBObjectStore, key: string, join: Join): void {
  const request = store.get(key) as IDBRequest<unknown>;
  request.onsuccess = () => store.put(join(bytesOf(request.result)), key);
}

function opened(factory: IDBFactory, gone: () => void): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = factory.open(DATABASE, 1);
    const timer = setTimeout(() => reject(new Error('the database does not open')), OPENING);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE);
    request.onerror = () => reject(request.error ?? new Error('the database does not open'));
    request.onblocked = () => reject(new Error('the database is blocked by another tab'));
    request.onsuccess = () => {
      clearTimeout(timer);
      const database = request.result;
      database.onclose = gone;
      database.onversionchange = () => {
        database.close();
        gone();
      };
      resolve(database);
    };
  });
}

function transacted(database: IDBDatabase, mode: IDBTransactionMode, work: (store: IDBObjectStore) => IDBRequest<unknown> | void): Promise<unknown> {
  return new Promise((resolve, reject) => {
    // What is written is on the disk before anything is built on it.
    const transaction = database.transaction(STORE, mode, { durability: mode === 'readwrite' ? 'strict' : 'default' });
    const request = work(transaction.objectStore(STORE));
    transaction.oncomplete = () => resolve(request?.result);
    transaction.onabort = () => reject(transaction.error ?? new Error('the transaction was aborted'));
    transaction.onerror = () => reject(transaction.error ?? new Error('the transaction failed'));
  });
}
