import { el } from './dom.js';

let region: HTMLElement | undefined;

/** Says something to screen readers, politely. */
export function announce(text: string): void {
  if (!region) {
    region = el('div', { class: 'visually-hidden', 'aria-live': 'polite', 'aria-atomic': 'true' });
    document.body.append(region);
  }
  // The same text twice would not be read again.
  region.textContent = region.textContent === text ? `${text}\u00a0` : text;
}

export interface BannerAction {
  label: string;
  run: () => void;
}

/** A message above the page that stays until it is closed; a newer one of the same `id` takes its place. */
export function banner(
  id: string,
  kind: 'info' | 'warn' | 'block',
  text: string,
  action?: BannerAction,
): { close(): void } {
  const host = document.getElementById('banners') ?? document.body;
  host.querySelector(`[data-banner="${id}"]`)?.remove();
  const element = el(
    'div',
    { class: `banner banner-${kind}`, role: kind === 'info' ? 'status' : 'alert', 'data-banner': id },
    el('p', {}, text),
    action && el('button', { type: 'button', class: 'button', onclick: action.run }, action.label),
    el(
      'button',
      { type: 'button', class: 'button quiet', 'aria-label': `Close this message: ${text}`, onclick: () => element.remove() },
      'Close',
    ),
  );
  host.append(element);
  return { close: () => element.remove() };
}

export function closeBanner(id: string): void {
  document.querySelector(`[data-banner="${id}"]`)?.remove();
}
