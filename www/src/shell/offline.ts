import { banner } from '../ui/notice.js';
import { scriptUrl } from './trusted.js';

/** Registers the service worker of a built site, so that later visits need no network. */
export async function workOffline(): Promise<void> {
  if (!import.meta.env.PROD || !('serviceWorker' in navigator)) return;
  const base = import.meta.env.BASE_URL;
  try {
    const registration = await navigator.serviceWorker.register(scriptUrl(`${base}sw.js`), { scope: base });
    if (registration.waiting) offer(registration.waiting);
    registration.addEventListener('updatefound', () => {
      const next = registration.installing;
      next?.addEventListener('statechange', () => {
        // Without a controller this is the first version, not a new one.
        if (next.state === 'installed' && navigator.serviceWorker.controller) offer(next);
      });
    });
  } catch {
    // Private windows and denied storage have no service worker; the site works, only not offline.
  }
}

function offer(next: ServiceWorker): void {
  banner('update', 'info', 'A new version of this page is ready.', {
    label: 'Use it',
    run: () => {
      navigator.serviceWorker.addEventListener('controllerchange', () => location.reload(), { once: true });
      next.postMessage('activate');
    },
  });
}
