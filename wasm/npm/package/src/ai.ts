/** The AI SDK (`ai`) with a guardrail: prompts are checked and masked, and so is what the model answers. */
import { mapMessage, mapPart, withoutEcho } from './ai-texts.js';
import type { PromptMessage, TextMap } from './ai-texts.js';
import { AnswerStream } from './ai-stream.js';
import type { StreamPart } from './ai-stream.js';
import { EdgerailError } from './errors.js';
import { BlockedError } from './payload-errors.js';
import type { Placeholders, RestoreOptions } from './placeholders.js';
import type { AnyEngine, ContentBlock, Decision, Source } from './types.js';

export { EdgerailError, isEdgerailError } from './errors.js';
export { BlockedError, PayloadError } from './payload-errors.js';

export interface GuardMiddlewareOptions {
  /** An engine, here or in a worker, or one that is still loading: calls wait for it. */
  engine: AnyEngine | PromiseLike<AnyEngine>;
  /**
   * After a block of the prompt: `respond` with the guardrail's message and the finish reason `content-filter`, or
   * `throw` a {@link BlockedError}. Default `respond`. The model is not called. Answers that are blocked end with
   * the message in any case.
   */
  onBlock?: 'respond' | 'throw';
  /** Whether inputs and results of tools are evaluated, which AWS never does. Default `false`. */
  tools?: boolean;
  /** Answers: `stream` lets streamed text go on as soon as it is safe, `buffer` each block of text as a whole. */
  responses?: 'stream' | 'buffer' | 'off';
  /**
   * Placeholders instead of plain masks in prompts; in answers their values are put back, but not into inputs of
   * tools or places from which a program would send them on.
   */
  placeholders?: Placeholders;
  /** Where values are put back nevertheless. */
  restore?: RestoreOptions['allow'];
  /** What exceptions expire by; see `EvaluateOptions`. */
  now?: Date | null;
}

/** Calls of a model, as much as is read of them. */
export interface CallParams {
  prompt: readonly PromptMessage[];
}

/** What a model generated, as much as is read of it. */
export interface GenerateResult {
  content: readonly object[];
  structuredOutputText?: string;
}

/** What a model streams, as much as is read of it. */
export interface StreamResult {
  stream: ReadableStream<StreamPart>;
}

/** A language model middleware of the AI SDK 7; the SDK's types are not needed to use it. */
export interface GuardMiddleware {
  readonly specificationVersion: 'v4';
  transformParams<P extends CallParams>(options: { params: P }): Promise<P>;
  wrapGenerate<R extends GenerateResult>(options: { doGenerate: () => PromiseLike<R>; params: object }): Promise<R>;
  wrapStream<R extends StreamResult>(options: { doStream: () => PromiseLike<R>; params: object }): Promise<R>;
}

/**
 * A middleware for `wrapLanguageModel`.
 *
 * @throws {EdgerailError} from the call of the model: `blocked` ({@link BlockedError}) with `onBlock: 'throw'`,
 * `payload_unreadable` ({@link PayloadError}) for a file that says it is text and cannot be read.
 *
 * @example
 * const model = wrapLanguageModel({ model: openai('gpt-5'), middleware: guardMiddleware({ engine }) });
 * const { text } = await generateText({ model, prompt });
 */
export function guardMiddleware(options: GuardMiddlewareOptions): GuardMiddleware {
  if (!options?.engine) throw new EdgerailError('invalid_argument', 'guardMiddleware takes { engine }');
  const guard = new ModelGuard(options);
  return {
    specificationVersion: 'v4',
    transformParams: ({ params }) => guard.prompt(params),
    wrapGenerate: ({ doGenerate, params }) => guard.generate(doGenerate, params),
    wrapStream: ({ doStream, params }) => guard.stream(doStream, params),
  };
}

const FINISHED = { unified: 'content-filter', raw: 'guardrail_intervened' };
const NO_USAGE = {
  inputTokens: { total: undefined, noCache: undefined, cacheRead: undefined, cacheWrite: undefined },
  outputTokens: { total: undefined, text: undefined, reasoning: undefined },
};
const FINISH = { type: 'finish', finishReason: FINISHED, usage: NO_USAGE } as StreamPart;

class ModelGuard {
  readonly #options: GuardMiddlewareOptions;
  /** The prompts that were blocked, by the parameters that go on in their place. */
  readonly #blocked = new WeakMap<object, Decision>();

  constructor(options: GuardMiddlewareOptions) {
    this.#options = options;
  }

