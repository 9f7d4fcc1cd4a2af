/** Bodies of model APIs: their texts are found, decided together, and masks put back. Every other byte stays. */
import { EdgerailError } from './errors.js';
import { blocked as blockedBody, read, replace } from './generated/payload.js';
import { PayloadError } from './payload-errors.js';
import { callPayload, startPayload } from './payload-instance.js';
import type { Placeholders, RestoreOptions } from './placeholders.js';
import type { AnyEngine, ContentBlock, Decision, Outcome, Source, WasmSource } from './types.js';

/** Which API a body is of; docs/payloads.md lists what is guarded of each. */
export type Shape =
  | 'converse'
  | 'invoke-anthropic'
  | 'invoke-anthropic-text'
  | 'invoke-nova'
  | 'invoke-titan'
  | 'invoke-llama'
  | 'invoke-mistral'
  | 'invoke-cohere'
  | 'openai'
  | 'openai-responses'
  | 'anthropic'
  | 'mcp';

/** Whether a body asks or answers. */
export type Side = 'request' | 'response';

/** How a streamed answer is written: server-sent events, or AWS's binary messages. */
export type Framing = 'sse' | 'eventstream';

/** How much of a part of a body is guarded: everything, or what the caller tagged. */
export type Guarding = 'comprehensive' | 'selective';

/** How a guardrail is applied to bodies. The default is how AWS applies an enforced one. */
export interface PayloadOptions {
  /** The API, where it is known. Without it, it is told by the body's members. */
  shape?: Shape;
  /** The model, where it is known. Without it the body's `model` counts. */
  model?: string;
  /** The system prompt. Default `comprehensive`. */
  system?: Guarding;
  /** The messages. Default `comprehensive`. */
  messages?: Guarding;
  /** Whether inputs and results of tools are evaluated, which AWS never does. Default `false`. */
  tools?: boolean;
  /** The models the guardrail is enforced for, by id. Default all of them. */
  models?: { included?: readonly string[]; excluded?: readonly string[] };
  /** The longest body that is read, in bytes. Default 32 MiB. */
  maxBytes?: number;
  /**
   * Placeholders instead of plain masks in what goes to a model; in what comes from it their values are put back,
   * but not into arguments of tools or places from which a program would send them on.
   */
  placeholders?: Placeholders;
  /** Where values are put back nevertheless. */
  restore?: RestoreOptions['allow'];
  /** What exceptions expire by; see `EvaluateOptions`. */
  now?: Date | null;
  /** Escape hatch: `edgerail/payload.wasm`, where a bundler does not find it by itself. The first use decides. */
  wasm?: WasmSource;
}

export interface GuardBodyOptions extends PayloadOptions {
  /** Whether the body asks or answers, where it is known. Without it, it is told by the body's members. */
  side?: Side;
  /** Default `INPUT` for requests and `OUTPUT` for responses; with MCP the other way round. */
  source?: Source;
  /** After a block: a stream of the API instead of a response, for a caller that asked for one. */
  framing?: Framing;
}

/** A body after its check. */
export interface GuardedBody {
  outcome: Outcome;
  /** The body as it came, with masks, or after a block what to answer instead of the model. */
  body: Uint8Array;
  /** On all texts together; content blocks are numbered in the order of the body. */
  decision: Decision;
  /** What the body was taken for. */
  shape: Shape;
  side: Side;
  source: Source;
  /** Other APIs that the body would fit as well; the texts are at the same places. */
  also: Shape[];
  /** The model that the caller or the body names. */
  model?: string;
  /** Whether the guardrail is for this model. If not, nothing was evaluated. */
  applies: boolean;
  /** Whether the body asks for a stream. Bedrock says so in the path instead. */
  stream: boolean;
  /** The JSON pointer of each content block. */
  places: string[];
  /** What was not evaluated, and how much of it. */
  skipped: { media: number; reasoning: number; tools: number; untagged: number };
}

/** @internal What the module says of a body. */
export interface ReadBody {
  shape: Shape;
  side: Side;
  source: Source;
  also: Shape[];
  model?: string;
  applies: boolean;
  stream: boolean;
  skipped: GuardedBody['skipped'];
  content: (ContentBlock & { place: string; tool: boolean })[];
  /** What it was read with: it has to be written with the same. */
  raw: RawOptions;
}

/** @internal Options as the module takes them. */
export interface RawOptions extends Omit<PayloadOptions, 'models'> {
  side?: Side | undefined;
  included?: readonly string[] | undefined;
  excluded?: readonly string[] | undefined;
}

/** @internal */
export function rawOptions(options: PayloadOptions & { side?: Side }): RawOptions {
  const { models, ...rest } = options;
  return { ...rest, included: models?.included, excluded: models?.excluded };
}

