// What happens between the call and the loaded engine: while the bundle is on its way, and while its hash is computed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { loadEngine } from 'edgerail';
import { Engine as RawEngine } from '../dist/esm/generated/engine.js';
import { sampleBase64 } from '../dist/esm/generated/sample.js';
import { SAMPLE, isWarm, warmUp } from '../dist/esm/warm-up.js';
import { openSample } from '../dist/esm/engine.js';
import { bundleOf } from './guardrail.mjs';

const bundle = await bundleOf();
const TEXT = 'Write to ana@example.com';

/** A promise of a bundle, and what settles it. */
function pending() {
  let deliver;
  let fail;
  const promise = new Promise((resolve, reject) => ([deliver, fail] = [resolve, reject]));
  return { promise, deliver, fail };
}

async function until(holds) {
  for (let turn = 0; turn < 5_000 && !holds(); turn += 1) await wait(2);
  assert.ok(holds());
}

test('bytes that are there are loaded at once, without a sample', async (t) => {
  const load = t.mock.method(RawEngine.prototype, 'evaluateText');
  for (const given of [bundle, bundle.buffer.slice(bundle.byteOffset, bundle.byteOffset + bundle.byteLength), Buffer.from(bundle)]) {
    await loadEngine(given);
  }
  await wait(20);
  assert.equal(load.mock.callCount(), 0);
  assert.equal(isWarm(), false);
});

test('what cannot be fetched is said, and the sample is given up', async () => {
  const { promise, fail } = pending();
  const loading = loadEngine(promise);
  fail(new Error('no network'));
  await assert.rejects(loading, { code: 'bundle_fetch' });
  await wait(20);
  assert.equal(isWarm(), false);
});

test('a sample that fails leaves no trace', async (t) => {
  t.mock.method(RawEngine.prototype, 'evaluateText').mock.mockImplementation(() => {
    throw new WebAssembly.RuntimeError('unreachable');
  });
  await warmUp(() => {
    throw new Error('no memory');
  }, () => true);
  t.mock.restoreAll();
  const timers = t.mock.method(globalThis, 'setTimeout');
  timers.mock.mockImplementation(() => {
    throw new Error('no timers here');
  });
  await warmUp(openSample, () => true);
  t.mock.restoreAll();
  assert.equal(isWarm(), false);
  assert.equal((await loadEngine(bundle)).evaluate(TEXT).outcome, 'mask');
});

test('nothing more is done for the sample once the bundle is there', async (t) => {
  const freed = t.mock.method(RawEngine.prototype, 'free');
  let asked = 0;
  // There when the sample is loaded, and before it is decided.
  await warmUp(openSample, () => (asked += 1) === 1);
  assert.equal(asked, 2);
  assert.equal(isWarm(), false);
  assert.equal(freed.mock.callCount(), 1);
});

test('while the bundle is on its way the sample is decided, once', async (t) => {
  const decided = t.mock.method(RawEngine.prototype, 'evaluateText');
  const freed = t.mock.method(RawEngine.prototype, 'free');
  const { promise, deliver } = pending();
  const records = [];
  const loading = loadEngine(promise, { onDecision: (record) => records.push(record) });
  await until(isWarm);
  deliver(bundle);
  const engine = await loading;
  assert.deepEqual([decided.mock.callCount(), freed.mock.callCount(), records.length], [1, 1, 0]);
  assert.equal(engine.evaluate(TEXT).outcome, 'mask');
  const again = pending();
  const second = loadEngine(again.promise);
  await wait(20);
  again.deliver(bundle);
  await second;
  assert.equal(decided.mock.callCount(), 2);
});

test('the sample has something to say about its text', async () => {
  const sample = await loadEngine(Buffer.from(sampleBase64, 'base64'), { audience: 'any' });
  const { findings } = sample.evaluate(SAMPLE);
  const found = findings.map(({ policy, type, name }) => `${policy} ${type ?? name}`);
  const types = ['EMAIL', 'MAC_ADDRESS', 'URL', 'sample'].map((name) => `sensitiveInformationPolicy ${name}`);
  assert.deepEqual(found.sort(), [...types, 'topicPolicy Tarot', 'wordPolicy sample word']);
  assert.ok(sampleBase64.length < 12_000, `${sampleBase64.length} characters are downloaded by everybody`);
});

test('nobody gets an engine whose bundle has another hash', async (t) => {
  const other = bundle.slice();
  other[other.length - 1] ^= 1;
  const loads = { code: 'bundle_damaged', message: /SHA-256/ };
  await assert.rejects(loadEngine(other), loads);
  // What else is wrong with it is not said instead, and bytes that do not load are not blamed on the hash.
  await assert.rejects(loadEngine(other, { audience: 'server' }), loads);
  await assert.rejects(loadEngine(bundle, { audience: 'server' }), { code: 'bundle_audience' });
  await assert.rejects(loadEngine(bundle.slice(0, -8)), { code: 'bundle_damaged' });
  // Where the platform gives no hash, or a wrong one, the engine looks itself.
  const digest = t.mock.method(crypto.subtle, 'digest');
  for (const answer of [() => Promise.reject(new Error('refused')), async () => new ArrayBuffer(32), async () => new ArrayBuffer(0)]) {
    digest.mock.mockImplementation(answer);
    assert.equal((await loadEngine(bundle)).evaluate(TEXT).outcome, 'mask');
    await assert.rejects(loadEngine(other), loads);
  }
});
