/**
 * The one instance of the compiler's WebAssembly, and its restarts: after a trap the instance is replaced before its
 * next use, so that a defect costs one call and not the page.
 */
import { compileWasm as packaged } from '#compile-wasm';
import type { Diagnostic } from './compile-types.js';
import { EdgerailError, isEdgerailError } from './errors.js';
import type { ErrorCode } from './errors.js';
import { initSync, restart, restarted } from './generated/compile.js';
import type { WasmSource } from './types.js';
import { compileWasm } from './wasm.js';

/** A definition or overlay has errors. */
export class DefinitionError extends EdgerailError {
  /** All errors of both files, with the warnings and lints found on the way, in the order of the files. */
  readonly diagnostics: readonly Diagnostic[];
  /** Of which guardrail they are, where there are several: its label. */
  readonly label: string | undefined;

  constructor(diagnostics: readonly Diagnostic[], label?: string) {
    super('definition_invalid', `${label === undefined ? '' : `${label}: `}${summary(diagnostics)}`);
    this.diagnostics = diagnostics;
    this.label = label;
  }
}

/** The first error with its place, and how many more there are. */
function summary(diagnostics: readonly Diagnostic[]): string {
  const [first, ...more] = diagnostics.filter((one) => one.severity === 'error');
  if (!first) return 'the definition cannot be compiled';
  const place = first.line === null ? first.path : `line ${first.line}`;
  return `${first.file}, ${place}: ${first.message}${more.length > 0 ? ` (and ${more.length} more)` : ''}`;
}

let starting: Promise<void> | undefined;
let current = 0;

/** The number of the instance; it grows with every restart, and handles of before are stale. */
export function generation(): number {
  return current;
}

/** Sees to it that there is an instance. The first call decides where the module comes from. */
export function start(source?: WasmSource): Promise<void> {
  starting ??= instantiate(source).catch((error: unknown) => {
    starting = undefined;
    throw error;
  });
  return starting;
}

async function instantiate(source: WasmSource | undefined): Promise<void> {
  const module = await compileWasm(source ?? packaged(), 'compile.wasm');
  // The glue takes any module without imports for its own, and keeps it.
  const isOurs = WebAssembly.Module.exports(module).some(({ name }) => name === 'explainTopics');
  if (!isOurs) throw unfit();
  try {
    initSync({ module });
  } catch (cause) {
    throw unfit(cause);
  }
}

function unfit(cause?: unknown): EdgerailError {
  return new EdgerailError('wasm_invalid', 'compile.wasm does not fit this release of the package', { cause });
}

/** Calls into the instance. Whatever it throws is an {@link EdgerailError}: one of ours, or `trap`. */
export function call<T>(work: () => T): T {
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
    throw trapped(cause);
  }
}

/** What a call says whose instance trapped. */
export function trapped(cause?: unknown): EdgerailError {
  return new EdgerailError('trap', 'the compiler failed and was started afresh; if it happens again, please report it', {
    cause,
  });
}

/** The codes that the module itself gives; other errors may have codes of their own. */
const OWN = /^(bundle_|definition_invalid$|invalid_argument$|aborted$)/;

function ownError(cause: unknown): EdgerailError | undefined {
  if (isEdgerailError(cause)) return cause;
  if (!(cause instanceof Error) || cause instanceof WebAssembly.RuntimeError) return undefined;
  const { code, diagnostics } = cause as { code?: unknown; diagnostics?: Diagnostic[] };
  if (typeof code !== 'string' || !OWN.test(code)) return undefined;
  return diagnostics
    ? new DefinitionError(diagnostics)
    : new EdgerailError(code as ErrorCode, cause.message);
}
