// Bundles that must not load, each with the code it is refused with. Every export is a test of its own.

import { loadEngine } from 'edgerail';

import { boundaries, bytesOf, random, rehashed, rewritten } from './bytes.mjs';
import { codeOf, errorOf } from './code.mjs';
import { assert, assertEqual } from './same.mjs';

const TEXT = 'Write to ana@example.com about Project Halcyon.';
const ANY = { audience: 'any' };

async function works(bundle, options = ANY) {
  const engine = await loadEngine(bundle, options);
  assertEqual(engine.evaluate(TEXT).outcome, 'block', 'an intact bundle');
  engine.free();
}

export async function truncated({ origin }) {
  const bundle = await bytesOf(`${origin}/corpus/audience-server.bundle`);
  const { places, sections } = boundaries(bundle);
  assertEqual(sections, 9, 'sections of the bundle');
  const cuts = new Set(places.flatMap((place) => [place - 1, place, place + 1]));
  const below = random(0x5eed_0101);
  for (let more = 0; more < 300; more += 1) cuts.add(below(bundle.length));
  for (const cut of cuts) {
    if (cut < 0 || cut >= bundle.length) continue;
    const code = await codeOf(() => loadEngine(bundle.subarray(0, cut), ANY), `cut at ${cut}`);
    // Up to the magic number nobody can tell what it was.
    assertEqual(code, cut < 8 ? 'bundle_not_a_bundle' : 'bundle_damaged', `cut at ${cut}`);
    if (cut < 64) continue;
    // The hash does not have to be wrong for the parts not to fit.
    const fitting = await rehashed(bundle.subarray(0, cut));
    assertEqual(await codeOf(() => loadEngine(fitting, ANY)), 'bundle_damaged', `cut at ${cut}, hash right`);
  }
  const longer = new Uint8Array(bundle.length + 1);
  longer.set(bundle);
  assertEqual(await codeOf(() => loadEngine(longer, ANY)), 'bundle_damaged', 'a byte too many');
  await works(bundle);
  return cuts.size;
}

export async function flippedBits({ origin }) {
  const bundle = await bytesOf(`${origin}/corpus/audience-server.bundle`);
  const below = random(0x5eed_0102);
  let loaded = 0;
  for (let round = 0; round < 200; round += 1) {
    const copy = bundle.slice();
    const at = below(copy.length);
    copy[at] ^= 1 << below(8);
    const code = await codeOf(() => loadEngine(copy, ANY), `bit at ${at}`);
    assert(['bundle_damaged', 'bundle_abi', 'bundle_not_a_bundle'].includes(code), `bit at ${at}: ${code}`);
    // With its hash made right, it is another bundle: refused, or it decides.
    try {
      const engine = await loadEngine(await rehashed(copy), ANY);
      assertEqual(typeof engine.evaluate(TEXT).outcome, 'string', `bit at ${at}, hash right`);
      engine.free();
      loaded += 1;
    } catch (error) {
      assert(String(error.code).startsWith('bundle_'), `bit at ${at}, hash right: ${error.code} ${error.message}`);
    }
  }
  assert(loaded > 0 && loaded < 200, `${loaded} of 200 with their hash made right load`);
  await works(bundle);
}

export async function otherVersions({ origin }) {
  const bundle = await bytesOf(`${origin}/corpus/audience-server.bundle`);
  const view = new DataView(bundle.buffer);
  const regexGroups = 16 + 3 * 16;
  assertEqual(view.getUint16(regexGroups, true), 4, 'the kind of the fourth section');
  const versions = { format: 8, abi: 10, 'regex-automata': regexGroups + 2, 'section kind': 16 + 8 * 16 };
  for (const [what, at] of Object.entries(versions)) {
    const other = await rewritten(bundle, at, view.getUint16(at, true) + 1);
    const { code, message } = await errorOf(() => loadEngine(other, ANY), what);
    assertEqual(code, 'bundle_abi', what);
    assert(/compile|newer/.test(message), `${what}: "${message}" names no remedy`);
  }
}

export async function otherAudience({ origin, surface }) {
  const [browser, server] = await Promise.all(
    ['browser', 'server'].map((name) => bytesOf(`${origin}/corpus/audience-${name}.bundle`)),
  );
  assertEqual(await codeOf(() => loadEngine(server, { audience: 'browser' })), 'bundle_audience', "a server's bundle");
  assertEqual(await codeOf(() => loadEngine(browser, { audience: 'server' })), 'bundle_audience', "a page's bundle");
  await works(browser, {});
  await works(browser, { audience: 'browser' });
  await works(server, { audience: 'server' });
  if (surface === 'node') await works(server, {});
  else assertEqual(await codeOf(() => loadEngine(server)), 'bundle_audience', "a server's bundle in a page");
  assertEqual(await codeOf(() => loadEngine(server, { audience: 'nobody' })), 'invalid_argument', 'an unknown audience');
}

