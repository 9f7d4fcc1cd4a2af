import { readFile } from 'node:fs/promises';
import type { WasmSource } from '../types.js';

/** Where the compiler's WebAssembly is: a file beside this module. Node, Deno and Bun do not fetch files. */
export function compileWasm(): WasmSource {
  return readFile(new URL('../../compile.wasm', import.meta.url));
}
