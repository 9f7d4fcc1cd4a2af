/**
 * Keeps the state of a page across reloads: in IndexedDB or, where that is denied, in localStorage, or not at all.
 * Nothing here throws.
 */
export type Kept = 'indexeddb' | 'localstorage' | 'nowhere';

const DATABASE = 'edgerail-www';
const STORE = 'state';
/** Longer states do not go to localStorage: it holds about 5 MB, and writing is synchronous. */
const LOCAL_LIMIT = 1024 * 1024;

/** A database that does not open within this time is as good as denied: the page must not wait for it. */
const PATIENCE = 2000;

let opening: Promise<IDBDatabase | undefined> | undefined;

function database(): Promise<IDBDatabase | undefined> {
  opening ??= new Promise((resolve) => {
    try {
      const request = indexedDB.open(DATABASE, 1);
      request.onupgradeneeded = () => request.result.createObjectStore(STORE);
      request.onsuccess = () => {
        // Someone deletes the database, such as the browser's settings: a connection that stays would block them.
        request.result.onversionchange = () => {
          request.result.close();
          opening = undefined;
        };
        resolve(request.result);
      };
      request.onerror = () => resolve(undefined);
      request.onblocked = () => resolve(undefined);
      setTimeout(() => resolve(undefined), PATIENCE);
    } catch {
      resolve(undefined);
    }
  });
  return opening;
}

/** Writes a state (a plain JSON value) under a name. Says where it is kept. */
export async function keep(name: string, state: unknown): Promise<Kept> {
  const db = await database();
  if (db && (await write(db, name, state))) return 'indexeddb';
  try {
    const json = JSON.stringify(state);
    if (json.length > LOCAL_LIMIT) return 'nowhere';
    localStorage.setItem(`edgerail:${name}`, json);
    return 'localstorage';
  } catch {
    return 'nowhere';
  }
}

/** The state of this name, whatever it is: check it before use. `undefined` if there is none. */
export async function kept(name: string): Promise<unknown> {
  const db = await database();
  const state = db && (await read(db, name));
  if (state !== undefined) return state;
  try {
    const json = localStorage.getItem(`edgerail:${name}`);
    return json === null ? undefined : JSON.parse(json);
  } catch {
    return undefined;
  }
}

/** Forgets the state of this name everywhere. */
export async function forget(name: string): Promise<void> {
  const db = await database();
  if (db) await write(db, name, undefined);
  try {
    localStorage.removeItem(`edgerail:${name}`);
  } catch {
    // Denied: then there is nothing to forget.
  }
}

function write(db: IDBDatabase, name: string, state: unknown): Promise<boolean> {
  return new Promise((resolve) => {
    try {
      const transaction = db.transaction(STORE, 'readwrite');
      if (state === undefined) transaction.objectStore(STORE).delete(name);
      else transaction.objectStore(STORE).put(state, name);
      transaction.oncomplete = () => resolve(true);
      transaction.onabort = () => resolve(false);
      transaction.onerror = () => resolve(false);
    } catch {
      resolve(false);
    }
  });
}

function read(db: IDBDatabase, name: string): Promise<unknown> {
  return new Promise((resolve) => {
    try {
      const request = db.transaction(STORE).objectStore(STORE).get(name);
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => resolve(undefined);
    } catch {
      resolve(undefined);
    }
  });
}
