/** When the repository is checked: every minute or so, later after failures, and never while nobody looks at the page. */

/** Milliseconds of the longest wait after failures. */
const LONGEST = 300_000;
/** Milliseconds of the shortest. */
const SHORTEST = 1_000;

/** What a check came to. */
export interface Outcome {
  failed: boolean;
  /** Milliseconds that the server asked to wait. */
  retryAfter?: number | undefined;
  /** The request was refused as such: there is no hurry to repeat it. */
  isRefused?: boolean;
}

/** An interval, give or take a fifth, so that those who began together do not stay together. */
export function jittered(interval: number, random: () => number): number {
  return interval * (0.8 + 0.4 * random());
}

/** How long to wait after a number of failures: anything between a second and twice as much as last time ("full jitter"). */
export function backoff(failures: number, random: () => number): number {
  const most = Math.min(LONGEST, SHORTEST * 2 ** Math.min(failures, 30));
  return SHORTEST + random() * (most - SHORTEST);
}

/** How long to wait after a check. */
export function delayAfter(outcome: Outcome, failures: number, interval: number, random: () => number): number {
  const told = outcome.retryAfter === undefined ? 0 : spread(outcome.retryAfter, random);
  if (!outcome.failed || outcome.isRefused) return Math.max(jittered(interval, random), told);
  if (outcome.retryAfter !== undefined) return told + backoff(1, random);
  return backoff(failures, random);
}

/** Up to half as long again: those who were told the same time come at different ones, the later the longer it is. */
function spread(wait: number, random: () => number): number {
  return wait * (1 + random() / 2);
}

/** The part of a document that says whether somebody looks. */
interface Visibility {
  readonly visibilityState: string;
  addEventListener(type: 'visibilitychange', listener: () => void): void;
  removeEventListener(type: 'visibilitychange', listener: () => void): void;
}

export interface Clockwork {
  random: () => number;
  /** Milliseconds that only grow. */
  ticks: () => number;
  setTimer: (work: () => void, delay: number) => unknown;
  clearTimer: (timer: unknown) => void;
  document: Visibility | undefined;
}

/** The platform's. Timers do not keep a process alive. */
export function platformClockwork(): Clockwork {
  return {
    random: Math.random,
    ticks: () => performance.now(),
    setTimer: (work, delay) => {
      const timer: unknown = setTimeout(work, delay);
      (timer as { unref?: () => void }).unref?.();
      return timer;
    },
    clearTimer: (timer) => clearTimeout(timer as ReturnType<typeof setTimeout>),
    document: (globalThis as { document?: Visibility }).document,
  };
}

/** Calls `check` again and again, one at a time. */
export class Schedule {
  readonly #interval: number;
  readonly #check: () => Promise<Outcome>;
  readonly #clockwork: Clockwork;
  #timer: unknown;
  #due = 0;
  #failures = 0;
  #running = false;
  #closed = false;

  constructor(interval: number, check: () => Promise<Outcome>, clockwork: Clockwork) {
    this.#interval = interval;
    this.#check = check;
    this.#clockwork = clockwork;
  }

  /** Begins; the first check comes within `delay` milliseconds. */
  start(delay: number): void {
    if (this.#interval === 0 || this.#closed) return;
    this.#clockwork.document?.addEventListener('visibilitychange', this.#seen);
    this.#wait(delay * this.#clockwork.random());
  }

  /** A check that was not made by the schedule: the next one counts from here. */
  checked(outcome: Outcome): void {
    this.#failures = outcome.failed ? this.#failures + 1 : 0;
    if (this.#interval > 0 && !this.#running) this.#wait(delayAfter(outcome, this.#failures, this.#interval, this.#clockwork.random));
  }

  close(): void {
    this.#closed = true;
    this.#clockwork.document?.removeEventListener('visibilitychange', this.#seen);
    this.#clockwork.clearTimer(this.#timer);
  }

  get #isHidden(): boolean {
    return this.#clockwork.document?.visibilityState === 'hidden';
  }

  readonly #seen = (): void => {
    if (this.#isHidden) {
      this.#clockwork.clearTimer(this.#timer);
    } else if (!this.#running) {
      // What became due meanwhile is made up for, once.
      this.#wait(Math.max(this.#due - this.#clockwork.ticks(), 0));
    }
  };

  #wait(delay: number): void {
    if (this.#closed) return;
    this.#clockwork.clearTimer(this.#timer);
    this.#due = this.#clockwork.ticks() + delay;
    if (!this.#isHidden) this.#timer = this.#clockwork.setTimer(() => void this.#run(), delay);
  }

  async #run(): Promise<void> {
    if (this.#running || this.#closed) return;
    this.#running = true;
    const outcome = await this.#check().catch((): Outcome => ({ failed: true }));
    this.#running = false;
    this.checked(outcome);
  }
}
