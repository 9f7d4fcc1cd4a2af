// Platforms without WebAssembly, or where it cannot be had: an error with a code, and the page goes on. Every export
// needs a page in which the engine was not started yet.

import { loadEngine } from 'edgerail';

import { bytesOf } from './bytes.mjs';
import { codeOf, errorOf } from './code.mjs';
import { assert, assertEqual } from './same.mjs';

const bundleOf = (origin) => bytesOf(`${origin}/corpus/demo.bundle`);

async function recovers(origin, bundle) {
  const engine = await loadEngine(bundle, { wasm: `${origin}/package/dist/engine.wasm` });
  assertEqual(engine.evaluate('ana@example.com').text, '{EMAIL}', 'the engine, once it can be had');
}

export async function noWebAssembly({ origin }) {
  const bundle = await bundleOf(origin);
  const { WebAssembly } = globalThis;
  delete globalThis.WebAssembly;
  const { code, message } = await errorOf(() => loadEngine(bundle));
  assertEqual(code, 'wasm_unavailable', 'without WebAssembly');
  assert(/server/.test(message), `"${message}" names no remedy`);
  globalThis.WebAssembly = WebAssembly;
  await recovers(origin, bundle);
}

export async function blockedByPolicy({ origin }) {
  const bundle = await bundleOf(origin);
  const wasm = await bytesOf(`${origin}/package/dist/engine.wasm`);
  const sources = [undefined, `${origin}/package/dist/engine.wasm`, wasm, fetch(`${origin}/package/dist/engine.wasm`)];
  for (const source of sources) {
    const { code, message } = await errorOf(() => loadEngine(bundle, source === undefined ? {} : { wasm: source }));
    assertEqual(code, 'wasm_blocked', `source ${source}`);
    assert(/wasm-unsafe-eval/.test(message), `"${message}" names no remedy`);
  }
}

export async function otherThanWasm({ origin }) {
  const bundle = await bundleOf(origin);
  const bytes = await bytesOf(`${origin}/package/dist/engine.wasm`);
  const flipped = bytes.slice();
  flipped[flipped.length >> 1] ^= 0xff;
  const sources = {
    'status 503': [`${origin}/error.wasm`, 'wasm_fetch'],
    'status 404': [new URL(`${origin}/absent.wasm`), 'wasm_fetch'],
    'a page with status 200': [`${origin}/login.wasm`, 'wasm_fetch'],
    'no server': ['http://127.0.0.1:9/engine.wasm', 'wasm_fetch'],
    'promise that fails': [() => Promise.reject(new TypeError('offline')), 'wasm_fetch'],
    'a page that says it is WebAssembly': [`${origin}/text.wasm`, 'wasm_invalid'],
    noise: [Uint8Array.from({ length: 500 }, (_, at) => (at * 193) & 255), 'wasm_invalid'],
    'no bytes': [new Uint8Array(0), 'wasm_invalid'],
    'cut short': [bytes.subarray(0, bytes.length >> 1), 'wasm_invalid'],
    'an empty module': [Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0), 'wasm_invalid'],
    'a compiled module of something else': [() => WebAssembly.compile(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)), 'wasm_invalid'],
    'a number': [5, 'invalid_argument'],
    'an object': [{}, 'invalid_argument'],
  };
  for (const [what, [source, expected]] of Object.entries(sources)) {
    const wasm = typeof source === 'function' ? source() : source;
    assertEqual(await codeOf(() => loadEngine(bundle, { wasm }), what), expected, what);
  }
  await recovers(origin, bundle);
}

/** The module in every form it may come in. */
export async function everyWasm({ origin, form }) {
  const url = `${origin}/package/dist/engine.wasm`;
  const forms = {
    text: () => url,
    url: () => new URL(url),
    response: () => fetch(url),
    bytes: () => bytesOf(url),
    buffer: async () => (await bytesOf(url)).buffer,
    module: async () => WebAssembly.compile(await bytesOf(url)),
    'no content type': async () => new Response((await bytesOf(url)).buffer),
    default: () => undefined,
  };
  const wasm = forms[form]();
  const engine = await loadEngine(await bundleOf(origin), wasm === undefined ? {} : { wasm });
  assertEqual(engine.evaluate('ana@example.com').text, '{EMAIL}', form);
}

/** A refused bundle must not keep the next one out, and bundles may be loaded at the same time. */
export async function severalAtOnce({ origin }) {
  const bundle = await bundleOf(origin);
  const results = await Promise.allSettled([
    loadEngine(bundle),
    loadEngine(`${origin}/error.bundle`),
    loadEngine(bundle.subarray(0, 5_000)),
    loadEngine(`${origin}/corpus/demo.bundle`),
    loadEngine(bundle, { require: 'verified' }),
  ]);
  const outcomes = results.map(({ value, reason }) => value?.evaluate('ana@example.com').text ?? reason.code);
  assertEqual(outcomes, ['{EMAIL}', 'bundle_fetch', 'bundle_damaged', '{EMAIL}', 'bundle_unverified'], 'five at once');
}
