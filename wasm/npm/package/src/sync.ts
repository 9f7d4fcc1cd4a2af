/** A policy that follows its repository: fetched, verified from a pinned root, kept, and enforced without a network too. */
import { openSample } from './engine.js';
import { start } from './instance.js';
import { EdgerailError, isEdgerailError } from './errors.js';
import { Policy, timeOf } from './sync-core.js';
import { TrustFactory } from './sync-client.js';
import { SyncError, reasonOf } from './sync-errors.js';
import type { StateStore } from './sync-memory.js';
import { settingsOf } from './sync-options.js';
import type { Settings } from './sync-options.js';
import { Schedule, platformClockwork } from './sync-schedule.js';
import type { Outcome } from './sync-schedule.js';
import { askToPersist, openStore } from './sync-store.js';
import { Tabs } from './sync-tabs.js';
import type { Sync, SyncOptions, SyncStatus } from './sync-types.js';
import type { Engine } from './types.js';
import { warmUp } from './warm-up.js';

export { SyncError } from './sync-errors.js';
export type { ActiveBundle, Baseline, NetworkProblem, Ring, RoleStatus, Sync, SyncOptions, SyncStatus, SyncStore } from './sync-types.js';

/** When the repository was last found in order by any tab. */
const CHECKED = 'checked';
/** What tells this installation from others. */
const INSTANCE = 'instance';
/** After a start with an old policy the first check comes within this part of the interval. */
const SOON = 10;

/**
 * Gets the policy that is published for a target, and keeps it up to date. What is enforced first is what was enforced last
 * time, else the baseline, else what the repository has; all of it is verified from the pinned root.
 *
 * @throws {EdgerailError} if none of them gives a policy: `sync_*` says why, `wasm_*` that WebAssembly cannot run.
 *
 * @example
 * const sync = await createSync({ root, url: 'https://policy.example.com/', target: 'aws~o-exampleorgid~ou-ab12-cdef3456~us-east-1.browser.bundle' });
 * const decision = sync.engine.evaluate('Write to ana@example.com');
 */
export async function createSync(options: SyncOptions): Promise<Sync> {
  const settings = settingsOf(options);
  const factory = new TrustFactory(settings.root, settings.pins, options.wasm);
  await Promise.all([start(options.wasm?.engine), factory.start()]);
  // A root that is none is a mistake of the application's, and no state of the network's.
  checkRoot(factory);
  const { store, isShared } = await openStore(options.storage, settings.place);
  if (options.persist) await askToPersist();
  if (options.instance === undefined) factory.identify(await identityIn(store));
  const sync = new Synchronization(options, settings, factory, store, isShared);
  let isWaiting = true;
  void warmUp(openSample, () => isWaiting);
  try {
    await sync.begin();
  } catch (error) {
    sync.close();
    throw error;
  } finally {
    isWaiting = false;
  }
  return sync;
}

function checkRoot(factory: TrustFactory): void {
  try {
    factory.make().free();
  } catch (cause) {
    if (!(cause instanceof SyncError)) throw cause;
    throw new SyncError('sync_root', cause.reason, `the pinned root cannot be used: ${cause.message}`, { cause });
  }
}

class Synchronization implements Sync {
  readonly #options: SyncOptions;
  readonly #store: StateStore;
  readonly #tabs: Tabs;
  readonly #policy: Policy;
  readonly #schedule: Schedule;
  readonly #listeners = new Set<(status: SyncStatus) => void>();
  readonly #interval: number;
  #lastCheck = Number.NaN;
  #lastError: SyncStatus['lastError'] = null;
  #seen = '';
  #running: Promise<unknown> = Promise.resolve();
  #waiting: Promise<Outcome> | undefined;
  #isAsked = false;
  #isRetry = false;
  #closed = false;

