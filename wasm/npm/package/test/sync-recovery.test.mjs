// What must not cost a policy: writes and reads that fail, pages that go away, engines that fail once, old content that comes back.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EdgerailError, loadEngine } from 'edgerail';
import { Key, NEXT, TARGET, at, sha256 } from './repository.mjs';
import { Disk, bundle, enforced, open, publish, published, session, stateOn } from './sync-helpers.mjs';

const offline = async () => {
  throw new TypeError('fetch failed');
};
const full = () => {
  throw new DOMException('no space', 'QuotaExceededError');
};

/** A disk on which a session has left version 1. */
async function left(world) {
  const disk = new Disk();
  const { policy, engine } = await session(world, disk);
  await policy.restore();
  await policy.update(false);
  assert.equal(enforced({ engine }), 1);
  policy.close();
  return disk;
}

/** What a start without a network enforces; 0 if nothing. */
async function started(world, disk, options = {}) {
  const { policy, engine } = await session(world, disk, { fetch: offline, ...options });
  const problem = await policy.restore();
  const version = engine.isLoaded ? enforced({ engine }) : 0;
  policy.close();
  return { version, problem };
}

/** Makes the engine fail so many self-tests; gives what ends that. */
async function failing(t, times, code = 'trap') {
  const engine = await loadEngine(await bundle(1), { audience: 'browser' });
  const prototype = Object.getPrototypeOf(engine);
  const { selfTest } = prototype;
  let left = times;
  prototype.selfTest = function () {
    if (left-- > 0) throw new EdgerailError(code, 'injected');
    return selfTest.call(this);
  };
  const end = () => (prototype.selfTest = selfTest);
  t.after(end);
  engine.free();
  return end;
}

test('a store that fails at one write, whichever, leaves no mark behind on what is enforced', async (t) => {
  const world = await published(t);
  const base = await left(world);
  await publish(world.repository, 2);
  let writes = 0;
  for (let place = 0; place === 0 || place < writes; place += 1) {
    const disk = base.copy();
    const before = (kind, number) => (kind === 'commit' && number === place ? full() : true);
    const { policy, engine, calls } = await session(world, disk, { before });
    await policy.restore();
    await policy.update(false);
    writes = Math.max(writes, calls.commit);
    const what = `write ${place}`;
    assert.equal(enforced({ engine }), 2, what);
    const { trying, poisoned } = stateOn(disk);
    assert.deepEqual([trying, poisoned], [undefined, []], what);
    policy.close();
    const { version, problem } = await started(world, disk);
    assert.ok([1, 2].includes(version) && problem === undefined, `${what}: ${version} ${problem}`);
    const again = await session(world, disk);
    await again.policy.restore();
    await again.policy.update(false);
    assert.deepEqual([enforced(again), again.policy.status().degraded, stateOn(disk).poisoned], [2, [], []], what);
    again.policy.close();
  }
  assert.ok(writes > 4, `${writes} writes`);
});

test('a store that fails for a while is written to again by a later check', async (t) => {
  const world = await published(t);
  const disk = await left(world);
  let isFull = true;
  const { policy, engine } = await session(world, disk, { before: (kind) => (kind === 'commit' && isFull ? full() : true) });
  await policy.restore();
  await publish(world.repository, 2);
  await policy.update(false);
  assert.deepEqual([enforced({ engine }), policy.status().degraded], [2, ['state_readonly']]);
  isFull = false;
  await policy.update(false);
  assert.deepEqual([enforced({ engine }), policy.status().degraded], [2, []]);
  policy.close();
  assert.equal((await started(world, disk)).version, 2);
});

test('a read that fails once is repeated; a store that cannot be read loses nothing of what it has', async (t) => {
  const world = await published(t);
  const disk = await left(world);
  const whole = disk.copy();
  for (let place = 0; place < 3; place += 1) {
    const once = (kind, number) => (kind === 'get' && number === place ? full() : true);
    assert.deepEqual(await started(world, disk, { before: once }), { version: 1, problem: undefined }, `read ${place}`);
    const on = (kind, number) => (kind === 'get' && number >= place ? full() : true);
    await started(world, disk, { before: on });
    assert.equal((await started(world, disk)).version, 1, `from read ${place} on`);
    assert.equal(stateOn(disk).current.sha256, stateOn(whole).current.sha256);
  }
  // And in the same session, once it can be read again, without fetching the bundle.
  let isClosed = true;
  const { policy, engine } = await session(world, disk, { before: (kind) => (kind === 'get' && isClosed ? full() : true) });
  await policy.restore();
  assert.equal(engine.isLoaded, false);
  isClosed = false;
  world.server.requests.length = 0;
  await policy.update(false);
  assert.deepEqual([enforced({ engine }), world.server.requests.filter((path) => path.startsWith('targets'))], [1, []]);
  policy.close();
});

