/// <reference types="node" />
import { readFile } from 'node:fs/promises';
import type { WasmSource } from '../types.js';

/** Where the verifying client is: a file beside this module. Node, Deno and Bun do not fetch files. */
export function trustWasm(): WasmSource {
  return readFile(new URL('../../trust.wasm', import.meta.url));
}
