import { EdgerailError, isEdgerailError } from './errors.js';
import type { ErrorCode } from './errors.js';

/** What {@link SyncError.reason} says of a repository that could not be read. */
export type NetworkProblem =
  /** The server could not be reached, does not allow this page to, or ended the connection. */
  | 'unreachable'
  /** The server answered with a status that is neither success, nor "not there". */
  | 'http_status'
  /** The server redirects. The repository's own address has to be given. */
  | 'redirect'
  /** The answer is longer than such a file may be. */
  | 'too_large'
  /** The answer is shorter than the metadata says, or than the server announced. */
  | 'truncated'
  /** The answer took too long, or came too slowly. */
  | 'timeout'
  /** The answer is a web page: an error or login page, or the application's own. */
  | 'html'
  /** A file that has to be there is not. */
  | 'not_found';

/** Why a repository, its metadata or a bundle was not accepted. What was enforced before still is. */
export class SyncError extends EdgerailError {
  /** Which check failed: a {@link NetworkProblem}, or a code of the verifying client (`rollback`, `expired`, …). */
  readonly reason: string;
  /** @internal Milliseconds that the server asked to wait. */
  declare readonly retryAfter: number | undefined;
  /** @internal Asking again soon would not help: the request itself was refused. */
  declare readonly isRefused: boolean;

  constructor(
    code: ErrorCode,
    reason: string,
    message: string,
    options: ErrorOptions & { retryAfter?: number | undefined; isRefused?: boolean } = {},
  ) {
    const { retryAfter, isRefused = false, ...rest } = options;
    super(code, message, rest);
    this.reason = reason;
    Object.defineProperty(this, 'retryAfter', { value: retryAfter, enumerable: false });
    Object.defineProperty(this, 'isRefused', { value: isRefused, enumerable: false });
  }
}

/** A failure on the way to the repository. `what` begins with the file's name. */
export function networkError(
  reason: NetworkProblem,
  what: string,
  options: ErrorOptions & { retryAfter?: number | undefined; isRefused?: boolean } = {},
): SyncError {
  return new SyncError('sync_network', reason, what, options);
}

/** The stable reason of whatever went wrong: of a {@link SyncError} its own, of others the code. */
export function reasonOf(error: unknown): string {
  if (error instanceof SyncError) return error.reason;
  return isEdgerailError(error) ? error.code : 'trap';
}
