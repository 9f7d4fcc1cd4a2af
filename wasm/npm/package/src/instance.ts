/**
 * The one instance of the engine's WebAssembly that all engines of this realm share, and its restarts.
 *
 * The glue that wasm-bindgen generates is a module with one instance in it. What a trap leaves behind is in no
 * defined state, so after one the instance is replaced; handles of before are stale, and engines load their
 * bundles again when they are next asked.
 */
import { engineWasm } from '#engine-wasm';
import { EdgerailError, isEdgerailError } from './errors.js';
import type { ErrorCode } from './errors.js';
import { initSync, restart, restarted } from './generated/engine.js';
import type { WasmSource } from './types.js';
import { compileWasm } from './wasm.js';

let supply: () => WasmSource = engineWasm;
let starting: Promise<void> | undefined;
let started = false;
let current = 0;

/** The number of the instance; it grows with every restart. */
export function generation(): number {
  return current;
}

/** Says where the module comes from, where the caller does not. */
export function supplyEngine(from: () => WasmSource): void {
  supply = from;
}

/** Sees to it that there is an instance. The first call decides where the module comes from. */
export function start(source?: WasmSource): Promise<void> {
  starting ??= instantiate(source ?? supply()).catch((error: unknown) => {
    starting = undefined;
    throw error;
  });
  return starting;
}

/** As {@link start}, for a module that is compiled already. */
export function startSync(module: WebAssembly.Module): void {
  if (!started) initSync({ module });
  started = true;
  starting ??= Promise.resolve();
}

async function instantiate(source: WasmSource): Promise<void> {
  const module = await compileWasm(source, 'engine.wasm');
  try {
    // The glue takes any module for good, so that a wrong one must not reach it.
    if (!WebAssembly.Module.exports(module).some(({ name }) => name === 'engine_evaluateText')) throw new TypeError('not the engine');
    startSync(module);
  } catch (cause) {
    throw new EdgerailError('wasm_invalid', 'engine.wasm does not fit this release of the package', { cause });
  }
}

/** Why a call gave no result. */
export class Trap {
  constructor(readonly cause: unknown) {}
}

/**
 * Calls into the instance. What it throws with a `code` of ours is thrown on; anything else is a trap, after which the
 * instance is replaced before its next use.
 */
export function call<T>(work: () => T): T | Trap {
  try {
    return work();
  } catch (cause) {
    const own = ownError(cause);
    if (own) throw own;
    current += 1;
    try {
      restart();
      restarted();
    } catch {
      // The next call fails again, and is answered as a trap again.
    }
    return new Trap(cause);
  }
}

/** What the engine throws on purpose. The platform's own errors may have a `code` too, as those of Node do. */
const OWN = /^(?:(?:bundle|stream|placeholders)_[a-z_]+|invalid_argument)$/;

function ownError(cause: unknown): EdgerailError | undefined {
  if (isEdgerailError(cause)) return cause;
  if (!(cause instanceof Error) || cause instanceof WebAssembly.RuntimeError) return undefined;
  const code = (cause as { code?: unknown }).code;
  return typeof code === 'string' && OWN.test(code) ? new EdgerailError(code as ErrorCode, cause.message) : undefined;
}
