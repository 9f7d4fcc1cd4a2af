/** The same package with the engine's WebAssembly inside of the module: nothing is fetched but the bundle. */
import { loadEngine as load } from './engine.js';
import { engineBase64 } from './generated/engine-inline.js';
import type { BundleSource, Engine, LoadOptions } from './types.js';

/** As `loadEngine` of the main module, without a `.wasm` file. The first call decodes about half a megabyte. */
export function loadEngine(bundle: BundleSource, options: LoadOptions = {}): Promise<Engine> {
  return load(bundle, { ...options, wasm: options.wasm ?? decode(engineBase64) });
}

function decode(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

export { EdgerailError, guardIterable, guardStream, isEdgerailError, openPlaceholders } from './index.js';
export type * from './index.js';