  constructor(options: SyncOptions, settings: Settings, factory: TrustFactory, store: StateStore, isShared: boolean) {
    this.#options = options;
    this.#store = store;
    this.#interval = settings.pollInterval;
    this.#tabs = new Tabs(`edgerail ${settings.place}`, isShared, () => void this.#follow());
    // A store of the application's may be others' too, and nobody says so.
    const isAlone = (): boolean => (isShared ? this.#tabs.isExclusive : typeof options.storage !== 'object');
    this.#policy = new Policy({ settings, options, store, factory, tabs: () => this.#tabs, isAlone, clock: () => this.#clock() });
    (globalThis as Partial<EventTarget>).addEventListener?.('pagehide', this.#leave);
    this.#schedule = new Schedule(settings.pollInterval, () => this.#queued(true), platformClockwork());
  }

  get engine(): Engine {
    return this.#policy.engine;
  }

  readonly #leave = (): void => this.#policy.leave();

  /** The first policy, from wherever there is one. */
  async begin(): Promise<void> {
    let problem = await this.#policy.restore();
    const { baseline } = this.#options;
    if (baseline !== undefined) {
      await this.#policy.takeBaseline(baseline).catch((error: unknown) => (problem = error));
    }
    if (problem !== undefined) this.#note(problem);
    const hasPolicy = this.#policy.engine.isLoaded;
    if (!hasPolicy) await this.#queued(false);
    if (!this.#policy.engine.isLoaded) throw this.#none;
    this.#policy.watchExpiry();
    this.#seen = this.#seenNow();
    const age = this.#clock() - (hasPolicy ? await this.#checkedAt() : this.#clock());
    // Pages that were opened at the same time do not ask at the same time.
    const isRecent = age >= 0 && age * 1_000 < this.#interval;
    this.#schedule.start(hasPolicy && !isRecent ? this.#interval / SOON : this.#interval);
  }

  status(): SyncStatus {
    this.#checkOpen();
    return { ...this.#policy.status(), lastCheck: timeOf(this.#lastCheck), lastError: this.#lastError && { ...this.#lastError } };
  }

  async syncNow({ retryPoisoned = false }: { retryPoisoned?: boolean } = {}): Promise<SyncStatus> {
    this.#checkOpen();
    this.#isRetry ||= retryPoisoned;
    const outcome = await this.#queued(false);
    this.#schedule.checked(outcome);
    return this.status();
  }

  onChange(listener: (status: SyncStatus) => void): () => void {
    if (typeof listener !== 'function') throw new EdgerailError('invalid_argument', 'onChange takes a function');
    // The same function may listen twice.
    const own = (status: SyncStatus): void => listener(status);
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    (globalThis as Partial<EventTarget>).removeEventListener?.('pagehide', this.#leave);
    this.#schedule.close();
    this.#listeners.clear();
    this.#tabs.close();
    this.#policy.close();
    this.#store.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Why there is no policy. */
  #none: unknown = new SyncError('sync_target', 'target_missing', 'there is no policy');

  #clock(): number {
    const now = this.#options.now ? this.#options.now() : new Date();
    return now === null ? Number.NaN : Math.floor(now.getTime() / 1_000);
  }

  #checkOpen(): void {
    if (this.#closed) throw new EdgerailError('freed', 'the synchronization was closed: call createSync again');
  }

  /** One check after the other; whoever asks while one waits shares it. A poll may be left out, what is asked for is not. */
  #queued(isPoll: boolean): Promise<Outcome> {
    this.#isAsked ||= !isPoll;
    this.#waiting ??= this.#running.then(() => {
      this.#waiting = undefined;
      const isAsked = this.#isAsked;
      this.#isAsked = false;
      const isRetry = this.#isRetry;
      this.#isRetry = false;
      const check = this.#tabs.alone('check', () => this.#check(!isAsked, isRetry));
      this.#running = check.catch(() => undefined);
      return check;
    });
    return this.#waiting;
  }

  async #check(isPoll: boolean, isRetry: boolean): Promise<Outcome> {
    if (this.#closed) return { failed: false };
    try {
      // Another tab may just have done it.
      const isDone = isPoll && (await this.#wasChecked());
      await (isDone ? this.#policy.follow() : this.#policy.update(isRetry));
      if (!isDone) await this.#succeeded();
      return { failed: false };
    } catch (error) {
      if (this.#closed) return { failed: false };
      this.#none = error;
      this.#failed(error);
      const { retryAfter, isRefused } = error instanceof SyncError ? error : { retryAfter: undefined, isRefused: false };
      return { failed: true, retryAfter, isRefused };
    } finally {
      this.#changed();
    }
  }

  async #succeeded(): Promise<void> {
    this.#lastCheck = this.#clock();
    this.#lastError = null;
    this.#policy.problem = undefined;
    await this.#store.commit([[CHECKED, new TextEncoder().encode(String(this.#lastCheck))]]);
  }

  #failed(error: unknown): void {
    this.#note(error);
    this.#policy.problem = this.#lastError?.code === 'sync_network' ? 'unreachable' : 'rejected';
  }

  #note(error: unknown): void {
    const code = isEdgerailError(error) ? error.code : 'trap';
    const message = isEdgerailError(error) ? error.message : 'the check failed';
    this.#lastError = { code, reason: reasonOf(error), message, at: timeOf(this.#clock()) };
  }

  /** Whether a check of some tab is so recent that another one can wait. */
  async #wasChecked(): Promise<boolean> {
    const age = this.#clock() - (await this.#checkedAt());
    return age >= 0 && age * 2_000 < this.#interval && this.#lastError === null;
  }

  async #checkedAt(): Promise<number> {
    const stored = await this.#store.stored(CHECKED);
    return stored ? Number(new TextDecoder().decode(stored)) : Number.NaN;
  }

  /** Another tab says that something changed. */
  async #follow(): Promise<void> {
    if (this.#closed) return;
    await this.#policy.follow().catch(() => undefined);
    this.#changed();
  }

  #seenNow(): string {
    const { active, degraded, denied } = this.#policy.status();
    return JSON.stringify([active, degraded, denied]);
  }

  #changed(): void {
    if (this.#closed || !this.#policy.engine.isLoaded) return;
    this.#policy.watchExpiry();
    const seen = this.#seenNow();
    if (seen === this.#seen) return;
    this.#seen = seen;
    const status = this.status();
    for (const listener of this.#listeners) {
      try {
        listener(status);
      } catch {
        // It is the application's, and the policy is enforced all the same.
      }
    }
  }
}

/** What tells this installation from others: a random text, kept with the state. */
async function identityIn(store: StateStore): Promise<string> {
  const stored = await store.get(INSTANCE);
  if (stored) return new TextDecoder().decode(stored);
  const bytes = globalThis.crypto.getRandomValues(new Uint8Array(16));
  const instance = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  await store.commit([[INSTANCE, new TextEncoder().encode(instance)]]);
  return instance;
}
