// What is measured in Node and in Chromium: turns over the messages of the bench, and what a first visit costs.

import { loadEngine } from 'edgerail';

import { bytesOf } from './bytes.mjs';

let state;

/**
 * Loads the policy and the texts. `glue` is the module that wasm-bindgen made: the engine itself, without what the
 * package adds to its JSON.
 */
export async function prepare({ origin, glue }) {
  const bundle = await bytesOf(`${origin}/bench/bench.bundle`);
  const { sets } = await (await fetch(`${origin}/bench/bench.json`)).json();
  const engine = await loadEngine(bundle, { audience: 'any', trust: 'local' });
  const { Engine } = await import(glue);
  state = { sets, engine, raw: new Engine(bundle, { trust: 'local', checkHash: true }) };
}

/** Passes over a set of messages for at least `turn` milliseconds: how many, how long, and what they came to. */
export function turn({ who, set, turn }) {
  const texts = state.sets[set];
  const pass = { engine: enginePass, package: packagePass }[who];
  const begin = performance.now();
  let passes = 0;
  let length = 0;
  while (performance.now() - begin < turn) {
    length = pass(texts);
    passes += 1;
  }
  return { passes, wall: (performance.now() - begin) * 1e6, length };
}

/** From the text to the engine's JSON, as wasmtime is timed. */
function enginePass(texts) {
  let length = 0;
  for (const text of texts) length += state.raw.evaluateText(text, 'INPUT', Number.NaN, false).length;
  return length;
}

/** From the text to the decision that applications see. */
function packagePass(texts) {
  let length = 0;
  for (const text of texts) length += state.engine.evaluate(text, { now: null }).json.length;
  return length;
}

/**
 * A first visit, in milliseconds: fetching and compiling the module, fetching the bundle, loading it, and the first
 * evaluation; then how long the same evaluation takes once it is warm. Needs a page in which nothing was loaded yet.
 */
export async function visit({ origin, bundle: path, lengths }) {
  const { prose } = await (await fetch(`${origin}/bench/bench.json`)).json();
  const at = [performance.now()];
  const lap = () => at.push(performance.now());
  const wasm = await bytesOf(`${origin}/package/dist/engine.wasm`);
  lap();
  const module = await WebAssembly.compile(wasm);
  lap();
  const bundle = await bytesOf(`${origin}/${path}`);
  lap();
  const engine = await loadEngine(bundle, { audience: 'any', wasm: module });
  lap();
  const first = prose.slice(0, lengths[0]);
  engine.evaluate(first);
  lap();
  const [fetchModule, compile, fetchBundle, load, firstEvaluation] = at.slice(1).map((end, lap) => end - at[lap]);
  const warm = {};
  for (const length of lengths) warm[length] = warmOf(engine, prose.slice(0, length));
  return { fetchModule, compile, fetchBundle, load, firstEvaluation, warm };
}

/** As {@link visit}, but for one length whose first evaluation it is. */
export async function firstOf({ origin, bundle: path, length }) {
  const { load, firstEvaluation, warm } = await visit({ origin, bundle: path, lengths: [length] });
  return { load, firstEvaluation, warm: warm[length] };
}

/**
 * As {@link firstOf}, but the module was there `earlier` milliseconds before the bundle, as it is where both are fetched at once:
 * measured from the bundle's last byte.
 */
export async function arrivalOf({ origin, bundle: path, length, earlier }) {
  const { prose } = await (await fetch(`${origin}/bench/bench.json`)).json();
  const module = await WebAssembly.compile(await bytesOf(`${origin}/package/dist/engine.wasm`));
  const bundle = await bytesOf(`${origin}/${path}`);
  const text = prose.slice(0, length);
  let deliver;
  const loading = loadEngine(new Promise((resolve) => (deliver = resolve)), { audience: 'any', wasm: module });
  await new Promise((resolve) => setTimeout(resolve, earlier));
  const begin = performance.now();
  deliver(bundle);
  const engine = await loading;
  const loaded = performance.now();
  engine.evaluate(text);
  const end = performance.now();
  return { load: loaded - begin, firstEvaluation: end - loaded, warm: warmOf(engine, text) };
}

/** Milliseconds that an evaluation takes once it is warm. */
function warmOf(engine, text) {
  for (const until = performance.now() + 150; performance.now() < until; ) engine.evaluate(text);
  const begin = performance.now();
  let runs = 0;
  while (performance.now() - begin < 50) {
    engine.evaluate(text);
    runs += 1;
  }
  return (performance.now() - begin) / runs;
}