test('an engine that fails while it loads the last-known-good bundle does not cost that bundle', async (t) => {
  const world = await published(t);
  const disk = await left(world);
  const { current } = stateOn(disk);
  const end = await failing(t, 1);
  const { version, problem } = await started(world, disk);
  assert.deepEqual([version, problem.code], [0, 'trap']);
  const { poisoned, loading } = stateOn(disk);
  assert.deepEqual([stateOn(disk).current, poisoned, loading], [current, [], 0]);
  end();
  assert.equal((await started(world, disk)).version, 1);
});

test('an engine that fails once gets the new bundle again; one that fails thrice does not', async (t) => {
  const world = await published(t);
  for (const times of [1, 2, 3]) {
    const disk = await left(world);
    const repository = world.repository.fork();
    await publish(repository, 2);
    const { policy, engine } = await session({ ...world, repository }, disk);
    await policy.restore();
    world.server.repository = repository;
    const end = await failing(t, times);
    for (let check = 0; check < times; check += 1) {
      const code = check === 2 ? 'sync_target' : 'trap';
      await assert.rejects(policy.update(false), { code });
      assert.equal(enforced({ engine }), 1);
      assert.equal(stateOn(disk).trying, undefined);
    }
    end();
    await policy.update(false);
    assert.equal(enforced({ engine }), times === 3 ? 1 : 2);
    assert.equal(stateOn(disk).poisoned.length, times === 3 ? 1 : 0);
    policy.close();
    world.server.repository = world.repository;
  }
});

test('a newer baseline that cannot be loaded does not cost the last-known-good bundle, nor raise the floor', async (t) => {
  const world = await published(t);
  const disk = await left(world);
  const newer = world.repository.fork();
  newer.set(TARGET, Buffer.from('edgerail? not at all'), { version: 2 }).publish();
  const sync = await session(world, disk, { fetch: offline });
  assert.equal(await sync.policy.restore(), undefined);
  await assert.rejects(sync.policy.takeBaseline(newer.archive()));
  assert.deepEqual([enforced(sync), sync.policy.status().source], [1, 'storage']);
  sync.policy.close();
  assert.equal((await started(world, disk)).version, 1);
  assert.equal(stateOn(disk).floor, 1);
});

test('a baseline is a floor also where a bundle of a rollout is enforced', async (t) => {
  const world = await published(t);
  world.repository.set(NEXT, await bundle(6), { version: 6, rollout: { ring: 'canary', permille: 1_000, salt: '00' } }).publish();
  const disk = new Disk();
  const options = { storage: disk, ring: 'canary' };
  const first = await open(t, world, options);
  await first.syncNow();
  assert.equal(enforced(first), 6);
  first.close();
  const five = world.repository.fork();
  five.targets.delete(NEXT);
  await publish(five, 5);
  const sync = await open(t, world, { ...options, baseline: five.archive() });
  assert.equal(enforced(sync), 6);
  world.repository.targets.delete(NEXT);
  world.repository.publish();
  const status = await sync.syncNow();
  assert.deepEqual([status.lastError?.reason, enforced(sync)], ['target_version', 6], 'version 1 is below the baseline');
});

test('the bytes of before under a higher version: an end at every write, and a poisoned hash, cost nothing', async (t) => {
  const world = await published(t);
  const base = await left(world);
  const one = await bundle(1);
  world.repository.set(TARGET, one, { version: 7 }).publish();
  let writes = 1;
  for (let limit = 0; limit <= writes; limit += 1) {
    const disk = base.copy();
    const { policy, engine, calls } = await session(world, disk, { before: (kind, number) => kind !== 'commit' || number < limit });
    await policy.restore();
    world.server.requests.length = 0;
    await policy.update(false);
    writes = calls.commit;
    assert.deepEqual([enforced({ engine }), policy.status().active.version], [1, 7]);
    assert.ok(world.server.requests.every((path) => path.startsWith('metadata/')));
    policy.close();
    assert.deepEqual(await started(world, disk), { version: 1, problem: undefined }, `after ${limit} writes`);
    assert.equal(stateOn(disk).trying, undefined);
  }
  assert.ok(writes > 4, `${writes} writes`);
  // The state of a tab that failed to load what is active here.
  const disk = base.copy();
  const state = { ...stateOn(disk), poisoned: [{ code: 'crashed', sha256: sha256(one) }] };
  disk.values.set('activation', Buffer.from(JSON.stringify(state)));
  assert.deepEqual(await started(world, disk), { version: 1, problem: undefined });
  // No trial is made of what is enforced, so none can fail.
  const end = await failing(t, 0);
  const { policy, engine } = await session(world, base.copy());
  await policy.restore();
  await failing(t, 99);
  await policy.update(false);
  assert.deepEqual([enforced({ engine }), policy.status().active.version], [1, 7]);
  end();
  policy.close();
});

