// A published policy in a worker, as an isolate has it that starts, is asked to check, and starts again without a network.

import { createSync } from 'edgerail/sync';

function report(sync) {
  const { text, trust } = sync.engine.evaluate('Project Kestrel');
  const { source, degraded, lastError } = sync.status();
  return { text, trust, source, degraded, reason: lastError?.reason ?? null };
}

export async function follow({ root, url, target }) {
  const values = new Map();
  const storage = {
    get: async (key) => values.get(key) ?? null,
    put: async (key, value) => void values.set(key, value.slice().buffer),
    delete: async (key) => void values.delete(key),
  };
  const options = { root, url, target, storage, pollInterval: 0 };
  const sync = await createSync(options);
  await sync.syncNow();
  const first = report(sync);
  sync.close();
  const offline = async () => {
    throw new TypeError('no network');
  };
  const again = await createSync({ ...options, fetch: offline });
  const stored = report(again);
  await again.syncNow();
  const unreachable = report(again);
  again.close();
  return { first, stored, unreachable, redirected: await redirected(options) };
}

/** What comes of a repository whose address redirects. */
async function redirected(options) {
  try {
    const sync = await createSync({ ...options, url: `${options.url}moved/`, storage: 'memory' });
    return report(sync);
  } catch (error) {
    return [error.code, error.reason];
  }
}
