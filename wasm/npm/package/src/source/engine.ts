import type { WasmSource } from '../types.js';

/** Where the engine's WebAssembly is: a file beside this module, which bundlers find and copy. */
export function engineWasm(): WasmSource {
  return new URL('../../engine.wasm', import.meta.url);
}
