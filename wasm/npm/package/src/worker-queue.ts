import { EdgerailError, isEdgerailError } from './errors.js';
import type { DecisionRecord } from './types.js';
import { connect } from './worker-port.js';
import type { Port, WorkerLike } from './worker-port.js';
import type { Call, CallMessage, ReplyMessage, WorkerFailure } from './worker-protocol.js';

/** How long a worker may take to start, in milliseconds: it has nothing to fetch but its script. */
const START_TIMEOUT = 60_000;
/** Timers of more milliseconds than this fire at once. */
const LONGEST_TIMER = 2_147_483_647;

/** The worker failed at a call, or before its turn came. */
export class Lost {
  constructor(
    readonly failure: WorkerFailure,
    /** What the platform said, if it said anything. */
    readonly cause?: unknown,
  ) {}

  /** As callers see it where there is no decision to answer with. */
  toError(): EdgerailError {
    return this.failure === 'deadline'
      ? new EdgerailError('worker_failed', 'the worker did not answer in time and was replaced')
      : new EdgerailError('worker_failed', 'the worker failed and was replaced', { cause: this.cause });
  }
}

export interface QueueSetup {
  create: () => WorkerLike;
  /** Whether workers are ours to end. */
  owned: boolean;
  /** Whether workers run a script of the application's. */
  isForeign: boolean;
  /** How long a call may take in the worker, in milliseconds. */
  timeout: number;
  /** What a new worker is asked first. */
  load: Call;
  onLoaded(value: unknown): void;
  onRecords(records: readonly [DecisionRecord, number][]): void;
}

export interface AskOptions {
  signal?: AbortSignal | undefined;
  /** The generation of workers the call is for; any, if it needs nothing of before. */
  generation?: number | undefined;
}

interface Job {
  call: Call;
  generation?: number | undefined;
  resolve(reply: ReplyMessage): void;
  reject(error: EdgerailError | Lost): void;
}

/**
 * Calls of a worker in their order, over all its restarts. One call is with the worker at a time and the others
 * wait here: so one that is cancelled costs nothing, and when the worker fails it is known at which call.
 */