test('old content that comes back is loaded where a newer baseline is enforced meanwhile', async (t) => {
  const world = await published(t);
  const disk = await left(world);
  const three = world.repository.fork();
  await publish(three, 3);
  const sync = await session(world, disk);
  await sync.policy.restore();
  await sync.policy.takeBaseline(three.archive());
  assert.equal(enforced(sync), 3);
  world.repository.set(TARGET, await bundle(1), { version: 4 }).publish();
  await sync.policy.update(false);
  const { active, source } = sync.policy.status();
  assert.deepEqual([enforced(sync), active.version, source], [1, 4, 'repository']);
  sync.policy.close();
  assert.equal((await started(world, disk)).version, 1);
});

test('what failed here is tried again when that is asked for, and other tabs do not bring the poison back', async (t) => {
  const world = await published(t);
  const disk = new Disk();
  const [sync, other] = [await open(t, world, { storage: disk }), await open(t, world, { storage: disk })];
  const end = await failing(t, 1, 'bundle_self_test');
  await publish(world.repository, 2);
  assert.deepEqual([(await sync.syncNow()).lastError.reason, enforced(sync)], ['self_test', 1]);
  end();
  assert.deepEqual([(await other.syncNow()).degraded, (await sync.syncNow()).degraded, enforced(sync)], [['poisoned'], ['poisoned'], 1]);
  const status = await sync.syncNow({ retryPoisoned: true });
  assert.deepEqual([status.lastError, status.degraded, enforced(sync)], [null, [], 2]);
  assert.deepEqual([(await other.syncNow()).degraded, enforced(other), (await sync.syncNow()).degraded], [[], 2, []]);
  const next = await open(t, world, { storage: disk, fetch: offline });
  assert.equal(enforced(next), 2);
});

test('a page that goes away while it loads a bundle has not crashed', async (t) => {
  const world = await published(t);
  const base = await left(world);
  await publish(world.repository, 2);
  for (const mark of ['loading', 'trying']) {
    const disk = base.copy();
    let isGone = false;
    let leaving = 0;
    const before = (kind, _, changes) => {
      if (isGone) return false;
      const value = changes?.find(([key]) => key === 'activation')?.[1];
      const state = value && JSON.parse(new TextDecoder().decode(typeof value === 'function' ? value(disk.values.get('activation')) : value));
      // Once the mark is written the page goes away: what it writes then is the last that reaches the disk.
      if (state?.[mark]) queueMicrotask(() => (policy.leave(), (leaving += 1), (isGone = true)));
      return true;
    };
    const { policy } = await session(world, disk, { before });
    await policy.restore();
    await policy.update(false);
    policy.close();
    assert.equal(leaving, 1);
    const { trying, loading, poisoned } = stateOn(disk);
    assert.deepEqual([trying, loading, poisoned], [undefined, 0, []], mark);
    assert.equal((await started(world, disk)).version, 1);
  }
});

test('a writer that knows less does not lower the floor, nor what is kept, where there are no locks', async (t) => {
  const world = await published(t);
  const disk = new Disk();
  const ahead = await open(t, world, { storage: disk });
  let work = async () => undefined;
  const old = world.repository.fork();
  const slow = await open(t, world, {
    storage: disk,
    fetch: async (url, init) => {
      const path = decodeURIComponent(new URL(url).pathname.replace('/repository/', ''));
      if (path === 'metadata/timestamp.json') await work();
      const body = old.files.get(path);
      return body ? new Response(body) : new Response('', { status: 404 });
    },
  });
  await publish(world.repository, 2);
  work = async () => void (await ahead.syncNow());
  await slow.syncNow();
  assert.deepEqual([enforced(ahead), enforced(slow)], [2, 1]);
  const { floor, current } = stateOn(disk);
  assert.deepEqual([floor, current.version], [2, 2]);
  const next = await open(t, world, { storage: disk, fetch: offline });
  assert.equal(enforced(next), 2);
});

