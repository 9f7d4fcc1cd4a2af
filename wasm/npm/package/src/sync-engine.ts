/** The engine that applications hold: the bundle behind it changes, the object does not. */
import { refusalOf, refusingStream } from './engine.js';
import { EdgerailError } from './errors.js';
import type { BundleInfo, Decision, Engine, EvaluateOptions, EvaluateRequest, StreamOptions, TextStream } from './types.js';

export class SyncedEngine implements Engine {
  readonly #clock: () => number;
  #current: Engine | undefined;
  #denyFrom = Number.POSITIVE_INFINITY;
  #closed = false;

  /** `clock` gives seconds since 1970, NaN without a clock. */
  constructor(clock: () => number) {
    this.#clock = clock;
  }

  get info(): BundleInfo {
    return this.#engine().info;
  }

  /** Whether a policy is there. */
  get isLoaded(): boolean {
    return this.#current !== undefined;
  }

  /** Whether everything is blocked, because the metadata expired too long ago. */
  get isDenied(): boolean {
    const now = this.#clock();
    return this.#denyFrom <= (Number.isNaN(now) ? 0 : now);
  }

  evaluate(input: string | EvaluateRequest, options?: EvaluateOptions): Decision {
    const engine = this.#engine();
    return this.isDenied ? refusalOf(engine, input, options, 'policy_stale') : engine.evaluate(input, options);
  }

  stream(options?: StreamOptions): TextStream {
    const engine = this.#engine();
    return this.isDenied ? refusingStream(engine, options, 'policy_stale') : engine.stream(options);
  }

  selfTest(): void {
    this.#engine().selfTest();
  }

  /** Nothing: whoever is handed this engine does not own it. {@link close} frees it. */
  free(): void {}

  [Symbol.dispose](): void {}

  /** Takes another bundle from now on. Streams that began go on with the one they began with. */
  swap(engine: Engine): void {
    const before = this.#current;
    this.#current = engine;
    before?.free();
  }

  /** Blocks everything from this time on, in seconds since 1970. */
  deny(from: number): void {
    this.#denyFrom = from;
  }

  close(): void {
    this.#closed = true;
    this.#current?.free();
    this.#current = undefined;
  }

  #engine(): Engine {
    if (this.#closed) throw new EdgerailError('freed', 'the synchronization was closed: call createSync again');
    // It is handed out once there is a policy.
    if (!this.#current) throw new EdgerailError('trap', 'no policy is loaded');
    return this.#current;
  }
}
