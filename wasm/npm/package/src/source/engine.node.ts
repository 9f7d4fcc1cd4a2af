/// <reference types="node" />
import { readFile } from 'node:fs/promises';
import type { WasmSource } from '../types.js';

/** Where the engine's WebAssembly is: a file beside this module. Node, Deno and Bun do not fetch files. */
export function engineWasm(): WasmSource {
  return readFile(new URL('../../engine.wasm', import.meta.url));
}