export async function unverified({ origin }) {
  const bundle = await bytesOf(`${origin}/corpus/audience-browser.bundle`);
  for (const [trust, require] of [['unverified', 'verified'], ['local', 'verified'], ['unverified', 'local']]) {
    const code = await codeOf(() => loadEngine(bundle, { trust, require }));
    assertEqual(code, 'bundle_unverified', `${trust} where ${require} is required`);
  }
  assertEqual(await codeOf(() => loadEngine(bundle, { require: 'verified' })), 'bundle_unverified', 'no trust named');
  await works(bundle, { trust: 'local', require: 'local' });
  await works(bundle, { require: 'unverified' });
  // Only the verifying client may say so.
  assertEqual(await codeOf(() => loadEngine(bundle, { trust: 'verified', require: 'verified' })), 'invalid_argument', 'claimed');
  assertEqual(await codeOf(() => loadEngine(bundle, { require: 'proven' })), 'invalid_argument', 'an unknown requirement');
}

export async function notABundle({ origin }) {
  const { code, message } = await errorOf(() => loadEngine(`${origin}/login.bundle`));
  assertEqual(code, 'bundle_not_a_bundle', 'a page with status 200');
  assert(/HTML/.test(message), `a page with status 200: "${message}"`);
  const url = new URL(`${origin}/login.bundle`);
  const sources = {
    'URL of a page': url,
    'response with a page': () => fetch(url),
    'bytes of a page': () => bytesOf(url),
    'blob of a page': async () => await (await fetch(url)).blob(),
    'empty answer': `${origin}/empty.bundle`,
    'no bytes': new Uint8Array(0),
    definition: new TextEncoder().encode('{"name": "a definition"}'),
    noise: Uint8Array.from({ length: 5_000 }, (_, at) => (at * 193) & 255),
  };
  for (const [what, source] of Object.entries(sources)) {
    const given = typeof source === 'function' ? source() : source;
    assertEqual(await codeOf(() => loadEngine(given), what), 'bundle_not_a_bundle', what);
  }
  const large = new Uint8Array((8 << 20) + 1);
  large.set(new TextEncoder().encode('EDGERAIL'));
  assertEqual(await codeOf(() => loadEngine(large)), 'bundle_too_large', 'more than 8 MiB');
  await works(`${origin}/corpus/audience-browser.bundle`, {});
}

export async function notFetched({ origin }) {
  // A port that nothing listens on, for browsers do not connect to the lowest ones at all.
  const sources = {
    'status 503': `${origin}/error.bundle`,
    'status 404': `${origin}/absent.bundle`,
    'response with status 503': () => fetch(`${origin}/error.bundle`),
    'connection that ends early': `${origin}/cut.bundle`,
    'no server': 'http://127.0.0.1:9/a.bundle',
    'no such scheme': 'nowhere:a.bundle',
    'promise that fails': () => Promise.reject(new TypeError('offline')),
  };
  for (const [what, source] of Object.entries(sources)) {
    const { code, cause } = await errorOf(() => loadEngine(typeof source === 'function' ? source() : source), what);
    assertEqual(code, 'bundle_fetch', what);
    if (what.startsWith('promise')) assertEqual(cause?.message, 'offline', 'the cause');
  }
  const used = await fetch(`${origin}/corpus/audience-browser.bundle`);
  await used.arrayBuffer();
  assertEqual(await codeOf(() => loadEngine(used)), 'bundle_fetch', 'a response that was read before');
  await works(`${origin}/corpus/audience-browser.bundle`, {});
}

export async function notASource() {
  const sources = [undefined, null, 5, true, {}, [], Symbol('bundle'), () => new Uint8Array(1), { arrayBuffer: 1 }];
  for (const source of sources) {
    assertEqual(await codeOf(() => loadEngine(source), typeof source), 'invalid_argument', `a ${typeof source}`);
  }
}

/** A bundle may come in any of the forms, from a part of a larger buffer too, and the caller may reuse the bytes. */
export async function everySource({ origin }) {
  const url = `${origin}/corpus/audience-browser.bundle`;
  const bundle = await bytesOf(url);
  const larger = new Uint8Array(bundle.length + 20);
  larger.set(bundle, 7);
  const sources = [
    url,
    new URL(url),
    await fetch(url),
    fetch(url),
    await (await fetch(url)).blob(),
    bundle,
    bundle.buffer,
    new DataView(larger.buffer, 7, bundle.length),
    larger.subarray(7, 7 + bundle.length),
  ];
  for (const source of sources) await works(source, {});
  const engine = await loadEngine(bundle);
  bundle.fill(0);
  assertEqual(engine.evaluate(TEXT).outcome, 'block', 'bytes that were overwritten after loading');
  engine.selfTest();
  engine.free();
}
