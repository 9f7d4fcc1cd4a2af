// Where the package runs: Node, Chromium and Firefox, all with the same few methods. A *page* is a fresh instance:
// a tab of a fresh profile, or a process of Node. `call(module, name, argument)` imports a module of `web/` there and
// calls one of its exports; arguments and results are JSON. `console` is what was logged as an error.

import { fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';

import { BROWSERS } from './launch.mjs';
import { importMap } from './importmap.mjs';
import { CORPUS, E2E, PACKAGE } from './paths.mjs';
import { serve } from './serve.mjs';

/** The surfaces by name; `EDGERAIL_SURFACES=node,firefox` chooses some. */
export const SURFACES = (process.env.EDGERAIL_SURFACES ?? 'node,chromium,firefox').split(',').filter(Boolean);

/** Wasm is allowed, evaluation of strings is not; what the documentation asks pages for. */
export const CSP = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'";
/** As pages forbid WebAssembly, often without knowing. */
export const CSP_WITHOUT_WASM = "default-src 'self'; script-src 'self'";

const HTML = '<!doctype html><html lang="en"><title>503</title><h1>Service unavailable</h1></html>';

/** The server of these tests: the package, the corpus, the test modules, and pages under several policies. */
export async function testServer(more = {}) {
  const map = await importMap(PACKAGE, '/package');
  const page = (policy) => () => {
    const nonce = randomBytes(12).toString('base64');
    const body =
      '<!doctype html><html lang="en"><meta charset="utf-8"><title>Edgerail</title><link rel="icon" href="data:,">' +
      `<script type="importmap" nonce="${nonce}">${JSON.stringify(map)}</script></html>`;
    const csp = policy.replace("script-src 'self'", `script-src 'self' 'nonce-${nonce}'`);
    return { headers: { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': csp }, body };
  };
  const html = { 'content-type': 'text/html; charset=utf-8' };
  return await serve({
    folders: { package: PACKAGE, corpus: CORPUS, web: fileURLToPath(new URL('../web', import.meta.url)), ...more.folders },
    pages: {
      '/': page(`${CSP}; img-src data:`),
      '/no-wasm': page(`${CSP_WITHOUT_WASM}; img-src data:`),
      '/error.bundle': { status: 503, headers: html, body: HTML },
      '/login.bundle': { headers: html, body: HTML },
      '/error.wasm': { status: 503, headers: html, body: HTML },
      '/login.wasm': { headers: html, body: HTML },
      '/text.wasm': { headers: { 'content-type': 'application/wasm' }, body: HTML },
      '/empty.bundle': { headers: { 'content-type': 'application/octet-stream' } },
      // A connection that ends too early.
      '/cut.bundle': { headers: { 'content-type': 'application/octet-stream', 'content-length': '100' }, body: 'EDGERAIL', cut: true },
      ...more.pages,
    },
    answer: more.answer,
  });
}

/** Starts a surface. */
export async function start(name) {
  return name === 'node' ? node() : await browserSurface(await BROWSERS[name]());
}

async function browserSurface(browser) {
  const open = async (origin, { path = '/', prepare } = {}) => {
    const page = await browser.open(origin + path);
    if (prepare !== undefined) await page.run(prepare);
    const call = async (module, name, argument) => {
      const result = await page.run(CALL_IN_PAGE, JSON.stringify({ module, name, argument }));
      return unpack(result);
    };
    return { call, console: page.errors, close: page.close, page };
  };
  return { name: browser.name, version: browser.version, browser: browser.browser, open, stop: browser.stop };
}

const CALL_IN_PAGE = async (text) => {
  const { module, name, argument } = JSON.parse(text);
  try {
    const exports = await import(`/web/${module}`);
    const value = await exports[name]({ origin: location.origin, ...argument });
    return JSON.stringify({ value });
  } catch (error) {
    return JSON.stringify({ error: { message: String(error?.message ?? error), code: error?.code, stack: error?.stack } });
  }
};

/** A process of Node for every page, with the garbage collector at hand. */
function node() {
  const open = async (origin, { execArgv = [], prepare } = {}) => {
    const child = fork(fileURLToPath(new URL('node-page.mjs', import.meta.url)), {
      cwd: E2E,
      execArgv: ['--expose-gc', ...execArgv],
      stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
    });
    const errors = [];
    child.stderr.on('data', (data) => errors.push(String(data)));
    let ended;
    const end = new Promise((done) => child.once('exit', (code, signal) => done((ended = code ?? signal))));
    const call = async (module, name, argument) => {
      const answer = new Promise((done) => child.once('message', done));
      child.send({ module, name, argument: { origin, ...argument }, prepare: prepare && String(prepare) });
      const result = await Promise.race([answer, end]);
      if (typeof result !== 'string') throw new Error(`the process of Node ended with ${ended}: ${errors.join('')}`);
      return unpack(result);
    };
    const close = async () => {
      child.kill();
      await end;
    };
    return { call, console: errors, close, pid: child.pid };
  };
  return { name: 'node', version: process.version, open, stop: async () => {} };
}

function unpack(text) {
  const { value, error } = JSON.parse(text);
  if (error === undefined) return value;
  const thrown = new Error(error.message);
  thrown.code = error.code;
  // Chromium's stack begins with the message, Firefox's does not.
  thrown.stack = error.stack?.includes(error.message) ? error.stack : `${error.message}\n${error.stack}`;
  throw thrown;
}

