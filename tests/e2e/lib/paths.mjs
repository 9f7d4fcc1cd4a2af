// Where things are.

import { fileURLToPath } from 'node:url';

/** The repository. */
export const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
/** The folder of these tests. */
export const E2E = fileURLToPath(new URL('..', import.meta.url));
/** Cargo's target folder. */
export const TARGET = process.env.CARGO_TARGET_DIR ?? fileURLToPath(new URL('../../../target', import.meta.url));
/** The installed package. */
export const PACKAGE = fileURLToPath(new URL('../node_modules/edgerail', import.meta.url));
/** What `export` of edgerail-tests wrote. */
export const CORPUS = `${TARGET}/e2e/corpus`;
/** Bundles and damaged bundles that `export-bad` wrote. */
export const FIXTURES = `${TARGET}/e2e/fixtures`;
/** The engine with an injected fault, for tests. */
export const FAULT_WASM = process.env.EDGERAIL_FAULT_WASM ?? `${TARGET}/npm/fault/engine.wasm`;
