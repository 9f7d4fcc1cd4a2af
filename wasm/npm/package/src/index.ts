/**
 * Edgerail: an Amazon Bedrock guardrail, evaluated where the prompt is typed.
 *
 * Nothing happens when this module is imported; the engine's WebAssembly is fetched by {@link loadEngine}.
 */
export { EdgerailError, isEdgerailError } from './errors.js';
export type { ErrorCode } from './errors.js';
export { loadEngine } from './engine.js';
export { openPlaceholders } from './placeholders.js';
export type { MaskOptions, Placeholders, RestoreOptions } from './placeholders.js';
export { guardIterable, guardStream } from './stream.js';
export type { GuardStreamOptions } from './stream.js';
export type * from './types.js';
