/** What `createSync` is told, read once and checked. */
import { EdgerailError } from './errors.js';
import { readBundle } from './bundle.js';
import { isArchive, readArchive } from './sync-archive.js';
import { SyncError } from './sync-errors.js';
import type { Addresses } from './sync-fetch.js';
import { bytesOf } from './sync-memory.js';
import type { Baseline, SyncOptions } from './sync-types.js';
import type { Pins } from './trust-session.js';

const INTERVAL = 60_000;
const TIMEOUT = 30_000;
const RINGS: readonly string[] = ['canary', 'early', 'general'];

/** The options with their defaults. */
export interface Settings {
  root: Uint8Array;
  pins: Pins;
  addresses: Addresses;
  pollInterval: number;
  timeout: number;
  /** Where the state is among others: repository and target. */
  place: string;
}

function invalid(what: string): EdgerailError {
  return new EdgerailError('invalid_argument', what);
}

/** Refuses what is no option, before anything is begun. */
export function settingsOf(options: SyncOptions): Settings {
  if (typeof options !== 'object' || options === null) throw invalid('createSync takes an object: { root, url, target }');
  const { target, storage, now, fetch, baseline } = options;
  if (typeof target !== 'string' || !/^[\w.~-]+$/.test(target)) throw invalid("target is the name of a bundle's target, e.g. 'aws~o-exampleorgid~ou-ab12-cdef3456~us-east-1.browser.bundle'");
  if (typeof storage === 'object' ? ['get', 'put', 'delete'].some((name) => typeof (storage as unknown as Record<string, unknown>)[name] !== 'function') : ![undefined, 'indexeddb', 'memory'].includes(storage)) {
    throw invalid("storage is 'indexeddb', 'memory', or a store with get, put and delete");
  }
  for (const [name, value] of Object.entries({ now, fetch })) {
    if (value !== undefined && typeof value !== 'function') throw invalid(`${name} is a function`);
  }
  if (baseline === null) throw invalid('baseline is an exported repository, its metadata and bundle, or a function that gives them');
  const addresses = addressesOf(options.url);
  return {
    root: rootOf(options.root),
    pins: pinsOf(options),
    addresses,
    pollInterval: milliseconds('pollInterval', options.pollInterval, INTERVAL, 0),
    timeout: milliseconds('timeout', options.timeout, TIMEOUT, 1),
    place: `${addresses.metadata} ${target} `,
  };
}

function milliseconds(name: string, value: number | undefined, usual: number, least: number): number {
  if (value === undefined) return usual;
  // Longer than timers count is never.
  if (typeof value !== 'number' || !(value >= least && value <= 0x7fff_ffff)) throw invalid(`${name} is a number of milliseconds`);
  return value;
}

function rootOf(root: SyncOptions['root']): Uint8Array {
  const bytes = typeof root === 'string' ? new TextEncoder().encode(root) : bytesOf(root);
  if (bytes) return bytes.slice();
  if (typeof root !== 'object' || root === null || root instanceof Promise) {
    throw invalid('root is the pinned root.json: its bytes, its text or the parsed JSON, not where to fetch it');
  }
  return new TextEncoder().encode(JSON.stringify(root));
}

function pinsOf({ target, audience = 'browser', ring = 'general', instance = '', onExpired = 'keep' }: SyncOptions): Pins {
  if (!['browser', 'server'].includes(audience)) throw invalid('audience is browser or server');
  if (!RINGS.includes(ring)) throw invalid(`ring is one of ${RINGS.join(', ')}`);
  if (typeof instance !== 'string') throw invalid('instance is a text that stays the same for this installation');
  const pins = { target, audience, ring, instance };
  if (onExpired === 'keep') return pins;
  const grace = (onExpired as { deny?: unknown } | null)?.deny;
  if (typeof grace !== 'number' || !(grace >= 0)) throw invalid("onExpired is 'keep', or { deny: SECONDS }");
  return { ...pins, grace: Math.min(grace, Number.MAX_SAFE_INTEGER) };
}

function addressesOf(url: SyncOptions['url']): Addresses {
  const isPair = typeof url === 'object' && url !== null && 'metadata' in url;
  const [metadata, targets] = isPair ? [folderOf(url.metadata), folderOf(url.targets)] : [below(url, 'metadata/'), below(url, 'targets/')];
  return { metadata, targets };
}

function below(url: string | URL, name: string): string {
  return new URL(name, folderOf(url)).href;
}

/** An absolute address that ends in a slash; relative ones are relative to the page. */
function folderOf(url: string | URL): string {
  const page = globalThis as { document?: { baseURI?: string }; location?: { href?: string } };
  let folder: URL;
  try {
    folder = new URL(String(url), page.document?.baseURI ?? page.location?.href);
  } catch {
    throw invalid('url is the address of the repository, absolute where there is no page; or { metadata, targets }');
  }
  if (!/^https?:$/.test(folder.protocol)) throw invalid('url begins with https: or http:');
  if (folder.search || folder.hash) throw invalid('url is a folder, without a query');
  if (!folder.pathname.endsWith('/')) folder.pathname += '/';
  return folder.href;
}

/** The files of a baseline by their paths in the repository; the bundle alone has the path of no target. */
export interface BaselineFiles {
  files: ReadonlyMap<string, Uint8Array>;
  bundle: Uint8Array | undefined;
}

/** Reads a baseline from wherever it is. */
export async function readBaseline(given: NonNullable<SyncOptions['baseline']>): Promise<BaselineFiles> {
  const baseline: Baseline = await (typeof given === 'function' ? given() : given);
  if (typeof baseline === 'object' && baseline !== null && 'metadata' in baseline) {
    const files = new Map<string, Uint8Array>();
    for (const [name, value] of Object.entries(baseline.metadata)) {
      const bytes = typeof value === 'string' ? new TextEncoder().encode(value) : bytesOf(value);
      if (!bytes) throw invalid('the metadata of a baseline are texts or bytes');
      files.set(`metadata/${name}`, bytes);
    }
    return { files, bundle: await readBundle(baseline.bundle) };
  }
  const bytes = await readBundle(baseline);
  if (!isArchive(bytes)) throw new SyncError('sync_metadata', 'archive', 'the baseline is no exported repository: make it with `edgerail repository export`');
  return { files: readArchive(bytes), bundle: undefined };
}
