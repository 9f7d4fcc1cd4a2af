/** The one instance of the payload module in this realm, fetched when the first body is guarded. */
import { payloadWasm } from '#payload-wasm';
import { EdgerailError } from './errors.js';
import { initSync, restart, restarted } from './generated/payload.js';
import { PayloadError } from './payload-errors.js';
import type { PayloadProblem } from './payload-errors.js';
import type { WasmSource } from './types.js';
import { compileWasm } from './wasm.js';

let supply: () => WasmSource = payloadWasm;
let starting: Promise<void> | undefined;
let current = 0;

/** The number of the instance; streams of another one are lost. */
export function payloadGeneration(): number {
  return current;
}

/** Says where the module comes from, where the caller does not. */
export function supplyPayload(from: () => WasmSource): void {
  supply = from;
}

/** Sees to it that there is an instance. The first call decides where the module comes from. */
export function startPayload(source?: WasmSource): Promise<void> {
  starting ??= instantiate(source ?? supply()).catch((error: unknown) => {
    starting = undefined;
    throw error;
  });
  return starting;
}

async function instantiate(source: WasmSource): Promise<void> {
  const module = await compileWasm(source, 'payload.wasm');
  try {
    initSync({ module });
  } catch (cause) {
    throw new EdgerailError('wasm_invalid', 'payload.wasm does not fit this release of the package', { cause });
  }
}

/** Calls into the instance. After a trap the next call gets a fresh one; this one's body is not let through. */
export function callPayload<T>(work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw payloadError(cause) ?? trapped(cause);
  }
}

/** What the module throws on purpose, as this package's own error. */
export function payloadError(cause: unknown): EdgerailError | undefined {
  if (cause instanceof EdgerailError) return cause;
  if (!(cause instanceof Error) || cause instanceof WebAssembly.RuntimeError) return undefined;
  const { code, recognized } = cause as { code?: unknown; recognized?: unknown };
  if (code === 'invalid_argument') return new EdgerailError(code, cause.message);
  // The platform's own errors may have a code too.
  if (typeof code !== 'string' || !code.startsWith('payload_')) return undefined;
  return new PayloadError(code as PayloadProblem, cause.message, recognized === true);
}

function trapped(cause: unknown): EdgerailError {
  current += 1;
  try {
    restart();
    restarted();
  } catch {
    // The next call fails again, and is answered as a trap again.
  }
  return lostPayload(cause);
}

export function lostPayload(cause?: unknown): EdgerailError {
  return new EdgerailError('trap', 'the payload module failed while it read a body; nothing was let through', {
    cause,
  });
}
