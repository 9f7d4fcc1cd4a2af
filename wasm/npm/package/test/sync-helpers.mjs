// What the tests of createSync have in common: bundles that tell their version, a server, a store.
import { createSync } from 'edgerail';
import { start } from '../dist/esm/instance.js';
import { TrustFactory } from '../dist/esm/sync-client.js';
import { Policy } from '../dist/esm/sync-core.js';
import { StateStore } from '../dist/esm/sync-memory.js';
import { settingsOf } from '../dist/esm/sync-options.js';
import { DEFINITION, bundleOf } from './guardrail.mjs';
import { Repository, SCOPE, TARGET, serve } from './repository.mjs';

/** Small, for there are many. */
const SMALL = {
  name: DEFINITION.name,
  blockedOutputsMessaging: DEFINITION.blockedOutputsMessaging,
  wordPolicyConfig: { wordsConfig: DEFINITION.wordPolicyConfig.wordsConfig },
  sensitiveInformationPolicyConfig: { piiEntitiesConfig: DEFINITION.sensitiveInformationPolicyConfig.piiEntitiesConfig.slice(0, 1) },
};
const made = new Map();

/** A bundle whose message names its version. */
export async function bundle(version, options = {}) {
  const key = JSON.stringify([version, options]);
  if (!made.has(key)) {
    const definition = { ...SMALL, blockedInputMessaging: `Version ${version}.` };
    made.set(key, Buffer.from(await bundleOf(definition, { audience: 'browser', scope: SCOPE, ...options })));
  }
  return made.get(key);
}

/** The version that is enforced, as a decision tells it. */
export function enforced(sync) {
  const decision = sync.engine.evaluate('Project Kestrel');
  if (decision.outcome !== 'block' || decision.trust !== 'verified') throw new Error(`decided ${decision.outcome}, trust ${decision.trust}`);
  return Number(/^Version (\d+)\.$/.exec(decision.text)?.[1] ?? Number.NaN);
}

/** A repository with one version published, on a server; ended with the test. */
export async function published(t, { version = 1, ...options } = {}) {
  const repository = new Repository(options);
  repository.set(TARGET, await bundle(version), { version }).publish();
  const server = await serve(repository);
  t.after(server.stop);
  return { repository, server };
}

/** Publishes another version. */
export async function publish(repository, version, custom = {}) {
  repository.set(TARGET, await bundle(version), { version, ...custom }).publish();
}

/** A store that outlives a synchronization, as the bytes of a disk do. */
export class Disk {
  values = new Map();
  writes = 0;

  async get(key) {
    return this.values.get(key)?.slice();
  }

  async put(key, value) {
    this.writes += 1;
    this.values.set(key, value.slice());
  }

  async delete(key) {
    this.writes += 1;
    this.values.delete(key);
  }

  /** The entries whose keys end so. */
  ending(end) {
    return [...this.values.keys()].filter((key) => key.endsWith(end));
  }

  copy() {
    const copy = new Disk();
    for (const [key, value] of this.values) copy.values.set(key, value.slice());
    return copy;
  }
}

/** Without polls, and closed with the test. */
export async function open(t, { repository, server }, options = {}) {
  const sync = await createSync({ root: repository.pinned, url: server.url, target: TARGET, storage: 'memory', pollInterval: 0, ...options });
  t.after(() => sync.close());
  return sync;
}

/** The code and the reason of what a promise rejects with; fails if it does not. */
export async function refusal(promise) {
  try {
    const sync = await promise;
    sync.close?.();
  } catch (error) {
    return [error.code, error.reason];
  }
  throw new Error('was not refused');
}

/**
 * A session on a database as tabs have it: changes are written all or not at all, and under locks, so that half-done work is
 * marked. `before` sees every call (`get` or `commit`, its number) and may throw, or give `false` for a write that is lost.
 */
export async function session({ repository, server }, disk, { before = () => true, ...options } = {}) {
  const calls = { get: 0, commit: 0 };
  const backing = {
    get: async (key) => {
      before('get', calls.get++);
      return await disk.get(key);
    },
    commit: async (changes) => {
      if (before('commit', calls.commit++, changes) === false) return;
      for (const [key, change] of changes) {
        const value = typeof change === 'function' ? change(disk.values.get(key)) : change;
        if (value) disk.values.set(key, value.slice());
        else disk.values.delete(key);
      }
    },
    close: () => undefined,
  };
  const all = { root: repository.pinned, url: server.url, target: TARGET, instance: 'one', ...options };
  const settings = settingsOf(all);
  const factory = new TrustFactory(settings.root, settings.pins, undefined);
  await Promise.all([start(), factory.start()]);
  const tabs = { alone: (_, work) => work(), announce: () => undefined };
  const clock = () => Math.floor((all.now?.() ?? new Date()).getTime() / 1_000);
  const policy = new Policy({ settings, options: all, store: new StateStore(backing, '', false), factory, tabs: () => tabs, isAlone: () => true, clock });
  return { policy, calls, engine: policy.engine };
}

/** The activation's state on a disk. */
export function stateOn(disk) {
  const [key] = disk.ending('activation');
  return JSON.parse(new TextDecoder().decode(disk.values.get(key)));
}
