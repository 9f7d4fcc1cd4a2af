// createSync over HTTP, on a repository that is signed here. What must hold is in docs/npm.md; the names with T- are those of
// the threats in the project's threat model.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SyncError, createSync, isEdgerailError } from 'edgerail';
import { Key, NEXT, Repository, SCOPE, TARGET, at, envelope, sha256 } from './repository.mjs';
import { Disk, bundle, enforced, open, publish, published, refusal } from './sync-helpers.mjs';

test('the first policy comes from the repository, and its decisions are verified', async (t) => {
  const world = await published(t);
  const sync = await open(t, world);
  assert.equal(enforced(sync), 1);
  const status = sync.status();
  assert.deepEqual([status.source, status.degraded, status.denied, status.lastError], ['repository', [], false, null]);
  assert.deepEqual(status.active, { name: TARGET, version: 1, sha256: sha256(await bundle(1)), next: false });
  assert.deepEqual(Object.entries(status.roles).map(([role, { version }]) => [role, version]), [['root', 1], ['timestamp', 1], ['snapshot', 1], ['targets', 1]]);
  for (const { expires } of Object.values(status.roles)) assert.ok(Date.parse(expires) > Date.now());
  assert.ok(Math.abs(Date.parse(status.lastCheck) - Date.now()) < 60_000);
  assert.deepEqual(world.server.requests, ['metadata/2.root.json', 'metadata/timestamp.json', 'metadata/1.snapshot.json', 'metadata/1.targets.json', `targets/${sha256(await bundle(1))}.${TARGET}`]);
});

test('an idle check makes two requests, of which the second is answered with 304 and verified all the same', async (t) => {
  const world = await published(t);
  const sync = await open(t, world);
  world.server.requests.length = 0;
  let conditional = 0;
  world.server.faults.push((path, request) => void (conditional += path.endsWith('timestamp.json') && request.headers['if-none-match'] ? 1 : 0));
  const status = await sync.syncNow();
  assert.deepEqual([status.lastError, world.server.requests], [null, ['metadata/2.root.json', 'metadata/timestamp.json']]);
  assert.equal(conditional, 1);
});

test('what is published is enforced after the next check, by the same engine object, and listeners hear of it', async (t) => {
  const world = await published(t);
  const sync = await open(t, world);
  const { engine } = sync;
  const heard = [];
  sync.onChange(() => {
    throw new Error('of a listener');
  });
  const end = sync.onChange((status) => heard.push(status.active.version));
  const stream = engine.stream({ source: 'INPUT' });
  const held = stream.push('to ana@');
  await publish(world.repository, 2);
  const status = await sync.syncNow();
  assert.deepEqual([status.active.version, enforced(sync), heard], [2, 2, [2]]);
  assert.equal(engine.evaluate('Project Kestrel').text, 'Version 2.');
  // What began goes on with what it began with.
  assert.equal(held + stream.push('example.com now') + stream.finish().text, 'to {EMAIL} now');
  await sync.syncNow();
  end();
  await publish(world.repository, 3);
  await sync.syncNow();
  assert.deepEqual([heard, enforced(sync)], [[2], 3]);
});

