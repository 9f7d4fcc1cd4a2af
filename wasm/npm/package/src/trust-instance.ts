/** The instances of the verifying client's modules in this realm, fetched when they are first needed. */
import { trustP256Wasm } from '#trust-p256-wasm';
import { trustWasm } from '#trust-wasm';
import { EdgerailError } from './errors.js';
import { TrustInstance } from './trust-session.js';
import type { Pins, Session } from './trust-session.js';
import type { WasmSource } from './types.js';
import { compileWasm } from './wasm.js';

/** One of the two modules. */
export class TrustModule {
  readonly #file: string;
  #supply: () => WasmSource;
  #starting: Promise<void> | undefined;
  #module: WebAssembly.Module | undefined;
  #instance: TrustInstance | undefined;
  #generation = 0;

  constructor(file: string, supply: () => WasmSource) {
    this.#file = file;
    this.#supply = supply;
  }

  /** The number of the instance; sessions of another one are lost. */
  get generation(): number {
    return this.#generation;
  }

  /** Makes a session. */
  open(root: Uint8Array, pins: Pins): Session {
    return this.call(() => {
      if (!this.#instance) throw new TypeError('the module is not started');
      return this.#instance.open(root, pins);
    });
  }

  /** Says where the module comes from, where the caller does not. */
  supply(from: () => WasmSource): void {
    this.#supply = from;
  }

  /** Sees to it that there is an instance. The first call decides where the module comes from. */
  start(source?: WasmSource): Promise<void> {
    this.#starting ??= this.#instantiate(source ?? this.#supply()).catch((error: unknown) => {
      this.#starting = undefined;
      throw error;
    });
    return this.#starting;
  }

  /** Calls into the instance. After a trap the next call gets a fresh one. */
  call<T>(work: () => T): T {
    try {
      return work();
    } catch (cause) {
      throw cause instanceof EdgerailError ? cause : this.#trapped(cause);
    }
  }

  async #instantiate(source: WasmSource): Promise<void> {
    const module = await compileWasm(source, this.#file);
    try {
      this.#instance = new TrustInstance(module);
      this.#module = module;
    } catch (cause) {
      throw new EdgerailError('wasm_invalid', `${this.#file} does not fit this release of the package`, { cause });
    }
  }

  #trapped(cause: unknown): EdgerailError {
    this.#generation += 1;
    try {
      this.#instance = this.#module && new TrustInstance(this.#module);
    } catch {
      // There is no memory for another one now: the next call fails again, and is answered as a trap again.
      this.#instance = undefined;
    }
    return new EdgerailError('trap', 'the verifying client failed; what was enforced before still is', { cause });
  }
}

export const plainTrust = /* @__PURE__ */ new TrustModule('trust.wasm', trustWasm);
export const p256Trust = /* @__PURE__ */ new TrustModule('trust-p256.wasm', trustP256Wasm);
