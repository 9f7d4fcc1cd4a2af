/**
 * The engine in a Web Worker, with the interface of the engine itself: long texts keep no frame from being drawn,
 * and a check that never ends can be ended.
 */
import { readBundle } from './bundle.js';
import { EdgerailError } from './errors.js';
import type { AsyncEngine, BundleSource, LoadOptions } from './types.js';
import { WorkerEngine } from './worker-client.js';
import { ownWorker } from './worker-port.js';
import type { ScriptUrlPolicy, WorkerLike } from './worker-port.js';
import { engineWasm } from '#engine-wasm';
import { compileWasm } from './wasm.js';

export { EdgerailError } from './errors.js';
export type { ScriptUrlPolicy, WorkerLike } from './worker-port.js';
export type { AsyncEngine, AsyncTextStream, BundleSource, LoadOptions } from './types.js';

/** How long a call may take unless told otherwise, in milliseconds. */
const USUAL_TIMEOUT = 30_000;

export interface WorkerOptions extends LoadOptions {
  /**
   * Escape hatch: a worker of your own that imports `edgerail/worker-script`. Give a function if it can be made
   * again: after a failure the worker is replaced, and one that was given ready-made cannot be. That one may be given
   * to several engines, which then share its time and its end.
   */
  worker?: WorkerLike | (() => WorkerLike);
  /**
   * How long one call may take in the worker, in milliseconds; time in the queue does not count. What takes longer
   * is answered with a decision that blocks (`deadline`) and the worker is replaced. Default 30,000.
   */
  timeout?: number;
  /** Makes the script's URL a trusted one. Without it a policy named `edgerail` is created where one is needed. */
  trustedTypesPolicy?: ScriptUrlPolicy;
}

/**
 * Loads a bundle in a worker of its own.
 *
 * Calls are answered in their order, one at a time. Where the worker crashes or does not answer in time, the call is
 * answered with the decision that the guardrail gives on errors (it blocks, unless the bundle says otherwise), its
 * streams fail, calls that waited are asked of a new worker.
 *
 * `free()` ends the worker, once everything that was begun is done. An engine that is idle keeps no process of Node or
 * Bun alive; one of Deno it does, until it is freed.
 *
 * @throws {@link EdgerailError} with the codes of `loadEngine`, or `worker_failed`.
 */
export async function loadEngineInWorker(bundle: BundleSource, options: WorkerOptions = {}): Promise<AsyncEngine> {
  const { timeout = USUAL_TIMEOUT, worker, trustedTypesPolicy, wasm, onDecision, trust, require, audience } = options;
  if (typeof timeout !== 'number' || !(timeout > 0)) {
    throw new EdgerailError('invalid_argument', 'timeout is a number of milliseconds above 0');
  }
  const [bytes, module] = await Promise.all([
    // A copy: the worker may have to be started again, whatever becomes of the caller's bytes.
    readBundle(bundle).then((read) => read.slice()),
    compileWasm(wasm ?? engineWasm(), 'engine.wasm'),
  ]);
  const engine = new WorkerEngine({
    bundle: bytes,
    wasm: module,
    options: {
      ...(trust === undefined ? {} : { trust }),
      ...(require === undefined ? {} : { require }),
      ...(audience === undefined ? {} : { audience }),
    },
    timeout,
    create: creator(worker, trustedTypesPolicy),
    owned: worker === undefined || typeof worker === 'function',
    isForeign: worker !== undefined,
    onDecision,
  });
  await engine.start();
  return engine;
}

function creator(worker: WorkerOptions['worker'], policy: ScriptUrlPolicy | undefined): () => WorkerLike {
  if (worker === undefined) return () => ownWorker(policy);
  if (typeof worker === 'function') return worker;
  let given: WorkerLike | undefined = worker;
  return () => {
    const only = given;
    given = undefined;
    if (!only) {
      throw new EdgerailError('worker_failed', 'the worker failed and cannot be made again: give the option worker as a function');
    }
    return only;
  };
}
