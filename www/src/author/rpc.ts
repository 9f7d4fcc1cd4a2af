/**
 * Calls between a page and a worker of its own. An error keeps its name, code and message, and what it lists under
 * `diagnostics`.
 */
export type Handlers = Record<string, (...values: never[]) => unknown>;

interface Call {
  id: number;
  name: string;
  values: unknown[];
}

type Reply =
  | { id: number; value: unknown }
  | { id: number; error: { name: string; message: string; code?: string | undefined; diagnostics?: unknown } }
  | { id: number; progress: unknown };

/** What failed in the worker, as the page sees it. */
export class RemoteError extends Error {
  override readonly name: string;
  readonly code: string | undefined;
  readonly diagnostics: unknown;

  constructor(error: { name: string; message: string; code?: string | undefined; diagnostics?: unknown }) {
    super(error.message);
    this.name = error.name;
    this.code = error.code;
    this.diagnostics = error.diagnostics;
  }
}

/** In the worker: answers calls by these handlers, one after the other. */
export function serve(handlers: Handlers): void {
  let last: Promise<void> = Promise.resolve();
  addEventListener('message', (event: MessageEvent<Call>) => {
    last = last.then(() => answer(handlers, event.data));
  });
}

/** In the worker, while a call runs: tells the page how far it is. */
let report: (progress: unknown) => void = () => {};

export function progress(value: unknown): void {
  report(value);
}

async function answer(handlers: Handlers, call: Call): Promise<void> {
  const post = (reply: Reply) => (postMessage as (message: Reply) => void)(reply);
  report = (value) => post({ id: call.id, progress: value });
  try {
    const handler = handlers[call.name] as ((...values: unknown[]) => unknown) | undefined;
    if (!handler) throw new TypeError(`the worker has no ${call.name}`);
    post({ id: call.id, value: await handler(...call.values) });
  } catch (thrown) {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    const { code, diagnostics } = error as { code?: string; diagnostics?: unknown };
    post({ id: call.id, error: { name: error.name, message: error.message, code, diagnostics } });
  }
}

export interface CallOptions {
  /** Stops the call: the worker is ended, because what computes cannot be interrupted, and started afresh. */
  signal?: AbortSignal;
  onProgress?: (value: unknown) => void;
}

interface Waiting {
  resolve: (value: unknown) => void;
  reject: (error: Error) => void;
  onProgress: ((value: unknown) => void) | undefined;
}

/** In the page: a worker that is started with the first call, and again after it failed or was stopped. */
export class WorkerClient<H> {
  #make: () => Worker;
  #worker: Worker | undefined;
  #waiting = new Map<number, Waiting>();
  #lastId = 0;

  constructor(make: () => Worker) {
    this.#make = make;
  }

  call<K extends keyof H & string>(
    name: K,
    values: Parameters<H[K] extends (...values: never[]) => unknown ? H[K] : never>,
    options: CallOptions = {},
  ): Promise<Awaited<ReturnType<H[K] extends (...values: never[]) => unknown ? H[K] : never>>> {
    const { signal } = options;
    if (signal?.aborted) return Promise.reject(stopped());
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise((resolve, reject) => {
      const onAbort = () => this.#restart(stopped());
      const settle = () => {
        this.#waiting.delete(id);
        signal?.removeEventListener('abort', onAbort);
      };
      this.#waiting.set(id, {
        resolve: (value) => {
          settle();
          resolve(value as never);
        },
        reject: (error) => {
          settle();
          reject(error);
        },
        onProgress: options.onProgress,
      });
      signal?.addEventListener('abort', onAbort);
      try {
        this.#worker ??= this.#start();
        this.#worker.postMessage({ id, name, values } satisfies Call);
      } catch (error) {
        this.#waiting.get(id)?.reject(error as Error);
      }
    });
  }

  #start(): Worker {
    const worker = this.#make();
    worker.addEventListener('message', (event: MessageEvent<Reply>) => {
      const reply = event.data;
      const waiting = this.#waiting.get(reply.id);
      if (!waiting) return;
      if ('progress' in reply) waiting.onProgress?.(reply.progress);
      else if ('error' in reply) waiting.reject(new RemoteError(reply.error));
      else waiting.resolve(reply.value);
    });
    worker.addEventListener('error', (event) => {
      event.preventDefault();
      const message = event.message || 'the worker could not be started';
      this.#restart(new RemoteError({ name: 'Error', code: 'worker_failed', message }));
    });
    return worker;
  }

  #restart(error: Error): void {
    this.#worker?.terminate();
    this.#worker = undefined;
    for (const waiting of [...this.#waiting.values()]) waiting.reject(error);
  }
}

function stopped(): RemoteError {
  return new RemoteError({ name: 'AbortError', code: 'aborted', message: 'stopped' });
}
