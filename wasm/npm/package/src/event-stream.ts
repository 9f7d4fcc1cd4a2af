/** Streamed answers of model APIs: texts in events go on as soon as they are safe. */
import { EdgerailError } from './errors.js';
import { EventStream } from './generated/payload.js';
import { rawOptions } from './payload.js';
import type { Framing, PayloadOptions, Shape } from './payload.js';
import { callPayload, lostPayload, payloadError, payloadGeneration, startPayload } from './payload-instance.js';
import type { Restorer } from './placeholders.js';
import type { AnyEngine, AsyncTextStream, Outcome, Source, StreamEnd, StreamMode, TextStream } from './types.js';

/** What a guarded stream came to. */
export interface EventStreamEnd {
  outcome: Outcome;
  /** The content blocks in the order in which they ended. */
  blocks: StreamEnd[];
}

export interface GuardEventStreamOptions extends PayloadOptions {
  /** The API: a stream does not tell whose it is. */
  shape: Shape;
  /** How events are written. Default `eventstream` for Bedrock's APIs, else `sse`. */
  framing?: Framing;
  /** Default `OUTPUT`; with MCP `INPUT`. */
  source?: Source;
  /** `buffer` holds each content block back until it has ended. Default `incremental`. */
  mode?: StreamMode;
  /** Called once, when the stream has ended or was blocked. */
  onEnd?: (end: EventStreamEnd) => void;
}

/**
 * A streamed answer with its texts guarded: masked where values are masked; after a block the guardrail's message
 * and the API's own ending, and the source is cancelled. An event that cannot be guarded errors the stream with
 * `payload_unreadable`; what came out before is safe.
 *
 * @example
 * const safe = guardEventStream(engine, response.body, { shape: 'openai' });
 */
export function guardEventStream(
  engine: AnyEngine,
  stream: ReadableStream<Uint8Array>,
  options: GuardEventStreamOptions,
): ReadableStream<Uint8Array> {
  if (typeof options?.shape !== 'string') {
    throw new EdgerailError('invalid_argument', 'shape: name the API, a stream does not tell whose it is');
  }
  const reader = stream.getReader();
  const guard = new EventGuard(engine, options);
  let failure: unknown;
  const stop = async (reason: unknown): Promise<void> => {
    guard.free();
    // That it cannot be cancelled any more changes nothing.
    await reader.cancel(reason).catch(() => undefined);
  };
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          if (failure !== undefined) throw failure;
          for (;;) {
            const { value, done } = await reader.read();
            const { bytes, error } = await guard.take(done ? undefined : value);
            if (bytes.length > 0) controller.enqueue(bytes);
            failure = error;
            if (done || guard.blocked) {
              if (failure !== undefined) throw failure;
              controller.close();
              guard.end();
              if (!done) await stop('blocked by the guardrail');
              return;
            }
            if (bytes.length > 0) return;
            if (failure !== undefined) throw failure;
          }
        } catch (error) {
          controller.error(error);
          await stop(error);
        }
      },
      async cancel(reason) {
        await stop(reason);
      },
    },
    { highWaterMark: 0 },
  );
}

/** `{block, tool}`: it is an input of a tool; `{block, text}`: a piece of its text; `{block}`: its end. */
interface Question {
  block: number;
  text?: string;
  tool?: true;
}

const HOLDS = 1;
const BLOCKS = 2;

/** The texts of one stream, each content block in a stream of the engine. */
class EventGuard {
  readonly #engine: AnyEngine;
  readonly #options: GuardEventStreamOptions;
  readonly #streams = new Map<number, TextStream | AsyncTextStream>();
  readonly #restorers = new Map<number, Restorer>();
  readonly #tools = new Set<number>();
  readonly #ends: StreamEnd[] = [];
  #events: EventStream | undefined;
  #generation = -1;
  blocked = false;

  constructor(engine: AnyEngine, options: GuardEventStreamOptions) {
    this.#engine = engine;
    this.#options = options;
  }

