// The worker of the page in which guardrails are compiled, compared and judged: what may take long, and what only
// authors need. Texts are checked in the worker of the package, see ../engine/engine.ts.
import { compile, diff, evaluateRows, inspect } from 'edgerail/compile';
import type { Compiled, Diff, DiffOptions, Evaluation, GuardrailSource, Inspection, JudgedRow, RowsOptions } from 'edgerail/compile';
import { progress, serve } from './rpc.js';

/** What crosses to the worker of the options: no functions, no signal. Stop a call by the client's signal. */
type Posted<T> = Omit<T, 'onProgress' | 'onRow' | 'signal' | 'wasm'>;

const tell = (done: number, total: number) => progress({ done, total });

const handlers = {
  compile(definition: string, overlay: string, audience: 'browser' | 'server'): Promise<Compiled> {
    return compile(definition, { audience, ...(overlay.trim() === '' ? {} : { overlay }) });
  },
  inspect(bundle: Uint8Array): Promise<Inspection> {
    return inspect(bundle);
  },
  diff(old: GuardrailSource, next: GuardrailSource, options: Posted<DiffOptions>): Promise<Diff> {
    return diff(old, next, { ...options, onProgress: tell });
  },
  async judge(
    guardrail: GuardrailSource,
    rows: string | Uint8Array,
    options: Posted<RowsOptions>,
  ): Promise<{ evaluation: Evaluation; rows: JudgedRow[] }> {
    const judged: JudgedRow[] = [];
    const evaluation = await evaluateRows(guardrail, rows, {
      ...options,
      onProgress: tell,
      onRow: (row) => judged.push(row),
    });
    return { evaluation, rows: judged };
  },
};

/** What the page may call; see {@link ./client.ts}. */
export type Author = typeof handlers;

serve(handlers);
