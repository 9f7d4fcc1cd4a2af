import { readFile } from 'node:fs/promises';
// @ts-ignore: Bun gives the file's path, in its bundles too, where it copies the file
import path from '../../trust.wasm' with { type: 'file' };
import type { WasmSource } from '../types.js';

/** Where the verifying client is: absolute when Bun runs this module, beside the output when it was bundled. */
export function trustWasm(): WasmSource {
  return readFile(new URL(path as string, import.meta.url));
}
