import { workOffline } from './offline.js';
import { themeSwitch } from './theme.js';

/** Starts what every page has: the theme, offline use. Gives the page's main element, emptied of its "Starting…". */
export function startPage(tools: readonly HTMLElement[] = []): HTMLElement {
  document.getElementById('tools')?.append(...tools, themeSwitch());
  const main = document.getElementById('main');
  if (!main) throw new Error('the page has no main element');
  main.querySelector('.starting')?.remove();
  keepDrops();
  // After the page itself: the service worker fetches all files, and must not come before those that are needed now.
  if (document.readyState === 'complete') void workOffline();
  else window.addEventListener('load', () => void workOffline(), { once: true });
  return main;
}

/** A file that misses its place must not take the page away: browsers open it in place of the page. */
function keepDrops(): void {
  for (const type of ['dragover', 'drop'] as const) {
    window.addEventListener(type, (event) => {
      if (event.dataTransfer?.types.includes('Files')) event.preventDefault();
    });
  }
}
