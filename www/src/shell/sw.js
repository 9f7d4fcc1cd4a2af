// The service worker: after the first visit the site works without a network. The build puts in the version, which
// changes with any file, and the list of all files.

const worker = self;
const VERSION = __VERSION__;

const FILES = __FILES__;
const CACHE = `edgerail-www-${VERSION}`;
const SCOPE = worker.registration.scope;
const KNOWN = new Set(FILES.map((file) => new URL(file, SCOPE).href));

worker.addEventListener('install', (event) => {
  // All or nothing: a version with files missing would break when the network is away.
  const requests = [...KNOWN].map((url) => new Request(url, { cache: 'no-cache' }));
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(requests)));
});

worker.addEventListener('activate', (event) => {
  const clean = async () => {
    for (const name of await caches.keys()) {
      if (name.startsWith('edgerail-www-') && name !== CACHE) await caches.delete(name);
    }
    await worker.clients.claim();
  };
  event.waitUntil(clean());
});

// A new version waits until the page says so: it must not take the files from under a page that is open.
worker.addEventListener('message', (event) => {
  if (event.data === 'activate') void worker.skipWaiting();
});

worker.addEventListener('fetch', (event) => {
  const { request } = event;
  if (request.method !== 'GET') return;
  const url = new URL(request.url);
  url.hash = '';
  url.search = '';
  if (request.mode === 'navigate') url.pathname = url.pathname.replace(/index\.html$/, '');
  if (!KNOWN.has(url.href)) return;
  const answer = async () => (await (await caches.open(CACHE)).match(url.href)) ?? fetch(request);
  event.respondWith(answer());
});
