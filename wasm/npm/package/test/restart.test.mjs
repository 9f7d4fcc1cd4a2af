// What becomes of a trap, where the engine's own glue is made to fail. Real traps, of a module with an injected fault, are in
// tests/e2e.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadEngine, openPlaceholders } from 'edgerail';
import { Engine as RawEngine, Placeholders as RawPlaceholders } from '../dist/esm/generated/engine.js';
import { callPayload, payloadError } from '../dist/esm/payload-instance.js';
import { MESSAGES, bundleOf } from './guardrail.mjs';

const bundle = await bundleOf();
const TEXT = 'an ana@example.com';

/** Throws once in the place of a method. */
function failOnce(t, prototype, method, error) {
  t.mock.method(prototype, method).mock.mockImplementationOnce(() => {
    throw error;
  });
}

const trap = () => new WebAssembly.RuntimeError('unreachable');

/** Until it is restored, nothing that crosses to the engine arrives there: a bundle cannot be loaded. */
function garble(t) {
  const { set } = Uint8Array.prototype;
  const mocked = t.mock.method(Uint8Array.prototype, 'set', function garbled(from, at) {
    return set.call(this, new Uint8Array(from.length), at);
  });
  return () => mocked.mock.restore();
}

test('a bundle that does not load again after a trap gives decisions that block, not errors', async (t) => {
  const records = [];
  const engine = await loadEngine(bundle, { onDecision: (record) => records.push(record) });
  failOnce(t, RawEngine.prototype, 'evaluateText', trap());
  assert.equal(engine.evaluate(TEXT).reasonCode, 'trap');
  failOnce(t, RawEngine.prototype, 'evaluateText', trap());
  const restore = garble(t);
  for (const input of [TEXT, TEXT, { content: [{ text: TEXT }, { text: 'x', role: 'user' }] }]) {
    const decision = engine.evaluate(input);
    assert.deepEqual([decision.outcome, decision.reasonCode], ['block', 'trap']);
  }
  const stream = engine.stream();
  assert.equal(stream.push(TEXT) + stream.finish().text, '');
  assert.ok(stream.blocked);
  assert.throws(() => engine.selfTest(), { code: 'trap' });
  restore();
  assert.deepEqual([engine.evaluate(TEXT).text, engine.evaluate('Project Kestrel').text], ['an {EMAIL}', MESSAGES.INPUT]);
  engine.selfTest();
});

test('errors of the platform that have a code are traps', async (t) => {
  const engine = await loadEngine(bundle);
  const placeholders = await openPlaceholders('one');
  for (const code of ['ERR_ENCODING_INVALID_ENCODED_DATA', 'ENOMEM', '', 'trap', 'freed', 'bundle_', 'BUNDLE_DAMAGED', 'payload_json', 7]) {
    const error = Object.assign(new TypeError(`of the text ${TEXT}`), { code });
    failOnce(t, RawEngine.prototype, 'evaluateText', error);
    const decision = engine.evaluate(TEXT);
    assert.deepEqual([decision.outcome, decision.reasonCode], ['block', 'trap'], code);
    failOnce(t, RawPlaceholders.prototype, 'restore', error);
    assert.throws(() => placeholders.restore(TEXT), { name: 'EdgerailError', code: 'trap', message: /nothing was let out/ });
    assert.equal(payloadError(error)?.code, code === 'payload_json' ? 'payload_unreadable' : undefined);
  }
  const theirs = Object.assign(new TypeError('of the platform'), { code: 'ERR_OUT_OF_RANGE' });
  const fail = () => {
    throw theirs;
  };
  assert.throws(() => callPayload(fail), { code: 'trap', cause: theirs });
  // Ours are what they say.
  for (const code of ['bundle_damaged', 'stream_finished', 'placeholders_invalid', 'invalid_argument']) {
    failOnce(t, RawEngine.prototype, 'selfTest', Object.assign(new Error('no'), { code }));
    assert.throws(() => engine.selfTest(), { name: 'EdgerailError', code });
  }
  assert.equal(engine.evaluate(TEXT).outcome, 'mask');
});
