import type { AsyncEngine, Decision, Source } from 'edgerail';
import type { Diagnostic } from 'edgerail/compile';
import { author } from '../author/client.js';
import { startEngine } from '../engine/engine.js';
import type { GuardrailInput } from '../guardrail/input.js';

/** The compiler bounds its own work; this is for what it cannot foresee. */
const COMPILE_DEADLINE = 15_000;

/** A guardrail that is ready to check texts. */
export interface Loaded {
  engine: AsyncEngine;
  bundle: Uint8Array<ArrayBuffer>;
  /** Where it came from. */
  input: GuardrailInput;
  diagnostics: readonly Diagnostic[];
  /** Milliseconds. */
  compiled: number | undefined;
  /** Milliseconds: worker, WebAssembly and bundle. */
  started: number;
}

export interface SessionEvents {
  /** A guardrail is being compiled or loaded. */
  preparing(): void;
  ready(loaded: Loaded): void;
  /** The guardrail cannot be used; the last one that could goes on checking. */
  refused(error: unknown): void;
  decided(decision: Decision, text: string): void;
  /** A text could not be checked at all. */
  failed(error: unknown): void;
  /** An evaluation took so long, in milliseconds of the engine. */
  timed(elapsed: number, length: number): void;
}

/** From a guardrail and a text to a decision. A newer guardrail or text always wins over an older one. */
export class Session {
  #events: SessionEvents;
  #loaded: Loaded | undefined;
  #generation = 0;
  #stop: AbortController | undefined;
  #text = '';
  #source: Source = 'INPUT';
  #checking = false;
  #again = false;

  constructor(events: SessionEvents) {
    this.#events = events;
  }

  get loaded(): Loaded | undefined {
    return this.#loaded;
  }

  async setGuardrail(input: GuardrailInput): Promise<void> {
    this.#generation += 1;
    const generation = this.#generation;
    // A compiler that is still busy with an older definition is not waited for.
    this.#stop?.abort();
    this.#stop = undefined;
    this.#events.preparing();
    try {
      const loaded = await this.#load(input);
      if (generation !== this.#generation) {
        loaded.engine.free();
        return;
      }
      const old = this.#loaded;
      this.#loaded = loaded;
      this.#events.ready(loaded);
      old?.engine.free();
      this.#check();
    } catch (error) {
      if (generation === this.#generation) this.#events.refused(error);
    }
  }

  setText(text: string, source: Source): void {
    this.#text = text;
    this.#source = source;
    this.#check();
  }

  async #load(input: GuardrailInput): Promise<Loaded> {
    const begin = performance.now();
    if (input.kind === 'bundle') {
      const engine = await this.#start(input.bytes, 'unverified');
      const started = performance.now() - begin;
      return { engine, bundle: input.bytes, input, diagnostics: [], compiled: undefined, started };
    }
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), COMPILE_DEADLINE);
    // Only a compiler that takes long is worth stopping: a new worker has to load it again.
    const replace = setTimeout(() => (this.#stop = stop), 1000);
    let bundle: Uint8Array<ArrayBuffer>;
    let diagnostics: readonly Diagnostic[];
    try {
      const compiled = await author().call('compile', [input.definition, input.overlay, 'browser'], { signal: stop.signal });
      bundle = compiled.bundle as Uint8Array<ArrayBuffer>;
      diagnostics = compiled.diagnostics;
    } finally {
      clearTimeout(timer);
      clearTimeout(replace);
    }
    const compiled = performance.now() - begin;
    const engine = await this.#start(bundle, 'local');
    return { engine, bundle, input, diagnostics, compiled, started: performance.now() - begin - compiled };
  }

  #start(bundle: Uint8Array<ArrayBuffer>, trust: 'local' | 'unverified'): Promise<AsyncEngine> {
    return startEngine(bundle, {
      trust,
      onDecision: (record, elapsed) => this.#events.timed(elapsed, record.guarded),
    });
  }

  #check(): void {
    this.#again = true;
    if (!this.#checking) void this.#run();
  }

  async #run(): Promise<void> {
    this.#checking = true;
    while (this.#again && this.#loaded) {
      this.#again = false;
      const [text, source, { engine }] = [this.#text, this.#source, this.#loaded];
      try {
        const decision = await engine.evaluate(text, { source });
        // What was typed meanwhile is checked next; the older decision would not fit the text that is shown.
        if (!this.#again) this.#events.decided(decision, text);
      } catch (error) {
        if (!this.#again && engine === this.#loaded?.engine) this.#events.failed(error);
      }
    }
    this.#checking = false;
  }
}
