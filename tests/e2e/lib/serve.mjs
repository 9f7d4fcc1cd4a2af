// A static server on this machine, with the package, the pages of these tests and what they need.

import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize, sep } from 'node:path';

const TYPES = {
  '.bundle': 'application/octet-stream',
  '.cjs': 'text/javascript',
  '.css': 'text/css',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.mjs': 'text/javascript',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
  '.webmanifest': 'application/manifest+json',
};

/**
 * Serves folders by the first part of the path (`{ web: '/…/web' }`; the name `''` takes everything else) and answers
 * of its own: `pages[path]` is `{ status, headers, body }` or a function of the request that gives one; `cut: true` closes the
 * connection behind the body. `answer(path, request)` gives an answer to what is no page, or nothing. `headers` come with every answer. Listens on a free port of 127.0.0.1.
 */
export async function serve({ folders = {}, pages = {}, headers = {}, answer: other = () => undefined }) {
  const requests = [];
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, 'http://localhost');
    requests.push({ method: request.method, path: request.url });
    try {
      const page = pages[pathname] ?? (await other(decodeURIComponent(pathname), request));
      if (page !== undefined) {
        const answer = typeof page === 'function' ? await page(request) : page;
        response.writeHead(answer.status ?? 200, { ...headers, ...answer.headers });
        if (answer.cut) response.write(answer.body, () => response.destroy());
        else response.end(answer.body ?? '');
        return;
      }
      await file(folders, pathname, headers, response);
    } catch (error) {
      if (!response.headersSent) response.writeHead(500, { 'content-type': 'text/plain' });
      response.end(String(error));
    }
  });
  // A busy machine is no server that closes a connection while a request is on its way.
  server.keepAliveTimeout = 600_000;
  await new Promise((done, failed) => server.once('error', failed).listen(0, '127.0.0.1', done));
  const origin = `http://127.0.0.1:${server.address().port}`;
  const stop = () =>
    new Promise((done) => {
      server.close(done);
      server.closeAllConnections();
    });
  return { origin, requests, stop };
}

async function file(folders, pathname, headers, response) {
  const path = decodeURIComponent(pathname).slice(1);
  const first = path.split('/', 1)[0];
  const [folder, rest] = first in folders ? [folders[first], path.slice(first.length + 1)] : [folders[''], path];
  const found = folder === undefined ? undefined : await readable(folder, rest);
  if (found === undefined) {
    response.writeHead(404, { ...headers, 'content-type': 'text/html; charset=utf-8' });
    response.end('<!doctype html><title>Not found</title><h1>404 Not Found</h1>');
    return;
  }
  const type = TYPES[extname(found.path)] ?? 'application/octet-stream';
  response.writeHead(200, { 'content-type': type, 'content-length': found.size, 'cache-control': 'no-cache', ...headers });
  createReadStream(found.path).pipe(response);
}

/** The file, or the `index.html` of a folder; nothing outside of the folder that is served. */
async function readable(folder, rest) {
  const path = normalize(join(folder, rest));
  if (path !== normalize(folder) && !path.startsWith(normalize(folder + sep))) return undefined;
  for (const candidate of [path, join(path, 'index.html')]) {
    const found = await stat(candidate).catch(() => undefined);
    if (found?.isFile()) return { path: candidate, size: found.size };
  }
  return undefined;
}
