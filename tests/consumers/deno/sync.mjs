// A published policy: by a fetch of its own, because this consumer may read files and nothing else.
import { createSync } from 'edgerail/sync';

import { Repository, TARGET } from './repository.mjs';

const repository = new Repository();
repository.set(TARGET, await Deno.readFile('guardrail.bundle'), { version: 1 }).publish();
const fetch = async (url) => {
  const file = repository.files.get(decodeURIComponent(new URL(url).pathname.slice(1)));
  return file ? new Response(file) : new Response('not found', { status: 404 });
};
const sync = await createSync({ root: repository.pinned, url: 'https://policy.example.com', target: TARGET, fetch });
const { lastError, degraded } = await sync.syncNow();
console.log(JSON.stringify({ trust: sync.engine.evaluate('Write to ann@example.com').trust, lastError, degraded }));
