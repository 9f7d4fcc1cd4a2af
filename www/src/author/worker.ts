// The worker of the page in which guardrails are compiled: what may take long, and what only authors need. Texts are
// checked in the worker of the package, see ../engine/engine.ts; compared and judged is in ../judge/worker.ts.
import { compile, inspect } from 'edgerail/compile';
import type { Compiled, Inspection } from 'edgerail/compile';
import { serve } from './rpc.js';

const handlers = {
  compile(definition: string, overlay: string, audience: 'browser' | 'server'): Promise<Compiled> {
    return compile(definition, { audience, ...(overlay.trim() === '' ? {} : { overlay }) });
  },
  inspect(bundle: Uint8Array): Promise<Inspection> {
    return inspect(bundle);
  },
};

/** What the page may call; see {@link ./client.ts}. */
export type Author = typeof handlers;

serve(handlers);
