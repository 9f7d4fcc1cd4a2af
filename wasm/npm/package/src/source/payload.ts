import type { WasmSource } from '../types.js';

/** Where the payload module is: a file beside this module, which bundlers find and copy. */
export function payloadWasm(): WasmSource {
  return new URL('../../payload.wasm', import.meta.url);
}
