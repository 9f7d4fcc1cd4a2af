// A classic script knows where it came from while it runs, and not later.
const script = typeof document === 'object' ? document.currentScript : null;
const base = script?.src;

export function payloadWasm() {
  return base ? new URL('payload.wasm', base) : new URL('payload.wasm', location.href);
}