test('a validator is sent only for the bytes that it came with', async (t) => {
  const world = await published(t);
  const disk = new Disk();
  const sent = [];
  world.server.faults.push((path, request) => void (path === 'metadata/timestamp.json' && sent.push(request.headers['if-none-match'])));
  const sync = await open(t, world, { storage: disk });
  const [name] = disk.ending('metadata/timestamp.json');
  const old = disk.values.get(name);
  await publish(world.repository, 2);
  await sync.syncNow();
  await sync.syncNow();
  sync.close();
  assert.deepEqual(sent.map((etag) => etag !== undefined), [false, true, true]);
  // The timestamp of before beside the validator of the new one: "not modified" would hold back what is new.
  disk.values.set(name, old);
  const next = await open(t, world, { storage: disk });
  assert.equal((await next.syncNow()).lastError, null);
  assert.deepEqual([sent[3], disk.values.get(name).length > 0], [undefined, true]);
  assert.notDeepEqual(disk.values.get(name), old);
});

test('a rotation of the timestamp key ends the time that a thief of the old one signed, in every tab', async (t) => {
  const world = await published(t);
  const disk = new Disk();
  const options = { storage: disk, onExpired: { deny: 0 } };
  const tabs = [await open(t, world, options), await open(t, world, options)];
  world.repository.issued = at(20 * 3_600);
  world.repository.refresh();
  for (const tab of tabs) assert.deepEqual([(await tab.syncNow()).degraded, enforced(tab)], [['clock_back'], 1]);
  world.repository.issued = undefined;
  world.repository.rotate({ timestamp: [new Key()], snapshot: [new Key()] });
  await publish(world.repository, 2);
  // The first one stores the new root; the second one finds it there.
  for (const tab of tabs) assert.deepEqual([(await tab.syncNow()).lastError, tab.status().degraded, enforced(tab)], [null, [], 2]);
  const next = await open(t, world, { ...options, fetch: offline });
  assert.deepEqual([next.status().degraded, enforced(next)], [[], 2]);
  // And the first one does not bring it back.
  assert.deepEqual([(await tabs[0].syncNow()).degraded, (await tabs[1].syncNow()).degraded], [[], []]);
});

test('pages that end while they load a bundle: three in a row poison a new one, and pass over the last-known-good one once', async (t) => {
  const world = await published(t);
  const base = await left(world);
  await publish(world.repository, 2);
  const disk = base.copy();
  /** A page that ends as soon as the mark is written. */
  const ended = async (mark) => {
    let isGone = false;
    const before = (kind, _, changes) => {
      if (isGone) return false;
      const value = changes?.find(([key]) => key === 'activation')?.[1];
      const state = value && JSON.parse(new TextDecoder().decode(typeof value === 'function' ? value(disk.values.get('activation')) : value));
      if (state?.[mark]) queueMicrotask(() => (isGone = true));
      return true;
    };
    const { policy } = await session(world, disk, { before });
    await policy.restore();
    await policy.update(false);
    policy.close();
    assert.ok(isGone);
  };
  for (let page = 1; page <= 3; page += 1) {
    assert.deepEqual(stateOn(disk).poisoned, [], `before page ${page}`);
    await ended('trying');
    assert.equal(stateOn(disk).trying, sha256(await bundle(2)));
  }
  const sync = await session(world, disk);
  await sync.policy.restore();
  await sync.policy.update(false);
  assert.deepEqual([enforced(sync), sync.policy.status().degraded, stateOn(disk).poisoned.length], [1, ['poisoned'], 1]);
  await sync.policy.update(true);
  assert.deepEqual([enforced(sync), sync.policy.status().degraded], [2, []]);
  sync.policy.close();
  for (let page = 1; page <= 3; page += 1) {
    disk.values.set('activation', Buffer.from(JSON.stringify({ ...stateOn(disk), loading: page })));
    const { version } = await started(world, disk, {});
    assert.equal(version, page === 3 ? 0 : 2, `page ${page}`);
  }
  // For once: it is still there.
  assert.deepEqual([(await started(world, disk)).version, stateOn(disk).poisoned], [2, []]);
});
