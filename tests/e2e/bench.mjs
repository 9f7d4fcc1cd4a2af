// The engine in Chromium and in Node against wasmtime, over the same messages and the same policy, all taking turns in
// one run; and what a first visit costs. `cargo xtask bench --browser [--rounds N] [--csv FILE] [--only trust|visit]`
//
// A figure is the ratio of two medians. Time is the processor time of the thread that works where the system tells
// (Linux: /proc/PID/schedstat), so that other work on the machine counts less.

import { spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { availableParallelism, arch } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

import { MORE, REPOSITORIES, trustInput } from './lib/bench-trust.mjs';
import { chromium, outputFolder } from './lib/launch.mjs';
import { PACKAGE, TARGET } from './lib/paths.mjs';
import { start, testServer } from './lib/surfaces.mjs';

const { values: options } = parseArgs({ options: { rounds: { type: 'string', default: '31' }, csv: { type: 'string' }, only: { type: 'string' } } });
const ROUNDS = Number(options.rounds);
if (![undefined, 'trust', 'visit'].includes(options.only)) throw new Error('--only takes trust or visit');
if (!Number.isInteger(ROUNDS) || ROUNDS < 1) throw new Error(`--rounds takes a whole number, not ${options.rounds}`);
/** Milliseconds that a turn lasts at least. */
const TURN = 40;
const SETS = ['chat-0', 'chat-1', 'chat-8'];
/** The candidates that are Rust's own. */
const BYTES = new Set(['wasmtime', 'native']);
/** Visits of each kind. */
const VISITS = Math.max(5, Math.ceil(ROUNDS / 3));
/** Characters of the texts whose first evaluation is compared with a warm one. */
const LENGTHS = [2_048, 4_096, 16_384, 65_536];
/** Milliseconds that the module is there before the bundle, where both are fetched at once and the bundle is larger. */
const EARLIER = 100;
/** Bundles of a first visit: the full policy of the bench, and the demo's. */
const POLICIES = [
  ['full', 'bench/bench.bundle'],
  ['demo', 'corpus/demo.bundle'],
];
/** What a first visit consists of. */
const STEPS = {
  fetchModule: 'fetch engine.wasm',
  compile: 'compile it',
  fetchBundle: 'fetch the bundle',
  load: 'start the module, load the bundle',
  firstEvaluation: 'evaluate the first time, 2 KB',
};
/** What `docs/benchmarks.md` promises. */
const BUDGET = { engine: 1.6, visit: 20, trust: 2 };

const folder = await outputFolder('bench');
const rows = [];

/** The bench program, which measures natively and in wasmtime. */
async function program() {
  const child = spawn(join(TARGET, 'bench-ratio/edgerail-bench'), ['--turns', folder], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error('the bench program ended; `cargo xtask component` makes what it runs');
    return value;
  };
  if ((await next()) !== 'ready') throw new Error('the bench program is not ready');
  const turn = async (who, set) => {
    child.stdin.write(`${who} ${set}\n`);
    return JSON.parse(await next());
  };
  return { turn, stop: () => child.stdin.end() };
}

/** Nanoseconds of processor time that the main thread of a process has had. */
async function processorTime(pid) {
  if (pid === undefined) return undefined;
  const text = await readFile(`/proc/${pid}/schedstat`, 'utf8').catch(() => undefined);
  return text === undefined ? undefined : Number(text.split(' ', 1)[0]);
}

/** A page whose turns are timed by the main thread of its process. */
function timed(page, pid) {
  return async (who, set) => {
    const before = await processorTime(pid);
    const figures = await page.call('bench.mjs', 'turn', { who, set, turn: TURN });
    const after = await processorTime(pid);
    return before === undefined ? figures : { ...figures, cpu: after - before };
  };
}

/** The process that a tab of Chromium runs in: the one that works while the tab does. */
async function renderer(surface, page) {
  const session = await surface.browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  const renderers = processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => id);
  const before = await Promise.all(renderers.map(processorTime));
  await page.call('bench.mjs', 'turn', { who: 'engine', set: 'chat-0', turn: 200 });
  const after = await Promise.all(renderers.map(processorTime));
  const busy = renderers.map((id, number) => [after[number] - before[number], id]).sort((a, b) => b[0] - a[0]);
  return busy[0]?.[1];
}

function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

