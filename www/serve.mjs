// A small static server for the built site, with the headers that a real host should send.
// node serve.mjs [--port N] [--root DIR]
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { HEADERS } from './csp.mjs';

const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
  '.json': 'application/json',
  '.webmanifest': 'application/manifest+json',
};

/** Serves a directory on the loopback interface. Port 0 takes a free one. `headers` replace the site's own. */
export async function serve({ root = fileURLToPath(new URL('dist/', import.meta.url)), port = 0, headers = HEADERS } = {}) {
  const server = createServer(async (request, response) => {
    const send = (status, extra, body) => {
      response.writeHead(status, { ...headers, ...extra });
      if (body === undefined || request.method === 'HEAD') response.end();
      else body(response);
    };
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      send(405, { allow: 'GET, HEAD' });
      return;
    }
    const path = await find(root, request.url ?? '/');
    if (path === undefined) {
      send(404, { 'content-type': 'text/plain; charset=utf-8' }, (out) => out.end('There is no such page.\n'));
      return;
    }
    // Only files with a hash in their names never change.
    const cache = /[/\\]assets[/\\]/.test(path) ? 'public, max-age=31536000, immutable' : 'no-cache';
    const type = TYPES[extname(path)] ?? 'application/octet-stream';
    send(200, { 'content-type': type, 'cache-control': cache }, (out) => createReadStream(path).pipe(out));
  });
  await new Promise((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve));
  return { server, url: `http://127.0.0.1:${server.address().port}/`, close: () => new Promise((done) => server.close(done)) };
}

async function find(root, url) {
  let path;
  try {
    path = decodeURIComponent(new URL(url, 'http://host').pathname);
  } catch {
    return undefined;
  }
  const file = normalize(join(root, path));
  if (!`${file}${sep}`.startsWith(normalize(root)) || path.includes('\0')) return undefined;
  for (const candidate of path.endsWith('/') ? [join(file, 'index.html')] : [file]) {
    const found = await stat(candidate).catch(() => undefined);
    if (found?.isFile()) return candidate;
  }
  return undefined;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const option = (name) => {
    const at = process.argv.indexOf(name);
    return at < 0 ? undefined : process.argv[at + 1];
  };
  const { url } = await serve({ port: Number(option('--port') ?? 4173), ...(option('--root') ? { root: option('--root') } : {}) });
  console.log(`The playground is at ${url.replace('127.0.0.1', 'localhost')} – stop it with Ctrl+C.`);
}
