import type { AsyncEngine, DecisionRecord } from 'edgerail';
import { loadEngineInWorker } from 'edgerail/worker';
import { scriptUrl } from '../shell/trusted.js';
import workerUrl from './worker.js?worker&url';

/** Loads a bundle into a worker of its own; the page stays free while texts are checked. */
export function startEngine(
  bundle: Uint8Array<ArrayBuffer>,
  options: { trust: 'local' | 'unverified'; onDecision?: (record: DecisionRecord, elapsed: number) => void },
): Promise<AsyncEngine> {
  return loadEngineInWorker(bundle, {
    ...options,
    // A server's bundle may be tried here, with a warning: whoever drops it has it already.
    audience: 'any',
    worker: () => new Worker(scriptUrl(workerUrl), { type: 'module', name: 'engine' }),
  });
}
