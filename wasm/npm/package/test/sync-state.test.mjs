// What createSync has when the network is gone: the state of last time, the baseline, a clock that is wrong, a store that fails.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Repository, TARGET, at, sha256, tar } from './repository.mjs';
import { Disk, bundle, enforced, open, publish, published, refusal } from './sync-helpers.mjs';

const DAY = 86_400_000;
const later = (days) => () => new Date(Date.now() + days * DAY);
/** Nobody is there. */
const offline = async () => {
  throw new TypeError('fetch failed');
};
const key = (disk, end) => {
  const [found] = disk.ending(end);
  assert.ok(found, `${end} is not stored`);
  return found;
};

/** A disk that a synchronization has left behind, with one version. */
async function left(t, world) {
  const disk = new Disk();
  (await open(t, world, { storage: disk })).close();
  return disk;
}

test('T-LKG-1 without a network the policy of last time is enforced, and verified for it', async (t) => {
  const world = await published(t);
  const disk = await left(t, world);
  let asked = 0;
  const fetch = () => ((asked += 1), offline());
  const sync = await open(t, world, { storage: disk, fetch });
  assert.deepEqual([enforced(sync), asked, sync.status().source, sync.status().degraded], [1, 0, 'storage', []]);
  const status = await sync.syncNow();
  assert.deepEqual([status.lastError.code, status.lastError.reason, status.degraded, enforced(sync)], ['sync_network', 'unreachable', ['unreachable'], 1]);
});

test('T-LKG-2 whatever is changed in the storage, no bundle is enforced that was not signed', async (t) => {
  const world = await published(t);
  const whole = await left(t, world);
  const forged = await bundle(66);
  let kept = 0;
  for (const name of whole.values.keys()) {
    const value = whole.values.get(name);
    const places = value.length < 40 ? [0] : [0, 5, value.length >> 2, value.length >> 1, value.length - 40, value.length - 1];
    const changes = places.map((place) => Uint8Array.from(value, (byte, at) => (at === place ? byte ^ 4 : byte)));
    for (const changed of [...changes, undefined, new Uint8Array(), value.subarray(0, value.length >> 1), Buffer.from('{}'), forged]) {
      const disk = whole.copy();
      if (changed) disk.values.set(name, changed);
      else disk.values.delete(name);
      const sync = await open(t, world, { storage: disk, fetch: offline }).catch((error) => error);
      if (sync instanceof Error) {
        assert.match(sync.code, /^sync_/, name);
      } else {
        kept += 1;
        assert.equal(enforced(sync), 1, name);
        sync.close();
      }
      const again = await open(t, world, { storage: disk });
      assert.equal(enforced(again), 1, `${name}, with a network`);
      again.close();
    }
  }
  assert.ok(kept > 20, `only ${kept} were harmless`);
});

test('a stored bundle that is damaged is said to be, until it is stored anew', async (t) => {
  const world = await published(t);
  const disk = await left(t, world);
  const [name] = [...disk.values.keys()].filter((one) => one.includes('bundle/'));
  disk.values.get(name)[900] ^= 1;
  const sync = await open(t, world, { storage: disk, baseline: world.repository.archive() });
  const { degraded, lastError } = sync.status();
  assert.deepEqual([enforced(sync), degraded, lastError.code], [1, ['baseline', 'state_corrupt'], 'sync_metadata']);
  assert.deepEqual([(await sync.syncNow()).degraded, sync.status().lastError], [[], null]);
});

test('T-LKG-3 a stored state cannot take a running client below its floor', async (t) => {
  const world = await published(t);
  const disk = new Disk();
  const sync = await open(t, world, { storage: disk });
  const old = disk.copy();
  await publish(world.repository, 2);
  await sync.syncNow();
  assert.equal(enforced(sync), 2);
  disk.values = old.copy().values;
  world.server.faults.push(() => ({ status: 500 }));
  await sync.syncNow();
  assert.equal(enforced(sync), 2);
  world.server.faults.length = 0;
  const status = await sync.syncNow();
  assert.deepEqual([status.lastError, enforced(sync)], [null, 2]);
  // And what is known here is stored again.
  const next = await open(t, world, { storage: disk, fetch: offline });
  assert.equal(enforced(next), 2);
});

test('T-LKG-4 metadata that moved on, and a bundle that could not be had: the one of before after a restart, too', async (t) => {
  const world = await published(t);
  const disk = await left(t, world);
  const sync = await open(t, world, { storage: disk });
  await publish(world.repository, 2);
  world.repository.rotate();
  world.server.faults.push((path) => (path.startsWith('targets') ? { status: 500 } : undefined));
  const status = await sync.syncNow();
  assert.deepEqual([status.roles.targets.version, status.lastError.reason, enforced(sync)], [2, 'http_status', 1]);
  sync.close();
  const again = await open(t, world, { storage: disk, fetch: offline });
  assert.deepEqual([enforced(again), again.status().roles.targets.version], [1, 2]);
  again.close();
  world.server.faults.length = 0;
  const well = await open(t, world, { storage: disk });
  await well.syncNow();
  assert.equal(enforced(well), 2);
});