/**
 * Guards a request or response of a model API.
 *
 * @throws {EdgerailError} `payload_unreadable` if it is of no known API or cannot be guarded: do not send it then.
 *
 * @example
 * const { outcome, body } = await guardBody(engine, JSON.stringify(request));
 * if (outcome !== 'block') await fetch(url, { method: 'POST', body });
 */
export async function guardBody(
  engine: AnyEngine,
  body: string | ArrayBuffer | ArrayBufferView,
  options: GuardBodyOptions = {},
): Promise<GuardedBody> {
  const bytes = bytesOf(body);
  await startPayload(options.wasm);
  return await guardRead(engine, bytes, readBody(bytes, options), options);
}

/** @internal Reads a body; the module must be there. */
export function readBody(bytes: Uint8Array, options: GuardBodyOptions): ReadBody {
  const raw = rawOptions(options);
  const json = callPayload(() => read(bytes, raw));
  return { ...(JSON.parse(json) as Omit<ReadBody, 'raw'>), raw };
}

/** @internal Reads a body as the first of some APIs that it is of. */
export function readAs(
  bytes: Uint8Array,
  shapes: readonly Shape[],
  options: PayloadOptions & { side: Side },
): ReadBody {
  const { shape: _, ...rest } = options;
  let first: unknown;
  for (const shape of shapes) {
    try {
      return readBody(bytes, { ...rest, shape });
    } catch (error) {
      if (!(error instanceof PayloadError) || error.problem !== 'payload_shape') throw error;
      first ??= error;
    }
  }
  if (shapes.length > 0) throw first;
  return readBody(bytes, rest);
}

/** @internal The rest of {@link guardBody}. */
export async function guardRead(
  engine: AnyEngine,
  bytes: Uint8Array,
  found: ReadBody,
  options: GuardBodyOptions,
): Promise<GuardedBody> {
  const { content, raw, ...about } = found;
  const source = options.source ?? found.source;
  const request = {
    content: content.map(({ text, role, qualifiers }) => ({
      text,
      ...(role && { role }),
      ...(qualifiers?.length && { qualifiers }),
    })),
    ...(found.model !== undefined && { model: found.model }),
  };
  const decision = await engine.evaluate(request, {
    source,
    offsets: 'utf16',
    ...(options.now !== undefined && { now: options.now }),
  });
  const { outcome } = decision;
  const result = { outcome, decision, ...about, source, places: content.map(({ place }) => place) };
  if (outcome === 'block') {
    return { ...result, body: callPayload(() => blockedBody(bytes, raw, decision.text, options.framing)) };
  }
  const edits = options.placeholders
    ? replaced(found, source, decision, options.placeholders, options)
    : masked(decision);
  if (edits.texts.length === 0) return { ...result, body: bytes };
  return { ...result, body: callPayload(() => replace(bytes, raw, new Uint32Array(edits.places), edits.texts)) };
}

/** Stretches of content blocks, three numbers for each, and what stands there instead. */
interface Edits {
  places: number[];
  texts: string[];
}

function masked(decision: Decision): Edits {
  return {
    places: decision.masks.flatMap(({ block, start, end }) => [block, start, end]),
    texts: decision.masks.map(({ label }) => `{${label}}`),
  };
}

/** Whole texts: what looks like a placeholder and is none changes too. */
function replaced(
  found: ReadBody,
  source: Source,
  decision: Decision,
  placeholders: Placeholders,
  options: PayloadOptions,
): Edits {
  const before = found.content.map(({ text }) => text);
  const after =
    source === 'INPUT'
      ? placeholders.maskAll(before, decision)
      : decision.texts.map((text, block) => {
          const toolArguments = found.shape === 'mcp' || (found.content[block]?.tool ?? false);
          return placeholders.restore(text, { toolArguments, ...(options.restore && { allow: options.restore }) });
        });
  const changed = before.flatMap((text, block) => (text === after[block] ? [] : [block]));
  return {
    places: changed.flatMap((block) => [block, 0, (before[block] as string).length]),
    texts: changed.map((block) => after[block] as string),
  };
}

/** @internal A copy, so that what is checked is what is sent. */
export function bytesOf(body: string | ArrayBuffer | ArrayBufferView): Uint8Array {
  if (typeof body === 'string') return new TextEncoder().encode(body);
  if (ArrayBuffer.isView(body)) return new Uint8Array(body.buffer, body.byteOffset, body.byteLength).slice();
  if (Object.prototype.toString.call(body) === '[object ArrayBuffer]') return new Uint8Array(body).slice();
  throw new EdgerailError('invalid_argument', 'a body is a text or bytes');
}
