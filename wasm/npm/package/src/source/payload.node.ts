/// <reference types="node" />
import { readFile } from 'node:fs/promises';
import type { WasmSource } from '../types.js';

/** Where the payload module is: a file beside this module. Node, Deno and Bun do not fetch files. */
export function payloadWasm(): WasmSource {
  return readFile(new URL('../../payload.wasm', import.meta.url));
}
