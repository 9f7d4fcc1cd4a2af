/** Guards text that is still being written: nothing unchecked comes out. */
import { EdgerailError } from './errors.js';
import type { AnyEngine, AsyncTextStream, StreamEnd, StreamOptions, TextStream } from './types.js';

export interface GuardStreamOptions extends StreamOptions {
  /** Called once, with what the stream came to. */
  onEnd?: (end: StreamEnd) => void;
}

type Chunk = string | Uint8Array;

/**
 * A transform stream that lets text through as soon as it is safe: masked where values are masked, and after a
 * block the guardrail's message and nothing more. Chunks are texts or bytes of UTF-8, cut anywhere; what comes
 * out is of the kind that went in.
 *
 * After a block the writable side is errored, so that whoever produces the text can stop; the readable side ends
 * as usual.
 *
 * @example
 * const safe = response.body.pipeThrough(guardStream(engine, { source: 'OUTPUT' }));
 */
export function guardStream<T extends Chunk = string>(engine: AnyEngine, options: GuardStreamOptions = {}): TransformStream<T, T> {
  const guard = new Guard(engine, options);
  const encoder = new TextEncoder();
  let isBytes = false;
  const emit = (controller: TransformStreamDefaultController<T>, text: string) => {
    if (text) controller.enqueue((isBytes ? encoder.encode(text) : text) as T);
  };
  return new TransformStream<T, T>({
    async transform(chunk, controller) {
      isBytes = typeof chunk !== 'string';
      emit(controller, await guard.push(chunk));
      if (!guard.blocked) return;
      emit(controller, await guard.finish());
      controller.terminate();
    },
    async flush(controller) {
      emit(controller, await guard.finish());
    },
    // Of the standard, but not in every platform's types yet.
    ...{ cancel: () => guard.free() },
  });
}

/**
 * The same for an async iterable of texts, as SDKs give them.
 *
 * @example
 * for await (const text of guardIterable(engine, tokens)) show(text);
 */
export async function* guardIterable(
  engine: AnyEngine,
  texts: AsyncIterable<string> | Iterable<string>,
  options: GuardStreamOptions = {},
): AsyncGenerator<string, void, undefined> {
  const guard = new Guard(engine, options);
  try {
    for await (const text of texts) {
      const safe = await guard.push(text);
      if (safe) yield safe;
      if (guard.blocked) break;
    }
    const rest = await guard.finish();
    if (rest) yield rest;
  } finally {
    guard.free();
  }
}

/** A stream of an engine, here or in a worker, begun with the first chunk. */
class Guard {
  readonly #engine: AnyEngine;
  readonly #options: GuardStreamOptions;
  #stream: TextStream | AsyncTextStream | undefined;

  constructor(engine: AnyEngine, options: GuardStreamOptions) {
    this.#engine = engine;
    this.#options = options;
  }

  async push(chunk: Chunk): Promise<string> {
    const stream = await this.#begun();
    if (typeof chunk === 'string') return await stream.push(chunk);
    if (chunk instanceof Uint8Array) return await stream.pushBytes(chunk);
    throw new EdgerailError('invalid_argument', 'a guarded stream takes texts or bytes');
  }

  get blocked(): boolean {
    return this.#stream?.blocked ?? false;
  }

  async finish(): Promise<string> {
    const end = await (await this.#begun()).finish();
    this.#options.onEnd?.(end);
    return end.text;
  }

  free(): void {
    this.#stream?.free();
  }

  async #begun(): Promise<TextStream | AsyncTextStream> {
    this.#stream ??= await this.#engine.stream(this.#options);
    return this.#stream;
  }
}

export type { AsyncTextStream, StreamEnd, StreamFinding, StreamOptions, StreamStats, TextStream } from './types.js';