/** Every way in which a repository can be wrong: what is done to it, and the code and reason that come of it. */
const REFUSALS = {
  'T-SIG-2 metadata without signatures': [(w) => change(w, 'metadata/timestamp.json', (json) => (json.signatures = [])), 'sync_metadata', 'signatures'],
  'T-SIG-1 metadata signed by somebody else': [(w) => (w.server.repository = stranger(w.repository)), 'sync_metadata', 'signatures'],
  'T-TYPE-1 a snapshot in the place of the timestamp': [(w) => put(w, 'metadata/timestamp.json', latest(w, 'snapshot')), 'sync_metadata', 'signatures'],
  'T-MIX-1 the snapshot of before': [(w) => put(w, `metadata/${w.repository.versions.snapshot}.snapshot.json`, w.repository.files.get('metadata/1.snapshot.json')), 'sync_metadata', ['length', 'hash_mismatch']],
  'T-MIX-5 the bundle of before under the new name': [(w) => put(w, bundlePath(w, 2), w.repository.files.get(bundlePath(w, 1))), ['sync_metadata', 'sync_network'], ['length', 'hash_mismatch', 'too_large', 'truncated']],
  'T-SCOPE-1 a bundle of another scope': [(w) => w.repository.set(TARGET, w.two, { version: 2, scope: `${SCOPE}-2` }).publish(), 'sync_target', 'target_scope'],
  'T-SCOPE-2 a bundle for servers': [(w) => w.repository.set(TARGET, w.two, { version: 2, audience: 'server' }).publish(), 'sync_target', 'target_audience'],
  'T-SCOPE-3 a bundle for another engine': [(w) => w.repository.set(TARGET, w.two, { version: 2, engine_abi: 9_999 }).publish(), 'sync_target', 'target_abi'],
  'T-SCOPE-4 no bundle for this scope': [(w) => w.repository.targets.delete(TARGET) && w.repository.publish(), 'sync_target', 'target_missing'],
  'a bundle of which nothing is signed but its hash': [(w) => w.repository.set(TARGET, w.two, { version: 0 }).publish(), 'sync_target', 'target_custom'],
  'T-RB-5 an older bundle, published anew': [(w) => w.repository.set(TARGET, w.zero, { version: 1 }).publish(), 'sync_target', 'target_version'],
  'T-RB-6 other bytes under the same version': [(w) => w.repository.set(TARGET, w.zero, { version: 3 }).publish(), 'sync_target', 'target_equivocation'],
  'T-RB-2 the metadata of before': [(w) => put(w, 'metadata/timestamp.json', w.first), 'sync_metadata', 'rollback'],
  'T-FRZ-1 metadata that has expired': [(w) => Object.assign(w.repository.expires, { timestamp: -10 }) && ((w.repository.issued = at(-60)), w.repository.refresh()), 'sync_metadata', 'expired'],
  'a page in the place of the timestamp': [(w) => fault(w, /timestamp/, { headers: { 'content-type': 'text/html' }, body: '<!DOCTYPE html><title>Sign in</title>' }), 'sync_network', 'html'],
  'a page in the place of the bundle': [(w) => fault(w, /^targets/, { body: '\n <html><title>Sign in</title>' }), 'sync_network', 'html'],
  'no timestamp': [(w) => fault(w, /timestamp/, { status: 404 }), 'sync_metadata', 'not_found'],
  'no snapshot': [(w) => fault(w, /snapshot/, { status: 403 }), 'sync_metadata', 'not_found'],
  'no bundle': [(w) => fault(w, /^targets/, { status: 404 }), 'sync_network', 'not_found'],
  'an error of the server': [(w) => fault(w, /timestamp/, { status: 503, headers: { 'retry-after': '7' } }), 'sync_network', 'http_status'],
  'an error for the next root': [(w) => fault(w, /root/, { status: 500 }), 'sync_network', 'http_status'],
  'a redirect to another host': [(w) => fault(w, /timestamp/, { status: 302, headers: { location: 'http://192.0.2.1/timestamp.json' } }), 'sync_network', 'redirect'],
  'a redirect of a bundle': [(w) => fault(w, /^targets/, { status: 301, headers: { location: '/repository/metadata/timestamp.json' } }), 'sync_network', 'redirect'],
  'T-BIG-1 a timestamp without an end': [(w) => fault(w, /timestamp/, { body: Buffer.alloc(200_000, 0x20) }), 'sync_network', 'too_large'],
  'T-BIG-2 an announced length of 10 GB': [(w) => fault(w, /timestamp/, { headers: { 'content-length': '10737418240' }, cut: 10, body: Buffer.alloc(10) }), 'sync_network', ['too_large', 'unreachable']],
  'T-BIG-3 a bundle with more bytes': [(w) => fault(w, /^targets/, { body: Buffer.concat([w.two, Buffer.alloc(1)]) }), 'sync_network', 'too_large'],
  'a bundle with fewer bytes': [(w) => fault(w, /^targets/, { body: w.two.subarray(1) }), 'sync_network', 'truncated'],
  'a connection that ends in the timestamp': [(w) => fault(w, /timestamp/, { cut: 20, body: latest(w, 'timestamp') }), 'sync_network', ['unreachable', 'truncated']],
  'a connection that ends in the bundle': [(w) => fault(w, /^targets/, { cut: 1_000, body: w.two }), 'sync_network', ['unreachable', 'truncated']],
  'T-SLOW-1 a server that does not answer': [(w) => fault(w, /timestamp/, { hang: true }), 'sync_network', 'timeout'],
  'a server that is gone': [(w) => w.server.stop(), 'sync_network', 'unreachable'],
};

