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
import type { Tabs } from './sync-tabs.js';
import { refusalText } from './trust-instance.js';
import type { ActiveBundle, SyncOptions, SyncStatus } from './sync-types.js';
import type { Engine } from './types.js';

/** Where the activation's state is stored. */
const STATE = 'activation';

/** What the state says that is not the client's alone to know. */
interface StateJson {
  current?: ActiveBundle & { since: number };
}

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
  #source: SyncStatus['source'] = 'storage';
  #active: ActiveBundle | undefined;
  #bytes: Uint8Array | undefined;
  #baselineUntil = Number.NaN;
  #until = Number.NaN;
  #since = Number.NaN;
  #isCorrupt = false;
  #isPoisoned = false;
  /** Set by whoever checks. */
  problem: 'unreachable' | 'rejected' | undefined;

  constructor(around: Surroundings) {
    this.#around = around;
    this.engine = new SyncedEngine(around.clock);
    this.#client = new TrustClient(around.factory);
    this.#transport = new Transport(around.settings.addresses, around.options.fetch, around.settings.timeout);
    this.#medium = new RepositoryMedium(around.store, this.#transport);
  }

  /** Takes what was enforced last time, if it still verifies. Gives why it does not. */
  async restore(): Promise<unknown> {
    return await this.#around.tabs().alone('state', async () => {
      const { clock, store, isAlone } = this.#around;
      await this.#adoptStored();
      const crashed = this.#client.ask((raw) => raw.boot(clock(), isAlone()));
      this.#isPoisoned ||= crashed;
      const { current } = this.#stateJson();
      if (isAlone()) await store.commit([[STATE, this.#state()]]);
      if (!current) return undefined;
      const problem = await this.#takeKept(current);
      this.#isCorrupt ||= problem !== undefined;
      this.#client.change((raw) => (problem === undefined ? raw.loaded() : raw.lost()));
      if (isAlone()) await store.commit([[STATE, this.#state()]]);
      // How fresh the metadata is that the storage holds; a check tells better.
      await this.#client.run((raw) => raw.restore(clock()), this.#medium).catch(() => undefined);
      return problem;
    });
  }

  /** Takes what came with the application, unless something newer is enforced. */
  async takeBaseline(given: NonNullable<SyncOptions['baseline']>): Promise<void> {
    const proven = await proveBaseline(this.#around.factory, await readBaseline(given));
    try {
      if (this.#active && this.#active.version >= proven.active.version) return;
      this.#enforce(this.#trial(proven.bytes), proven, 'baseline');
      this.#baselineUntil = proven.client.ask((raw) => raw.freshUntil());
      const issued = proven.client.ask((raw) => raw.issued());
      this.#client.change((raw) => raw.baseline(proven.active.version, proven.active.sha256, issued));
    } finally {
      proven.client.free();
    }
  }

  /** Looks at the repository, and takes what is there for this installation. */
  async update(): Promise<void> {
    const { clock, store } = this.#around;
    store.fresh();
    await this.follow();
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
    else await store.commit([[STATE, this.#state()]]);
    // What was damaged is stored anew by now.
    this.#isCorrupt = false;
  }

  /** Takes what another tab stored, as if it came from anywhere: it is verified from the pinned root. */
  async follow(): Promise<void> {
    await this.#around.tabs().alone('state', async () => {
      if (!(await this.#adoptStored())) {
        // The storage was evicted: it gets back what is known here.
        if (this.#source !== 'baseline' && this.#active) await this.#around.store.rewrite();
        return;
      }
      const { current } = this.#stateJson();
      const isEnforced = current?.sha256 === this.#active?.sha256 && this.#source !== 'baseline';
      if (!current || isEnforced) return;
      // What does not verify is not what the repository is compared with.
      if ((await this.#takeKept(current)) !== undefined) this.#client.change((raw) => raw.lost());
    });
  }

  status(): Omit<SyncStatus, 'lastCheck' | 'lastError'> {
    const now = this.#around.clock();
    const [until, facts] = this.#health();
    const codes = this.#client.ask((raw) => raw.degraded(now, until, facts));
    const roles = (['root', 'timestamp', 'snapshot', 'targets'] as const).map((role) => {
      const [version, expires] = this.#client.ask((raw) => [raw.version(role), raw.expires(role)] as const);
      return version > 0 ? [[role, { version, expires: timeOf(expires) as string }] as const] : [];
    });
    return {
      source: this.#source,
      active: { ...(this.#active as ActiveBundle) },
      roles: Object.fromEntries(roles.flat()),
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
    const bits = [this.#active !== undefined, isBaseline, this.problem === 'unreachable', this.problem === 'rejected', this.#isPoisoned, this.#isCorrupt, this.#around.store.isDegraded];
    const facts = bits.reduce((sum, holds, bit) => sum | (holds ? 1 << bit : 0), 0);
    return [Number.isNaN(until) && isBaseline ? this.#baselineUntil : until, facts];
  }

  #state(): Uint8Array {
    return new TextEncoder().encode(this.#client.change(() => undefined));
  }

  #stateJson(): StateJson {
    return JSON.parse(this.#client.ask((raw) => raw.state())) as StateJson;
  }

  /** Takes over what is stored; whether there is anything. What is damaged is begun anew, with the floors known here. */
  async #adoptStored(): Promise<boolean> {
    const stored = await this.#around.store.stored(STATE);
    if (!stored) return false;
    try {
      this.#client.adopt(stored);
      return true;
    } catch (error) {
      if (!(error instanceof SyncError)) throw error;
      this.#isCorrupt = true;
      return false;
    }
  }

  /** Enforces a bundle that was kept; gives why it cannot be. */
  async #takeKept(current: ActiveBundle & { since: number }): Promise<unknown> {
    const { factory, store, clock } = this.#around;
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
    const wanted = candidateOf(this.#client);
    const [path, length] = this.#client.ask((raw) => [raw.path(), raw.length()] as const);
    const isHere = this.#bytes !== undefined && this.#active?.sha256 === wanted.sha256;
    const bytes = isHere ? (this.#bytes as Uint8Array) : await this.#transport.target(path, length);
    this.#client.ask((raw) => raw.verify(bytes));
    const packed = await keep(factory, store, bytes, wanted, now);
    await tabs().alone('state', () => (isPromoted ? this.#promote(wanted, packed) : this.#activate(wanted, bytes, packed, now)));
    tabs().announce();
  }

  async #promote(wanted: ActiveBundle, packed: Uint8Array): Promise<void> {
    this.#client.change((raw) => raw.promoted());
    this.#active = wanted;
    await this.#around.store.commit([
      [keyOf(wanted.sha256), packed],
      [STATE, this.#state()],
    ]);
  }

  async #activate(wanted: ActiveBundle, bytes: Uint8Array, packed: Uint8Array, now: number): Promise<void> {
    const { store, isAlone } = this.#around;
    const before = this.#stateJson().current?.sha256;
    // Found at the next start, the mark says that this one did not survive the bundle.
    if (isAlone()) this.#client.change((raw) => raw.started());
    await store.commit([
      [keyOf(wanted.sha256), packed],
      [STATE, this.#state()],
    ]);
    let engine: Engine;
    try {
      engine = this.#trial(bytes);
    } catch (cause) {
      const differs = cause instanceof EdgerailError && cause.code === 'bundle_self_test';
      this.#client.change((raw) => raw.failed(differs));
      this.#isPoisoned = true;
      await store.commit([
        [STATE, this.#state()],
        [keyOf(wanted.sha256), undefined],
      ]);
      const reason = differs ? 'self_test' : 'load_failed';
      throw new SyncError('sync_target', reason, refusalText(reason), { cause });
    }
    this.#client.change((raw) => raw.activated(now));
    this.#enforce(engine, { bytes, active: wanted }, 'repository');
    this.#since = now;
    const old = before !== undefined && before !== wanted.sha256 ? ([[keyOf(before), undefined]] as const) : [];
    await store.commit([[STATE, this.#state()], ...old]);
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

function keyOf(sha256: string): string {
  return `bundle/${sha256}`;
}

/** A time as RFC 3339; nothing for none. */
export function timeOf(seconds: number): string | null {
  return Number.isNaN(seconds) || seconds <= 0 ? null : new Date(seconds * 1_000).toISOString();
}
