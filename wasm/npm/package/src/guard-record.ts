import type { GuardedBody, Shape, Side } from './payload.js';
import type { Outcome } from './types.js';

/** One check, without content: no text, no match, no query string. */
export interface GuardRecord {
  side: Side;
  /** The address without its query. */
  url: string;
  shape: Shape;
  model?: string;
  outcome: Outcome;
  /** `ok`, or why nothing could be evaluated. */
  reasonCode: string;
  /** How much was found. */
  found: number;
  /** Whether it was a stream. */
  stream: boolean;
}

/** @internal */
export function recordOf(body: GuardedBody, side: Side, stream: boolean): Omit<GuardRecord, 'url'> {
  const { shape, model, outcome, decision } = body;
  return {
    side,
    shape,
    ...(model !== undefined && { model }),
    outcome,
    reasonCode: decision.reasonCode,
    found: decision.found,
    stream,
  };
}