export class CallQueue {
  /** Grows whenever a worker is lost, with everything that was begun in it. */
  generation = 0;
  /** What tells our calls and their answers from those of another engine with the same worker. */
  readonly #key = newKey();
  readonly #setup: QueueSetup;
  #waiting: Job[] = [];
  #active: { job: Job; number: number } | undefined;
  #isStarting = false;
  #port: Port | undefined;
  #number = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(setup: QueueSetup) {
    this.#setup = setup;
  }

  get isIdle(): boolean {
    return !this.#active && this.#waiting.length === 0;
  }

  /** Starts the worker. */
  async start(): Promise<void> {
    this.#isStarting = true;
    try {
      await this.#start();
    } catch (error) {
      if (isEdgerailError(error)) throw error;
      throw notStarted(error);
    } finally {
      this.#isStarting = false;
    }
    this.#next();
  }

  /**
   * Asks the worker, starting one if there is none.
   *
   * @throws {@link Lost} if the worker failed, and what the worker answered with.
   */
  async ask(call: Call, options: AskOptions = {}): Promise<ReplyMessage> {
    const { signal, generation } = options;
    if (signal?.aborted) throw aborted(signal);
    let abort: (() => void) | undefined;
    try {
      return await new Promise<ReplyMessage>((resolve, reject) => {
        const job: Job = { call, generation, resolve, reject };
        abort = () => {
          this.#waiting = this.#waiting.filter((waiting) => waiting !== job);
          // If the worker is at it already, its answer comes too late and goes nowhere.
          reject(aborted(signal));
        };
        signal?.addEventListener('abort', abort);
        this.#waiting.push(job);
        this.#next();
      });
    } finally {
      if (abort) signal?.removeEventListener('abort', abort);
    }
  }

  /** Ends what is ours of the worker. The next call would start another. */
  close(): void {
    this.#leave();
    this.generation += 1;
  }

  #next(): void {
    while (!this.#active && !this.#isStarting) {
      const job = this.#waiting[0];
      if (!job) {
        this.#port?.busy(false);
        return;
      }
      if (job.generation !== undefined && job.generation !== this.generation) {
        this.#waiting.shift();
        job.reject(new Lost('trap'));
      } else if (this.#port) {
        this.#waiting.shift();
        this.#send(job, this.#setup.timeout);
      } else {
        void this.#restart();
      }
    }
  }

  async #restart(): Promise<void> {
    this.#isStarting = true;
    try {
      await this.#start();
    } catch {
      // Nobody who waits now can be helped; the next call tries again.
      const waiting = this.#waiting;
      this.#waiting = [];
      for (const job of waiting) job.reject(new Lost('trap'));
    }
    this.#isStarting = false;
    this.#next();
  }

  async #start(): Promise<void> {
    try {
      this.#port = connect(this.#setup.create(), {
        reply: (message) => this.#onReply(message),
        failure: (cause, isGone) => this.#onFailure(cause, isGone),
      });
      const reply = await new Promise<ReplyMessage>((resolve, reject) => {
        this.#send({ call: this.#setup.load, resolve, reject }, START_TIMEOUT);
      });
      this.#setup.onLoaded(reply.value);
    } catch (error) {
      // A worker that refuses our bundle is a sound one, and may be another engine's too.
      this.#leave();
      this.#drop();
      throw error;
    }
  }

  #send(job: Job, limit: number): void {
    const number = (this.#number += 1);
    this.#active = { job, number };
    this.#port?.busy(true);
    if (limit <= LONGEST_TIMER) this.#timer = setTimeout(() => this.#lose('deadline'), limit);
    this.#post({ edgerail: number, key: this.#key, call: job.call });
  }

  #post(message: CallMessage): void {
    try {
      this.#port?.post(message);
    } catch (cause) {
      // It was never asked, so no answer comes: the next call must not wait for one.
      const refused = this.#active;
      this.#active = undefined;
      clearTimeout(this.#timer);
      const isData = !(cause instanceof Error && cause.name === 'DataCloneError');
      refused?.job.reject(
        isData ? new Lost('trap', cause) : new EdgerailError('invalid_argument', 'what a worker is asked is plain data', { cause }),
      );
    }
  }

  #onReply(message: ReplyMessage): void {
    if (message.edgerail === 0 && this.#isStarting && this.#active && this.#setup.isForeign) {
      this.#post({ edgerail: this.#active.number, key: this.#key, call: this.#active.job.call });
    }
    if (message.key !== this.#key || message.edgerail !== this.#active?.number) return;
    const { job } = this.#active;
    this.#active = undefined;
    clearTimeout(this.#timer);
    if (message.records) this.#setup.onRecords(message.records);
    if (message.error) job.reject(new EdgerailError(message.error.code, message.error.message));
    else job.resolve(message);
    this.#next();
  }

  #onFailure(cause: unknown, isGone: boolean): void {
    // A worker that is not ours may have errors that are not ours, once it has shown that it runs.
    if (isGone || this.#setup.owned || this.#isStarting) this.#lose('trap', cause);
  }

  #lose(failure: WorkerFailure, cause?: unknown): void {
    const lost = this.#active;
    this.#drop();
    lost?.job.reject(new Lost(failure, cause));
    this.#next();
  }

  /** Ends a worker that is ours; in one that is not, only what is ours. */
  #leave(): void {
    const port = this.#port;
    this.#port = undefined;
    if (!port) return;
    try {
      if (!this.#setup.owned) port.post({ edgerail: 0, key: this.#key, call: { name: 'free' } });
    } catch {
      // It takes nothing any more.
    }
    port.close(this.#setup.owned);
  }

  /** Gives the worker up, with everything that was begun in it. */
  #drop(): void {
    clearTimeout(this.#timer);
    this.#active = undefined;
    this.#port?.close(true);
    this.#port = undefined;
    this.generation += 1;
  }
}

/** What no other engine has, in this page or another. */
function newKey(): string {
  // Pages that are not secure have no UUIDs.
  return globalThis.crypto?.randomUUID?.() ?? `${Math.random()} ${Math.random()}`;
}

function aborted(signal: AbortSignal | undefined): EdgerailError {
  return new EdgerailError('aborted', 'the check was cancelled', { cause: signal?.reason });
}

function notStarted(cause: unknown): EdgerailError {
  const isLate = cause instanceof Lost && cause.failure === 'deadline';
  return new EdgerailError(
    'worker_failed',
    `the worker ${isLate ? `did not answer within ${START_TIMEOUT / 1000} s` : 'failed while it started'}: ` +
      'its script must be edgerail/worker-script with all it imports, and worker-src must allow it',
    { cause: cause instanceof Lost ? cause.cause : cause },
  );
}
