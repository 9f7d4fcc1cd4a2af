/** The instances of the verifying client's modules in this realm, fetched when they are first needed. */
import { trustP256Wasm } from '#trust-p256-wasm';
import { trustWasm } from '#trust-wasm';
import { EdgerailError } from './errors.js';
import * as p256Glue from './generated/trust-p256.js';
import * as plainGlue from './generated/trust.js';
import { SyncError } from './sync-errors.js';
import type { WasmSource } from './types.js';
import { compileWasm } from './wasm.js';

type Glue = Pick<typeof plainGlue, 'initSync' | 'restart' | 'restarted' | 'Session'>;

/** What throws on purpose. The platform's own errors may have a `code` too. */
const OWN: readonly unknown[] = ['sync_metadata', 'sync_target', 'invalid_argument'];

/** One of the two modules. */
export class TrustModule {
  readonly #glue: Glue;
  readonly #file: string;
  #supply: () => WasmSource;
  #starting: Promise<void> | undefined;
  #generation = 0;

  constructor(glue: Glue, file: string, supply: () => WasmSource) {
    this.#glue = glue;
    this.#file = file;
    this.#supply = supply;
  }

  /** The number of the instance; sessions of another one are lost. */
  get generation(): number {
    return this.#generation;
  }

  /** Makes a session. */
  get Session(): Glue['Session'] {
    return this.#glue.Session;
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
      throw ownError(cause) ?? this.#trapped(cause);
    }
  }

  async #instantiate(source: WasmSource): Promise<void> {
    const module = await compileWasm(source, this.#file);
    try {
      // The glue takes any module for good, so that a wrong one must not reach it.
      if (!WebAssembly.Module.exports(module).some(({ name }) => name === 'session_step')) throw new TypeError('not the client');
      this.#glue.initSync({ module });
    } catch (cause) {
      throw new EdgerailError('wasm_invalid', `${this.#file} does not fit this release of the package`, { cause });
    }
  }

  #trapped(cause: unknown): EdgerailError {
    this.#generation += 1;
    try {
      this.#glue.restart();
      this.#glue.restarted();
    } catch {
      // The next call fails again, and is answered as a trap again.
    }
    return new EdgerailError('trap', 'the verifying client failed; what was enforced before still is', { cause });
  }
}

function ownError(cause: unknown): EdgerailError | undefined {
  if (cause instanceof EdgerailError) return cause;
  if (!(cause instanceof Error) || cause instanceof WebAssembly.RuntimeError) return undefined;
  const { code, reason } = cause as { code?: unknown; reason?: unknown };
  if (!OWN.includes(code) || typeof reason !== 'string') return undefined;
  if (code === 'invalid_argument') return new EdgerailError(code, cause.message);
  if (code === 'sync_metadata') return new SyncError(code, reason, `the repository's metadata was refused: ${cause.message}`);
  return new SyncError('sync_target', reason, refusalText(reason));
}

/** The reasons of the rules that servers have too: what a verified target is not taken for. */
const REFUSALS: Readonly<Record<string, string>> = {
  target_missing: 'the repository has no target of this name; compare the pinned target with what is published',
  target_hash: 'its target has no SHA-256; publish it again',
  target_custom: 'what is signed beside its hash is incomplete; publish it again',
  target_audience: 'it is for another audience; pin the target of this one, SCOPE.browser.bundle in browsers',
  target_abi: 'it was compiled for another version of the engine; update the package, or publish for both',
  target_scope: 'it is for another scope; pin the target that is meant for this installation',
  target_version: 'it is older than what was enforced here; publish it under a higher version to go back',
  target_equivocation: 'it has the version of what is enforced and other bytes; publish it under a higher version',
  poisoned: 'it failed here before, so it is not tried again; publish another one',
  crashed: 'several pages in a row crashed while they loaded it; try it again, or publish another one',
  load_failed: 'the engine cannot load it; publish another one',
  self_test: 'it decides its own samples differently from when it was compiled; publish another one',
  state_corrupt: 'the stored state is damaged; it is begun anew',
};

/** What a refusal means. */
export function refusalText(reason: string): string {
  return `the bundle was not taken: ${REFUSALS[reason] ?? reason}`;
}

export const plainTrust = /* @__PURE__ */ new TrustModule(plainGlue, 'trust.wasm', trustWasm);
export const p256Trust = /* @__PURE__ */ new TrustModule(p256Glue, 'trust-p256.wasm', trustP256Wasm);
