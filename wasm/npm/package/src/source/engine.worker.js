// What `#engine-wasm` is in the worker's script: the page sends the module.
export function engineWasm() {
  throw new TypeError('the worker was sent no module');
}
