/** The texts of the AI SDK's prompts and answers. */

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
      return { ...part, text: map(String(given['text']), about) };
    case 'file':
      return { ...part, ...fileText(given, map, about) };
    case 'tool-call':
    case 'tool-result':
      return tools ? toolPart(part, map, role) : part;
    // As AWS: the model's reasoning is not evaluated.
    case 'reasoning':
    case 'reasoning-file':
    case 'image':
    case 'source':
    case 'tool-approval-request':
    case 'tool-approval-response':
      return part;
    default:
      return mapValue(part, map, about) as P;
  }
}

/** Files that are text. */
function fileText(part: Part, map: TextMap, about: Parameters<TextMap>[1]): Part {
  const data = part['data'] as Part | undefined;
  if (typeof data !== 'object' || data === null || data['type'] !== 'text' || typeof data['text'] !== 'string')
    return {};
  return { data: { ...data, text: map(data['text'], about) } };
}

function toolPart<P extends object>(part: P, map: TextMap, role: 'system' | 'user' | 'assistant'): P {
  const about = { role, tool: true };
  const given = part as Part;
  const members = ['input', 'output', 'result'].filter((name) => name in given);
  return Object.assign({ ...part }, ...members.map((name) => ({ [name]: mapInput(given[name], map, about) })));
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

/** Every string and number below a value. A number with a mask becomes a string. */
function mapValue(value: unknown, map: TextMap, about: Parameters<TextMap>[1]): unknown {
  if (typeof value === 'string') return map(value, about);
  if (typeof value === 'number' || typeof value === 'bigint') {
    const text = String(value);
    const mapped = map(text, about);
    return mapped === text ? value : mapped;
  }
  if (Array.isArray(value)) return value.map((item) => mapValue(item, map, about));
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  if (Object.getPrototypeOf(value) !== Object.prototype && Object.getPrototypeOf(value) !== null) return value;
  const entries = Object.entries(value as Part);
  return Object.fromEntries(
    entries.map(([name, item]) => [name, NAMES.has(name) && !about.tool ? item : mapValue(item, map, about)]),
  );
}