const put = (w, path, bytes) => w.repository.files.set(path, bytes);
const fault = (w, where, answer) => w.server.faults.push((path) => (where.test(path) ? answer : undefined));
const latest = (w, role) => w.repository.files.get(role === 'timestamp' ? 'metadata/timestamp.json' : `metadata/${w.repository.versions[role]}.${role}.json`);
const bundlePath = (w, version) => `targets/${sha256(version === 1 ? w.one : w.two)}.${TARGET}`;
function change(w, path, edit) {
  const json = JSON.parse(w.repository.files.get(path));
  edit(json);
  put(w, path, Buffer.from(JSON.stringify(json)));
}
/** The same content, signed with keys that nobody trusts. */
function stranger(repository) {
  const other = repository.fork();
  other.keys = { ...other.keys, timestamp: [new Key()], snapshot: [new Key()], targets: [new Key()] };
  return other.publish();
}

for (const [what, [spoil, code, reason]] of Object.entries(REFUSALS)) {
  test(`${what}: refused, and the policy of before is enforced`, async (t) => {
    const world = await published(t);
    const first = world.repository.files.get('metadata/timestamp.json');
    const [zero, one, two] = await Promise.all([bundle(0), bundle(1), bundle(2)]);
    const isOlder = /^T-RB-[56]/.test(what);
    if (isOlder) {
      // The floor is 3, so that 1 is below it.
      await publish(world.repository, 3);
    }
    const sync = await open(t, world, what.startsWith('T-SLOW') ? { timeout: 1_000 } : {});
    const before = isOlder ? 3 : 1;
    assert.equal(enforced(sync), before);
    if (!isOlder) await publish(world.repository, 2);
    if (what.startsWith('T-RB-2')) await sync.syncNow();
    const kept = enforced(sync);
    const w = { ...world, first, zero, one, two };
    const saved = world.repository.fork();
    await spoil(w);
    const status = await sync.syncNow();
    assert.ok([code].flat().includes(status.lastError?.code), `the code is ${JSON.stringify(status.lastError)}`);
    assert.ok([reason].flat().includes(status.lastError.reason), `the reason is ${JSON.stringify(status.lastError)}`);
    assert.ok(status.lastError.message.length > 20);
    assert.ok(status.degraded.includes(status.lastError.code === 'sync_network' ? 'unreachable' : 'rejected'), String(status.degraded));
    assert.equal(enforced(sync), kept);
    if (what === 'a server that is gone') return;
    // And once it is in order again, the client is, too.
    world.server.faults.length = 0;
    world.server.repository = saved;
    Object.assign(saved.expires, { timestamp: 86_400 });
    Object.assign(saved.versions, { root: 1, timestamp: world.repository.versions.timestamp, snapshot: world.repository.versions.snapshot, targets: world.repository.versions.targets });
    saved.issued = undefined;
    await publish(saved, 4);
    const after = await sync.syncNow();
    assert.deepEqual([after.lastError, after.degraded, enforced(sync)], [null, [], 4]);
  });
}

test('T-SIG-1 no bit of a metadata file can be flipped unnoticed', async (t) => {
  const world = await published(t);
  const sync = await open(t, world);
  await publish(world.repository, 2);
  const names = ['metadata/timestamp.json', 'metadata/2.snapshot.json', 'metadata/2.targets.json'];
  for (const name of names) {
    const bytes = world.repository.files.get(name);
    for (let at = 0; at < bytes.length; at += 61) {
      const flipped = Buffer.from(bytes);
      flipped[at] ^= 1 << (at % 8);
      world.repository.files.set(name, flipped);
      await sync.syncNow();
      if (enforced(sync) !== 1) assert.deepEqual(JSON.parse(flipped).signed, JSON.parse(bytes).signed, `${name}: byte ${at}`);
      assert.equal(enforced(sync), 1, `${name}: byte ${at}`);
    }
    world.repository.files.set(name, bytes);
  }
  await sync.syncNow();
  assert.equal(enforced(sync), 2);
});

const FAULTS = {
  reset: { cut: 0, body: Buffer.from('x') },
  cut: { cut: 7, body: Buffer.from('{"signed":{}}') },
  'no answer': { hang: true },
  missing: { status: 404 },
  forbidden: { status: 403 },
  busy: { status: 429 },
  broken: { status: 500 },
  moved: { status: 307, headers: { location: 'http://192.0.2.1/' } },
  empty: { body: '' },
  page: { body: '<html></html>' },
  json: { body: '{"signatures":[],"signed":{}}' },
  noise: { body: Buffer.from(Array.from({ length: 300 }, (_, at) => (at * 37) % 256)) },
};

