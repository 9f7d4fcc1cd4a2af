// Child processes with a time limit. Every child leads a process group of its own, so that what it started
// ends with it.

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';

const running = new Set();

/** Ends everything that still runs; for the end of the run and for signals. */
export function endAll() {
  for (const child of running) end(child);
}

function end(child) {
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

/**
 * Runs a command to its end.
 *
 * @param {string[]} command program and arguments
 * @param {{ cwd: string, limit: number, env?: Record<string, string>, fails?: boolean }} options
 *   `limit` in seconds; `fails`: the command must exit with an error
 * @returns {Promise<string>} its standard output; with `fails`, standard error as well
 */
export async function run([program, ...args], { cwd, limit, env = {}, fails = false }) {
  const child = start(program, args, cwd, env);
  const output = collect(child);
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => {
      end(child);
      reject(new Error(`ended after ${limit} s: ${shown(program, args)}\n${output.tail()}`));
    }, limit * 1000);
  });
  try {
    const code = await Promise.race([exit(child, program), late]);
    if ((code === 0) === fails) {
      const what = fails ? 'succeeded, but must fail' : `failed (${code})`;
      throw new Error(`${what}: ${shown(program, args)}\n${output.tail()}`);
    }
    return fails ? output.all() : output.stdout();
  } finally {
    clearTimeout(timer);
    running.delete(child);
  }
}

/**
 * Starts a server and waits until it says what `ready` matches.
 *
 * @param {string[]} command
 * @param {{ cwd: string, limit: number, ready: RegExp, env?: Record<string, string> }} options `limit` in seconds
 * @returns {Promise<{ match: RegExpMatchArray, stop: () => Promise<void> }>}
 */
export async function serve([program, ...args], { cwd, limit, ready, env = {} }) {
  const child = start(program, args, cwd, env);
  const output = collect(child);
  const ended = exit(child, program);
  const stop = async () => {
    end(child);
    await ended.catch(() => undefined);
    running.delete(child);
  };
  try {
    const match = await new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`not ready after ${limit} s`)), limit * 1000);
      const look = () => {
        // Tools colour their output even when nobody sees it.
        const found = output.all().replace(/\u001b\[[0-9;]*m/g, '').match(ready);
        if (!found) return;
        clearTimeout(timer);
        resolve(found);
      };
      child.stdout.on('data', look);
      child.stderr.on('data', look);
      ended.then((code) => reject(new Error(`ended (${code}) before it was ready`)), reject);
    });
    return { match, stop };
  } catch (error) {
    await stop();
    throw new Error(`${error.message}: ${shown(program, args)}\n${output.tail()}`);
  }
}

/** Ports of this machine that nobody uses now. */
export async function freePorts(count) {
  const servers = Array.from({ length: count }, () => createServer());
  const listening = servers.map((server) => {
    return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server.address().port)));
  });
  const ports = await Promise.all(listening);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/**
 * The native program of a package like `deno`, which depends on one package a platform that holds it.
 *
 * @param {string} modules the folder `node_modules`
 * @param {string} name the program
 */
export async function program(modules, name) {
  const scope = ['@deno', '@oven', '@cloudflare'].map((scope) => join(modules, scope)).find(existsSync);
  const packages = scope ? (await readdir(scope)).sort() : [];
  for (const folder of packages) {
    for (const path of [join(scope, folder, name), join(scope, folder, 'bin', name)]) {
      if (existsSync(path)) return path;
    }
  }
  throw new Error(`${name} has no program for ${process.platform} ${process.arch} in ${modules}`);
}

function start(program, args, cwd, env) {
  const child = spawn(program, args, {
    cwd,
    env: { ...process.env, ...env },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  return child;
}

function exit(child, program) {
  return new Promise((resolve, reject) => {
    child.on('error', (error) => reject(new Error(`${program}: ${error.message}`)));
    child.on('close', (code, signal) => resolve(code ?? signal));
  });
}

function collect(child) {
  let stdout = '';
  let all = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    stdout += text;
    all += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => (all += text));
  return { stdout: () => stdout, all: () => all, tail: () => all.trimEnd().split('\n').slice(-40).join('\n') };
}

function shown(program, args) {
  return [program.split('/').pop(), ...args].join(' ');
}
