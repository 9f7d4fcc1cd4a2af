// Workers compile modules when they are deployed, not when they run.
// @ts-ignore: resolved by the platform's bundler
import module from '../../trust-p256.wasm';
import type { WasmSource } from '../types.js';

export function trustP256Wasm(): WasmSource {
  return module as WebAssembly.Module;
}