test('T-RB-7 an end at every write leaves a state that is of one version, or of the other', async (t) => {
  const world = await published(t);
  const before = await left(t, world);
  await publish(world.repository, 2);
  let points = 0;
  for (let limit = 0; ; limit += 1) {
    const disk = before.copy();
    let writes = 0;
    // As if the process ended there: nothing that comes later reaches the disk.
    const ended = (name) => async (...given) => (writes++ < limit ? await Disk.prototype[name].apply(disk, given) : undefined);
    const storage = { get: (name) => disk.get(name), put: ended('put'), delete: ended('delete') };
    const sync = await open(t, world, { storage });
    await sync.syncNow();
    assert.equal(enforced(sync), 2);
    sync.close();
    const alone = await open(t, world, { storage: disk, fetch: offline });
    assert.ok([1, 2].includes(enforced(alone)), `after ${limit} writes: ${enforced(alone)}`);
    await alone.close();
    const again = await open(t, world, { storage: disk });
    assert.equal((await again.syncNow()).lastError, null, `after ${limit} writes`);
    assert.equal(enforced(again), 2);
    again.close();
    points += 1;
    if (writes <= limit) break;
  }
  assert.ok(points > 5, `${points} points`);
});

test('T-LKG-5 where the storage was wiped, the baseline is enforced, in each of its forms', async (t) => {
  const world = await published(t);
  const archive = world.repository.archive();
  const entries = [...world.repository.files];
  const metadata = Object.fromEntries(entries.filter(([path]) => path.startsWith('metadata/')).map(([path, bytes]) => [path.slice(9), bytes]));
  const forms = { archive, blob: new Blob([archive]), response: () => new Response(archive), promise: async () => archive, files: { metadata, bundle: await bundle(1) } };
  for (const [form, baseline] of Object.entries(forms)) {
    const sync = await open(t, world, { baseline, fetch: offline });
    assert.deepEqual([enforced(sync), sync.status().source, sync.status().degraded], [1, 'baseline', ['baseline']], form);
    sync.close();
  }
  const sync = await open(t, world, { baseline: archive });
  world.server.requests.length = 0;
  const status = await sync.syncNow();
  // The bundle is here already.
  assert.deepEqual([status.source, status.degraded, enforced(sync)], ['repository', [], 1]);
  assert.ok(world.server.requests.every((path) => path.startsWith('metadata/')), String(world.server.requests));
});

test('a baseline that has expired is enforced on; one that is newer than the state of last time wins; an older one does not', async (t) => {
  const world = await published(t);
  const archive = world.repository.archive();
  const old = await open(t, world, { baseline: archive, fetch: offline, now: later(400) });
  assert.deepEqual([enforced(old), old.status().degraded], [1, ['baseline', 'baseline_expired']]);
  const disk = await left(t, world);
  await publish(world.repository, 2);
  const newer = await open(t, world, { baseline: world.repository.archive(), storage: disk, fetch: offline });
  assert.deepEqual([enforced(newer), newer.status().source], [2, 'baseline']);
  newer.close();
  const sync = await open(t, world, { storage: disk });
  await sync.syncNow();
  sync.close();
  const older = await open(t, world, { baseline: archive, storage: disk, fetch: offline });
  assert.deepEqual([enforced(older), older.status().source], [2, 'storage']);
  older.close();
  // What came with the application is a floor for the repository, too.
  const three = world.repository.fork();
  await publish(three, 3);
  const floored = await open(t, world, { baseline: three.archive() });
  assert.deepEqual([(await floored.syncNow()).lastError?.reason, enforced(floored)], ['target_version', 3]);
});

