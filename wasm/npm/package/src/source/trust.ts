import type { WasmSource } from '../types.js';

/** Where the verifying client is: a file beside this module, which bundlers find and copy. */
export function trustWasm(): WasmSource {
  return new URL('../../trust.wasm', import.meta.url);
}
