// createSync in both browsers: what survives a reload, several tabs, a storage that is denied, evicted or spoilt.

import assert from 'node:assert/strict';
import test from 'node:test';

import { SURFACES, start, testServer } from '../lib/surfaces.mjs';
import { startWorkerd } from '../lib/workerd.mjs';

const HELPERS = new URL('../../../wasm/npm/package/test/', import.meta.url);
const { Repository, TARGET, sha256 } = await import(new URL('repository.mjs', HELPERS));
const { compile } = await import('edgerail/compile');
const SCOPE = TARGET.replace('.browser.bundle', '');

const bundles = new Map();
async function bundle(version) {
  const definition = { name: 'small', blockedInputMessaging: `Version ${version}.`, blockedOutputsMessaging: 'No.', wordPolicyConfig: { wordsConfig: [{ text: 'Project Kestrel' }] } };
  if (!bundles.has(version)) bundles.set(version, Buffer.from((await compile(definition, { audience: 'browser', scope: SCOPE })).bundle));
  return bundles.get(version);
}

async function publish(world, version) {
  world.repository.set(TARGET, await bundle(version), { version }).publish();
}

/** A server with a repository; `world.down` answers everything below it with 503, `world.gate` is awaited first. */
async function worldOf() {
  const repository = new Repository();
  const world = { repository, root: repository.pinned.toString(), requests: [], working: 0, most: 0 };
  await publish(world, 1);
  world.server = await testServer({
    answer: async (path) => {
      if (path === '/baseline.tar') return { body: world.archive };
      if (!path.startsWith('/repository/')) return undefined;
      world.requests.push(path.slice('/repository/'.length));
      world.working += 1;
      world.most = Math.max(world.most, world.working);
      await world.gate;
      world.working -= 1;
      if (world.down) return { status: 503, body: 'down' };
      if (path.startsWith('/repository/moved/')) return { status: 302, headers: { location: path.replace('/moved', '') } };
      const body = world.repository.files.get(path.slice('/repository/'.length));
      return body ? { headers: { etag: `"${sha256(body).slice(0, 8)}"` }, body } : { status: 404, body: '' };
    },
  });
  return world;
}

/** Another tab of the same profile, with the same methods. */
async function tab(page, origin) {
  const { native } = page.page;
  const context = typeof native.context === 'function' ? native.context() : native.browserContext();
  const other = await context.newPage();
  await other.goto(`${origin}/`);
  return { call: caller(other), native: other };
}

/** Calls an export of `web/sync.mjs` in a page; arguments and results are JSON. */
function caller(native) {
  const inPage = async (text) => {
    const { name, argument } = JSON.parse(text);
    const module = await import('/web/sync.mjs');
    try {
      return JSON.stringify({ value: await module[name]({ origin: location.origin, ...argument }) });
    } catch (error) {
      return JSON.stringify({ error: { code: error?.code, reason: error?.reason, message: String(error?.stack) } });
    }
  };
  return async (name, argument) => {
    const { value, error } = JSON.parse(await native.evaluate(inPage, JSON.stringify({ name, argument })));
    if (error) throw Object.assign(new Error(error.message), { code: error.code, reason: error.reason });
    return value;
  };
}

