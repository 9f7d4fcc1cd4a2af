/** The policy and its repository: what is enforced, where it came from, and what becomes of a check. */
import { openEngine } from './engine.js';
import { EdgerailError } from './errors.js';
import { KEEP, PROMOTE, TrustClient, TrustFactory } from './sync-client.js';
import { SyncedEngine } from './sync-engine.js';
import { SyncError } from './sync-errors.js';
import { Transport } from './sync-fetch.js';
import { RepositoryMedium } from './sync-media.js';
import type { StateStore } from './sync-memory.js';
import { readBaseline } from './sync-options.js';
import type { Settings } from './sync-options.js';
import { candidateOf, keep, proveBaseline, proveKept } from './sync-proof.js';
import type { Proven } from './sync-proof.js';
import { StateFile, keyOf } from './sync-state.js';
import type { KeptBundle } from './sync-state.js';
import type { Tabs } from './sync-tabs.js';
import { refusalText } from './trust-errors.js';
import type { ActiveBundle, SyncOptions, SyncStatus } from './sync-types.js';
import type { Engine } from './types.js';

/** So often one bundle may make the engine trap before it counts as failed: the memory may have been short. */
const TRAPS = 3;

/** What `boot` finds, as bits; `activation.rs` has the same. */
const POISONED = 1;
const SKIP = 2;

export interface Surroundings {
  settings: Settings;
  options: SyncOptions;
  store: StateStore;
  factory: TrustFactory;
  tabs: () => Tabs;
  /** Whether what is found half done was left by somebody who crashed. */
  isAlone: () => boolean;
  /** Seconds since 1970, NaN without a clock. */
  clock: () => number;
}

export class Policy {
  readonly engine: SyncedEngine;
  readonly #around: Surroundings;
  readonly #client: TrustClient;
  readonly #transport: Transport;
  readonly #medium: RepositoryMedium;
  readonly #file: StateFile;
  #source: SyncStatus['source'] = 'storage';
  #active: ActiveBundle | undefined;
  #bytes: Uint8Array | undefined;
  #baselineUntil = Number.NaN;
  #until = Number.NaN;
  #since = Number.NaN;
  #isPoisoned = false;
  #skipped: string | undefined;
  #trapped = { sha256: '', times: 0 };
  /** Set by whoever checks. */
  problem: 'unreachable' | 'rejected' | undefined;

  constructor(around: Surroundings) {
    this.#around = around;
    this.engine = new SyncedEngine(around.clock);
    this.#client = new TrustClient(around.factory);
    this.#transport = new Transport(around.settings.addresses, around.options.fetch, around.settings.timeout);
    this.#medium = new RepositoryMedium(around.store, this.#transport);
    this.#file = new StateFile(this.#client, around.store);
  }

