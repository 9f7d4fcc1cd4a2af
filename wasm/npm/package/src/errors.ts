/** Every code an {@link EdgerailError} of this package can have. They are stable: match on them, not on messages. */
export type ErrorCode =
  /** The bytes are no bundle; the message says what they look like. */
  | 'bundle_not_a_bundle'
  /** The bundle is cut short, damaged or changed. */
  | 'bundle_damaged'
  /** The bundle was compiled for another version of the engine. */
  | 'bundle_abi'
  /** The bundle is longer than the engine takes. */
  | 'bundle_too_large'
  /** The bundle is for another audience, e.g. a server's bundle in a page. */
  | 'bundle_audience'
  /** The bundle did not come through the verifying client, and only such bundles are accepted. */
  | 'bundle_unverified'
  /** The bundle decides its own samples differently from when it was compiled. */
  | 'bundle_self_test'
  /** The bundle could not be fetched. */
  | 'bundle_fetch'
  /** There is no `WebAssembly` here. */
  | 'wasm_unavailable'
  /** The page's content security policy forbids WebAssembly. */
  | 'wasm_blocked'
  /** The `.wasm` file could not be fetched or read. */
  | 'wasm_fetch'
  /** The `.wasm` file is damaged, or not ours. */
  | 'wasm_invalid'
  /** An argument is not what the function takes. */
  | 'invalid_argument'
  /** The stream was finished before. */
  | 'stream_finished'
  /** The engine, the stream, the placeholders or the synchronization were freed before. */
  | 'freed'
  /** The WebAssembly failed during the call; nothing was let out. */
  | 'trap'
  /** A stored placeholder map is damaged, or of another conversation. */
  | 'placeholders_invalid'
  /** A guarded request was blocked; `decision` says why. */
  | 'blocked'
  /** A request's body is signed, so it cannot be masked. */
  | 'signed_body'
  /** A body cannot be read as a request or response of a known API. */
  | 'payload_unreadable'
  /** A definition or overlay has errors; `diagnostics` lists them. */
  | 'definition_invalid'
  /** The pinned root is none, or does not verify by itself; `reason` says why. */
  | 'sync_root'
  /** The repository's metadata, or a bundle's bytes, were refused; `reason` says by which check. */
  | 'sync_metadata'
  /** The repository has no bundle for the pinned target that is taken here; `reason` says why. */
  | 'sync_target'
  /** The repository could not be read; `reason` says why. */
  | 'sync_network'
  /** The worker failed or does not answer. */
  | 'worker_failed'
  /** The call was cancelled. */
  | 'aborted';

/** What this package throws: an `Error` with a stable `code`. Texts and values never stand in its message. */
export class EdgerailError extends Error {
  override readonly name: string = 'EdgerailError';
  /** What went wrong, as a stable code. */
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Whether a value is an error of this package, whichever copy of the package threw it. */
export function isEdgerailError(value: unknown): value is EdgerailError {
  return value instanceof Error && value.name.endsWith('EdgerailError') && 'code' in value;
}
