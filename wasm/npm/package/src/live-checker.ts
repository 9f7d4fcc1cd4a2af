import { cancelled, decide, untilAborted } from './checking.js';
import type { CheckOptions } from './checking.js';
import type { EngineHolder } from './engine-holder.js';
import type { Decision } from './types.js';

export type LiveStatus = 'idle' | 'loading' | 'checking' | 'ready' | 'error';

export interface LiveState {
  readonly text: string;
  readonly status: LiveStatus;
  readonly latest: { readonly text: string; readonly decision: Decision } | null;
  /** What `latest` was asked of, and with: a rendering may be ahead of {@link LiveChecker.configure}. */
  readonly asked: { readonly holder: EngineHolder; readonly options: CheckOptions } | null;
  readonly error: Error | null;
}

/** The decision that a state has on a text, asked of this engine with these options; `null` if it has none. */
export function decisionOn(
  state: LiveState,
  text: string,
  holder: EngineHolder | null,
  options: CheckOptions,
): Decision | null {
  const { status, latest, asked } = state;
  if (status !== 'ready' || latest?.text !== text || asked?.holder !== holder) return null;
  return isSame(asked.options, options) ? latest.decision : null;
}

function isSame(one: CheckOptions, other: CheckOptions): boolean {
  return one.source === other.source && one.model === other.model && one.outputScope === other.outputScope;
}

interface Waiter {
  text: string;
  resolve(decision: Promise<Decision>): void;
  reject(error: Error): void;
}

/**
 * Decides a text that keeps changing. A store for `useSyncExternalStore`: everything that is shown is one immutable
 * state, so that no rendering can mix a text with another's decision.
 */
export class LiveChecker {
  /** What the server renders, and the first rendering in the browser with it. */
  readonly initial: () => LiveState;
  #state: LiveState;
  readonly #listeners = new Set<() => void>();
  #holder: EngineHolder | null = null;
  #options: CheckOptions = {};
  #debounce = 0;
  #isRunning = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Ends the check of a text that is no longer of interest. */
  #live: AbortController | undefined;
  /** Ends everything, when the component goes away. */
  #life = new AbortController();
  /** Checks that wait for an engine to be given. */
  #waiting: Waiter[] = [];

  constructor(text: string) {
    const state: LiveState = { text, status: 'idle', latest: null, asked: null, error: null };
    this.#state = state;
    this.initial = () => state;
  }

  readonly snapshot = (): LiveState => this.#state;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Another engine or other options: what was decided with the old ones is no longer current. */
  configure(holder: EngineHolder | null, options: CheckOptions, debounce: number): void {
    this.#debounce = debounce;
    if (holder === this.#holder && isSame(options, this.#options)) return;
    this.#options = options;
    this.#holder = holder;
    if (this.#isRunning) this.#begin();
    if (!holder) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const waiter of waiting) waiter.resolve(this.check(waiter.text));
  }

  setText(text: string): void {
    if (text === this.#state.text) return;
    this.#set({ text });
    if (!this.#isRunning || !this.#holder) return;
    // While the engine loads, nothing needs doing: then the text of that time is checked. And one that failed to
    // load is not tried again at every key.
    if (!this.#holder.engine) return;
    this.#cancel();
    this.#set({ status: 'checking', error: null });
    this.#timer = setTimeout(() => void this.#checkLive(), this.#debounce);
  }

  /** The component is shown. React may show, hide and show it again. */
  start(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    this.#life = new AbortController();
    this.#begin();
  }

  /** The component is gone. */
  stop(): void {
    this.#isRunning = false;
    this.#cancel();
    this.#life.abort();
    // Nothing keeps up with the text from now on, so nothing may be taken for current.
    this.#set({ status: 'idle', error: null });
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const waiter of waiting) waiter.reject(cancelled());
  }

  /** Decides a text now. */
  readonly check = async (text: string = this.#state.text): Promise<Decision> => {
    const holder = this.#holder;
    const life = this.#life.signal;
    if (life.aborted) throw cancelled();
    if (!holder) {
      return await new Promise<Decision>((resolve, reject) => this.#waiting.push({ text, resolve, reject }));
    }
    const options = this.#options;
    if (text === this.#state.text) {
      clearTimeout(this.#timer);
      if (this.#state.status === 'error') this.#setPending();
    }
    try {
      const decision = await decide(await untilAborted(holder.load(), life), text, options, life);
      this.#take(text, holder, options, decision);
      return decision;
    } catch (error) {
      this.#takeError(text, holder, options, error);
      throw error;
    }
  };

  #begin(): void {
    this.#cancel();
    if (!this.#holder) {
      this.#set({ status: 'idle', latest: null, asked: null, error: null });
      return;
    }
    this.#setPending();
    void this.#checkLive();
  }

  async #checkLive(): Promise<void> {
    const holder = this.#holder;
    if (!holder) return;
    const live = new AbortController();
    this.#live = live;
    const options = this.#options;
    let { text } = this.#state;
    try {
      const engine = await untilAborted(holder.load(), live.signal);
      ({ text } = this.#state);
      if (this.#state.status === 'loading') this.#setPending();
      const decision = await decide(engine, text, options, live.signal);
      if (!live.signal.aborted) this.#take(text, holder, options, decision);
    } catch (error) {
      if (!live.signal.aborted) this.#takeError(text, holder, options, error);
    }
  }

  #take(text: string, holder: EngineHolder, options: CheckOptions, decision: Decision): void {
    if (!this.#isAbout(text, holder, options)) return;
    this.#cancel();
    this.#set({ status: 'ready', latest: { text, decision }, asked: { holder, options }, error: null });
  }

  #takeError(text: string, holder: EngineHolder, options: CheckOptions, error: unknown): void {
    // Where there is no engine, that is so for every text.
    if (!this.#isAbout(holder.engine ? text : this.#state.text, holder, options)) return;
    this.#cancel();
    this.#set({ status: 'error', error: error instanceof Error ? error : new Error(String(error)) });
  }

  /** Whether a check that ends now is about what is shown. */
  #isAbout(text: string, holder: EngineHolder, options: CheckOptions): boolean {
    return this.#isRunning && text === this.#state.text && holder === this.#holder && options === this.#options;
  }

  #setPending(): void {
    this.#set({ status: this.#holder?.engine ? 'checking' : 'loading', error: null });
  }

  #cancel(): void {
    clearTimeout(this.#timer);
    this.#live?.abort();
    this.#live = undefined;
  }

  #set(change: Partial<LiveState>): void {
    this.#state = { ...this.#state, ...change };
    for (const listener of this.#listeners) listener();
  }
}
