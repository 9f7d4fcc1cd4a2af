// Workers compile modules when they are deployed, not when they run.
// @ts-ignore: resolved by the platform's bundler
import module from '../../payload.wasm';
import type { WasmSource } from '../types.js';

export function payloadWasm(): WasmSource {
  return module as WebAssembly.Module;
}