test('a fault at any request of a first start: refused with a code, and the next start is well', async (t) => {
  const world = await published(t);
  const requests = 5;
  for (const [name, answer] of Object.entries(FAULTS)) {
    for (let place = 0; place < requests; place += 1) {
      let seen = 0;
      world.server.faults.splice(0, 1, () => (seen++ === place ? answer : undefined));
      const disk = new Disk();
      const options = { storage: disk };
      const sync = await open(t, world, { ...options, ...(answer.hang && { timeout: 300 }) }).catch((error) => error);
      const what = `${name} at request ${place}`;
      if (isEdgerailError(sync)) {
        assert.ok(sync instanceof SyncError, `${what}: ${sync}`);
        assert.match(sync.code, /^sync_(metadata|network|target)$/, what);
      } else {
        // Nothing is there where nothing needs to be: the next root.
        assert.ok(place === 0 && ['missing', 'forbidden'].includes(name), `${what} was not noticed`);
        assert.equal(enforced(sync), 1, what);
        sync.close();
      }
      world.server.faults.length = 0;
      const again = await open(t, world, options);
      assert.equal(enforced(again), 1, what);
      again.close();
    }
  }
});

test('a fault at any request of an update: the policy of before, then the new one', async (t) => {
  const world = await published(t);
  let version = 1;
  const patient = await open(t, world);
  const hasty = await open(t, world, { timeout: 300 });
  for (const [name, answer] of Object.entries(FAULTS)) {
    const sync = answer.hang ? hasty : patient;
    for (let place = 0; place < 5; place += 1) {
      version += 1;
      await publish(world.repository, version);
      let seen = 0;
      world.server.faults.push(() => (seen++ === place ? answer : undefined));
      const status = await sync.syncNow();
      const what = `${name} at request ${place}`;
      const before = name === 'no answer' && place === 0 ? 1 : version - 1;
      if (status.lastError) assert.equal(enforced(sync), before, what);
      world.server.faults.length = 0;
      // On a busy machine the hasty one may be late again.
      for (let more = 0; more < 50 && enforced(sync) !== version; more += 1) await sync.syncNow();
      assert.equal(enforced(sync), version, what);
    }
  }
});

test('a rollout takes those in, and only those, whose ring and share it has reached', async (t) => {
  const world = await published(t);
  const offer = async (ring, permille) => world.repository.set(NEXT, await bundle(2), { version: 2, rollout: { ring, permille, salt: '00ff' } }).publish();
  const syncs = {};
  for (const ring of ['canary', 'early', 'general']) syncs[ring] = await open(t, world, { ring, instance: 'one' });
  const all = async () => {
    for (const sync of Object.values(syncs)) assert.equal((await sync.syncNow()).lastError, null);
    return Object.values(syncs).map(enforced);
  };
  await offer('canary', 0);
  assert.deepEqual(await all(), [1, 1, 1]);
  await offer('canary', 1_000);
  assert.deepEqual(await all(), [2, 1, 1]);
  assert.deepEqual(syncs.canary.status().active, { name: NEXT, version: 2, sha256: sha256(await bundle(2)), next: true });
  await offer('general', 1_000);
  assert.deepEqual(await all(), [2, 2, 2]);
  // Stopped: all go back to what is current, which a promoted bundle would not allow.
  world.repository.targets.delete(NEXT);
  world.repository.publish();
  assert.deepEqual(await all(), [1, 1, 1]);
  await offer('canary', 1_000);
  await all();
  world.server.requests.length = 0;
  world.repository.targets.delete(NEXT);
  await publish(world.repository, 2);
  assert.deepEqual(await all(), [2, 2, 2]);
  assert.equal(syncs.canary.status().active.next, false);
  // Now it is the floor.
  await publish(world.repository, 1);
  for (const sync of Object.values(syncs)) await sync.syncNow();
  assert.deepEqual(Object.values(syncs).map((sync) => [enforced(sync), sync.status().lastError.reason]), Array(3).fill([2, 'target_version']));
});