function report(row) {
  const verdict = row.budget === undefined ? '' : row.figure <= row.budget ? 'ok' : 'MISSED';
  rows.push({ ...row, verdict });
  const budget = row.budget === undefined ? '' : row.budget.toFixed(1);
  const figure = `${row.figure.toFixed(2)}${row.unit}`;
  const figures = `${figure.padStart(10)} ${budget.padStart(6)} ${verdict.padEnd(7)} ${row.measured.padEnd(28)}`;
  console.log(`${row.name.padEnd(30)} ${figures} ${row.what}`);
}

/** All candidates take turns, and another one begins each round. */
async function rounds(candidates) {
  const samples = new Map();
  for (const set of SETS) for (const name of Object.keys(candidates)) samples.set(`${set} ${name}`, []);
  const names = Object.keys(candidates);
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const set of SETS) {
      // JavaScript counts units of UTF-16, Rust bytes: both must agree with their own kind.
      const lengths = { units: new Set(), bytes: new Set() };
      for (let place = 0; place < names.length; place += 1) {
        const name = names[(round + place) % names.length];
        const { passes, cpu, wall, length } = await candidates[name](set);
        samples.get(`${set} ${name}`).push((cpu ?? wall) / passes);
        (BYTES.has(name) ? lengths.bytes : lengths.units).add(length);
      }
      for (const [kind, seen] of Object.entries(lengths)) {
        if (seen.size > 1) throw new Error(`${set}: the decisions have ${[...seen].join(' and ')} ${kind} together`);
      }
    }
  }
  return (set, name) => median(samples.get(`${set} ${name}`));
}

async function engines(server) {
  const [bench, node, browser] = await Promise.all([program(), start('node'), start('chromium')]);
  try {
    const [nodePage, page] = await Promise.all([node.open(server.origin), browser.open(server.origin)]);
    await nodePage.call('bench.mjs', 'prepare', { glue: pathToFileURL(join(PACKAGE, 'dist/esm/generated/engine.js')) });
    await page.call('bench.mjs', 'prepare', { glue: '/package/dist/esm/generated/engine.js' });
    const pid = await renderer(browser, page);
    const [inNode, inChromium] = [timed(nodePage, nodePage.pid), timed(page, pid)];
    // Compilers of JavaScript and WebAssembly warm up first.
    for (const set of SETS) for (let turn = 0; turn < 10; turn += 1) await inChromium('package', set);
    for (const set of SETS) for (let turn = 0; turn < 10; turn += 1) await inNode('package', set);
    const of = await rounds({
      wasmtime: (set) => bench.turn('wasmtime', set),
      chromium: (set) => inChromium('engine', set),
      node: (set) => inNode('engine', set),
      native: (set) => bench.turn('native', set),
      package: (set) => inChromium('package', set),
    });
    const { sets } = JSON.parse(await readFile(join(folder, 'bench.json'), 'utf8'));
    for (const set of SETS) {
      const bytes = sets[set].reduce((sum, text) => sum + Buffer.byteLength(text), 0);
      const ratio = (name, ours, theirs, what, budget) => {
        const measured = `${(of(set, ours) / bytes).toFixed(2)} : ${(of(set, theirs) / bytes).toFixed(2)} ns/B`;
        report({ name: `${name}/${set}`, figure: of(set, ours) / of(set, theirs), unit: 'x', budget, measured, what });
      };
      ratio('chromium', 'chromium', 'wasmtime', 'full policy to JSON: Chromium : wasmtime', BUDGET.engine);
      ratio('node', 'node', 'wasmtime', 'the same in Node : wasmtime');
      ratio('chromium-native', 'chromium', 'native', 'the same in Chromium : native');
      ratio('package', 'package', 'chromium', 'in Chromium: the decision of the package : its JSON');
    }
    await Promise.all([nodePage.close(), page.close()]);
  } finally {
    bench.stop();
    await Promise.all([node.stop(), browser.stop()]);
  }
}

/** All roles of a repository verified, against as many signatures as are checked for it, in the same WebAssembly. */
async function trust(server) {
  const surfaces = await Promise.all(['node', 'chromium'].map(start));
  try {
    for (const surface of surfaces) {
      for (const [name, { signatures, what }] of Object.entries(REPOSITORIES)) {
        const page = await surface.open(server.origin);
        const samples = await trustSamples(page, surface.name, await trustInput(name));
        const expected = (signatures * (median(samples['every key']) - median(samples['any key']))) / MORE;
        const all = median(samples.all);
        report({
          name: `${name}/${surface.name}`,
          figure: all / expected,
          unit: 'x',
          budget: name === 'trust' ? BUDGET.trust : undefined,
          measured: `${(all / 1e3).toFixed(0)} : ${(expected / 1e3).toFixed(0)} µs`,
          what: `all roles, 64 scopes : ${signatures} Ed25519 verifications; ${what}`,
        });
        await page.close();
      }
    }
  } finally {
    await Promise.all(surfaces.map((surface) => surface.stop()));
  }
}

