// Follows what publish.sh published: over HTTP, from the baseline, and for both audiences.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';

import { createSync } from 'edgerail/sync';

const SCOPE = 'aws~o-exampleorgid~ou-ab12-cdef3456~us-east-1';
const server = createServer(async (request, response) => {
  const path = decodeURIComponent(new URL(request.url, 'http://localhost').pathname);
  const file = await readFile(`repository${path}`).catch(() => undefined);
  response.writeHead(file ? 200 : 404).end(file ?? '');
});
await new Promise((done) => server.listen(0, '127.0.0.1', done));
const root = await readFile('root.json');
const options = { root, url: `http://127.0.0.1:${server.address().port}/`, pollInterval: 0 };

for (const [target, audience] of [[`${SCOPE}.browser.bundle`, 'browser'], [`${SCOPE}.bundle`, 'server']]) {
  const sync = await createSync({ ...options, target, audience });
  const { active, degraded, source } = await sync.syncNow();
  assert.deepEqual([active.name, active.version, degraded, source], [target, 1, [], 'repository']);
  assert.deepEqual([sync.engine.info.audience, sync.engine.info.scope, sync.engine.evaluate('x').trust], [audience, SCOPE, 'verified']);
  sync.close();
}
const fetch = async () => {
  throw new TypeError('no network');
};
const sync = await createSync({ ...options, target: `${SCOPE}.browser.bundle`, baseline: await readFile('baseline.tar'), fetch });
assert.deepEqual([sync.status().degraded, sync.status().active.version], [['baseline'], 1]);
assert.equal(sync.engine.evaluate('Write to ana.perez@example.com').text, 'Write to {EMAIL}');
sync.close();
server.close();
console.log('followed');
