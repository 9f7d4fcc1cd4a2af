// Workers compile modules when they are deployed, not when they run.
// @ts-ignore: resolved by the platform's bundler
import module from '../../compile.wasm';
import type { WasmSource } from '../types.js';

export function compileWasm(): WasmSource {
  return module as WebAssembly.Module;
}
