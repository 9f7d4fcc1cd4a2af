// What the tests of createSync have in common: bundles that tell their version, a server, a store.
import { createSync } from 'edgerail';
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
