/** The verifying client, driven: it asks for files one by one, and is given what a medium has. */
import { EdgerailError } from './errors.js';
import { SyncError } from './sync-errors.js';
import { p256Trust, plainTrust } from './trust-instance.js';
import type { TrustModule } from './trust-instance.js';
import type { Pins, Session } from './trust-session.js';
import type { SyncOptions } from './sync-types.js';

/** What {@link Session.step} gives; `session.rs` has the same numbers. */
const DONE = 0;
const LOAD = 1;
const FETCH = 2;
const STORE = 3;
const REMOVE = 4;

/** What {@link Session.choose} gives; `activation.rs` has the same numbers. */
export const KEEP = 0;
export const PROMOTE = 1;
export const TAKE = 2;

/** Where the client's files are. */
export interface Medium {
  /** A stored file. */
  load(file: string): Promise<Uint8Array | undefined>;
  /** A file of the repository; nothing if it has none. */
  fetch(path: string, maxBytes: number): Promise<Uint8Array | undefined>;
  store(file: string, bytes: Uint8Array): Promise<unknown>;
  remove(file: string): Promise<unknown>;
}

/** What a session is made of, and the module it runs in. */
export class TrustFactory {
  readonly #root: Uint8Array;
  readonly #wasm: NonNullable<SyncOptions['wasm']>;
  #pins: Pins;
  #module: TrustModule;

  constructor(root: Uint8Array, pins: Pins, wasm: SyncOptions['wasm']) {
    this.#root = root;
    this.#pins = pins;
    this.#wasm = wasm ?? {};
    this.#module = hasEcdsa(root) ? p256Trust : plainTrust;
  }

  get module(): TrustModule {
    return this.#module;
  }

  async start(): Promise<void> {
    const source = this.#module === p256Trust ? this.#wasm.trustP256 : this.#wasm.trust;
    await this.#module.start(source);
  }

  /** Takes the module that knows ECDSA from now on; `false` if it is taken already. */
  async withEcdsa(): Promise<boolean> {
    if (this.#module === p256Trust) return false;
    this.#module = p256Trust;
    await this.start();
    return true;
  }

  identify(instance: string): void {
    this.#pins = { ...this.#pins, instance };
  }

  make(): Session {
    return this.#module.open(this.#root, this.#pins);
  }
}

/** Whether a document names an ECDSA key: a hint which module is needed, no more. */
function hasEcdsa(bytes: Uint8Array): boolean {
  return /"keytype"\s*:\s*"ecdsa/.test(new TextDecoder().decode(bytes));
}

/** A session. One that was lost to a trap begins anew, with the state it had. */
export class TrustClient {
  readonly #factory: TrustFactory;
  #module: TrustModule;
  #raw: Session;
  #generation: number;
  #state: string | undefined;
  #sawEcdsa = false;
  #isBlank = false;
  #freed = false;

  constructor(factory: TrustFactory) {
    this.#factory = factory;
    this.#module = factory.module;
    this.#raw = factory.make();
    this.#generation = this.#module.generation;
  }

  /** Calls into the session. */
  ask<T>(work: (raw: Session) => T): T {
    // What was under way when it was freed comes back here: in the module it would be a trap, for all sessions of the page.
    if (this.#freed) throw new EdgerailError('freed', 'the synchronization was closed');
    if (this.#module !== this.#factory.module || this.#generation !== this.#module.generation) this.#renew();
    return this.#module.call(() => work(this.#raw));
  }

  /** Changes the activation, and gives its state as JSON. */
  change(work: (raw: Session) => void): string {
    this.ask(work);
    this.#state = this.ask((raw) => raw.state());
    return this.#state;
  }

  /** Takes a stored state over. */
  adopt(state: Uint8Array): void {
    this.change((raw) => raw.adopt(state));
  }

  /** The state to be stored in place of a stored one, which another tab may have changed. */
  join(stored: Uint8Array): Uint8Array {
    const joined = this.ask((raw) => raw.joined(stored));
    this.change(() => undefined);
    return new TextEncoder().encode(joined);
  }

  /** The activation's state as JSON. */
  get state(): string {
    return this.#state ?? this.ask((raw) => raw.state());
  }

  /** Whether the session was lost, and has verified nothing since. */
  get isBlank(): boolean {
    return this.#isBlank;
  }

  /** Does a part of the client's work to its end. */
  async run(begin: (raw: Session) => void, medium: Medium): Promise<void> {
    this.ask(begin);
    for (;;) {
      const { step, file } = this.ask((raw) => raw.step());
      if (step === DONE) break;
      try {
        await this.#answer(step, file, medium);
      } catch (error) {
        if (!this.#freed) this.ask((raw) => raw.abort());
        throw error;
      }
    }
    this.#isBlank = false;
  }

  /** Does several parts, and all of them again with the larger module if that might help. */
  async attempt<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const isRefused = error instanceof SyncError && error.code === 'sync_metadata';
      if (!isRefused || !this.#sawEcdsa || !(await this.#factory.withEcdsa())) throw error;
      return await work();
    }
  }

  free(): void {
    if (this.#freed) return;
    this.#freed = true;
    this.#release();
  }

  async #answer(step: number, file: string, medium: Medium): Promise<void> {
    if (step === STORE || step === REMOVE) {
      if (step === STORE) await medium.store(file, this.ask((raw) => raw.content()));
      else await medium.remove(file);
      this.ask((raw) => raw.done());
      return;
    }
    const bytes = step === LOAD ? await medium.load(file) : step === FETCH ? await medium.fetch(file, this.ask((raw) => raw.limit())) : undefined;
    if (bytes) this.#sawEcdsa ||= hasEcdsa(bytes);
    this.ask((raw) => (bytes ? raw.bytes(bytes) : raw.absent()));
  }

  #release(): void {
    if (this.#generation === this.#module.generation) this.#raw.free();
  }

  #renew(): void {
    this.#release();
    this.#module = this.#factory.module;
    this.#raw = this.#factory.make();
    this.#generation = this.#module.generation;
    this.#isBlank = true;
    const state = this.#state;
    if (state !== undefined) this.#module.call(() => this.#raw.adopt(new TextEncoder().encode(state)));
  }
}
