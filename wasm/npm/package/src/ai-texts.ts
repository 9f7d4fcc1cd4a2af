/** The texts of the AI SDK's prompts and answers. */
import { mapFile } from './ai-files.js';

/** What becomes of a text. `tool`: it is an input or result of a tool. */
export type TextMap = (text: string, about: { role: 'system' | 'user' | 'assistant'; tool: boolean }) => string;

/** A message of a prompt, whichever version of the SDK made it. */
export interface PromptMessage {
  role: string;
  content: string | readonly object[];
}

type Part = Record<string, unknown>;

/** Members that name or address something. */
const NAMES = new Set([
  'type',
  'kind',
  'id',
  'toolCallId',
  'toolName',
  'approvalId',
  'mediaType',
  'url',
  'providerOptions',
  'providerMetadata',
]);

/** Members of a provider's own data that only the provider can read. */
const OPAQUE = new Set(['itemId', 'encryptedContent']);

/** A message with its texts replaced. What a part of an unknown type says is guarded string by string. */
export function mapMessage<M extends PromptMessage>(message: M, map: TextMap, tools: boolean): M {
  const role = message.role === 'system' || message.role === 'assistant' ? message.role : 'user';
  const { content } = message;
  const about = { role, tool: false } as const;
  if (typeof content === 'string') return { ...message, content: map(content, about) };
  return { ...message, content: content.map((part) => mapPart(part as Part, map, role, tools)) };
}

/** A part of a message or an answer. */
export function mapPart<P extends object>(
  part: P,
  map: TextMap,
  role: 'system' | 'user' | 'assistant',
  tools: boolean,
): P {
  const given = part as Part;
  const about = { role, tool: false };
  switch (given['type']) {
    case 'text':
      return { ...part, text: map(String(given['text']), about), ...citedTexts(given, map, about) };
    case 'text-end':
      return { ...part, ...citedTexts(given, map, about) };
    case 'file':
      return { ...part, ...mapFile(given, (text) => map(text, about)) };
    case 'custom':
      return customPart(part, map, about);
    case 'tool-approval-response':
      return { ...part, ...reasonOf(given, map, about) };
    case 'tool-call':
      return tools ? toolPart(part, map, role) : part;
    case 'tool-result':
      return tools ? toolPart(part, map, role) : { ...part, ...denial(given, map, about) };
    // As AWS: the model's reasoning is not evaluated.
    case 'reasoning':
    case 'reasoning-file':
    case 'image':
    case 'source':
    case 'tool-approval-request':
      return part;
    default:
      return mapValue(part, map, about) as P;
  }
}

/** A provider's own part: what it says stands in the provider's data. */
function customPart<P extends object>(part: P, map: TextMap, about: Parameters<TextMap>[1]): P {
  const given = part as Part;
  const members = ['providerOptions', 'providerMetadata'].filter((name) => name in given);
  return Object.assign(
    mapValue(part, map, about) as P,
    ...members.map((name) => ({ [name]: mapValue(given[name], map, about, OPAQUE) })),
  );
}

/** The passages that a text cites; their sources are not evaluated. */
function citedTexts(part: Part, map: TextMap, about: Parameters<TextMap>[1]): Part {
  const { citations } = part;
  if (!Array.isArray(citations)) return {};
  const mapped = (citations as Part[]).map((citation) => {
    const citedText = citation?.['citedText'];
    return typeof citedText === 'string' ? { ...citation, citedText: map(citedText, about) } : citation;
  });
  return { citations: mapped };
}

/** Why a user approved or denied a tool's call, in the user's words. */
function reasonOf(part: Part, map: TextMap, about: Parameters<TextMap>[1]): Part {
  const { reason } = part;
  return typeof reason === 'string' ? { reason: map(reason, about) } : {};
}

/** The result of a call that the user denied is no tool's data. */
function denial(part: Part, map: TextMap, about: Parameters<TextMap>[1]): Part {
  const output = part['output'] as Part | undefined;
  if (output?.['type'] !== 'execution-denied') return {};
  return { output: { ...output, ...reasonOf(output, map, about) } };
}

