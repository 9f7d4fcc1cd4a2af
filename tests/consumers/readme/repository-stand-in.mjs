// Stands in for the repository of https://policy.example.com/: it signs one with `guardrail.bundle` in it, and leaves the root
// to pin as `root.json`.

import { readFile, writeFile } from 'node:fs/promises';

import { Repository, TARGET } from './repository.mjs';

const repository = new Repository();
repository.set(TARGET, await readFile('guardrail.bundle'), { version: 1 }).publish();
await writeFile('root.json', repository.pinned);

const fetchThere = globalThis.fetch;

globalThis.fetch = async (input, init) => {
  const { hostname, pathname } = new URL(input instanceof Request ? input.url : input);
  if (hostname !== 'policy.example.com') return fetchThere(input, init);
  const file = repository.files.get(decodeURIComponent(pathname.slice(1)));
  return file ? new Response(file) : new Response('not found', { status: 404 });
};
