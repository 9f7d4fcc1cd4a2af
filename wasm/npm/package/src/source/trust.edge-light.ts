// Edge functions compile modules when they are deployed, not when they run.
// @ts-ignore: resolved by the platform's bundler
import module from '../../trust.wasm?module';
import type { WasmSource } from '../types.js';

export function trustWasm(): WasmSource {
  return module as WebAssembly.Module;
}
