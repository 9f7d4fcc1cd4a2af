// A classic script knows where it came from while it runs, and not later.
const script = typeof document === 'object' ? document.currentScript : null;
const base = script?.src;

export function trustWasm() {
  return base ? new URL('trust.wasm', base) : new URL('trust.wasm', location.href);
}
