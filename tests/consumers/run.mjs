#!/usr/bin/env node
// Installs the packed package in each consumer project, builds it, runs it, and compares what it reports.

import { existsSync } from 'node:fs';
import { cp, mkdir, readFile, readdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { isDeepStrictEqual, parseArgs } from 'node:util';

import { Browsers } from './lib/browser.mjs';
import { endAll, freePorts, program, run, serve } from './lib/process.mjs';
import { prepare } from './lib/project.mjs';
import { serveFolder } from './lib/server.mjs';

const HERE = dirname(fileURLToPath(import.meta.url));
const ROOT = resolve(HERE, '../..');
const TARGET = resolve(ROOT, process.env.CARGO_TARGET_DIR ?? 'target');
const WORK = join(TARGET, 'consumers');
const HELP = `usage: run.mjs [NAME…] [--tarball F] [--bundle F] [--deep]

Runs the consumer projects with these names, or all. --tarball is the packed package (default: the one that
\`cargo xtask npm\` put into target/npm); --bundle a bundle of examples/demo/guardrail.json for browsers (default:
the package compiles it). --deep also builds what takes minutes: Next.js with webpack.`;
/** Seconds one command of a consumer may take, unless it says otherwise. */
const COMMAND_LIMIT = 120;

async function main() {
  const options = {
    tarball: { type: 'string' },
    bundle: { type: 'string' },
    deep: { type: 'boolean', default: false },
    help: { type: 'boolean' },
  };
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  if (values.help) {
    console.log(HELP);
    return true;
  }
  const names = await consumers(positionals);
  const tarball = values.tarball ? resolve(values.tarball) : await packed();
  const cache = join(TARGET, 'npm-cache');
  const load = await runnersOwn(tarball, cache);
  const bundle = values.bundle ? resolve(values.bundle) : await compile();
  const browsers = new Browsers(load);
  const expected = JSON.parse(await readFile(join(HERE, 'expected.json'), 'utf8'));
  const results = [];
  try {
    for (const name of names) {
      results.push(await consume(name, { tarball, cache, bundle, browsers, expected, deep: values.deep }));
    }
  } finally {
    await browsers.stop();
    endAll();
  }
  return summary(results);
}

/** The consumers' names: folders with a `consumer.mjs`. */
async function consumers(wanted) {
  const folders = await readdir(HERE, { withFileTypes: true });
  const all = folders.map((entry) => entry.name).filter((name) => existsSync(join(HERE, name, 'consumer.mjs')));
  const unknown = wanted.find((name) => !all.includes(name));
  if (unknown) throw new Error(`there is no consumer ${unknown}; there are: ${all.join(', ')}`);
  return wanted.length > 0 ? wanted : all;
}

/** The tarball that `cargo xtask npm` made. */
async function packed() {
  const folder = join(TARGET, 'npm');
  const files = existsSync(folder) ? await readdir(folder) : [];
  const tarballs = files.filter((name) => /^edgerail.*\.tgz$/.test(name));
  if (tarballs.length !== 1) {
    throw new Error(`${tarballs.length} packages in ${folder} where one is expected; \`cargo xtask npm\` makes it`);
  }
  return join(folder, tarballs[0]);
}

/** Installs what the runner itself needs; gives the function that loads it. */
async function runnersOwn(tarball, cache) {
  const folder = join(WORK, '.runner');
  const manifest = ['package.json', 'package-lock.json'].map((name) => [name, join(HERE, name)]);
  await prepare(join(HERE, 'lib'), folder, { tarball, cache, beside: Object.fromEntries(manifest) });
  return createRequire(join(folder, 'package.json'));
}

/** Compiles the demo's guardrail with the package itself. */
async function compile() {
  const script = `
    import { readFileSync, writeFileSync } from 'node:fs';
    import { compile } from 'edgerail/compile';
    const [definition, path] = process.argv.slice(-2);
    const { bundle } = await compile(readFileSync(definition, 'utf8'), { audience: 'browser' });
    writeFileSync(path, bundle);`;
  const bundle = join(WORK, 'guardrail.bundle');
  const definition = join(ROOT, 'examples/demo/guardrail.json');
  const command = ['node', '--input-type=module', '--eval', script, definition, bundle];
  await run(command, { cwd: join(WORK, '.runner'), limit: COMMAND_LIMIT });
  return bundle;
}

/** Prepares a consumer and lets it run. */
async function consume(name, { tarball, cache, bundle, browsers, expected, deep }) {
  const folder = join(WORK, name);
  const result = { name, install: 0, run: 0, error: undefined };
  const start = performance.now();
  try {
    const consumer = await import(pathToFileURL(join(HERE, name, 'consumer.mjs')));
    const beside = { 'check.mjs': join(HERE, 'check.mjs'), 'guardrail.bundle': bundle };
    for (const [to, from] of Object.entries(consumer.beside ?? {})) beside[to] = join(HERE, name, from);
    await prepare(join(HERE, name), folder, { tarball, cache, beside });
    result.install = performance.now() - start;
    await consumer.run(tools({ folder, tarball, browsers, expected, deep }));
  } catch (error) {
    result.error = error;
  }
  result.run = performance.now() - start - result.install;
  console.log(`${result.error ? 'FAILED' : 'ok    '} ${name}`);
  if (result.error) console.log(indented(result.error.message));
  return result;
}

/**
 * What a consumer runs with.
 *
 * @typedef {ReturnType<typeof tools>} Tools
 */
function tools({ folder, tarball, browsers, expected, deep }) {
  const within = (path = '.') => join(folder, path);
  /** Compares a report, or the last line of a program's output, with what is expected. */
  const expect = (what, report) => {
    const value = typeof report === 'string' ? lastLine(what, report) : report;
    if (value?.failed) throw new Error(`${what}: ${value.failed}`);
    if (!isDeepStrictEqual(value, expected)) throw new Error(`${what}: ${difference(value, expected)}`);
  };
  return {
    folder,
    tarball,
    target: TARGET,
    deep,
    expect,
    /** Reads one of the project's files. */
    read: (path) => readFile(within(path), 'utf8'),
    /** Puts a file of the project to another place of it. */
    copy: async (from, to) => {
      await mkdir(dirname(within(to)), { recursive: true });
      await cp(within(from), within(to), { recursive: true });
    },
    /** A program that a dependency brought. */
    bin: (name) => within(`node_modules/.bin/${name}`),
    /** The same for packages that are a native program, which npm would put in place only by an install script. */
    program: (name) => program(within('node_modules'), name),
    freePorts,
    run: (command, { cwd, limit = COMMAND_LIMIT, ...rest } = {}) => run(command, { cwd: within(cwd), limit, ...rest }),
    serve: (command, options) => serve(command, { cwd: folder, limit: COMMAND_LIMIT, ...options }),
    serveFolder: (path, options) => serveFolder(within(path), options),
    /** Opens a page in each browser; its report must be the expected one. */
    page: async (url, names = ['chromium', 'firefox']) => {
      for (const name of names) expect(`${name}: ${url}`, await browsers.report(name, url));
    },
    /** Opens a page and gives its report; console errors that match `tolerated` are expected. */
    report: (url, tolerated) => browsers.report('chromium', url, tolerated),
  };
}

function lastLine(what, output) {
  const line = output.trimEnd().split('\n').pop();
  try {
    return JSON.parse(line);
  } catch {
    throw new Error(`${what}: the last line is no report: ${line.slice(0, 400)}`);
  }
}

/** The first place where two reports differ. */
function difference(value, expected, path = '$') {
  const nested = (part) => typeof part === 'object' && part !== null;
  if (!nested(value) || !nested(expected) || Array.isArray(value) !== Array.isArray(expected)) {
    return `${path} is ${JSON.stringify(value)}, not ${JSON.stringify(expected)}`;
  }
  for (const key of new Set([...Object.keys(expected), ...Object.keys(value)])) {
    if (!isDeepStrictEqual(value[key], expected[key])) return difference(value[key], expected[key], `${path}.${key}`);
  }
  return `${path} differs`;
}

function indented(text) {
  return text.replace(/^/gm, '    ');
}

function summary(results) {
  console.log('\nconsumer           install      run');
  for (const { name, install, run, error } of results) {
    const seconds = (time) => `${(time / 1000).toFixed(1)} s`.padStart(8);
    console.log(`${name.padEnd(17)} ${seconds(install)} ${seconds(run)}${error ? '  FAILED' : ''}`);
  }
  const failed = results.filter(({ error }) => error).map(({ name }) => name);
  if (failed.length > 0) console.log(`\nto run them again: cargo xtask consumers ${failed.join(' ')}`);
  return failed.length === 0;
}

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    endAll();
    process.exit(130);
  });
}
main().then(
  (passed) => process.exit(passed ? 0 : 1),
  (error) => {
    endAll();
    console.error(`error: ${error.message}`);
    process.exit(2);
  },
);
