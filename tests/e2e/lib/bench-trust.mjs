// The repository that the verifying client is measured with.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { PACKAGE } from './paths.mjs';

const HELPERS = new URL('../../../wasm/npm/package/test/repository.mjs', import.meta.url);
const { Key, Repository, TARGET, at, envelope } = await import(HELPERS);

/** As many targets as one role has at most. */
const TARGETS = 64;
/** Keys of the roots that are compared: the cost of one signature is what 15 more of them cost, divided by 15. */
const KEYS = 16;

/**
 * What is measured: signatures that are checked from the pinned root to the target, and how the repository is signed. With
 * two keys of root and targets: the pinned root by its own, the next by those of both, each other role by its own.
 */
export const REPOSITORIES = {
  trust: { signatures: 10, what: 'root and targets signed by 2 keys, one new root' },
  'trust-one-key': { signatures: 4, what: 'one key for each role, no new root' },
};
/** Signatures that the one root needs more than the other. */
export const MORE = KEYS - 1;

const base64 = (bytes) => Buffer.from(bytes).toString('base64');

/** Two roots of the same keys and signatures, of which one must be signed by all and one by any. */
function roots() {
  const keys = Array.from({ length: KEYS }, () => new Key());
  const one = new Key();
  const of = (threshold) => {
    const others = Object.fromEntries(['timestamp', 'snapshot', 'targets'].map((role) => [role, { keyids: [one.id], threshold: 1 }]));
    const roles = { root: { keyids: keys.map((key) => key.id), threshold }, ...others };
    const all = Object.fromEntries([...keys, one].map((key) => [key.id, key.public]));
    return envelope({ _type: 'root', spec_version: '1.0.34', version: 1, expires: at(86_400), consistent_snapshot: true, keys: all, roles }, keys);
  };
  return { 'any key': base64(of(1)), 'every key': base64(of(KEYS)) };
}

/** What `web/bench-trust.mjs` is prepared with. */
export async function trustInput(name) {
  const repository = new Repository();
  if (name === 'trust') {
    repository.rotate({ root: [new Key(), new Key()], targets: [new Key(), new Key()] });
    repository.rotate();
  }
  for (let number = 1; number < TARGETS; number += 1) {
    const scope = `aws~o-exampleorgid~ou-ab12-${String(number).padStart(8, '0')}~us-east-1`;
    repository.set(`${scope}.browser.bundle`, Buffer.from(scope), { version: number, scope, counts: { guardrails: 1, words: 500 } });
  }
  repository.set(TARGET, Buffer.from('bundle'), { version: 1 }).publish();
  const metadata = [...repository.files].filter(([path]) => path.startsWith('metadata/'));
  return {
    pinned: name === 'trust' ? '2.root.json' : '1.root.json',
    files: Object.fromEntries(metadata.map(([path, bytes]) => [path.slice('metadata/'.length), base64(bytes)])),
    roots: roots(),
    wasm: base64(await readFile(join(PACKAGE, 'dist/trust.wasm'))),
    now: Math.floor(Date.now() / 1_000),
  };
}
