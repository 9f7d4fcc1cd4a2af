import type { NetworkProblem } from './sync-errors.js';
import type { Audience, BundleSource, Engine, LoadOptions, WasmSource } from './types.js';

/** Who gets a new bundle first: `canary`, then `early`, then `general`. */
export type Ring = 'canary' | 'early' | 'general';

/**
 * Where the state is kept: a key-value store of bytes. Keys are texts of printable ASCII. Values are no secrets, and what comes
 * back is verified again, so that a store that lies can hold updates back, and no more.
 */
export interface SyncStore {
  /** The value, or nothing if there is none. */
  get(key: string): Promise<Uint8Array | ArrayBuffer | null | undefined>;
  put(key: string, value: Uint8Array): Promise<unknown>;
  delete(key: string): Promise<unknown>;
}

/** A repository exported as one file (`edgerail repository export`), or its files one by one. */
export type Baseline =
  | BundleSource
  | {
      /** The metadata files by their names in the repository: `timestamp.json`, `3.snapshot.json`, `2.root.json`, … */
      metadata: Readonly<Record<string, ArrayBuffer | ArrayBufferView | string>>;
      /** The bundle of the pinned target. */
      bundle: BundleSource;
    };

/** What {@link createSync} is told. All of it comes with the application: nothing of it may come from the network. */
export interface SyncOptions {
  /** The pinned root, `root.json` of the repository: its bytes, its text, or the parsed JSON. */
  root: ArrayBuffer | ArrayBufferView | string | object;
  /** The repository: a folder with `metadata/` and `targets/` in it, or both folders. */
  url: string | URL | { metadata: string | URL; targets: string | URL };
  /** The name of the target whose bundle is enforced here, e.g. `aws~o-exampleorgid~ou-ab12-cdef3456~us-east-1.browser.bundle`. */
  target: string;
  /** Who the bundle has to be for. Default `browser`. */
  audience?: Audience;
  /** The ring of this installation. Default `general`: the last. */
  ring?: Ring;
  /** What tells this installation from others, for rollouts to a part of them. Default: a random one, kept in the storage. */
  instance?: string;
  /** The policy to begin with where there is none in the storage. It is verified from the root like any other. */
  baseline?: Baseline | (() => Baseline | Promise<Baseline>);
  /** Milliseconds between two checks, give or take a fifth. Default 60000; 0 checks only when `syncNow` is called. */
  pollInterval?: number;
  /**
   * What happens when the repository's metadata has expired, because it is not renewed or cannot be reached: the policy is
   * enforced as before (`keep`, the default), or everything is blocked once as many seconds have passed.
   */
  onExpired?: 'keep' | { deny: number };
  /** Default: IndexedDB where there is one, else memory. */
  storage?: 'indexeddb' | 'memory' | SyncStore;
  /** Whether to ask the browser not to evict the state (`navigator.storage.persist`). Default `false`. */
  persist?: boolean;
  /** The time. `null` says that there is none: expiry cannot be noticed then. Default: the platform's. */
  now?: () => Date | null;
  /** What fetches the repository's files. Default: the platform's `fetch`. */
  fetch?: (url: string, init: RequestInit) => Promise<Response>;
  /** Milliseconds that the server may take to answer, and to go on; 30000 by default. A bundle has to come with 16 KiB a second. */
  timeout?: number;
  /** Gets a content-free record of every decision, as of `loadEngine`. */
  onDecision?: LoadOptions['onDecision'];
  /** Escape hatch: the WebAssembly files, where a bundler does not find them by itself. */
  wasm?: { engine?: WasmSource; trust?: WasmSource; trustP256?: WasmSource };
}

/** The bundle that is enforced. */
export interface ActiveBundle {
  /** The name of its target; during a rollout that of the next bundle. */
  name: string;
  /** Its version, which grows with every publication. */
  version: number;
  /** The SHA-256 of its bytes. */
  sha256: string;
  /** Whether it is the next bundle of a rollout. */
  next: boolean;
}

/** A role's document. */
export interface RoleStatus {
  version: number;
  /** When it expires, RFC 3339. */
  expires: string;
}

/** How the policy stands. Plain data. */
export interface SyncStatus {
  /** Where the engine came from: the storage, the baseline, or the repository in this session. */
  source: 'storage' | 'baseline' | 'repository';
  active: ActiveBundle;
  /** The newest documents that were verified. */
  roles: Readonly<Partial<Record<'root' | 'timestamp' | 'snapshot' | 'targets', RoleStatus>>>;
  /** What is not as it should be; empty if all is. See the guide for each. */
  degraded: readonly string[];
  /** Whether everything is blocked, because the metadata expired and `onExpired` says so. */
  denied: boolean;
  /** When the repository was last found in order. RFC 3339. */
  lastCheck: string | null;
  /** When the bundle last changed here. */
  lastChange: string | null;
  /** What the last check failed with, until one succeeds. */
  lastError: { code: string; reason: string; message: string; at: string | null } | null;
}

/** A policy that follows its repository. */
export interface Sync {
  /**
   * The policy, always the one that is enforced now: keep this object, not what it gives. Its decisions have the trust
   * `verified`. It is freed by {@link Sync.close}, not by its own `free`.
   */
  readonly engine: Engine;
  status(): SyncStatus;
  /**
   * Checks the repository now. Never throws for what the repository does: the status says what came of it. With
   * `retryPoisoned` bundles that failed here before are tried again, e.g. after the memory was short.
   */
  syncNow(options?: { retryPoisoned?: boolean }): Promise<SyncStatus>;
  /** Calls the listener when the bundle changes, or what is degraded. Gives what takes the listener away. */
  onChange(listener: (status: SyncStatus) => void): () => void;
  /** Ends the checks and frees the engine. */
  close(): void;
  [Symbol.dispose](): void;
}

export type { NetworkProblem };