test('roots may rotate, also to ECDSA keys, for which the larger module is loaded', async (t) => {
  const world = await published(t);
  const sync = await open(t, world);
  world.repository.rotate({ root: [new Key()], timestamp: [new Key()] });
  await publish(world.repository, 2);
  assert.deepEqual([(await sync.syncNow()).lastError, enforced(sync), sync.status().roles.root.version], [null, 2, 2]);
  world.repository.rotate({ timestamp: [new Key('ecdsa')], snapshot: [new Key('ecdsa')], targets: [new Key('ecdsa')] });
  await publish(world.repository, 3);
  assert.deepEqual([(await sync.syncNow()).lastError, enforced(sync)], [null, 3]);
  world.repository.rotate({ root: [new Key('ecdsa'), new Key('ecdsa')] });
  await publish(world.repository, 4);
  assert.deepEqual([(await sync.syncNow()).lastError, enforced(sync)], [null, 4]);
  // Back below the floor of the metadata by a stranger's root.
  const other = new Repository();
  world.server.repository = other.set(TARGET, await bundle(5), { version: 5 }).publish();
  assert.equal((await sync.syncNow()).lastError.code, 'sync_metadata');
  assert.equal(enforced(sync), 4);
});

test('a repository of ECDSA keys from its first root on', async (t) => {
  const world = await published(t, { kind: 'ecdsa' });
  assert.equal(enforced(await open(t, world)), 1);
  assert.equal(enforced(await open(t, world, { root: JSON.parse(world.repository.pinned) })), 1);
});

test('a root that cannot be pinned, and arguments that are none, are named', async (t) => {
  const world = await published(t);
  const expired = new Repository({ root: -60 });
  expired.set(TARGET, await bundle(1), { version: 1 }).publish();
  const of = (options) => refusal(createSync({ root: world.repository.pinned, url: world.server.url, target: TARGET, storage: 'memory', pollInterval: 0, ...options }));
  const signed = JSON.parse(world.repository.pinned).signed;
  const zero = { ...signed, roles: { ...signed.roles, targets: { ...signed.roles.targets, threshold: 0 } } };
  assert.deepEqual(await of({ root: '<html>' }), ['sync_root', 'json']);
  assert.deepEqual(await of({ root: '{"signatures":[],"signed":{}}' }), ['sync_root', 'schema']);
  assert.deepEqual(await of({ root: envelope(signed, [new Key()]) }), ['sync_root', 'signatures']);
  assert.deepEqual(await of({ root: envelope(zero, world.repository.keys.root) }), ['sync_root', 'threshold']);
  world.server.repository = expired;
  assert.deepEqual(await of({ root: expired.pinned }), ['sync_metadata', 'expired']);
  const wrong = [{ root: undefined }, { root: 7 }, { root: Promise.resolve('') }, { url: undefined }, { url: 'nowhere' }, { url: 'ftp://example.com/' }, { url: 'https://example.com/?a' }, { target: 7 }];
  wrong.push({ target: 'a/b.browser.bundle' }, { target: `${SCOPE}.bundle` }, { target: 'x' }, { audience: 'all' }, { ring: 'late' }, { onExpired: 'allow' }, { onExpired: { deny: -1 } }, { onExpired: null });
  wrong.push({ storage: 'disk' }, { storage: {} }, { pollInterval: -1 }, { pollInterval: Number.NaN }, { timeout: 0 }, { now: 5 }, { fetch: 'x' }, { instance: 7 }, { baseline: null });
  for (const options of wrong) assert.equal((await of(options))[0], 'invalid_argument', JSON.stringify(options));
  await assert.rejects(createSync(), { code: 'invalid_argument' });
});

test('closed during a check, it leaves the others of the page alone', async (t) => {
  const world = await published(t);
  const [one, two] = [await open(t, world), await open(t, world)];
  const { roles } = two.status();
  assert.ok(roles.timestamp);
  const asked = new Promise((resolve) => world.server.faults.push((path) => (path.includes('timestamp') ? (resolve(), { hang: true }) : undefined)));
  const checking = assert.rejects(one.syncNow(), { code: 'freed' });
  await asked;
  one.close();
  await checking;
  world.server.faults.length = 0;
  assert.deepEqual(two.status().roles, roles);
  assert.equal((await two.syncNow()).lastError, null);
});

test('closed, it does nothing more', async (t) => {
  const world = await published(t);
  const sync = await open(t, world);
  const { engine } = sync;
  engine.free();
  assert.equal(enforced(sync), 1, 'free() of the engine is not the holder’s');
  const running = sync.syncNow();
  sync.close();
  sync.close();
  await running.catch((error) => assert.equal(error.code, 'freed'));
  for (const work of [() => engine.evaluate('x'), () => engine.stream(), () => sync.status()]) assert.throws(work, { code: 'freed' });
  await assert.rejects(sync.syncNow(), { code: 'freed' });
});
