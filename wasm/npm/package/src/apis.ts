/** Which requests go to a model, as far as their addresses say. */
import type { Shape } from './payload.js';

/** What is known of an address. */
export interface Endpoint {
  /** The APIs it may be, the likeliest first. Empty: any. */
  shapes: readonly Shape[];
  /** The model, where the path names it. */
  model?: string;
  /** The path asks for a stream. */
  stream?: boolean;
}

const HOSTS = [
  /^api\.openai\.com$/,
  /\.(openai|cognitiveservices|services\.ai)\.azure\.com$/,
  /^api\.anthropic\.com$/,
  /^bedrock-runtime(-fips)?\.[a-z0-9-]+\.(amazonaws\.com(\.cn)?|api\.aws|api\.amazonwebservices\.com\.cn)$/,
];

/** What InvokeModel takes, by the vendor in the model's id. */
const VENDORS: readonly (readonly [RegExp, readonly Shape[]])[] = [
  [/(^|[./])anthropic\./, ['invoke-anthropic', 'invoke-anthropic-text']],
  [/(^|[./])amazon\.nova/, ['invoke-nova']],
  [/(^|[./])amazon\.titan-text/, ['invoke-titan']],
  [/(^|[./])meta\.llama/, ['invoke-llama']],
  [/(^|[./])mistral\./, ['invoke-mistral']],
  [/(^|[./])cohere\./, ['invoke-cohere']],
  [/(^|[./])openai\./, ['openai']],
];

/** The model API at an address; `undefined` if it is not known as one. */
export function endpointOf(url: URL): Endpoint | undefined {
  const path = url.pathname.replace(/\/+$/, '');
  if (path.endsWith('/chat/completions')) return { shapes: ['openai'] };
  if (/\/(v1|openai)\/responses(\/[^/]+)?$/.test(path)) return { shapes: ['openai-responses'] };
  if (path.endsWith('/v1/messages')) return { shapes: ['anthropic'] };
  const bedrock = /\/model\/([^/]+)\/(converse|converse-stream|invoke|invoke-with-response-stream)$/.exec(path);
  if (bedrock) {
    const [, id = '', operation = ''] = bedrock;
    return { ...operationOf(operation, decoded(id)), stream: operation.endsWith('-stream') };
  }
  // ApplyGuardrail is itself a guardrail.
  if (/\/guardrail\/[^/]+\/version\/[^/]+\/apply$/.test(path)) return undefined;
  // With a dot at its end it is the same host.
  const hostname = url.hostname.replace(/\.$/, '');
  return HOSTS.some((host) => host.test(hostname)) ? { shapes: [] } : undefined;
}

function operationOf(operation: string, model: string): Endpoint {
  return { shapes: operation.startsWith('converse') ? ['converse'] : invokeShapes(model), model };
}

function invokeShapes(model: string): readonly Shape[] {
  return VENDORS.find(([id]) => id.test(model))?.[1] ?? [];
}

/** A model's id as callers write it. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Whether a signature covers the body, so that it cannot be changed any more. */
export function isSigned(url: URL, headers: Headers): boolean {
  const unsigned = 'UNSIGNED-PAYLOAD';
  const digests = ['content-digest', 'repr-digest', 'digest', 'content-md5'];
  if (digests.some((name) => headers.has(name))) return true;
  if (/^AWS4-/i.test(headers.get('authorization') ?? '')) return headers.get('x-amz-content-sha256') !== unsigned;
  const query = new Map([...url.searchParams].map(([name, value]) => [name.toLowerCase(), value]));
  return query.has('x-amz-signature') && query.get('x-amz-content-sha256') !== unsigned;
}