/** Nanoseconds of each kind of pass, taking turns. */
async function trustSamples(page, surface, input) {
  const path = 'dist/esm/trust-session.js';
  const glue = surface === 'node' ? pathToFileURL(join(PACKAGE, path)) : `/package/${path}`;
  await page.call('bench-trust.mjs', 'prepare', { ...input, glue });
  const names = ['all', 'any key', 'every key'];
  const samples = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = 0; round < ROUNDS + 5; round += 1) {
    for (let place = 0; place < names.length; place += 1) {
      const who = names[(round + place) % names.length];
      const before = await processorTime(page.pid);
      const { passes, wall } = await page.call('bench-trust.mjs', 'turn', { who, turn: TURN });
      const after = await processorTime(page.pid);
      // The first rounds warm up.
      if (round >= 5) samples[who].push((before === undefined ? wall : after - before) / passes);
    }
  }
  return samples;
}

async function visits(server) {
  const surface = await start('chromium');
  const fresh = async (name, argument) => {
    const page = await surface.open(server.origin);
    try {
      return await page.call('bench.mjs', name, argument);
    } finally {
      await page.close();
    }
  };
  try {
    for (const [policy, bundle] of POLICIES) {
      const kinds = {
        first: { page: 'firstOf', seen: LENGTHS.map(() => []), what: 'load and first evaluation' },
        arrival: { page: 'arrivalOf', seen: LENGTHS.map(() => []), what: `the same, module there ${EARLIER} ms earlier,` },
      };
      const all = [];
      for (let visit = 0; visit < VISITS; visit += 1) {
        all.push(await fresh('visit', { bundle, lengths: [LENGTHS[0]] }));
        for (const [number, length] of LENGTHS.entries()) {
          for (const { page, seen } of Object.values(kinds)) seen[number].push(await fresh(page, { bundle, length, earlier: EARLIER }));
        }
      }
      for (const [step, what] of Object.entries(STEPS)) {
        const figure = median(all.map((one) => one[step]));
        report({ name: `visit-${policy}/${step}`, figure, unit: 'ms', measured: '', what: `first visit in Chromium: ${what}` });
      }
      for (const [kind, { seen, what }] of Object.entries(kinds)) {
        for (const [number, length] of LENGTHS.entries()) {
          const cold = median(seen[number].map((one) => one.load + one.firstEvaluation));
          const warm = median(seen[number].map((one) => one.warm));
          report({
            name: `visit-${policy}/${kind}-${length / 1024}KB`,
            figure: cold / warm,
            unit: 'x',
            budget: BUDGET.visit,
            measured: `${cold.toFixed(2)} : ${warm.toFixed(3)} ms`,
            what: `${what} of ${length / 1024} KB : a warm one`,
          });
        }
      }
    }
  } finally {
    await surface.stop();
  }
}

const server = await testServer({ folders: { bench: folder } });
try {
  const browser = await chromium();
  const about = [
    ['rounds', `${ROUNDS} interleaved, at least ${TURN} ms each; medians of the thread's processor time`],
    ['visits', `${VISITS} of each kind, in fresh profiles; medians of the time that passed`],
    ['machine', `${availableParallelism()} shared cores, ${arch()}`],
    ['runtimes', `Chromium ${browser.version}, Node ${process.version}`],
  ];
  await browser.stop();
  for (const [name, value] of about) console.log(`${name}: ${value}`);
  console.log(`\n${'name'.padEnd(30)} ${'figure'.padStart(10)} budget         measured                     what`);
  if (options.only === undefined) await engines(server);
  // It writes the texts and the policy.
  if (options.only === 'visit') (await program()).stop();
  if (options.only !== 'visit') await trust(server);
  if (options.only !== 'trust') await visits(server);
  if (options.csv !== undefined) {
    const quoted = (text) => `"${text.replaceAll('"', '""')}"`;
    const lines = rows.map(({ name, figure, unit, budget, verdict, measured, what }) =>
      [name, figure.toFixed(3), unit, budget ?? '', '', verdict, quoted(measured), quoted(what)].join(','),
    );
    const head = about.map(([name, value]) => `# ${name}: ${value}`);
    await writeFile(options.csv, [...head, 'name,figure,unit,budget,stretch,verdict,measured,what', ...lines, ''].join('\n'));
  }
} finally {
  await server.stop();
}
