/** What callers pass, read once and checked: callers in JavaScript have no compiler that does it. */
import { EdgerailError } from './errors.js';
import type { Audience, ContentBlock, EvaluateOptions, EvaluateRequest, LoadOptions, Qualifier, Role, Source, StreamOptions, Trust } from './types.js';

const SOURCES: readonly Source[] = ['INPUT', 'OUTPUT'];
const SCOPES = ['INTERVENTIONS', 'FULL'] as const;
const UNITS = ['utf16', 'bytes', 'chars'] as const;
const MODES = ['incremental', 'buffer'] as const;
const QUALIFIERS: readonly Qualifier[] = ['grounding_source', 'query', 'guard_content'];
const ROLES: readonly Role[] = ['system', 'user', 'assistant'];
const AUDIENCES: readonly (Audience | 'any')[] = ['browser', 'server', 'any'];
/** From the least to the most. */
export const TRUST: readonly Trust[] = ['unverified', 'local', 'verified'];

/** What crosses to the engine. */
export interface Ask {
  content: readonly ContentBlock[];
  model?: string;
  source: Source;
  outputScope: 'INTERVENTIONS' | 'FULL';
  /** Seconds since 1970; NaN is none. */
  now: number;
}

/** A stream's options as the engine takes them. */
export interface Begin {
  source: Source;
  buffer: boolean;
  now: number;
  holdback?: number;
}

function invalid(what: string): EdgerailError {
  return new EdgerailError('invalid_argument', what);
}

/** One of a few names, or `usual` if none is given. */
function named<T extends string>(what: string, value: T | undefined, names: readonly T[], usual: T): T {
  const name = value ?? usual;
  if (!names.includes(name)) throw invalid(`${what} is one of ${names.join(', ')}`);
  return name;
}

/** Refuses options of `loadEngine` that are none. */
export function checkLoadOptions(options: LoadOptions): void {
  const trust = options.trust as Trust | undefined;
  if (trust === 'verified') {
    throw invalid('trust is local or unverified: only the verifying client makes a bundle verified');
  }
  named('trust', trust, TRUST, 'unverified');
  named('require', options.require, TRUST, 'unverified');
  named('audience', options.audience, AUDIENCES, 'any');
}

/** What is asked of the engine. Members are read once: what is decided is what was read. */
export function askOf(input: string | EvaluateRequest, options: EvaluateOptions): Ask {
  const request: EvaluateRequest = typeof input === 'string' ? { content: [{ text: input }] } : input;
  const content = request?.content;
  if (!Array.isArray(content)) throw noRequest();
  const model = request.model;
  if (model !== undefined && typeof model !== 'string') throw invalid('model is a text');
  return {
    content: content.map(blockOf),
    ...(model === undefined ? {} : { model }),
    source: named('source', options.source, SOURCES, 'INPUT'),
    outputScope: named('outputScope', options.outputScope, SCOPES, 'INTERVENTIONS'),
    now: seconds(options.now),
  };
}

/** What offsets of the decision count. */
export function unitOf(options: EvaluateOptions): 'utf16' | 'bytes' | 'chars' {
  return named('offsets', options.offsets, UNITS, 'utf16');
}

function noRequest(): EdgerailError {
  return invalid('evaluate takes a text, or a request with content: [{ text }]');
}

function blockOf(block: ContentBlock): ContentBlock {
  const text = block?.text;
  if (typeof text !== 'string') throw noRequest();
  const { qualifiers, role } = block;
  if (qualifiers !== undefined && !Array.isArray(qualifiers)) throw invalid('qualifiers is a list');
  return {
    text,
    ...(qualifiers && { qualifiers: qualifiers.map((one: Qualifier) => named('a qualifier', one, QUALIFIERS, 'query')) }),
    ...(role !== undefined && { role: named('role', role, ROLES, 'user') }),
  };
}

/** How a stream begins. */
export function beginOf(options: StreamOptions): Begin {
  const { holdback } = options;
  if (holdback !== undefined && !(Number.isInteger(holdback) && holdback >= 0)) {
    throw invalid('holdback is a number of bytes');
  }
  return {
    source: named('source', options.source, SOURCES, 'OUTPUT'),
    buffer: named('mode', options.mode, MODES, 'incremental') === 'buffer',
    now: seconds(options.now),
    // More than the engine counts to is no bound.
    ...(holdback === undefined ? {} : { holdback: Math.min(holdback, 0xffff_ffff) }),
  };
}

function seconds(now: Date | null | undefined): number {
  if (now === null) return Number.NaN;
  if (now !== undefined && typeof now?.getTime !== 'function') throw invalid('now is a Date, or null for none');
  return Math.floor((now ?? new Date()).getTime() / 1000);
}
