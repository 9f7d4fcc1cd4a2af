import { EdgerailError } from './errors.js';
import type { AnyEngine } from './types.js';

/** An engine, one that is being loaded, or how to load one when it is needed. */
export type EngineSource = AnyEngine | Promise<AnyEngine> | (() => AnyEngine | Promise<AnyEngine>);

/** Loads an engine at most once, and again if that failed. It is never freed: others may use it too. */
export class EngineHolder {
  readonly #source: EngineSource;
  #engine: AnyEngine | undefined;
  #loading: Promise<AnyEngine> | undefined;

  constructor(source: EngineSource) {
    this.#source = source;
  }

  /** The engine, if it is there. */
  get engine(): AnyEngine | undefined {
    return this.#engine;
  }

  /** The engine as soon as it is there. */
  load(): Promise<AnyEngine> {
    this.#loading ??= this.#load().catch((error: unknown) => {
      this.#loading = undefined;
      throw error;
    });
    return this.#loading;
  }

  async #load(): Promise<AnyEngine> {
    const source = this.#source;
    const engine = await (typeof source === 'function' ? source() : source);
    if (typeof engine?.evaluate !== 'function') {
      throw new EdgerailError('invalid_argument', 'engine is what loadEngine or loadEngineInWorker give, a promise of it, or a function that loads it');
    }
    this.#engine = engine;
    return engine;
  }
}