  /** Takes bytes, or the end: what may go on, and why nothing more can. */
  async take(bytes: Uint8Array | undefined): Promise<{ bytes: Uint8Array; error?: unknown }> {
    if (bytes !== undefined && !(bytes instanceof Uint8Array)) {
      throw new EdgerailError('invalid_argument', 'a guarded event stream takes bytes');
    }
    await this.#begin();
    const questions = JSON.parse(this.#call((events) => events.ask(bytes))) as Question[];
    const texts: string[] = [];
    const flags: number[] = [];
    for (const question of questions) {
      if (question.tool) {
        this.#tools.add(question.block);
        continue;
      }
      const [text, holds] = await this.#decide(question);
      texts.push(text);
      flags.push((holds ? HOLDS : 0) | (this.blocked ? BLOCKS : 0));
      if (this.blocked) break;
    }
    return this.#call((events) => {
      const out = events.answer(texts, new Uint8Array(flags));
      const error = events.failure === undefined ? undefined : (payloadError(events.failure) ?? lostPayload(events.failure));
      return { bytes: out, error };
    });
  }

  end(): void {
    const blocked = this.blocked ? 'block' : undefined;
    const masked = this.#ends.some(({ outcome }) => outcome === 'mask') ? 'mask' : 'pass';
    this.free();
    this.#options.onEnd?.({ outcome: blocked ?? masked, blocks: this.#ends });
  }

  free(): void {
    for (const stream of this.#streams.values()) stream.free();
    for (const restorer of this.#restorers.values()) restorer.free();
    this.#streams.clear();
    this.#restorers.clear();
    if (this.#generation === payloadGeneration()) this.#events?.free();
    this.#events = undefined;
    this.#generation = -1;
  }

  async #begin(): Promise<void> {
    if (this.#events) return;
    await startPayload(this.#options.wasm);
    const { shape } = this.#options;
    const framing = this.#options.framing ?? framingOf(shape);
    this.#events = callPayload(() => new EventStream(framing, rawOptions(this.#options)));
    this.#generation = payloadGeneration();
  }

  #call<T>(work: (events: EventStream) => T): T {
    const events = this.#events;
    if (!events || this.#generation !== payloadGeneration()) throw lostPayload();
    return callPayload(() => work(events));
  }

  /** A piece of text or the end of a block: what may go on, and whether text is held back. */
  async #decide({ block, text }: Question): Promise<[string, boolean]> {
    let stream = this.#streams.get(block);
    if (stream === undefined) {
      if (text === undefined) return ['', false];
      stream = await this.#engine.stream(this.#streamOptions());
      this.#streams.set(block, stream);
    }
    let out = text === undefined ? '' : await stream.push(text);
    const ended = text === undefined || stream.blocked;
    if (ended) {
      const end = await stream.finish();
      out += end.text;
      this.#ends.push(end);
      this.blocked ||= end.outcome === 'block';
      this.#streams.delete(block);
      stream.free();
    }
    out = this.#restored(block, out, ended);
    return [out, !ended && (await stream.stats()).held > 0];
  }

  #restored(block: number, text: string, ended: boolean): string {
    const { placeholders, shape, restore } = this.#options;
    if (!placeholders || this.#source() === 'INPUT') return text;
    let restorer = this.#restorers.get(block);
    if (!restorer) {
      const toolArguments = shape === 'mcp' || this.#tools.has(block);
      restorer = placeholders.restorer({ toolArguments, ...(restore && { allow: restore }) });
      this.#restorers.set(block, restorer);
    }
    let out = restorer.push(text);
    if (ended) {
      out += restorer.finish();
      restorer.free();
      this.#restorers.delete(block);
    }
    return out;
  }

  #source(): Source {
    return this.#options.source ?? (this.#options.shape === 'mcp' ? 'INPUT' : 'OUTPUT');
  }

  #streamOptions(): { source: Source; mode?: StreamMode; now?: Date | null } {
    const { mode, now } = this.#options;
    return { source: this.#source(), ...(mode && { mode }), ...(now !== undefined && { now }) };
  }
}

/** @internal How the API writes its streams. */
export function framingOf(shape: Shape): Framing {
  return shape === 'converse' || shape.startsWith('invoke-') ? 'eventstream' : 'sse';
}
