/** What workers of browsers, Deno, Bun and Node differ in. */
import { workerScript } from '#worker-script';
import { EdgerailError } from './errors.js';
import type { CallMessage, ReplyMessage } from './worker-protocol.js';

/** A worker, as far as it is used: a Web Worker, or one of Node's `worker_threads`. */
export interface WorkerLike {
  postMessage(message: unknown): void;
  terminate(): unknown;
}

/** What a policy for Trusted Types has, as far as it is used. */
export interface ScriptUrlPolicy {
  createScriptURL(url: string): unknown;
}

type WorkerConstructor = new (script: URL, options: { type: 'module'; name: string; execArgv: string[] }) => WorkerLike;

/** Starts the package's own worker. */
export function ownWorker(policy?: ScriptUrlPolicy): WorkerLike {
  const Worker = workerConstructor();
  try {
    return new Worker(trusted(workerScript(), policy) as URL, {
      type: 'module',
      name: 'edgerail',
      // A thread of Node inherits what its process was started with, and some of that forbids files.
      execArgv: [],
    });
  } catch (cause) {
    throw new EdgerailError(
      'worker_failed',
      'the worker could not be created: its script must come from the origin of the page, worker-src must allow it, ' +
        "and under Trusted Types the policy 'edgerail' must be allowed; or pass the option worker",
      { cause },
    );
  }
}

function workerConstructor(): WorkerConstructor {
  if (typeof Worker === 'function') return Worker as WorkerConstructor;
  const host = globalThis as { process?: { getBuiltinModule?: (name: string) => { Worker: WorkerConstructor } } };
  const threads = host.process?.getBuiltinModule?.('node:worker_threads');
  if (threads) return threads.Worker;
  throw new EdgerailError('worker_failed', 'this platform has no module workers: use loadEngine of edgerail');
}

let ownPolicy: ScriptUrlPolicy | undefined;

/** Where scripts need a trusted URL, gives ours one. */
function trusted(script: URL, policy?: ScriptUrlPolicy): unknown {
  if (policy) return policy.createScriptURL(script.href);
  const types = (globalThis as { trustedTypes?: { createPolicy(name: string, rules: ScriptUrlPolicy): ScriptUrlPolicy } })
    .trustedTypes;
  if (!types) return script;
  try {
    // There is one script, and nobody can make this policy trust another.
    ownPolicy ??= types.createPolicy('edgerail', {
      createScriptURL: (url) => {
        if (url !== workerScript().href) throw new TypeError('not the script of edgerail');
        return url;
      },
    });
    return ownPolicy.createScriptURL(script.href);
  } catch {
    // The page names the policies it allows, and this one is not among them. It may be that it requires none.
    return script;
  }
}

/** The page's end of a worker. */
export interface Port {
  post(message: CallMessage): void;
  /** Whether an answer is awaited: what an idle process waits for. */
  busy(busy: boolean): void;
  /** Stops listening, and the worker with it if asked. */
  close(terminate: boolean): void;
}

interface Listeners {
  reply(message: ReplyMessage): void;
  /** The worker's script could not be loaded, threw, or ended; `isGone` says that it surely answers nothing more. */
  failure(cause: unknown, isGone: boolean): void;
}

type Listener = (event: unknown) => void;

interface AnyWorker extends WorkerLike {
  addEventListener?(type: string, listener: Listener): void;
  removeEventListener?(type: string, listener: Listener): void;
  on?(type: string, listener: Listener): void;
  off?(type: string, listener: Listener): void;
  ref?(): void;
  unref?(): void;
}

/** Listens to a worker. */
export function connect(given: WorkerLike, listeners: Listeners): Port {
  const worker = given as AnyWorker;
  const isWeb = typeof worker.addEventListener === 'function';
  const onMessage: Listener = (event) => {
    const message = (isWeb ? (event as MessageEvent).data : event) as ReplyMessage | null;
    if (typeof message === 'object' && typeof message?.edgerail === 'number') listeners.reply(message);
  };
  const onFailure: Listener = (event) => listeners.failure(event, false);
  const wanted: [string, Listener][] = [
    ['message', onMessage],
    ['error', onFailure],
    ['messageerror', onFailure],
    [isWeb ? 'close' : 'exit', (event) => listeners.failure(event, true)],
  ];
  for (const [type, listener] of wanted) (isWeb ? worker.addEventListener : worker.on)?.call(worker, type, listener);
  const waiting = awaited.get(worker) ?? new Set();
  awaited.set(worker, waiting);
  const port: Port = {
    post: (message) => worker.postMessage(message),
    busy(busy) {
      if (busy) waiting.add(port);
      else waiting.delete(port);
      if (waiting.size > 0) worker.ref?.();
      else worker.unref?.();
    },
    close(terminate) {
      for (const [type, listener] of wanted) (isWeb ? worker.removeEventListener : worker.off)?.call(worker, type, listener);
      // What a dying thread still says must not end the process.
      if (!isWeb && terminate) worker.on?.('error', () => {});
      if (terminate) void worker.terminate();
      else port.busy(false);
    },
  };
  return port;
}

/** Who awaits an answer of a worker: it may be given to several engines, and idles when all of them do. */
const awaited = new WeakMap<WorkerLike, Set<Port>>();
