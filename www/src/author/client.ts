import { scriptUrl } from '../shell/trusted.js';
import { WorkerClient } from './rpc.js';
import type { Author } from './worker.js';
import workerUrl from './worker.js?worker&url';

let client: WorkerClient<Author> | undefined;

/** The worker that compiles. It starts with the first call, and calls queue up in it. */
export function author(): WorkerClient<Author> {
  client ??= new WorkerClient<Author>(() => new Worker(scriptUrl(workerUrl), { type: 'module', name: 'author' }));
  return client;
}
