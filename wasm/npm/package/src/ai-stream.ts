/** Streamed answers of the AI SDK's models. */
import { mapPart, withoutEcho } from './ai-texts.js';
import type { TextMap } from './ai-texts.js';
import type { Placeholders, RestoreOptions, Restorer } from './placeholders.js';
import type { AnyEngine, AsyncTextStream, ContentBlock, StreamMode, TextStream } from './types.js';

/** A part of a stream, as much as is read of it. */
export interface StreamPart {
  type: string;
  id?: string;
  delta?: string;
}

interface AnswerOptions {
  mode: StreamMode;
  tools?: boolean;
  placeholders?: Placeholders;
  restore?: RestoreOptions['allow'];
  now?: Date | null;
  /** What ends a stream that was blocked. */
  finish: StreamPart;
}

/** A block of text or a tool's input that is being written. */
interface Open {
  id: string;
  tool: boolean;
  stream: TextStream | AsyncTextStream;
  restorer: Restorer | undefined;
}

type Out = TransformStreamDefaultController<StreamPart>;

export class AnswerStream {
  readonly #engine: AnyEngine;
  readonly #options: AnswerOptions;
  readonly #open = new Map<string, Open>();
  #blocked = false;
  /** Whether anything was masked: then what is said of the answer as a whole repeats it. */
  #masked = false;

  constructor(engine: AnyEngine, options: AnswerOptions) {
    this.#engine = engine;
    this.#options = options;
  }

  transform(): TransformStream<StreamPart, StreamPart> {
    return new TransformStream<StreamPart, StreamPart>({
      transform: (part, out) => this.#part(part, out),
      flush: async (out) => {
        await this.#flush(out);
      },
      // Of the standard, but not in every platform's types yet.
      ...{ cancel: () => this.#free() },
    });
  }

  async #part(part: StreamPart, out: Out): Promise<void> {
    if (this.#blocked) return;
    const { tools = false } = this.#options;
    switch (part.type) {
      case 'text-delta':
        return await this.#delta(part, false, out);
      case 'text-end':
        await this.#end(part.id ?? '', out);
        return this.#blocked ? undefined : await this.#whole(part, out);
      case 'tool-input-delta':
        if (tools) return await this.#delta(part, true, out);
        break;
      case 'tool-input-end':
        await this.#end(toolKey(part.id ?? ''), out);
        break;
      case 'raw':
        // What the provider sent, which has the texts in it.
        return;
      case 'finish':
        await this.#flush(out);
        break;
      case 'stream-start':
      case 'text-start':
      case 'tool-input-start':
      case 'response-metadata':
      case 'error':
      case 'ping':
      case 'reasoning-start':
      case 'reasoning-delta':
      case 'reasoning-end':
        break;
      default:
        return await this.#whole(part, out);
    }
    if (!this.#blocked) out.enqueue(this.#masked ? withoutEcho(part) : part);
  }

  async #delta(part: StreamPart, tool: boolean, out: Out): Promise<void> {
    const id = part.id ?? '';
    const key = tool ? toolKey(id) : id;
    const open = this.#open.get(key) ?? (await this.#begin(key, id, tool));
    const text = await open.stream.push(part.delta ?? '');
    if (open.stream.blocked) return await this.#block(key, text, out);
    const restored = open.restorer ? open.restorer.push(text) : text;
    if (!restored) return;
    const piece = { ...part, delta: restored };
    // Log probabilities of a piece that is held back in part say what is held back.
    out.enqueue(this.#masked || text !== part.delta ? withoutEcho(piece) : piece);
  }

  async #begin(key: string, id: string, tool: boolean): Promise<Open> {
    const { mode, now, placeholders, restore } = this.#options;
    const stream = await this.#engine.stream({ source: 'OUTPUT', mode, ...(now !== undefined && { now }) });
    const restorer = placeholders?.restorer({ toolArguments: tool, ...(restore && { allow: restore }) });
    const open = { id, tool, stream, restorer };
    this.#open.set(key, open);
    return open;
  }

  /** Ends a block: the rest of its text. */
  async #end(key: string, out: Out): Promise<void> {
    const open = this.#open.get(key);
    if (!open || this.#blocked) return;
    const end = await open.stream.finish();
    if (end.outcome === 'block') return await this.#close(open, end.text, out);
    this.#masked ||= end.outcome === 'mask';
    const rest = open.restorer ? open.restorer.push(end.text) + open.restorer.finish() : end.text;
    this.#drop(key, open);
    if (rest) out.enqueue({ type: open.tool ? 'tool-input-delta' : 'text-delta', id: open.id, delta: rest });
  }

  async #flush(out: Out): Promise<void> {
    for (const key of [...this.#open.keys()]) await this.#end(key, out);
  }

  async #block(key: string, text: string, out: Out): Promise<void> {
    const open = this.#open.get(key) as Open;
    const end = await open.stream.finish();
    await this.#close(open, text + end.text, out);
  }

  /** The masked text before what blocks, the message, and the end of everything. */
  async #close(open: Open | undefined, text: string, out: Out): Promise<void> {
    this.#blocked = true;
    const shown = open?.restorer ? open.restorer.push(text) + open.restorer.finish() : text;
    const inText = open !== undefined && !open.tool;
    const id = inText ? open.id : 'guardrail';
    if (!inText) out.enqueue({ type: 'text-start', id });
    if (shown) out.enqueue({ type: 'text-delta', id, delta: shown });
    const ids = [...this.#open.values()].filter(({ tool }) => !tool).map(({ id }) => id);
    for (const ended of new Set([...ids, id])) out.enqueue({ type: 'text-end', id: ended });
    out.enqueue(this.#options.finish);
    this.#free();
    out.terminate();
  }

  /** A part that comes in one piece: calls of tools, their results, what a text cites, and types that are not known. */
  async #whole(part: StreamPart, out: Out): Promise<void> {
    const { tools = false, placeholders, restore, now } = this.#options;
    const content: ContentBlock[] = [];
    const isTool: boolean[] = [];
    const map = (text: TextMap) => mapPart(part, text, 'assistant', tools);
    map((text, { tool }) => {
      content.push({ text });
      isTool.push(tool);
      return text;
    });
    if (content.length === 0) {
      out.enqueue(this.#masked ? withoutEcho(part) : part);
      return;
    }
    const decision = await this.#engine.evaluate({ content }, { source: 'OUTPUT', ...(now !== undefined && { now }) });
    if (decision.outcome === 'block') {
      // Its text went on, but not what it cites.
      if (part.type === 'text-end') out.enqueue({ type: 'text-end', id: part.id ?? '' });
      return await this.#close(undefined, decision.text, out);
    }
    this.#masked ||= decision.outcome === 'mask';
    let next = 0;
    const mapped = map(() => {
      const block = next++;
      const text = decision.texts[block] as string;
      const toolArguments = isTool[block] ?? false;
      return placeholders ? placeholders.restore(text, { toolArguments, ...(restore && { allow: restore }) }) : text;
    });
    out.enqueue(this.#masked ? withoutEcho(mapped) : mapped);
  }

  #drop(key: string, open: Open): void {
    this.#open.delete(key);
    open.stream.free();
    open.restorer?.free();
  }

  #free(): void {
    for (const [key, open] of this.#open) this.#drop(key, open);
  }
}

function toolKey(id: string): string {
  return `tool ${id}`;
}
