import { EdgerailError } from './errors.js';
import type { AsyncTextStream, StreamEnd, StreamStats } from './types.js';
import type { ReplyMessage, StreamCall, WorkerFailure } from './worker-protocol.js';
import { Lost } from './worker-queue.js';

/** What a stream knows of its engine. */
interface Context {
  stream: number;
  /** The worker failed before the stream began. */
  lost: Lost | undefined;
  /** Rejects with {@link Lost} if the worker that has the stream is gone. */
  ask(call: StreamCall): Promise<ReplyMessage>;
  /** Gives the worker's part of the stream back. */
  release(): void;
  /** What is said instead of a text that stayed undecided. */
  failed(failure: WorkerFailure): string;
  /** What a stream comes to that was lost. */
  end(failure: WorkerFailure, text: string, stats: StreamStats): StreamEnd;
}

/** A stream in a worker. If the worker is lost it fails closed: what was held back then never comes out. */
export class WorkerStream implements AsyncTextStream {
  readonly #context: Context;
  #lost: Lost | undefined;
  /** What is still to be said of the loss. */
  #message = '';
  #blocked = false;
  #freed = false;
  #finished = false;
  #stats: StreamStats = { held: 0, max: 0, median: 0, pushes: 0, mode: 'incremental' };

  constructor(context: Context) {
    this.#context = context;
    if (context.lost) this.#lose(context.lost);
  }

  get blocked(): boolean {
    return this.#blocked;
  }

  async push(text: string): Promise<string> {
    if (typeof text !== 'string') throw new EdgerailError('invalid_argument', 'push takes a text; bytes go to pushBytes');
    return await this.#text({ name: 'push', stream: this.#context.stream, text });
  }

  async pushBytes(bytes: Uint8Array): Promise<string> {
    if (!(bytes instanceof Uint8Array)) throw new EdgerailError('invalid_argument', 'pushBytes takes a Uint8Array');
    // A copy, which `slice` of Node's buffers is not: what waits must not change with the caller's buffer.
    return await this.#text({ name: 'pushBytes', stream: this.#context.stream, bytes: new Uint8Array(bytes) });
  }

  async nextBlock(): Promise<string> {
    return await this.#text({ name: 'nextBlock', stream: this.#context.stream });
  }

  async finish(): Promise<StreamEnd> {
    this.#check();
    this.#finished = true;
    const reply = await this.#ask({ name: 'finish', stream: this.#context.stream });
    this.#context.release();
    if (!reply) return this.#failedEnd();
    const end = reply.value as StreamEnd;
    this.#stats = end.stats;
    return end;
  }

  async stats(): Promise<StreamStats> {
    if (this.#finished || this.#freed) return this.#stats;
    const reply = await this.#ask({ name: 'stats', stream: this.#context.stream });
    if (reply) this.#stats = reply.value as StreamStats;
    return this.#stats;
  }

  free(): void {
    this.#freed = true;
    this.#context.release();
  }

  [Symbol.dispose](): void {
    this.free();
  }

  async #text(call: StreamCall): Promise<string> {
    this.#check();
    const reply = await this.#ask(call);
    if (reply) return reply.value as string;
    // The message once, then nothing.
    const message = this.#message;
    this.#message = '';
    return message;
  }

  /** Asks the worker; `undefined` if the stream is lost. */
  async #ask(call: StreamCall): Promise<ReplyMessage | undefined> {
    if (this.#lost) return undefined;
    try {
      const reply = await this.#context.ask(call);
      this.#blocked = reply.blocked ?? this.#blocked;
      return reply;
    } catch (error) {
      if (!(error instanceof Lost)) throw error;
      this.#lose(error);
      return undefined;
    }
  }

  #lose(lost: Lost): void {
    // Calls that waited find the loss each for itself.
    if (this.#lost) return;
    this.#lost = lost;
    this.#blocked = true;
    this.#message = this.#context.failed(lost.failure);
  }

  #failedEnd(): StreamEnd {
    return this.#context.end(this.#lost?.failure ?? 'trap', this.#message, this.#stats);
  }

  #check(): void {
    if (this.#finished) throw new EdgerailError('stream_finished', 'the stream is finished and takes no more text: begin another one');
    if (this.#freed) throw new EdgerailError('freed', 'the stream was freed: begin another one');
  }
}
