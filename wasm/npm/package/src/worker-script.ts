/**
 * The worker's end of `edgerail/worker`. Imported in a worker it begins to listen at once, as nothing else would be
 * of use there; anywhere else it does nothing. Messages of others it leaves alone.
 */
import { failureOf, loadEngine } from './engine.js';
import { EdgerailError, isEdgerailError } from './errors.js';
import type { DecisionRecord, Engine, TextStream } from './types.js';
import { failureKey } from './worker-protocol.js';
import type { Call, CallMessage, Loaded, ReplyMessage, StreamCall } from './worker-protocol.js';

type Answer = Pick<ReplyMessage, 'value' | 'blocked'>;
/** What is answered. */
type Asked = Exclude<Call, { name: 'free' }>;

/** The engine of one client and its streams. */
class Server {
  readonly #streams = new Map<number, TextStream>();
  #engine: Engine | undefined;
  /** The number of the call that loaded it. */
  #loading: number | undefined;
  #records: [DecisionRecord, number][] = [];

  /** Answers one call. Never throws. */
  async answer({ edgerail, key, call }: CallMessage & { call: Asked }): Promise<ReplyMessage | undefined> {
    if (call.name === 'load') {
      // Asked once more, because we said that we listen.
      if (edgerail === this.#loading) return undefined;
      this.#loading = edgerail;
    }
    let answer: Omit<ReplyMessage, 'edgerail' | 'key'>;
    try {
      answer = await this.#call(call);
    } catch (error) {
      answer = { error: errorOf(error) };
    }
    const records = this.#records;
    this.#records = [];
    return { edgerail, key, ...answer, ...(records.length === 0 ? {} : { records }) };
  }

  async #call(call: Asked): Promise<Answer> {
    switch (call.name) {
      case 'load':
        return { value: await this.#load(call) };
      case 'evaluate':
        return { value: this.#loaded().evaluate(call.input, call.options) };
      case 'selfTest':
        return { value: this.#loaded().selfTest() };
      case 'stream':
        this.#streams.set(call.stream, this.#loaded().stream(call.options));
        return {};
      default:
        return this.#stream(call);
    }
  }

  async #load(call: Extract<Call, { name: 'load' }>): Promise<Loaded> {
    this.free();
    const { bundle, wasm, options, records } = call;
    const engine = await loadEngine(bundle, {
      ...options,
      wasm,
      ...(records ? { onDecision: (record, elapsed) => this.#records.push([record, elapsed]) } : {}),
    });
    this.#engine = engine;
    const failures: Loaded['failures'] = {};
    for (const source of ['INPUT', 'OUTPUT'] as const) {
      for (const scope of ['INTERVENTIONS', 'FULL'] as const) {
        for (const code of ['deadline', 'trap'] as const) {
          failures[failureKey(source, scope, code)] = failureOf(engine, source, scope, code);
        }
      }
    }
    return { info: engine.info, failures };
  }

  #stream(call: StreamCall): Answer {
    const stream = this.#streams.get(call.stream);
    if (!stream) throw new EdgerailError('freed', 'the stream was freed: begin another one');
    const value = work(stream, call);
    if (call.name === 'release') this.#streams.delete(call.stream);
    return { value, blocked: stream.blocked };
  }

  #loaded(): Engine {
    if (!this.#engine) throw new EdgerailError('worker_failed', 'the worker has no engine');
    return this.#engine;
  }

  free(): void {
    for (const stream of this.#streams.values()) stream.free();
    this.#streams.clear();
    this.#engine?.free();
    this.#engine = undefined;
  }
}

function work(stream: TextStream, call: StreamCall): unknown {
  switch (call.name) {
    case 'push':
      return stream.push(call.text);
    case 'pushBytes':
      return stream.pushBytes(call.bytes);
    case 'nextBlock':
      return stream.nextBlock();
    case 'finish':
      return stream.finish();
    case 'stats':
      return stream.stats();
    case 'release':
      return stream.free();
  }
}

function errorOf(error: unknown): NonNullable<ReplyMessage['error']> {
  if (isEdgerailError(error)) return { code: error.code, message: error.message };
  return { code: 'worker_failed', message: 'the worker failed at the call' };
}

/** This thread's end of the channel to the page, if this is a worker. */
interface Channel {
  postMessage(message: unknown): void;
  addEventListener?(type: 'message', listener: (event: MessageEvent) => void): void;
  on?(type: 'message', listener: (message: unknown) => void): void;
}

function channel(): Channel | undefined {
  const scope = globalThis as {
    WorkerGlobalScope?: new () => unknown;
    process?: { getBuiltinModule?: (name: string) => { parentPort: Channel | null } };
  };
  if (scope.WorkerGlobalScope && globalThis instanceof scope.WorkerGlobalScope) return globalThis as unknown as Channel;
  return scope.process?.getBuiltinModule?.('node:worker_threads').parentPort ?? undefined;
}

function listen(channel: Channel): void {
  /** By key: whoever asks is answered by the engine they loaded, and by no other's. */
  const servers = new Map<string, Server>();
  const take = (message: unknown): void => {
    const { edgerail, key, call } = (message ?? {}) as Partial<CallMessage>;
    if (typeof edgerail !== 'number' || typeof key !== 'string' || !call) return;
    const server = servers.get(key) ?? new Server();
    if (call.name === 'free') {
      server.free();
      servers.delete(key);
      return;
    }
    if (call.name === 'load') servers.set(key, server);
    void server.answer({ edgerail, key, call }).then((reply) => reply && channel.postMessage(reply));
  };
  // Ports of Node are event targets too, but listen only this way.
  if (channel.on) channel.on('message', take);
  else channel.addEventListener?.('message', (event) => take(event.data));
  channel.postMessage({ edgerail: 0 } satisfies ReplyMessage);
}

const parent = channel();
if (parent) listen(parent);
