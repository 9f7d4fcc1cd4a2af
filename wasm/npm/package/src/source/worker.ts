/** Where the worker's script is: a file that needs no other, beside this module; bundlers find and copy it. */
export function workerScript(): URL {
  return new URL('../worker-script.js', import.meta.url);
}
