// The corpus in workerd: the worker is bundled as Cloudflare's tools bundle it (esbuild with the condition `workerd`,
// `.wasm` files as modules of their own), and asked for the rows in batches.

import { spawn } from 'node:child_process';
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { CORPUS, E2E } from './paths.mjs';
import { outputFolder } from './launch.mjs';

const MAIN = fileURLToPath(new URL('../workerd/worker.mjs', import.meta.url));
const WORKERD = join(E2E, 'node_modules/workerd/bin/workerd');
/** Workers of this date have what the package needs; a fixed date makes runs alike. */
const COMPATIBILITY = '2026-01-01';

/** Bundles the worker and starts it. `corpus(exported, from, to)` runs rows, `sync(options)` follows a repository. */
export async function startWorkerd() {
  const folder = await outputFolder('workerd');
  const modules = await bundle(folder);
  const port = await freePort();
  await writeFile(join(folder, 'config.capnp'), config(modules, port));
  const child = spawn(WORKERD, ['serve', join(folder, 'config.capnp')], { stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (log += data));
  const ended = new Promise((done) => child.once('exit', done));
  const stop = async () => {
    child.kill();
    await ended;
  };
  const post = async (path, body) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { method: 'POST', body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`workerd answered ${response.status}: ${await response.text()}\n${log}`);
    return await response.json();
  };
  try {
    await listening(port, () => child.exitCode, () => log);
  } catch (error) {
    await stop();
    throw error;
  }
  const { version } = JSON.parse(await readFile(join(E2E, 'node_modules/workerd/package.json'), 'utf8'));
  const corpus = async (exported, from, to) => await post('/corpus', await batch(exported, from, to));
  const sync = async (options) => await post('/sync', options);
  return { version, corpus, sync, stop };
}

/** Rows with the bundles they need, which a worker cannot read from files. */
async function batch(exported, from, to) {
  const rows = exported.rows.slice(from, to);
  const talks = from === 0 ? exported.conversations : undefined;
  const numbers = new Set(rows.map((row) => row.bundle));
  if (talks !== undefined) numbers.add(talks.bundle);
  const bundles = {};
  for (const number of numbers) bundles[number] = (await readFile(`${CORPUS}/${number}.bundle`)).toString('base64');
  return { rows, talks, bundles };
}

async function bundle(folder) {
  const { build } = await import('esbuild');
  const wasm = new Map();
  const plugin = {
    name: 'wasm-modules',
    setup(build) {
      build.onResolve({ filter: /\.wasm(\?module)?$/ }, ({ path, resolveDir }) => {
        const file = resolve(resolveDir, path.replace('?module', ''));
        wasm.set(`./${basename(file)}`, file);
        return { path: `./${basename(file)}`, external: true };
      });
    },
  };
  await build({
    entryPoints: [MAIN],
    outfile: join(folder, 'worker.js'),
    bundle: true,
    format: 'esm',
    platform: 'neutral',
    mainFields: ['module', 'main'],
    conditions: ['workerd', 'worker', 'browser', 'import'],
    plugins: [plugin],
    logLevel: 'error',
  });
  await mkdir(dirname(join(folder, 'worker.js')), { recursive: true });
  for (const [name, file] of wasm) await copyFile(file, join(folder, name));
  return [...wasm.keys()].map((name) => name.slice(2));
}

function config(wasm, port) {
  const modules = wasm.map((name) => `    (name = "${name}", wasm = embed "${name}"),\n`).join('');
  return `using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "main", worker = .worker),
    # The servers of the tests are on this machine.
    (name = "internet", network = (allow = ["public", "private"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")],
);

const worker :Workerd.Worker = (
  modules = [
    (name = "worker.js", esModule = embed "worker.js"),
${modules}  ],
  compatibilityDate = "${COMPATIBILITY}",
);
`;
}

async function freePort() {
  const server = createServer();
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  return port;
}

/** Waits until the worker answers; it does so once it is compiled. */
async function listening(port, exitCode, log) {
  for (let attempt = 0; attempt < 600; attempt += 1) {
    if (exitCode() !== null) throw new Error(`workerd ended with ${exitCode()}: ${log()}`);
    const answer = await fetch(`http://127.0.0.1:${port}/`).catch(() => undefined);
    if (answer !== undefined) return;
    await new Promise((done) => setTimeout(done, 50));
  }
  throw new Error(`workerd does not answer: ${log()}`);
}
