import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { EdgerailError, isEdgerailError, loadEngine } from 'edgerail';
import { DEFINITION, MESSAGES, bundleOf } from './guardrail.mjs';

let bundle;
let engine;
before(async () => {
  bundle = await bundleOf();
  engine = await loadEngine(bundle, { trust: 'local' });
});

const rejectsWith = (code, pattern = /./) => (error) => {
  assert.ok(error instanceof EdgerailError && isEdgerailError(error), `${error}`);
  assert.equal(error.code, code);
  assert.match(error.message, pattern);
  return true;
};

test('a text passes, is masked, or is blocked', () => {
  const pass = engine.evaluate('Where is my parcel?');
  assert.deepEqual([pass.outcome, pass.action, pass.text], ['pass', 'NONE', 'Where is my parcel?']);
  const mask = engine.evaluate('Write to ana@example.com about TCK-123456');
  assert.deepEqual([mask.outcome, mask.text], ['mask', 'Write to {EMAIL} about {Ticket}']);
  const block = engine.evaluate('What does Project Kestrel mean?');
  assert.deepEqual([block.outcome, block.text, block.reasonCode], ['block', MESSAGES.INPUT, 'ok']);
  assert.equal(engine.evaluate('Project Kestrel', { source: 'OUTPUT' }).text, MESSAGES.OUTPUT);
});

test('offsets count units of the string unless asked otherwise', () => {
  const text = '日本 😀 ana@example.com';
  const [utf16] = engine.evaluate(text).findings;
  assert.equal(text.slice(utf16.start, utf16.end), utf16.match);
  const chars = engine.evaluate(text, { offsets: 'chars' });
  assert.equal([...text].slice(chars.findings[0].start, chars.findings[0].end).join(''), 'ana@example.com');
  assert.deepEqual([chars.masks[0].start, chars.masks[0].end], [chars.findings[0].start, chars.findings[0].end]);
  const bytes = engine.evaluate(text, { offsets: 'bytes' }).findings[0];
  assert.equal(Buffer.from(text).subarray(bytes.start, bytes.end).toString(), 'ana@example.com');
});

test('the places of keywords are converted with their topic', () => {
  const text = '😀😀 Can I sue my landlord over this contract?';
  const topic = engine.evaluate(text).findings.find((finding) => finding.policy === 'topicPolicy');
  assert.ok(topic.explanation.keywords.length > 0);
  for (const { start, end, match } of topic.explanation.keywords) assert.equal(text.slice(start, end), match);
});

test('several blocks are decided together, and qualifiers count', () => {
  const decision = engine.evaluate({
    content: [{ text: 'ana@example.com' }, { text: 'bob@example.com', qualifiers: ['grounding_source'] }, { text: 'none here', role: 'user' }],
  });
  assert.deepEqual(decision.texts, ['{EMAIL}', 'bob@example.com', 'none here']);
  assert.equal(decision.response.guardrailCoverage.textCharacters.guarded, 'ana@example.comnone here'.length);
  const blocked = engine.evaluate({ content: [{ text: 'fine' }, { text: 'Project Kestrel' }] });
  assert.deepEqual(blocked.texts, [MESSAGES.INPUT]);
});

test('what is left to the cloud is said', () => {
  const { deferred } = engine.evaluate('Where is my parcel?');
  const entries = deferred.map(({ policy, entry, reason }) => `${policy}/${entry}: ${reason}`);
  assert.ok(entries.includes('contentPolicy/INSULTS: cloud_only'), entries.join('\n'));
  assert.ok(entries.includes('sensitiveInformationPolicy/NAME: negative_is_not_final'), entries.join('\n'));
});

test('content never throws: text that is none, too long, or empty', () => {
  for (const text of ['a\ud800b', '\udc00', 'ends high \ud83d']) {
    const decision = engine.evaluate(text);
    assert.deepEqual([decision.outcome, decision.reasonCode, decision.text], ['block', 'invalid_text', MESSAGES.INPUT]);
  }
  const long = engine.evaluate('x'.repeat((1 << 20) + 1));
  assert.deepEqual([long.outcome, long.reasonCode], ['block', 'limit_text']);
  assert.equal(engine.evaluate('').outcome, 'pass');
  assert.equal(engine.evaluate('😀\ufffd').outcome, 'pass');
});

test('what is no request is the caller’s mistake', () => {
  for (const input of [undefined, null, 42, {}, { content: 'text' }, { content: [{}] }, { content: [null] }]) {
    assert.throws(() => engine.evaluate(input), rejectsWith('invalid_argument'), JSON.stringify(input));
  }
  assert.throws(() => engine.evaluate('x', { source: 'SIDEWAYS' }), rejectsWith('invalid_argument', /source/));
  const content = [{ text: 'x', qualifiers: ['secret'] }];
  assert.throws(() => engine.evaluate({ content }), rejectsWith('invalid_argument', /qualifier/));
  assert.throws(() => engine.evaluate('x', { outputScope: 'ALL' }), rejectsWith('invalid_argument', /outputScope/));
  // None of these is a trap: the engine is still there.
  assert.equal(engine.evaluate('ana@example.com').outcome, 'mask');
});

