/**
 * Edgerail: an Amazon Bedrock guardrail, evaluated where the prompt is typed.
 *
 * Nothing happens when this module is imported; the engine's WebAssembly is fetched by {@link loadEngine}.
 */
export { EdgerailError, isEdgerailError } from './errors.js';
export type { ErrorCode } from './errors.js';
export { loadEngine } from './engine.js';
export { openPlaceholders } from './placeholders.js';
export type { MaskOptions, Placeholders, RestoreOptions, Restorer } from './placeholders.js';
export { guardBody } from './payload.js';
export type { Framing, GuardBodyOptions, GuardedBody, Guarding, PayloadOptions, Shape, Side } from './payload.js';
export { BlockedError, PayloadError } from './payload-errors.js';
export type { PayloadProblem } from './payload-errors.js';
export { guardEventStream } from './event-stream.js';
export type { EventStreamEnd, GuardEventStreamOptions } from './event-stream.js';
export { guardFetch } from './fetch.js';
export type { GuardFetchOptions } from './fetch.js';
export { describeFinding, guardForm } from './form.js';
export type { FormMessages, GuardFormOptions, GuardedForm, TextField } from './form.js';
export type { GuardRecord } from './guard-record.js';
export { guardIterable, guardStream } from './stream.js';
export type { GuardStreamOptions } from './stream.js';
export { SyncError, createSync } from './sync.js';
export type { ActiveBundle, Baseline, NetworkProblem, Ring, RoleStatus, Sync, SyncOptions, SyncStatus, SyncStore } from './sync.js';
export type * from './types.js';
