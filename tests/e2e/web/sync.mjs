// A synchronization in a page: what the tests of several tabs ask of it.

import { createSync } from 'edgerail';

const TARGET = 'aws~o-exampleorgid~ou-ab12-cdef3456~us-east-1.browser.bundle';
const DATABASE = 'edgerail';
const STORE = 'sync';

let sync;
let changes = 0;

/** Begins one; `archive` is the path of a baseline. */
export async function open({ origin, root, archive, options }) {
  const settings = { root, url: `${origin}/repository/`, target: TARGET, pollInterval: 0, ...options };
  sync = await createSync({ ...settings, ...(archive && { baseline: `${origin}${archive}` }) });
  sync.onChange(() => (changes += 1));
  return report();
}

/** What is enforced, as a decision tells it, and the status. */
export function report() {
  const decision = sync.engine.evaluate('Project Kestrel');
  const { degraded, source, lastError } = sync.status();
  return { version: Number(/\d+/.exec(decision.text)[0]), trust: decision.trust, degraded, source, reason: lastError?.reason, changes };
}

export async function check() {
  await sync.syncNow();
  return report();
}

/** Waits until a version is enforced, however long that takes: nothing here asks for it. */
export async function until({ version }) {
  while (report().version !== version) await new Promise((done) => setTimeout(done, 20));
  return report();
}

/** What another script of this origin may say. */
export function shout({ messages }) {
  for (const { name } of [{ name: 'edgerail' }, { name: `edgerail ${location.origin}/repository/metadata/ ${TARGET} ` }]) {
    const channel = new BroadcastChannel(name);
    for (const message of messages) channel.postMessage(message);
    channel.close();
  }
}

function database() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

async function transact(work) {
  const opened = await database();
  const transaction = opened.transaction(STORE, 'readwrite');
  const request = work(transaction.objectStore(STORE));
  await new Promise((done, failed) => {
    transaction.oncomplete = done;
    transaction.onabort = () => failed(transaction.error);
  });
  opened.close();
  return request?.result;
}

/** The keys that are stored, without what they all begin with. */
export async function keys() {
  const all = await transact((store) => store.getAllKeys());
  return all.map((key) => key.replace(/^.* /, ''));
}

/** Changes a byte of every value whose key ends so. */
export async function spoil({ end, at }) {
  const all = (await transact((store) => store.getAllKeys())).filter((key) => key.endsWith(end) || key.includes(end));
  for (const key of all) {
    const value = await transact((store) => store.get(key));
    value[at < 0 ? value.length + at : at] ^= 1;
    await transact((store) => void store.put(value, key));
  }
  return all.length;
}

/** Leaves what a page leaves that crashed while it loaded the bundle with this hash for the first time. */
export async function crashed({ sha256 }) {
  const [key] = (await transact((store) => store.getAllKeys())).filter((one) => one.endsWith('activation'));
  const state = JSON.parse(new TextDecoder().decode(await transact((store) => store.get(key))));
  const json = JSON.stringify({ ...state, trying: sha256 });
  await transact((store) => void store.put(new TextEncoder().encode(json), key));
}

/** As the browser does when it wants the space. */
export async function evict() {
  await new Promise((done, failed) => {
    const request = indexedDB.deleteDatabase(DATABASE);
    request.onsuccess = done;
    request.onerror = () => failed(request.error);
    request.onblocked = () => failed(new Error('the database is held open'));
  });
}

/** Whether the browser was asked to keep the state. */
export async function persisted({ origin, root }) {
  let asked = 0;
  const { persist } = StorageManager.prototype;
  StorageManager.prototype.persist = async () => ((asked += 1), false);
  for (const options of [{}, { persist: true }]) await open({ origin, root, options });
  StorageManager.prototype.persist = persist;
  return asked;
}
