import { EdgerailError } from './errors.js';
import type { Decision } from './types.js';

/** Which rule a body or stream breaks that cannot be guarded. */
export type PayloadProblem =
  /** It is not UTF-8. */
  | 'payload_utf8'
  /** It is not JSON. */
  | 'payload_json'
  /** It nests deeper than 128. */
  | 'payload_depth'
  /** It is longer than the limit. */
  | 'payload_length'
  /** It is not an object, or a value has a type that the API does not have there. */
  | 'payload_type'
  /** It is of no known API, not of the one that was named, or of several at once. */
  | 'payload_shape'
  /** A content block of an unknown kind has no text. */
  | 'payload_block'
  /** Guard tags are not opened and closed as they have to be. */
  | 'payload_tags'
  /** A streamed answer is malformed. */
  | 'payload_stream'
  /** It is something else than JSON: a form, compressed data, an HTML page. */
  | 'payload_kind';

/** A body that cannot be guarded, so it was not let through. The message names the place, never a value. */
export class PayloadError extends EdgerailError {
  readonly problem: PayloadProblem;
  /** @internal It is of a known API nevertheless. */
  readonly recognized: boolean;

  constructor(problem: PayloadProblem, message: string, recognized = false) {
    super('payload_unreadable', message);
    this.problem = problem;
    this.recognized = recognized;
  }
}

/** A request that the guardrail blocked, so it was not sent. `decision.text` is what the guardrail says. */
export class BlockedError extends EdgerailError {
  declare readonly decision: Decision;

  constructor(decision: Decision) {
    super('blocked', 'the guardrail blocked the request: show decision.text instead of an answer');
    // It holds what was found: loggers print what is enumerable.
    Object.defineProperty(this, 'decision', { value: decision, enumerable: false });
  }
}
