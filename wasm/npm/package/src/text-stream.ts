import { decisionOf, failedEnd, streamEndOf } from './decision.js';
import { EdgerailError } from './errors.js';
import type { TextStream as RawStream } from './generated/engine.js';
import { Trap, call, generation } from './instance.js';
import { isWellFormed } from './offsets.js';
import { report, streamRecord } from './records.js';
import type { BundleInfo, LoadOptions, Source, StreamEnd, StreamStats, TextStream } from './types.js';

/** What a stream knows of its engine. */
interface Context {
  source: Source;
  info: BundleInfo;
  listener: LoadOptions['onDecision'];
  /** The engine's decision on a text that it failed on, as JSON. */
  failed: () => string;
  /** Why it fails, if it does. */
  code: string;
}

/** A stream over the engine's, which fails closed if the engine traps: what was held back then never comes out. */
export class LoadedStream implements TextStream {
  readonly #context: Context;
  readonly #generation = generation();
  #raw: RawStream | undefined;
  /** A high surrogate whose other half is to come. */
  #carry = '';
  #message: string | undefined;
  #blocked = false;
  #finished = false;
  #freed = false;
  #elapsed = 0;
  #stats: StreamStats = { held: 0, max: 0, median: 0, pushes: 0, mode: 'incremental' };

  constructor(raw: RawStream | Trap, context: Context) {
    this.#context = context;
    if (raw instanceof Trap) this.#message = this.#failed();
    else this.#raw = raw;
  }

  push(text: string): string {
    if (typeof text !== 'string') throw new EdgerailError('invalid_argument', 'push takes a text; bytes go to pushBytes');
    const whole = this.#carry + text;
    const last = whole.charCodeAt(whole.length - 1);
    this.#carry = last >= 0xd800 && last <= 0xdbff ? whole.slice(-1) : '';
    const ready = this.#carry ? whole.slice(0, -1) : whole;
    return this.#take((raw) => (isWellFormed(ready) ? raw.push(ready) : raw.pushUtf16(units(ready))));
  }

  pushBytes(bytes: Uint8Array): string {
    // Of whichever realm: test runners have several.
    if (!ArrayBuffer.isView(bytes) || bytes.BYTES_PER_ELEMENT !== 1) throw new EdgerailError('invalid_argument', 'pushBytes takes a Uint8Array; texts go to push');
    return this.#take((raw) => this.#endCarry(raw) + raw.pushBytes(bytes));
  }

  nextBlock(): string {
    return this.#take((raw) => this.#endCarry(raw) + raw.nextBlock());
  }

  finish(): StreamEnd {
    this.#check();
    let rest = '';
    let stats = this.#stats;
    const json = this.#call((raw) => {
      rest = this.#endCarry(raw);
      const end = raw.finish();
      stats = raw.stats() as StreamStats;
      return end;
    });
    this.#finished = true;
    const end = json === undefined ? this.#failedEnd() : streamEndOf(json, this.#context.source, stats);
    this.free();
    if (this.#context.listener) {
      report(this.#context.listener, streamRecord(end, this.#context.info), this.#elapsed);
    }
    this.#blocked = end.outcome === 'block';
    return rest ? { ...end, text: rest + end.text } : end;
  }

  get blocked(): boolean {
    return this.#blocked;
  }

  stats(): StreamStats {
    const stats = this.#raw && this.#call((raw) => raw.stats() as StreamStats);
    this.#stats = stats ?? this.#stats;
    return this.#stats;
  }

  free(): void {
    this.#freed = true;
    if (this.#raw && this.#generation === generation()) this.#raw.free();
    this.#raw = undefined;
  }

  [Symbol.dispose](): void {
    this.free();
  }

  #take(work: (raw: RawStream) => string): string {
    this.#check();
    const output = this.#call((raw) => {
      const output = work(raw);
      this.#blocked = raw.isBlocked;
      return output;
    });
    if (output !== undefined) return output;
    // The message once, then nothing.
    const message = this.#message ?? this.#failed();
    this.#message = '';
    return message;
  }

  /** Calls the engine's stream; `undefined` if it is lost. */
  #call<T>(work: (raw: RawStream) => T): T | undefined {
    const raw = this.#raw;
    if (raw === undefined || this.#generation !== generation()) return undefined;
    const begin = this.#context.listener ? performance.now() : 0;
    const result = call(() => work(raw));
    if (this.#context.listener) this.#elapsed += performance.now() - begin;
    return result instanceof Trap ? undefined : result;
  }

  /** A high surrogate that is followed by none is no text, and fails the stream. */
  #endCarry(raw: RawStream): string {
    const carry = this.#carry;
    this.#carry = '';
    return carry ? raw.pushUtf16(units(carry)) : '';
  }

  #failed(): string {
    this.#blocked = true;
    this.#raw = undefined;
    return decisionOf(this.#context.failed().split('\n')[0] as string, { source: this.#context.source, texts: [''], offsets: 'bytes' }).text;
  }

  #failedEnd(): StreamEnd {
    return failedEnd(this.#context.info, this.#context.source, this.#context.code, this.#message ?? this.#failed(), this.#stats);
  }

  #check(): void {
    if (this.#finished) throw new EdgerailError('stream_finished', 'the stream is finished and takes no more text: begin another one');
    if (this.#freed) throw new EdgerailError('freed', 'the stream was freed: begin another one');
  }
}

function units(text: string): Uint16Array {
  return Uint16Array.from({ length: text.length }, (_, at) => text.charCodeAt(at));
}