const CASES = {
  'T-LKG-1 the policy survives a reload without a network, verified anew': async (world, page) => {
    assert.deepEqual(await page.call('open', { root: world.root }), { version: 1, trust: 'verified', degraded: [], source: 'repository', changes: 0 });
    world.down = true;
    world.requests.length = 0;
    await page.reload();
    assert.deepEqual(await page.call('open', { root: world.root }), { version: 1, trust: 'verified', degraded: [], source: 'storage', changes: 0 });
    assert.deepEqual(world.requests, []);
    const { version, reason, degraded } = await page.call('check');
    assert.deepEqual([version, reason, degraded], [1, 'http_status', ['unreachable']]);
    world.down = false;
    await publish(world, 2);
    assert.deepEqual((await page.call('check')).version, 2);
  },
  'an idle check makes two requests, and none for what it has': async (world, page) => {
    await page.call('open', { root: world.root });
    await page.call('check');
    world.requests.length = 0;
    await page.call('check');
    assert.deepEqual(world.requests, ['metadata/2.root.json', 'metadata/timestamp.json']);
  },
  'one tab checks, the other one follows without asking': async (world, page) => {
    const other = await tab(page, world.server.origin);
    await page.call('open', { root: world.root });
    assert.equal((await other.call('open', { root: world.root })).source, 'storage');
    await publish(world, 2);
    assert.equal((await page.call('check')).version, 2);
    world.requests.length = 0;
    const { version, trust } = await other.call('until', { version: 2 });
    assert.deepEqual([version, trust, world.requests], [2, 'verified', []]);
    await publish(world, 3);
    assert.equal((await other.call('check')).version, 3);
    assert.equal((await page.call('until', { version: 3 })).version, 3);
  },
  'two tabs that check at the same time do so one after the other': async (world, page) => {
    const other = await tab(page, world.server.origin);
    await page.call('open', { root: world.root });
    await other.call('open', { root: world.root });
    await publish(world, 2);
    let open;
    world.gate = new Promise((done) => (open = done));
    world.most = 0;
    const both = [page.call('check'), other.call('check')];
    while (world.working === 0) await new Promise((done) => setTimeout(done, 10));
    open();
    assert.deepEqual((await Promise.all(both)).map(({ version }) => version), [2, 2]);
    assert.equal(world.most, 1);
    assert.equal(world.requests.filter((path) => path.startsWith('targets/') && path.includes(sha256(bundles.get(2)))).length, 1);
  },
  'messages of others change nothing': async (world, page) => {
    const other = await tab(page, world.server.origin);
    await page.call('open', { root: world.root });
    await other.call('shout', { messages: ['changed', { version: 9 }, null, 'x'.repeat(1_000)] });
    assert.deepEqual(await page.call('report'), { version: 1, trust: 'verified', degraded: [], source: 'repository', changes: 0 });
    await other.call('spoil', { end: 'bundle/', at: -40 });
    await other.call('spoil', { end: 'metadata/', at: 20 });
    await other.call('shout', { messages: ['changed'] });
    assert.equal((await page.call('check')).version, 1);
  },
  'T-LKG-2 what was changed in the storage is not enforced': async (world, page) => {
    await page.call('open', { root: world.root });
    assert.deepEqual((await page.call('keys')).map((key) => key.replace(/[0-9a-f]{32,}/, '…')).sort(), ['activation', 'bundle/…', 'checked', 'etag', 'instance', 'metadata/snapshot.json', 'metadata/targets.json', 'metadata/timestamp.json']);
    world.down = true;
    for (const at of [-1, 3, 700]) {
      assert.ok((await page.call('spoil', { end: 'bundle/', at })) > 0);
      await page.reload();
      await assert.rejects(page.call('open', { root: world.root }), { code: 'sync_network' });
      world.archive = world.repository.archive();
      assert.deepEqual(await page.call('open', { root: world.root, archive: '/baseline.tar' }).then(({ version, source }) => [version, source]), [1, 'baseline']);
      await page.reload();
      world.down = false;
      assert.equal((await page.call('open', { root: world.root })).version, 1);
      await page.reload();
      world.down = true;
      assert.equal((await page.call('open', { root: world.root })).source, 'storage');
      await page.reload();
    }
  },
  'T-LKG-5 a storage that is evicted while the page is open gets back what the page has': async (world, page) => {
    await page.call('open', { root: world.root });
    await page.call('evict');
    const { version, degraded } = await page.call('check');
    assert.deepEqual([version, degraded], [1, []]);
    world.down = true;
    await page.reload();
    assert.equal((await page.call('open', { root: world.root })).source, 'storage');
  },
  'a storage that is denied: memory and baseline, and the status says so': async (world, page) => {
    for (const deny of [DENIALS.missing, DENIALS.throwing, DENIALS.failing, DENIALS.silent]) {
      await page.reload();
      await page.native.evaluate(deny);
      const options = { storage: 'indexeddb' };
      assert.deepEqual((await page.call('open', { root: world.root, options })).degraded, ['state_readonly'], String(deny));
      assert.deepEqual((await page.call('check')).reason, undefined);
    }
  },
  'without locks and channels it is still right': async (world, page) => {
    await page.native.evaluate(() => {
      Object.defineProperty(navigator, 'locks', { value: undefined });
      globalThis.BroadcastChannel = undefined;
    });
    await page.call('open', { root: world.root });
    await publish(world, 2);
    assert.equal((await page.call('check')).version, 2);
    world.down = true;
    await page.reload();
    assert.equal((await page.call('open', { root: world.root })).version, 2);
  },
  'a bundle that three pages in a row crashed on is not loaded again': async (world, page) => {
    await page.call('open', { root: world.root });
    await publish(world, 2);
    for (let crash = 0; crash < 3; crash += 1) {
      await page.call('crashed', { sha256: sha256(await bundle(2)) });
      await page.reload();
      await page.call('open', { root: world.root });
    }
    const { version, degraded } = await page.call('check');
    assert.deepEqual([version, degraded], [1, ['poisoned']]);
    await publish(world, 3);
    assert.deepEqual((await page.call('check')).version, 3);
  },
  'the browser is asked to keep the state only if the application says so': async (world, page) => {
    assert.equal(await page.call('persisted', { root: world.root }), 1);
  },
};

/** Ways in which there is no IndexedDB. */
const DENIALS = {
  missing: () => Object.defineProperty(globalThis, 'indexedDB', { value: undefined, configurable: true }),
  throwing: () =>
    Object.defineProperty(globalThis, 'indexedDB', {
      configurable: true,
      get: () => {
        throw new DOMException('denied', 'SecurityError');
      },
    }),
  failing: () => {
    IDBFactory.prototype.open = () => {
      throw new DOMException('denied', 'SecurityError');
    };
  },
  // Some leave it unanswered.
  silent: () => {
    IDBFactory.prototype.open = () => ({});
  },
};

for (const surface of SURFACES.filter((name) => name !== 'node')) {
  test(`createSync in ${surface}`, async (t) => {
    const running = await start(surface);
    t.after(() => running.stop());
    for (const [name, work] of Object.entries(CASES)) {
      await t.test(name, async () => {
        const world = await worldOf();
        const page = await running.open(world.server.origin);
        try {
          const native = page.page.native;
          await work(world, { ...page, native, call: caller(native), reload: () => native.reload() });
        } finally {
          await page.close();
          await world.server.stop();
        }
      });
    }
  });
}

test('createSync in workerd', async (t) => {
  const [worker, world] = await Promise.all([startWorkerd(), worldOf()]);
  t.after(async () => {
    await worker.stop();
    await world.server.stop();
  });
  const policy = { text: 'Version 1.', trust: 'verified' };
  assert.deepEqual(await worker.sync({ root: world.root, url: `${world.server.origin}/repository/`, target: TARGET }), {
    first: { ...policy, source: 'repository', degraded: [], reason: null },
    stored: { ...policy, source: 'storage', degraded: [], reason: null },
    unreachable: { ...policy, source: 'storage', degraded: ['unreachable'], reason: 'unreachable' },
    redirected: ['sync_network', 'redirect'],
  });
});
