/// <reference types="node" />
import { readFile } from 'node:fs/promises';
import type { WasmSource } from '../types.js';

/** Where the verifying client for ECDSA keys is: a file beside this module. Node, Deno and Bun do not fetch files. */
export function trustP256Wasm(): WasmSource {
  return readFile(new URL('../../trust-p256.wasm', import.meta.url));
}
