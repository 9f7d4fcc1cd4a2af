// A module that a page imports without a bundler lies beside the file of the verifying client for ECDSA keys.
export function trustP256Wasm() {
  return new URL('./trust-p256.wasm', import.meta.url);
}