test('records hold no content', async () => {
  const records = [];
  const own = await loadEngine(bundle, { onDecision: (record, elapsed) => records.push([record, elapsed]) });
  own.evaluate('Write to ana@example.com about Project Kestrel');
  const stream = own.stream({ source: 'INPUT' });
  stream.push('Write to ana@example.com about Project Kestrel');
  stream.finish();
  assert.equal(records.length, 2);
  for (const [record, elapsed] of records) {
    const text = JSON.stringify(record);
    assert.ok(!/ana@|kestrel/i.test(text), text);
    assert.deepEqual([record.action, record.source, record.bundle], ['GUARDRAIL_INTERVENED', 'INPUT', own.info.sha256]);
    assert.ok(record.findings.some(({ policy, count }) => policy === 'wordPolicy' && count === 1), text);
    assert.ok(elapsed >= 0);
  }
  assert.deepEqual(Object.keys(records[0][0]).sort(), Object.keys(records[1][0]).sort());
  const quiet = await loadEngine(bundle, {
    onDecision: () => {
      throw new Error('the listener’s own fault');
    },
  });
  assert.equal(quiet.evaluate('x').outcome, 'pass');
});

test('an exception of the overlay ends with its time', async () => {
  const overlay = '[[allow]]\ntype = "EMAIL"\nvalue = "ana@example.com"\nuntil = "2030-01-01"\nwho = "dana"\nwhy = "the support address"\n';
  const own = await loadEngine(await bundleOf(DEFINITION, { overlay }));
  const outcome = (now) => own.evaluate('ana@example.com', { now }).outcome;
  assert.equal(outcome(new Date('2029-12-31')), 'pass');
  assert.equal(outcome(new Date('2030-02-01')), 'mask');
  assert.equal(outcome(null), 'mask');
});

test('the caller’s bytes stay the caller’s', async () => {
  const mine = bundle.slice();
  const own = await loadEngine(mine);
  mine.fill(0);
  assert.equal(own.evaluate('ana@example.com').outcome, 'mask');
  assert.equal(own.info.sha256, engine.info.sha256);
});

test('a bundle comes from bytes, a Blob, a Response, or a promise of one', async () => {
  for (const source of [bundle.buffer.slice(0), new DataView(bundle.slice().buffer), new Blob([bundle]), new Response(bundle), Promise.resolve(bundle)]) {
    assert.equal((await loadEngine(source)).info.sha256, engine.info.sha256);
  }
  await assert.rejects(loadEngine(42), rejectsWith('invalid_argument'));
});

test('what is no bundle is named', async () => {
  const html = '<!doctype html><title>404</title>';
  const wrong = [
    [new Response(html, { status: 404 }), 'bundle_fetch', /404/],
    [new Response(html), 'bundle_not_a_bundle', /HTML/],
    [new TextEncoder().encode(JSON.stringify(DEFINITION)), 'bundle_not_a_bundle', /JSON.*compile/],
    [new Uint8Array(), 'bundle_not_a_bundle', /empty/],
    [bundle.slice(0, -1), 'bundle_damaged'],
    [bundle.map((byte, at) => (at === 5000 ? byte ^ 1 : byte)), 'bundle_damaged'],
    [bundle.map((byte, at) => (at === 10 ? byte + 1 : byte)), 'bundle_abi'],
    ['http://127.0.0.1:1/none.bundle', 'bundle_fetch'],
  ];
  for (const [source, code, pattern] of wrong) await assert.rejects(loadEngine(source), rejectsWith(code, pattern), code);
});

test('only what is asked for is accepted', async () => {
  await assert.rejects(loadEngine(bundle, { require: 'verified' }), rejectsWith('bundle_unverified', /unverified/));
  await assert.rejects(loadEngine(bundle, { trust: 'local', require: 'verified' }), rejectsWith('bundle_unverified', /local/));
  assert.equal((await loadEngine(bundle, { trust: 'local', require: 'local' })).info.trust, 'local');
  await assert.rejects(loadEngine(bundle, { audience: 'server' }), rejectsWith('bundle_audience'));
  const server = await bundleOf(DEFINITION, { audience: 'server' });
  await assert.rejects(loadEngine(server, { audience: 'browser' }), rejectsWith('bundle_audience', /--audience browser/));
  assert.equal((await loadEngine(server)).info.audience, 'server');
  // Nobody can say `verified` from outside.
  assert.equal((await loadEngine(bundle, { trust: 'verified' }).catch((error) => error)).code, 'invalid_argument');
});

test('a freed engine says so, and its streams go on', async () => {
  const own = await loadEngine(bundle);
  const stream = own.stream();
  own.free();
  own.free();
  assert.throws(() => own.evaluate('x'), rejectsWith('freed'));
  assert.throws(() => own.stream(), rejectsWith('freed'));
  assert.equal(stream.push('to ana@example.com ') + stream.finish().text, 'to {EMAIL} ');
  assert.throws(() => stream.push('x'), rejectsWith('stream_finished'));
  assert.equal(engine.evaluate('ana@example.com').outcome, 'mask');
});