function toolPart<P extends object>(part: P, map: TextMap, role: 'system' | 'user' | 'assistant'): P {
  const about = { role, tool: true };
  const given = part as Part;
  const members = ['input', 'output', 'result'].filter((name) => name in given);
  return Object.assign(
    { ...part },
    ...members.map((name) => ({
      [name]: name === 'output' ? mapOutput(given[name], map, about) : mapInput(given[name], map, about),
    })),
  );
}

/** What a tool gave; there may be files in it. */
function mapOutput(value: unknown, map: TextMap, about: Parameters<TextMap>[1]): unknown {
  const { type, value: parts } = Object(value) as Part;
  if (type !== 'content' || !Array.isArray(parts)) return mapInput(value, map, about);
  const mapped = parts.map((part: Part) =>
    part?.['type'] === 'file' ? { ...part, ...mapFile(part, (text) => map(text, about)) } : mapValue(part, map, about),
  );
  return { ...(value as Part), value: mapped };
}

/** The data of a tool; a string of JSON is opened. */
export function mapInput(value: unknown, map: TextMap, about: Parameters<TextMap>[1]): unknown {
  if (typeof value !== 'string' || !/^\s*[[{]/.test(value)) return mapValue(value, map, about);
  let parsed: unknown;
  try {
    parsed = JSON.parse(value);
  } catch {
    return map(value, about);
  }
  let changed = false;
  const mapped = mapValue(
    parsed,
    (text, about) => {
      const now = map(text, about);
      changed ||= now !== text;
      return now;
    },
    about,
  );
  return changed ? JSON.stringify(mapped) : value;
}

/** Every string and number below a value, but for members of these names. A number with a mask becomes a string. */
function mapValue(
  value: unknown,
  map: TextMap,
  about: Parameters<TextMap>[1],
  but: ReadonlySet<string> = about.tool ? NONE : NAMES,
): unknown {
  if (typeof value === 'string') return map(value, about);
  if (typeof value === 'number' || typeof value === 'bigint') {
    const text = String(value);
    const mapped = map(text, about);
    return mapped === text ? value : mapped;
  }
  if (Array.isArray(value)) return value.map((item) => mapValue(item, map, about, but));
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  if (Object.getPrototypeOf(value) !== Object.prototype && Object.getPrototypeOf(value) !== null) return value;
  const entries = Object.entries(value as Part);
  return Object.fromEntries(
    entries.map(([name, item]) => [name, but.has(name) ? item : mapValue(item, map, about, but)]),
  );
}

const NONE: ReadonlySet<string> = new Set();

/** Parts whose metadata a model needs again (signatures, ids), and which are not what was masked. */
const KEEPING = new Set([
  'custom',
  'reasoning',
  'reasoning-file',
  'reasoning-start',
  'reasoning-delta',
  'reasoning-end',
  'source',
  'tool-call',
  'tool-result',
  'tool-input-start',
  'tool-input-delta',
  'tool-input-end',
  'tool-approval-request',
]);

/**
 * A part or result of a masked answer without what its provider says of it: log probabilities, citations and
 * whatever else repeat the text. Calls of tools, reasoning and parts of the
 * provider's own (which were checked themselves) keep all but log probabilities.
 */
export function withoutEcho<P extends object>(part: P): P {
  const { providerMetadata, ...rest } = part as P & { providerMetadata?: unknown };
  if (providerMetadata === undefined) return part;
  if (!KEEPING.has(String((part as Part)['type']))) return rest as unknown as P;
  return { ...rest, providerMetadata: withoutLogprobs(providerMetadata) } as unknown as P;
}

function withoutLogprobs(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutLogprobs);
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  const entries = Object.entries(value).filter(([name]) => !/^log_?prob/i.test(name));
  return Object.fromEntries(entries.map(([name, item]) => [name, withoutLogprobs(item)]));
}
