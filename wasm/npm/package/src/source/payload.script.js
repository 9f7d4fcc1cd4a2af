// A module that a page imports without a bundler lies beside the payload module's file.
export function payloadWasm() {
  return new URL('./payload.wasm', import.meta.url);
}
