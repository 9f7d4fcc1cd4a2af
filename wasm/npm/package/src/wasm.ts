import { EdgerailError, isEdgerailError } from './errors.js';
import type { WasmSource } from './types.js';

/** Compiles a module from wherever it comes. Every failure is an {@link EdgerailError} that says what to do. */
export async function compileWasm(source: WasmSource, name: string): Promise<WebAssembly.Module> {
  if (typeof WebAssembly !== 'object') {
    throw new EdgerailError('wasm_unavailable', 'this platform has no WebAssembly, so texts cannot be checked here: check them on a server');
  }
  const given = await fetched(source, name);
  if (isModule(given)) return adopted(given);
  if (!isResponse(given) && !isBuffer(given)) {
    throw new EdgerailError('invalid_argument', `${name} is given as a URL, a Response, bytes or a WebAssembly.Module`);
  }
  try {
    if (isResponse(given)) return await compileResponse(given, name);
    return await WebAssembly.compile(given);
  } catch (cause) {
    throw compileError(cause, name);
  }
}

function isModule(value: unknown): value is WebAssembly.Module {
  return Object.prototype.toString.call(value) === '[object WebAssembly.Module]';
}

/**
 * Edge platforms compile modules in the host's realm: such a one runs here, but is no instance of this realm's
 * class, by which the generated glue tells modules from bytes.
 */
function adopted(module: WebAssembly.Module): WebAssembly.Module {
  if (module instanceof WebAssembly.Module) return module;
  return Object.setPrototypeOf(module, WebAssembly.Module.prototype) as WebAssembly.Module;
}

/** Resolves what is not here yet. */
async function fetched(source: WasmSource, name: string): Promise<WebAssembly.Module | BufferSource | Response> {
  const given = await settled(source, name);
  if (!(given instanceof URL || typeof given === 'string')) return given as WebAssembly.Module | BufferSource | Response;
  try {
    return await fetch(given);
  } catch (cause) {
    throw wasmFetch(name, 'could not be fetched', cause);
  }
}

async function settled(source: WasmSource, name: string): Promise<Awaited<WasmSource>> {
  try {
    return await source;
  } catch (cause) {
    throw isEdgerailError(cause) ? cause : wasmFetch(name, 'could not be read', cause);
  }
}

async function compileResponse(response: Response, name: string): Promise<WebAssembly.Module> {
  if (!response.ok) throw wasmFetch(name, `could not be fetched: the server answered ${response.status}`);
  const type = response.headers.get('content-type') ?? '';
  if (type.startsWith('application/wasm') && typeof WebAssembly.compileStreaming === 'function') {
    return await WebAssembly.compileStreaming(response);
  }
  const bytes = new Uint8Array(await response.arrayBuffer());
  if (bytes[0] !== 0 || bytes[1] !== 0x61) {
    throw wasmFetch(name, `could not be fetched: the server answered with something else (content-type ${type || 'missing'})`);
  }
  return await WebAssembly.compile(bytes);
}

function wasmFetch(name: string, what: string, cause?: unknown): EdgerailError {
  const remedy = `pass the option wasm (a URL, bytes or a module of edgerail/${name}), or use edgerail/inline`;
  return new EdgerailError('wasm_fetch', `${name} ${what}; if a bundler moved it, ${remedy}`, { cause });
}

function compileError(cause: unknown, name: string): EdgerailError {
  if (isEdgerailError(cause)) return cause;
  const message = cause instanceof Error ? cause.message : '';
  if (/content security policy|unsafe-eval|blocked by CSP|disallowed by embedder/i.test(message)) {
    return new EdgerailError(
      'wasm_blocked',
      "the page's content security policy forbids WebAssembly: add 'wasm-unsafe-eval' to script-src",
      { cause },
    );
  }
  if (cause instanceof WebAssembly.CompileError || cause instanceof WebAssembly.LinkError) {
    return new EdgerailError('wasm_invalid', `${name} is damaged or of another release`, { cause });
  }
  return wasmFetch(name, 'could not be fetched', cause);
}

function isBuffer(value: unknown): value is BufferSource {
  return ArrayBuffer.isView(value) || Object.prototype.toString.call(value) === '[object ArrayBuffer]';
}

export function isResponse(value: unknown): value is Response {
  return typeof Response === 'function' && value instanceof Response;
}
