// A static server: what a page's host does without any bundler.

import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { extname, join, normalize, sep } from 'node:path';

const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
};

/**
 * Serves a folder on a free port of this machine.
 *
 * @param {string} folder
 * @param {{ headers?: Record<string, string>, types?: Record<string, string> }} [options] headers of every answer;
 *   other types by file extension
 * @returns {Promise<{ url: string, stop: () => Promise<void> }>} `url` ends with a slash
 */
export async function serveFolder(folder, { headers = {}, types = {} } = {}) {
  const known = { ...TYPES, ...types };
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, 'http://localhost');
    const path = normalize(join(folder, decodeURIComponent(pathname), pathname.endsWith('/') ? 'index.html' : ''));
    try {
      if (!path.startsWith(folder + sep)) throw new Error('outside of the folder');
      const body = await readFile(path);
      response.writeHead(200, { 'content-type': known[extname(path)] ?? 'application/octet-stream', ...headers });
      response.end(body);
    } catch {
      response.writeHead(404, { 'content-type': 'text/html', ...headers });
      response.end('<!doctype html><title>404 Not Found</title>');
    }
  });
  // A busy machine is no server that closes a connection while a request is on its way.
  server.keepAliveTimeout = 600_000;
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}/`,
    stop: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}