test('a baseline is verified like everything else', async (t) => {
  const world = await published(t);
  const archive = world.repository.archive();
  const other = new Repository();
  other.set(TARGET, await bundle(9), { version: 9 }).publish();
  const without = tar([...world.repository.files].filter(([path]) => !path.startsWith('targets/')));
  const swapped = tar([...world.repository.files].map(([path, bytes]) => [path, path.startsWith('targets/') ? Buffer.alloc(bytes.length) : bytes]));
  const cases = [
    [other.archive(), 'sync_metadata', 'signatures'],
    [without, 'sync_target', 'target_missing'],
    [swapped, 'sync_metadata', 'hash_mismatch'],
    [archive.subarray(0, archive.length >> 1), 'sync_metadata', 'archive'],
    [Buffer.alloc(2_048, 0x41), 'sync_metadata', 'archive'],
    [Buffer.from('<html>'), 'bundle_not_a_bundle', undefined],
    [tar([['metadata/timestamp.json', Buffer.from('{}')]]), 'sync_metadata', 'schema'],
    [tar([['metadata/timestamp.json', Buffer.alloc(70_000)]]), 'sync_network', 'too_large'],
    [tar([['a', Buffer.alloc(1)], ['a', Buffer.alloc(1)]]), 'sync_metadata', 'archive'],
  ];
  for (const [baseline, code, reason] of cases) {
    // Where there is no other policy, the network's error is the last, so that is what is seen there.
    const sync = await open(t, world, { baseline, storage: await left(t, world), fetch: offline });
    const { lastError } = sync.status();
    assert.deepEqual([enforced(sync), lastError.code, reason && lastError.reason], [1, code, reason]);
    sync.close();
    assert.deepEqual(await refusal(open(t, world, { baseline, fetch: offline })), ['sync_network', 'unreachable']);
  }
  // Every byte of the archive's first headers and metadata may be anything.
  for (let place = 0; place < archive.length; place += Math.ceil(archive.length / 150)) {
    const damaged = Buffer.from(archive);
    damaged[place] ^= 0x11;
    const sync = await open(t, world, { baseline: damaged, fetch: offline }).catch((error) => error);
    if (sync instanceof Error) assert.match(sync.code, /^sync_|^bundle_/, `byte ${place}: ${sync.stack}`);
    else assert.equal(enforced(sync), 1, `byte ${place}`);
    sync.close?.();
  }
});

test('a bundle that cannot be loaded is tried once, and not again after a restart', async (t) => {
  const world = await published(t);
  const disk = new Disk();
  const sync = await open(t, world, { storage: disk });
  const broken = Buffer.from((await bundle(2)).map((byte, place, all) => (place > 100 && place < all.length - 32 && place % 5 === 0 ? byte ^ 0xff : byte)));
  world.repository.set(TARGET, broken, { version: 2 }).publish();
  const status = await sync.syncNow();
  assert.deepEqual([status.lastError.code, status.lastError.reason, enforced(sync)], ['sync_target', 'load_failed', 1]);
  assert.ok(status.degraded.includes('poisoned'), String(status.degraded));
  for (const storage of [disk, disk.copy()]) {
    const again = storage === disk ? sync : await open(t, world, { storage });
    world.server.requests.length = 0;
    const after = await again.syncNow();
    assert.deepEqual([enforced(again), after.degraded], [1, ['poisoned']]);
    assert.deepEqual(world.server.requests.filter((path) => path.startsWith('targets')), [], 'it was fetched again');
  }
  await publish(world.repository, 3);
  assert.deepEqual([(await sync.syncNow()).degraded, enforced(sync)], [[], 3]);
});

test('T-TIME-1 a clock that stands behind what was signed is reported, and does not make old metadata fresh', async (t) => {
  const world = await published(t);
  world.repository.issued = at(-60);
  await publish(world.repository, 2);
  let days = 0;
  const disk = new Disk();
  const options = { storage: disk, now: () => later(days)() };
  const sync = await open(t, world, options);
  assert.deepEqual([enforced(sync), sync.status().degraded], [2, []]);
  days = -30;
  assert.deepEqual([(await sync.syncNow()).degraded, enforced(sync)], [['clock_back'], 2]);
  // Also by one that begins with such a clock.
  const next = await open(t, world, options);
  assert.deepEqual([(await next.syncNow()).degraded, enforced(next)], [['clock_back'], 2]);
  // Expired by the signed time, whatever the clock says.
  world.repository.expires.snapshot = -3_600;
  world.repository.publish();
  assert.equal((await sync.syncNow()).lastError.reason, 'expired');
});

test('T-TIME-2 a clock that is ahead: the metadata counts as expired, and the policy is enforced on', async (t) => {
  const world = await published(t);
  const disk = await left(t, world);
  const sync = await open(t, world, { storage: disk, now: later(30) });
  assert.deepEqual([enforced(sync), sync.status().degraded], [1, ['stale_metadata']]);
  const status = await sync.syncNow();
  assert.deepEqual([status.lastError.reason, status.degraded, enforced(sync)], ['expired', ['stale_metadata', 'rejected'], 1]);
});

test('T-TIME-3 without a clock everything but expiry is checked', async (t) => {
  const world = await published(t);
  const sync = await open(t, world, { now: () => null });
  assert.deepEqual([enforced(sync), sync.status().degraded, sync.status().lastCheck], [1, ['no_clock'], null]);
  await publish(world.repository, 2);
  assert.equal((await sync.syncNow()).lastError, null);
  assert.equal(enforced(sync), 2);
});

