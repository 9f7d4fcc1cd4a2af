/** What a model API answers. */
import { holdsTurns, mayPass } from './conversation.js';
import { guardEventStream } from './event-stream.js';
import type { GuardFetchOptions } from './fetch.js';
import { PayloadError } from './payload-errors.js';
import { startPayload } from './payload-instance.js';
import { guardRead, readAs } from './payload.js';
import type { Framing, ReadBody, Shape } from './payload.js';
import { recordOf } from './guard-record.js';
import type { GuardRecord } from './guard-record.js';
import type { StreamMode } from './types.js';

interface ResponseOptions extends Omit<GuardFetchOptions, 'shape'> {
  mode: StreamMode;
  /** What cannot be read is not let through. */
  refuse: boolean;
  /** The address says that it is a model's. */
  listed: boolean;
  /** The APIs it may be of, the likeliest first. Empty: any. */
  shapes: readonly Shape[];
  /** The shapes are those of the address; otherwise the request was only taken for one. */
  certain: boolean;
  record: (record: Omit<GuardRecord, 'url'>) => void;
}

const NO_BODY = [101, 103, 204, 205, 304];

export async function guardResponse(response: Response, options: ResponseOptions): Promise<Response> {
  // What the page itself cannot read goes nowhere.
  if (
    !response.body ||
    response.type === 'opaque' ||
    response.type === 'opaqueredirect' ||
    NO_BODY.includes(response.status)
  ) {
    return response;
  }
  const type = (response.headers.get('content-type') ?? '').toLowerCase();
  if (type.startsWith('text/event-stream')) return await streamed(response, 'sse', options);
  if (type.startsWith('application/vnd.amazon.eventstream')) return await streamed(response, 'eventstream', options);
  return await whole(response, type, options);
}

async function streamed(response: Response, framing: Framing, options: ResponseOptions): Promise<Response> {
  const [shape] = options.shapes;
  if (!shape) {
    // Such an address streams what a model says, also to who asks for it by GET.
    if (!options.listed || options.unknown === 'pass') return response;
    return await refused(response, 'a stream of an API that is not known; name its shape');
  }
  const { record, model } = options;
  const body = guardEventStream(await options.engine, response.body as ReadableStream<Uint8Array>, {
    ...options,
    shape,
    framing,
    onEnd: ({ outcome, blocks }) => {
      record({
        side: 'response',
        shape,
        ...(model !== undefined && { model }),
        outcome,
        reasonCode: blocks.find(({ reasonCode }) => reasonCode !== 'ok')?.reasonCode ?? 'ok',
        found: blocks.reduce((sum, { found }) => sum + found, 0),
        stream: true,
      });
    },
  });
  return again(response, body);
}

async function whole(response: Response, type: string, options: ResponseOptions): Promise<Response> {
  // An error's page is no model's answer, unless it is written as one.
  const refuse = options.refuse && response.ok;
  if (!/[/+]json\b/.test(type)) {
    return refuse ? await refused(response, `no JSON (content-type ${type.split(';')[0] || 'missing'})`) : response;
  }
  const bytes = new Uint8Array(await response.arrayBuffer());
  await startPayload(options.wasm);
  let found: ReadBody;
  try {
    found = read(bytes, options);
  } catch (error) {
    if (!(error instanceof PayloadError) || refuse || !passes(error, bytes, response.ok, options)) throw error;
    return again(response, bytes);
  }
  const guarded = await guardRead(await options.engine, bytes, found, { ...options, side: 'response' });
  options.record(recordOf(guarded, 'response', false));
  return again(response, guarded.body);
}

/** Whether an answer may pass that could not be read. */
function passes(error: PayloadError, bytes: Uint8Array, ok: boolean, options: ResponseOptions): boolean {
  if (options.unknown === 'pass') return !error.recognized;
  // Lists of models and files pass; those of messages are conversations too.
  if (options.listed && holdsTurns(bytes)) return false;
  return mayPass(error, bytes, { what: ok ? 'answer' : 'error', typed: true });
}

function read(bytes: Uint8Array, options: ResponseOptions): ReadBody {
  const as = (shapes: readonly Shape[]) => readAs(bytes, shapes, { ...options, side: 'response' });
  try {
    return as(options.shapes);
  } catch (error) {
    const other = error instanceof PayloadError && error.problem === 'payload_shape' && !error.recognized;
    if (options.certain || !other) throw error;
    return as([]);
  }
}

async function refused(response: Response, what: string): Promise<never> {
  await response.body?.cancel().catch(() => undefined);
  throw new PayloadError('payload_kind', `the answer of a model API is ${what}, so it cannot be guarded`);
}

/** What describes the body as it was. */
const OF_BODY = [
  'content-length',
  'content-encoding',
  'content-digest',
  'repr-digest',
  'digest',
  'content-md5',
  'etag',
];

function again(response: Response, body: Uint8Array | ReadableStream<Uint8Array>): Response {
  const headers = new Headers(response.headers);
  for (const name of OF_BODY) headers.delete(name);
  const { status, statusText, url, redirected } = response;
  const made = new Response(body as BodyInit, { status, statusText, headers });
  // A response made by hand has none of these.
  return Object.defineProperties(made, { url: { value: url }, redirected: { value: redirected } });
}
