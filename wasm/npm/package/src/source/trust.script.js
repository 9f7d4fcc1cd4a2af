// A module that a page imports without a bundler lies beside the verifying client's file.
export function trustWasm() {
  return new URL('./trust.wasm', import.meta.url);
}
