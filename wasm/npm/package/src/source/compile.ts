import type { WasmSource } from '../types.js';

/** Where the compiler's WebAssembly is: a file beside this module, which bundlers find and copy. */
export function compileWasm(): WasmSource {
  return new URL('../../compile.wasm', import.meta.url);
}
