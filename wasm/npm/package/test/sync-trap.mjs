// Run with the path of the verifying client that has an injected fault: a trap costs one check, and nothing of what is enforced.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createSync } from 'edgerail';
import { Repository, TARGET, serve } from './repository.mjs';
import { bundle, enforced } from './sync-helpers.mjs';

const FAULT = 'edgerail-fault-injection';
const wasm = { trust: await readFile(process.argv[2]) };
const repository = new Repository();
repository.set(TARGET, await bundle(1), { version: 1 }).publish();
const server = await serve(repository);
const options = { root: repository.pinned, url: server.url, target: TARGET, storage: 'memory', pollInterval: 0, wasm };
// What is blocked once it cannot be fresh is not blocked for a trap.
const sync = await createSync({ ...options, onExpired: { deny: 0 } });
const other = await createSync(options);
assert.deepEqual([enforced(sync), enforced(other)], [1, 1]);

for (let version = 2; version < 22; version += 1) {
  repository.set(TARGET, await bundle(version % 3), { version, note: FAULT }).publish();
  const status = await sync.syncNow();
  assert.deepEqual([status.lastError?.code, status.degraded], ['trap', ['rejected']]);
  assert.ok(!status.lastError.message.includes('fault'));
  assert.equal(status.active.version, version === 2 ? 1 : status.active.version);
}
assert.equal(enforced(sync), 1);
await assert.rejects(createSync(options), { code: 'trap' });
// The state of before the trap is known to the fresh instance: what is older is refused.
repository.set(TARGET, await bundle(0), { version: 1 }).publish();
assert.equal((await sync.syncNow()).lastError.reason, 'target_equivocation');
repository.set(TARGET, await bundle(30), { version: 30 }).publish();
for (const one of [sync, other]) {
  const status = await one.syncNow();
  assert.deepEqual([status.lastError, status.degraded, enforced(one)], [null, [], 30]);
  one.close();
}
await server.stop();
console.log('survived');
