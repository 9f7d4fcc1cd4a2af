// A classic script knows where it came from while it runs, and not later.
const script = typeof document === 'object' ? document.currentScript : null;
const base = script?.src;

export function engineWasm() {
  return base ? new URL('engine.wasm', base) : new URL('engine.wasm', location.href);
}
