import type { ErrorCode } from './errors.js';
import type {
  BundleInfo,
  DecisionRecord,
  EvaluateOptions,
  EvaluateRequest,
  LoadOptions,
  Source,
  StreamOptions,
} from './types.js';

/** Why a worker gave no answer. */
export type WorkerFailure = 'deadline' | 'trap';

/** What the page asks of the worker about a stream. */
export type StreamCall =
  | { name: 'push'; stream: number; text: string }
  | { name: 'pushBytes'; stream: number; bytes: Uint8Array }
  | { name: 'nextBlock' | 'finish' | 'stats' | 'release'; stream: number };

/** What the page asks of the worker. */
export type Call =
  | { name: 'load'; bundle: Uint8Array; wasm: WebAssembly.Module; options: WorkerLoadOptions; records: boolean }
  | { name: 'evaluate'; input: string | EvaluateRequest; options: EvaluateOptions }
  | { name: 'selfTest' }
  | { name: 'free' }
  | { name: 'stream'; stream: number; options: StreamOptions }
  | StreamCall;

/** The part of the options that can be posted. */
export type WorkerLoadOptions = Pick<LoadOptions, 'trust' | 'require' | 'audience'>;

/**
 * A call on its way. The number stands under a name of ours, so that a worker of the application's own can have
 * other messages beside ours.
 */
export interface CallMessage {
  edgerail: number;
  /** Who asks: one worker may be given to several engines, each of which counts its calls from 1. */
  key: string;
  call: Call;
}

/**
 * The answer to the call with the same number and key; 0, which has no key, says to everybody that the worker listens
 * from now on. The script of an application may import ours late, when the first call has been missed.
 */
export interface ReplyMessage {
  edgerail: number;
  key?: string;
  value?: unknown;
  /** Whether the stream that was called has blocked. */
  blocked?: boolean;
  /** What decisions were made, and how long each took. */
  records?: [DecisionRecord, number][];
  error?: { code: ErrorCode; message: string };
}

/** What loading gives. */
export interface Loaded {
  info: BundleInfo;
  /**
   * The engine's own decisions for when this worker is gone, by {@link failureKey}: canonical JSON, a line feed and
   * the record. They do not depend on the text.
   */
  failures: Record<string, string>;
}

/** The place of a decision in {@link Loaded.failures}. */
export function failureKey(source: Source, scope: 'INTERVENTIONS' | 'FULL', failure: WorkerFailure): string {
  return `${source} ${scope} ${failure}`;
}
