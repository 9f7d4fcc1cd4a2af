import { blockedWithoutEngine, decisionOf, failedEnd } from './decision.js';
import { EdgerailError } from './errors.js';
import { report, streamRecord } from './records.js';
import type {
  AsyncEngine,
  AsyncTextStream,
  BundleInfo,
  Decision,
  DecisionRecord,
  EvaluateOptions,
  EvaluateRequest,
  LoadOptions,
  StreamOptions,
} from './types.js';
import type { WorkerLike } from './worker-port.js';
import { failureKey } from './worker-protocol.js';
import type { Call, Loaded, ReplyMessage, StreamCall, WorkerFailure, WorkerLoadOptions } from './worker-protocol.js';
import { CallQueue, Lost } from './worker-queue.js';
import { WorkerStream } from './worker-stream.js';

export interface WorkerSetup {
  bundle: Uint8Array;
  wasm: WebAssembly.Module;
  options: WorkerLoadOptions;
  timeout: number;
  create: () => WorkerLike;
  owned: boolean;
  isForeign: boolean;
  onDecision: LoadOptions['onDecision'] | undefined;
}

/** A bundle that is loaded in a worker. */
export class WorkerEngine implements AsyncEngine {
  readonly #queue: CallQueue;
  readonly #onDecision: LoadOptions['onDecision'];
  #loaded: Loaded | undefined;
  #isFreed = false;
  #streams = 0;
  /** The streams that were neither finished nor freed. */
  readonly #open = new Set<number>();
  /** Streams that nobody holds any more. */
  readonly #forgotten = new FinalizationRegistry<{ stream: number; generation: number }>(
    ({ stream, generation }) => this.#release(stream, generation),
  );

  constructor(setup: WorkerSetup) {
    const { bundle, wasm, options, onDecision, ...rest } = setup;
    this.#onDecision = onDecision;
    this.#queue = new CallQueue({
      ...rest,
      load: { name: 'load', bundle, wasm, options, records: onDecision !== undefined },
      onLoaded: (value) => {
        this.#loaded = value as Loaded;
      },
      onRecords: (records) => {
        for (const [record, elapsed] of records) report(onDecision, record, elapsed);
      },
    });
  }

  get info(): BundleInfo {
    if (!this.#loaded) throw new EdgerailError('worker_failed', 'the worker was not started');
    return this.#loaded.info;
  }

  start(): Promise<void> {
    return this.#queue.start();
  }

  async evaluate(
    input: string | EvaluateRequest,
    options: EvaluateOptions & { signal?: AbortSignal } = {},
  ): Promise<Decision> {
    this.#checkUsable();
    const isRequest = Array.isArray((input as EvaluateRequest | null)?.content);
    if (typeof input !== 'string' && !isRequest) {
      throw new EdgerailError('invalid_argument', 'evaluate takes a text, or a request with content: [{ text }]');
    }
    const { signal, ...rest } = options;
    // What waits must not change with the caller's object.
    const call: Call = { name: 'evaluate', input: typeof input === 'string' ? input : posted(input), options: posted(rest) };
    const begun = performance.now();
    try {
      return (await this.#queue.ask(call, { signal })).value as Decision;
    } catch (error) {
      if (!(error instanceof Lost)) throw error;
      const { decision, record } = this.#failed(call.input, call.options, error.failure);
      if (record) report(this.#onDecision, record, performance.now() - begun);
      return decision;
    } finally {
      this.#rest();
    }
  }

  async stream(options: StreamOptions = {}): Promise<AsyncTextStream> {
    this.#checkUsable();
    const stream = (this.#streams += 1);
    const { source = 'OUTPUT' } = options;
    let lost: Lost | undefined;
    this.#open.add(stream);
    try {
      await this.#queue.ask({ name: 'stream', stream, options: posted(options) });
    } catch (error) {
      this.#open.delete(stream);
      this.#rest();
      if (!(error instanceof Lost)) throw error;
      lost = error;
    }
    // It belongs to the worker that answered: no other may be asked about it.
    const { generation } = this.#queue;
    const handle = new WorkerStream({
      stream,
      lost,
      ask: (call) => this.#askStream(call, generation),
      release: () => this.#release(stream, generation),
      failed: (failure) => this.#failed('', { source }, failure).decision.text,
      end: (failure, text, stats) => {
        const end = failedEnd(this.info, source, failure, text, stats);
        report(this.#onDecision, streamRecord(end, this.info), 0);
        return end;
      },
    });
    this.#forgotten.register(handle, { stream, generation });
    return handle;
  }

  async selfTest(): Promise<void> {
    this.#checkUsable();
    try {
      await this.#queue.ask({ name: 'selfTest' });
    } catch (error) {
      throw error instanceof Lost ? error.toError() : error;
    } finally {
      this.#rest();
    }
  }

  free(): void {
    this.#isFreed = true;
    this.#rest();
  }

  [Symbol.dispose](): void {
    this.free();
  }

  async #askStream(call: StreamCall, generation: number): Promise<ReplyMessage> {
    try {
      return await this.#queue.ask(call, { generation });
    } finally {
      this.#rest();
    }
  }

  #release(stream: number, generation: number): void {
    if (!this.#open.delete(stream)) return;
    const done = (): void => this.#rest();
    // With a worker that is gone, its streams are.
    if (generation !== this.#queue.generation) done();
    else this.#queue.ask({ name: 'release', stream }, { generation }).then(done, done);
  }

  /** Ends the worker when the engine was freed and everything that was begun is done. */
  #rest(): void {
    if (this.#isFreed && this.#queue.isIdle && this.#open.size === 0) this.#queue.close();
  }

  #checkUsable(): void {
    if (this.#isFreed) throw new EdgerailError('freed', 'the engine was freed');
  }

  /** The engine's own decision for when it is gone. */
  #failed(
    input: string | EvaluateRequest,
    { source = 'INPUT', outputScope = 'INTERVENTIONS', offsets = 'utf16' }: EvaluateOptions,
    failure: WorkerFailure,
  ): { decision: Decision; record: DecisionRecord | undefined } {
    const known = this.#loaded?.failures[failureKey(source, outputScope, failure)];
    const [json = '', record] = (known ?? blockedWithoutEngine(failure)).split('\n');
    const texts = typeof input === 'string' ? [input] : input.content.map((block) => String(block?.text));
    return {
      decision: decisionOf(json, { source, texts, offsets }),
      record: record === undefined ? undefined : (JSON.parse(record) as DecisionRecord),
    };
  }
}

/** A copy of what is to be posted. */
function posted<T>(value: T): T {
  try {
    return structuredClone(value);
  } catch (cause) {
    throw new EdgerailError('invalid_argument', 'a request and its options are plain data', { cause });
  }
}
