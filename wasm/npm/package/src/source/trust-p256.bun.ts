import { readFile } from 'node:fs/promises';
// @ts-ignore: Bun gives the file's path, in its bundles too, where it copies the file
import path from '../../trust-p256.wasm' with { type: 'file' };
import type { WasmSource } from '../types.js';

/** Where the verifying client for ECDSA keys is: absolute when Bun runs this module, beside the output when it was bundled. */
export function trustP256Wasm(): WasmSource {
  return readFile(new URL(path as string, import.meta.url));
}