test('T-FRZ-4 where the application says so, everything is blocked once the metadata has expired for too long', async (t) => {
  const world = await published(t);
  const disk = await left(t, world);
  let days = 0;
  const records = [];
  const sync = await open(t, world, { storage: disk, fetch: offline, onExpired: { deny: 86_400 }, now: () => later(days)(), onDecision: (record) => records.push(record.reasonCode) });
  const decide = () => sync.engine.evaluate('hello');
  assert.equal(decide().outcome, 'pass');
  days = 1.5;
  await sync.syncNow();
  assert.deepEqual([decide().outcome, sync.status().degraded, sync.status().denied], ['pass', ['stale_metadata', 'unreachable'], false]);
  // Also between two checks.
  days = 2.5;
  const decision = decide();
  assert.deepEqual([decision.outcome, decision.reasonCode, decision.text, decision.trust], ['block', 'policy_stale', 'Version 1.', 'verified']);
  const stream = sync.engine.stream({ source: 'INPUT' });
  assert.equal(stream.push('hello'), 'Version 1.');
  const end = stream.finish();
  assert.deepEqual([end.outcome, end.reasonCode, end.text], ['block', 'policy_stale', '']);
  assert.deepEqual(sync.status().degraded, ['stale_metadata', 'policy_stale', 'unreachable']);
  assert.equal(sync.status().denied, true);
  assert.deepEqual(records, ['ok', 'ok', 'policy_stale', 'policy_stale']);
  days = 0.5;
  assert.equal(decide().outcome, 'pass');
  const keep = await open(t, world, { storage: disk, fetch: offline, now: later(4_000) });
  assert.equal(enforced(keep), 1);
});

test('a store that fails, at any of its calls, costs the memory of the next start and nothing else', async (t) => {
  const world = await published(t);
  for (const failing of ['get', 'put', 'delete']) {
    for (let place = 0; place < 6; place += 1) {
      const disk = new Disk();
      let calls = 0;
      const storage = Object.fromEntries(
        ['get', 'put', 'delete'].map((name) => [
          name,
          async (...given) => {
            if (name === failing && calls++ >= place) throw new DOMException('no space', 'QuotaExceededError');
            return await disk[name](...given);
          },
        ]),
      );
      const repository = world.repository.fork();
      world.server.repository = repository;
      const sync = await open(t, world, { storage });
      await publish(repository, 2);
      const status = await sync.syncNow();
      assert.deepEqual([status.lastError, enforced(sync)], [null, 2], `${failing} ${place}`);
      if (calls > place) assert.deepEqual(status.degraded, ['state_readonly'], `${failing} ${place}`);
      sync.close();
      const next = await open(t, world, { storage: disk });
      await next.syncNow();
      assert.equal(enforced(next), 2);
      next.close();
    }
  }
});

test('a store may give what stores give: null, ArrayBuffer, views of larger buffers', async (t) => {
  const world = await published(t);
  const values = new Map();
  const odd = (bytes) => new Uint8Array(Buffer.concat([Buffer.from('xx'), bytes]).buffer.slice(0));
  const storage = {
    get: async (name) => (values.has(name) ? (name.length % 2 ? values.get(name).buffer.slice(0) : values.get(name)) : null),
    put: async (name, value) => void values.set(name, odd(value).length ? new Uint8Array(value) : value),
    delete: async (name) => values.delete(name),
  };
  (await open(t, world, { storage })).close();
  const sync = await open(t, world, { storage, fetch: offline });
  assert.equal(enforced(sync), 1);
  for (const name of values.keys()) assert.match(name, /^[\x20-\x7e]+$/);
  assert.equal(sync.status().active.sha256, sha256(await bundle(1)));
  assert.ok(key({ ending: (end) => [...values.keys()].filter((name) => name.endsWith(end)) }, 'activation'));
});

test('a trap of the verifying client costs one check, and nothing of what is enforced', async () => {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const fault = join(process.env.CARGO_TARGET_DIR ?? join(root, '../../../target'), 'npm/fault/trust.wasm');
  const { stdout } = await promisify(execFile)(process.execPath, [join(root, 'test/sync-trap.mjs'), fault]);
  assert.equal(stdout.trim(), 'survived');
});

test('no timer keeps a process alive', async () => {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const code = `
    import { createSync } from 'edgerail/sync';
    import { Repository, TARGET } from './test/repository.mjs';
    import { bundle } from './test/sync-helpers.mjs';
    const repository = new Repository();
    repository.set(TARGET, await bundle(1), { version: 1 }).publish();
    const fetch = async (url) => {
      const file = repository.files.get(decodeURIComponent(new URL(url).pathname.slice(1)));
      return file ? new Response(file) : new Response('', { status: 404 });
    };
    const sync = await createSync({ root: repository.pinned, url: 'https://policy.example.com', target: TARGET, fetch });
    console.log(sync.engine.evaluate('Project Kestrel').text);
  `;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', code], { cwd: root, timeout: 60_000 });
  assert.equal(stdout.trim(), 'Version 1.');
});
