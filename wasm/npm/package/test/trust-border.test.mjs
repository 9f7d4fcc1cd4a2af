// The border of the verifying client: what reaches it is checked there, and what is none is a trap, never another session's.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { TrustInstance } from '../dist/esm/trust-session.js';
import { Repository, TARGET } from './repository.mjs';
import { bundle } from './sync-helpers.mjs';

const read = async (name) => WebAssembly.compile(await readFile(new URL(`../dist/${name}`, import.meta.url)));
const modules = [await read('trust.wasm'), await read('trust-p256.wasm')];
const repository = new Repository();
repository.set(TARGET, await bundle(1), { version: 7 }).publish();
const PINS = { target: TARGET, audience: 'browser', ring: 'general', instance: '' };
const NOW = Date.now() / 1000;
const trap = { name: 'RuntimeError' };

/** Everything from the pinned root to the candidate. */
function verified(session) {
  session.refresh(NOW);
  for (const find of [undefined, false, true]) {
    if (find !== undefined) session.find(find);
    for (let { step, file } = session.step(); step !== 0; { step, file } = session.step()) {
      const bytes = step === 2 ? repository.files.get(`metadata/${file}`) ?? repository.files.get(file) : undefined;
      if (bytes) session.bytes(bytes);
      else if (step <= 2) session.absent();
      else session.done();
    }
  }
  return session.choose();
}

test('the module can do nothing but compute', () => {
  for (const module of modules) assert.deepEqual(WebAssembly.Module.imports(module), []);
});

test('another module is refused', async () => {
  assert.throws(() => new TrustInstance(new WebAssembly.Module(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0))), TypeError);
  // One with other methods, or with the same in another order.
  const other = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 5, 1, 0x60, 0, 1, 0x7f, 3, 2, 1, 0, 7, 11, 1, 7, ...Buffer.from('methods'), 0, 0, 10, 6, 1, 4, 0, 0x41, 7, 0x0b);
  assert.throws(() => new TrustInstance(new WebAssembly.Module(other)), /of another release/);
});

test('sessions do not see each other', () => {
  for (const module of modules) {
    const instance = new TrustInstance(module);
    const [one, other] = [instance.open(repository.pinned, PINS), instance.open(repository.pinned, PINS)];
    assert.equal(verified(one), 2);
    assert.deepEqual([one.candidate().name, one.candidate().version, other.candidate()], [TARGET, 7, undefined]);
    assert.deepEqual(Object.keys(one.roles()), ['root', 'timestamp', 'snapshot', 'targets']);
    assert.deepEqual(Object.keys(other.roles()), ['root']);
    assert.ok(one.freshUntil() > NOW && Number.isNaN(other.freshUntil()));
    one.free();
    one.free();
    assert.equal(verified(other), 2);
    // Its number is not given again.
    const next = instance.open(repository.pinned, PINS);
    assert.equal(verified(next), 2);
    // After a trap nothing goes on with what may be half done.
    assert.throws(() => one.state(), trap);
    for (const session of [next, other, one]) assert.throws(() => session.state(), trap);
    one.free();
  }
});

test('what is no session, no method or no input is a trap, and a fresh instance is well', () => {
  for (const module of modules) {
    const wrong = [
      ({ call }) => call(0, 17, 0, 0, 0),
      ({ call }) => call(2, 17, 0, 0, 0),
      ({ call }) => call(-1, 17, 0, 0, 0),
      ({ call }) => call(1, 35, 0, 0, 0),
      ({ call }) => call(1, -1, 0, 0, 0),
      // More bytes of pins than there are.
      ({ call, input }) => [input(3), call(0, 0, 4, 0, 0)],
      ({ call, input }) => [input(3), call(0, 0, Infinity, 0, 0)],
      // More bytes than there can be.
      ({ input }) => input(-1),
    ];
    for (const work of wrong) {
      const { exports } = new WebAssembly.Instance(module);
      const pins = Buffer.from(`${TARGET}\0browser\0general\0`);
      const bytes = Buffer.concat([pins, repository.pinned]);
      const place = exports.input(bytes.length);
      new Uint8Array(exports.memory.buffer, place, bytes.length).set(bytes);
      assert.equal(exports.call(0, 0, pins.length, 0, 0), 1);
      assert.throws(() => work(exports), trap);
    }
    assert.equal(verified(new TrustInstance(module).open(repository.pinned, PINS)), 2);
  }
});

test('arguments that are none are refused, and cost no session', () => {
  const instance = new TrustInstance(modules[0]);
  const session = instance.open(repository.pinned, PINS);
  for (const [pins, place] of [
    [{ audience: 'nobody' }, /^audience/],
    [{ ring: '' }, /^ring/],
    [{ target: 'a.bundle' }, /^target/],
    // A zero byte is none of a name, and what follows it no other pin.
    [{ target: `${TARGET}\0browser\0general\0` }, /^target.*zero/],
  ]) {
    assert.throws(() => instance.open(repository.pinned, { ...PINS, ...pins }), { code: 'invalid_argument', message: place });
  }
  // The instance is any text.
  instance.open(repository.pinned, { ...PINS, instance: 'a\0b\ud800' }).free();
  for (const root of [new Uint8Array(), repository.pinned.slice(1), new Uint8Array(600_000)]) {
    assert.throws(() => instance.open(root, PINS), { code: 'sync_metadata' });
  }
  assert.throws(() => session.adopt(Buffer.from('{}')), { code: 'sync_target', reason: 'state_corrupt' });
  assert.throws(() => session.verify(new Uint8Array(3)), { code: 'sync_target', reason: 'target_missing' });
  assert.throws(() => instance.call(1, 'BASELINE', [1, 1], Uint8Array.of(0xff)), { code: 'invalid_argument' });
  assert.equal(verified(session), 2);
  assert.throws(() => session.verify(new Uint8Array(3)), { code: 'sync_metadata', reason: 'length' });
});

test('input and output of any length go across', () => {
  const session = new TrustInstance(modules[0]).open(repository.pinned, PINS);
  // The memory grows between the two.
  for (const length of [0, 1, 70_000, 3_000_000]) {
    assert.throws(() => session.adopt(new Uint8Array(length)), { reason: 'state_corrupt' });
    assert.equal(JSON.parse(session.state()).format, 1);
  }
  const value = 'é"\u0001\\'.repeat(20_000);
  const state = JSON.stringify({ ...JSON.parse(session.state()), etag: { value, sha256: '0'.repeat(64) } });
  session.adopt(new TextEncoder().encode(state));
  assert.equal(JSON.parse(session.joined(new TextEncoder().encode(state))).etag.value, value);
});