  /** Takes what was enforced last time, if it still verifies. Gives why it does not. */
  async restore(): Promise<unknown> {
    return await this.#around.tabs().alone('state', async () => {
      const { clock, isAlone } = this.#around;
      await this.#file.adopt();
      const before = this.#file.bytes;
      const found = this.#client.ask((raw) => raw.boot(clock(), isAlone()));
      this.#isPoisoned ||= (found & POISONED) !== 0;
      const { current } = this.#file;
      if (current && isAlone()) this.#file.mark();
      if (isAlone()) await this.#file.replace();
      if (!current) return undefined;
      if (found & SKIP) this.#skipped = current.sha256;
      const problem = await this.#takeKept(current);
      await this.#restored(problem, before);
      // How fresh the metadata is that the storage holds; a check tells better.
      await this.#client.run((raw) => raw.restore(clock()), this.#medium).catch(() => undefined);
      return problem;
    });
  }

  /** Notes what became of what was kept. What is not refused may be taken the next time: it stays where it is. */
  async #restored(problem: unknown, before: Uint8Array): Promise<void> {
    const { store, isAlone } = this.#around;
    const isRefused = problem !== undefined && !store.isDegraded && !isPassing(problem);
    this.#file.isCorrupt ||= isRefused;
    this.#client.change((raw) => (isRefused ? raw.lost() : raw.loaded()));
    if (isAlone()) await this.#file.unmark(await this.#file.replace(), before);
    if (problem !== undefined) this.#client.change((raw) => raw.lost());
  }

  /** Takes what came with the application, unless something newer is enforced. */
  async takeBaseline(given: NonNullable<SyncOptions['baseline']>): Promise<void> {
    const proven = await proveBaseline(this.#around.factory, await readBaseline(given));
    try {
      const isNewer = !this.#active || this.#active.version < proven.active.version;
      // Loaded before anything is given up for it.
      if (isNewer) this.#enforce(this.#trial(proven.bytes), proven, 'baseline');
      if (isNewer) this.#baselineUntil = proven.client.ask((raw) => raw.freshUntil());
      const issued = proven.client.ask((raw) => raw.issued());
      this.#client.change((raw) => raw.baseline(proven.active.version, proven.active.sha256, issued));
    } finally {
      proven.client.free();
    }
  }

  /** Looks at the repository, and takes what is there for this installation; with `isRetry` also what failed here before. */
  async update(isRetry: boolean): Promise<void> {
    const { clock, store } = this.#around;
    store.fresh();
    await this.follow(isRetry);
    const now = clock();
    await this.#client.attempt(async () => {
      await this.#client.run((raw) => raw.refresh(now), this.#medium);
      this.#client.change((raw) => raw.noteTime());
      await this.#client.run((raw) => raw.find(false), this.#medium);
      await this.#client.run((raw) => raw.find(true), this.#medium);
    });
    const choice = this.#client.ask((raw) => raw.choose());
    this.#isPoisoned = this.#client.ask((raw) => raw.skipped()) === 'poisoned';
    if (choice !== KEEP) await this.#take(choice === PROMOTE, now);
    else await this.#file.write();
    // What was damaged is stored anew by now.
    this.#file.isCorrupt = false;
  }

  /** Takes what another tab stored, as if it came from anywhere: it is verified from the pinned root. */
  async follow(isRetry = false): Promise<void> {
    await this.#around.tabs().alone('state', async () => {
      const isStored = await this.#file.adopt();
      if (isRetry) {
        this.#client.change((raw) => raw.retryPoisoned());
        this.#trapped.times = 0;
        await this.#file.replace();
      }
      if (!isStored) {
        // The storage was evicted: it gets back what is known here.
        if (this.#source !== 'baseline' && this.#active) await this.#around.store.rewrite();
        return;
      }
      const { current } = this.#file;
      const isEnforced = current?.sha256 === this.#active?.sha256 && this.#source !== 'baseline';
      if (!current || isEnforced) return;
      // What does not verify is not what the repository is compared with.
      if ((await this.#takeKept(current)) !== undefined) this.#client.change((raw) => raw.lost());
    });
  }

  /** The page goes away. */
  leave(): void {
    this.#file.leave();
  }

  status(): Omit<SyncStatus, 'lastCheck' | 'lastError'> {
    const now = this.#around.clock();
    const [until, facts] = this.#health();
    const codes = this.#client.ask((raw) => raw.degraded(now, until, facts));
    const roles = Object.entries(this.#client.ask((raw) => raw.roles())).map(([role, { version, expires }]) => [role, { version, expires: timeOf(expires) as string }] as const);
    return {
      source: this.#source,
      active: { ...(this.#active as ActiveBundle) },
      roles: Object.fromEntries(roles),
      degraded: codes === '' ? [] : codes.split(' '),
      denied: this.engine.isDenied,
      lastChange: timeOf(this.#since),
    };
  }

  /** Sees to it that everything is blocked once the metadata is too old, if the options say so. */
  watchExpiry(): void {
    const [until, facts] = this.#health();
    this.engine.deny(this.#client.ask((raw) => raw.denyFrom(this.#around.clock(), until, facts)));
  }

  close(): void {
    this.#transport.close();
    this.engine.close();
    this.#client.free();
  }

  #health(): [until: number, facts: number] {
    const fresh = this.#client.ask((raw) => raw.freshUntil());
    // A session that begins anew knows nothing yet; that makes nothing older.
    const until = this.#client.isBlank ? this.#until : fresh;
    this.#until = until;
    const isBaseline = this.#source === 'baseline';
    const bits = [this.#active !== undefined, isBaseline, this.problem === 'unreachable', this.problem === 'rejected', this.#isPoisoned, this.#file.isCorrupt, this.#around.store.isDegraded];
    const facts = bits.reduce((sum, holds, bit) => sum | (holds ? 1 << bit : 0), 0);
    return [Number.isNaN(until) && isBaseline ? this.#baselineUntil : until, facts];
  }

  /** Enforces a bundle that was kept; gives why it cannot be. */
  async #takeKept(current: KeptBundle): Promise<unknown> {
    const { factory, store, clock } = this.#around;
    // Whatever it is that ends pages with it: this one is to start.
    if (current.sha256 === this.#skipped) return new SyncError('sync_target', 'crashed', refusalText('crashed'));
    try {
      const packed = await store.stored(keyOf(current.sha256));
      const proven = await proveKept(factory, packed, current, this.#client.state, clock());
      try {
        this.#enforce(this.#trial(proven.bytes), proven, this.#source === 'repository' ? 'repository' : 'storage');
        this.#since = current.since;
      } finally {
        proven.client.free();
      }
      return undefined;
    } catch (error) {
      return error;
    }
  }

  /** Takes the candidate. Whatever happens on the way, what is enforced is either the old bundle or the new one. */
  async #take(isPromoted: boolean, now: number): Promise<void> {
    const { factory, store, tabs } = this.#around;
    const { path, length, active: wanted } = candidateOf(this.#client);
    const isHere = this.#bytes !== undefined && this.#active?.sha256 === wanted.sha256;
    const bytes = isHere ? (this.#bytes as Uint8Array) : await this.#transport.target(path, length);
    this.#client.ask((raw) => raw.verify(bytes));
    const packed = await keep(factory, store, bytes, wanted, now);
    // What is promoted is not loaded, so it has to be what is enforced: a newer baseline may be in its place.
    const isOnlyNamed = isPromoted && isHere;
    await tabs().alone('state', () => (isOnlyNamed ? this.#promote(wanted, packed) : this.#activate(wanted, bytes, packed, now)));
    tabs().announce();
  }

  async #promote(wanted: ActiveBundle, packed: Uint8Array): Promise<void> {
    this.#client.change((raw) => raw.promoted());
    this.#active = wanted;
    this.#source = 'repository';
    await this.#file.write([[keyOf(wanted.sha256), packed]]);
  }

  async #activate(wanted: ActiveBundle, bytes: Uint8Array, packed: Uint8Array, now: number): Promise<void> {
    const { isAlone } = this.#around;
    const kept = this.#file.current?.sha256;
    const before = this.#file.bytes;
    // Found at the next start, the mark says that this one did not survive the bundle.
    if (isAlone()) this.#client.change((raw) => raw.started());
    this.#file.mark();
    const isKept = await this.#file.write([[keyOf(wanted.sha256), packed]]);
    let engine: Engine;
    try {
      engine = this.#trial(bytes);
    } catch (cause) {
      throw await this.#failed(cause, wanted.sha256, wanted.sha256 !== kept, before);
    }
    this.#client.change((raw) => raw.activated(now));
    this.#enforce(engine, { bytes, active: wanted }, 'repository');
    this.#since = now;
    const old = kept !== undefined && kept !== wanted.sha256 ? ([[keyOf(kept), undefined]] as const) : [];
    // Where the bundle could not be stored, the state must not name it.
    if (isKept) await this.#file.unmark(await this.#file.write([], old), before);
    else await this.#file.forsake(before);
  }

  /** Notes that a bundle cannot be loaded; gives the error. */
  async #failed(cause: unknown, sha256: string, isNew: boolean, before: Uint8Array): Promise<unknown> {
    const differs = cause instanceof EdgerailError && cause.code === 'bundle_self_test';
    this.#trapped = { sha256, times: this.#trapped.sha256 === sha256 ? this.#trapped.times + 1 : 1 };
    const isTriedAgain = isPassing(cause) && this.#trapped.times < TRAPS;
    if (isTriedAgain) this.#client.adopt(before);
    else this.#client.change((raw) => raw.failed(differs));
    this.#isPoisoned = !isTriedAgain;
    // The bytes of what is active are its own, whatever name they came under.
    const isStored = await this.#file.write([], isNew ? [[keyOf(sha256), undefined]] : []);
    await this.#file.unmark(isStored, before);
    if (isTriedAgain) return cause;
    const reason = differs ? 'self_test' : 'load_failed';
    return new SyncError('sync_target', reason, refusalText(reason), { cause });
  }

  /** Loads a bundle beside the one that is enforced, and lets it decide its own samples. */
  #trial(bytes: Uint8Array): Engine {
    const { audience = 'browser', onDecision } = this.#around.options;
    // Its hash was just compared with the signed one.
    const engine = openEngine(bytes, { audience, require: 'verified', ...(onDecision && { onDecision }) }, 'verified', true);
    try {
      engine.selfTest();
      return engine;
    } catch (error) {
      engine.free();
      throw error;
    }
  }

  #enforce(engine: Engine, { active, bytes }: Pick<Proven, 'active' | 'bytes'>, source: SyncStatus['source']): void {
    this.engine.swap(engine);
    this.#active = active;
    this.#bytes = bytes;
    this.#source = source;
  }
}

/** Whether the same bytes may do better the next time: the engine failed, and did not refuse them. */
function isPassing(problem: unknown): boolean {
  return !(problem instanceof EdgerailError) || problem.code === 'trap' || (problem instanceof SyncError && problem.reason === 'crashed');
}

/** A time as RFC 3339; nothing for none. */
export function timeOf(seconds: number): string | null {
  return Number.isNaN(seconds) || seconds <= 0 ? null : new Date(seconds * 1_000).toISOString();
}
