/** The same package with its WebAssembly inside of the module: nothing is fetched but the bundle. */
import { loadEngine as load } from './engine.js';
import { engineBase64, payloadBase64, trustBase64 } from './generated/inline.js';
import { supplyEngine } from './instance.js';
import { supplyPayload } from './payload-instance.js';
import { openPlaceholders as open } from './placeholders.js';
import type { Placeholders } from './placeholders.js';
import { createSync as create } from './sync.js';
import type { Sync, SyncOptions } from './sync.js';
import { plainTrust } from './trust-instance.js';
import type { BundleSource, Engine, LoadOptions, WasmSource } from './types.js';

/** As `loadEngine` of the main module, without a `.wasm` file. The first call decodes about half a megabyte. */
export function loadEngine(bundle: BundleSource, options: LoadOptions = {}): Promise<Engine> {
  useInline();
  return load(bundle, options);
}

/** As `openPlaceholders` of the main module, without a `.wasm` file. */
export function openPlaceholders(
  conversation: string,
  options: { stored?: string; wasm?: WasmSource } = {},
): Promise<Placeholders> {
  useInline();
  return open(conversation, options);
}

/** As `createSync` of the main module, without a `.wasm` file; ECDSA keys need `trust-p256.wasm`, as the option `wasm.trustP256`. */
export function createSync(options: SyncOptions): Promise<Sync> {
  useInline();
  return create(options);
}

/** From now on; whatever guards bodies needs an engine, and so comes after it. */
function useInline(): void {
  supplyEngine(() => decode(engineBase64));
  supplyPayload(() => decode(payloadBase64));
  plainTrust.supply(() => decode(trustBase64));
}

function decode(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

// What is declared here wins over what this brings along.
export * from './index.js';