  async prompt<P extends CallParams>(params: P): Promise<P> {
    const { placeholders, tools = false } = this.#options;
    const map = (text: TextMap) => params.prompt.map((message) => mapMessage(message, text, tools));
    const content: ContentBlock[] = [];
    map((text, { role }) => {
      content.push({ text, role });
      return text;
    });
    const decision = await this.#evaluate(content, 'INPUT');
    if (decision.outcome === 'block') {
      if (this.#options.onBlock === 'throw') throw new BlockedError(decision);
      // Whatever is done with them, the blocked text is not in them.
      const emptied = { ...params, prompt: [] };
      this.#blocked.set(emptied, decision);
      return emptied;
    }
    const texts = placeholders
      ? placeholders.maskAll(
          content.map(({ text }) => text),
          decision,
        )
      : decision.texts;
    return { ...params, prompt: map(inOrder(texts)) };
  }

  async generate<R extends GenerateResult>(doGenerate: () => PromiseLike<R>, params: object): Promise<R> {
    const blocked = this.#blocked.get(params);
    if (blocked) return answered(blocked.text, { warnings: [], usage: NO_USAGE }) as unknown as R;
    const result = await doGenerate();
    return this.#options.responses === 'off' ? result : await this.#answer(result);
  }

  async stream<R extends StreamResult>(doStream: () => PromiseLike<R>, params: object): Promise<R> {
    const blocked = this.#blocked.get(params);
    if (blocked) return { stream: message(blocked.text) } as R;
    const result = await doStream();
    if (this.#options.responses === 'off') return result;
    const answer = new AnswerStream(await this.#options.engine, {
      ...this.#options,
      mode: this.#options.responses === 'buffer' ? 'buffer' : 'incremental',
      finish: FINISH,
    });
    return { ...result, stream: result.stream.pipeThrough(answer.transform()) };
  }

  async #answer<R extends GenerateResult>(result: R): Promise<R> {
    const { placeholders, restore, tools = false } = this.#options;
    const content: ContentBlock[] = [];
    const isTool: boolean[] = [];
    const map = (text: TextMap) => ({
      content: result.content.map((part) => mapPart(part, text, 'assistant', tools)),
      ...(result.structuredOutputText !== undefined && {
        structuredOutputText: text(result.structuredOutputText, { role: 'assistant', tool: false }),
      }),
    });
    map((text, { tool }) => {
      content.push({ text });
      isTool.push(tool);
      return text;
    });
    const decision = await this.#evaluate(content, 'OUTPUT');
    // The provider's own body says all of it once more.
    const { response, ...rest } = result as R & { response?: { body?: unknown } };
    const { body: _, ...about } = response ?? {};
    if (decision.outcome === 'block') {
      const { structuredOutputText: __, ...others } = withoutEcho(rest as object as Partial<GenerateResult>);
      return answered(decision.text, { ...others, response: about }) as unknown as R;
    }
    const texts = decision.texts.map((text, block) => {
      const toolArguments = isTool[block] ?? false;
      return placeholders ? placeholders.restore(text, { toolArguments, ...(restore && { allow: restore }) }) : text;
    });
    const changed = texts.some((text, block) => text !== content[block]?.text);
    if (!changed) return result;
    const answer = { ...rest, ...map(inOrder(texts)), response: about };
    const masked = decision.texts.some((text, block) => text !== content[block]?.text);
    if (!masked) return answer as unknown as R;
    return { ...withoutEcho(answer), content: answer.content.map((part) => withoutEcho(part)) } as unknown as R;
  }

  async #evaluate(content: ContentBlock[], source: Source): Promise<Decision> {
    const engine = await this.#options.engine;
    const { now } = this.#options;
    return await engine.evaluate({ content }, { source, ...(now !== undefined && { now }) });
  }
}

/** Texts in the order in which they were read. */
function inOrder(texts: readonly string[]): TextMap {
  let next = 0;
  return () => texts[next++] as string;
}

/** The guardrail's message in place of an answer. */
function answered(text: string, rest: object): object {
  return { ...rest, content: [{ type: 'text', text }], finishReason: FINISHED };
}

function message(text: string): ReadableStream<StreamPart> {
  const id = 'guardrail';
  return new ReadableStream<StreamPart>({
    start(controller) {
      controller.enqueue({ type: 'stream-start', warnings: [] } as StreamPart);
      controller.enqueue({ type: 'text-start', id });
      controller.enqueue({ type: 'text-delta', id, delta: text });
      controller.enqueue({ type: 'text-end', id });
      controller.enqueue(FINISH);
      controller.close();
    },
  });
}
