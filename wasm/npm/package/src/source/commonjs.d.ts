// What `#engine-wasm` and its sisters are in CommonJS: the build writes them, because there is no import.meta.
import type { WasmSource } from '../types.js';

export declare function engineWasm(): WasmSource;
export declare function payloadWasm(): WasmSource;
export declare function compileWasm(): WasmSource;
export declare function trustWasm(): WasmSource;
export declare function trustP256Wasm(): WasmSource;
export declare function workerScript(): URL;
