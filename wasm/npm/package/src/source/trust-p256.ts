import type { WasmSource } from '../types.js';

/** Where the verifying client for ECDSA keys is: a file beside this module, which bundlers find and copy. */
export function trustP256Wasm(): WasmSource {
  return new URL('../../trust-p256.wasm', import.meta.url);
}
