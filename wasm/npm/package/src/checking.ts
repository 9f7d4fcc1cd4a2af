import { EdgerailError } from './errors.js';
import type { AnyEngine, Decision, EvaluateOptions, Source } from './types.js';

/** What a check is asked with. */
export interface CheckOptions {
  /** Default `INPUT`. */
  source?: Source | undefined;
  /** The model the text is meant for or comes from. */
  model?: string | undefined;
  outputScope?: EvaluateOptions['outputScope'] | undefined;
}

/** Decides a text, here or in a worker. */
export async function decide(
  engine: AnyEngine,
  text: string,
  options: CheckOptions,
  signal: AbortSignal,
): Promise<Decision> {
  const { source = 'INPUT', outputScope = 'INTERVENTIONS', model } = options;
  const input = model === undefined ? text : { content: [{ text }], model };
  // An engine on this thread has no use for the signal.
  const asked: EvaluateOptions & { signal: AbortSignal } = { source, outputScope, signal };
  return await untilAborted(engine.evaluate(input, asked), signal);
}

/** What is awaited, or `aborted` as soon as nobody is interested any more. */
export function untilAborted<T>(awaited: T | Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const abort = (): void => reject(cancelled());
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    void Promise.resolve(awaited)
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', abort));
  });
}

export function cancelled(): EdgerailError {
  return new EdgerailError('aborted', 'the check was cancelled: nobody waits for it any more');
}
