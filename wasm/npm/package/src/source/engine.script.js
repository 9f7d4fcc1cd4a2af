// A module that a page imports without a bundler lies beside the engine's file.
export function engineWasm() {
  return new URL('./engine.wasm', import.meta.url);
}
