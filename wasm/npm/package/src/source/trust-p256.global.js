// A classic script knows where it came from while it runs, and not later.
const script = typeof document === 'object' ? document.currentScript : null;
const base = script?.src;

export function trustP256Wasm() {
  return base ? new URL('trust-p256.wasm', base) : new URL('trust-p256.wasm', location.href);
}
