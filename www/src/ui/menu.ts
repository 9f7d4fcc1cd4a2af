import { el } from './dom.js';

export interface MenuItem {
  label: string;
  /** What choosing it means, in a line below. */
  note: string;
  run: () => void;
}

/** A button that opens a few choices. It is a disclosure, not an ARIA menu: Tab goes through it, Escape closes it. */
export function menu(label: string, items: readonly MenuItem[]): HTMLDetailsElement {
  const summary = el('summary', { class: 'button' }, label);
  const element = el(
    'details',
    { class: 'menu' },
    summary,
    el(
      'div',
      { class: 'menu-list' },
      items.map((item) =>
        el(
          'button',
          {
            type: 'button',
            class: 'menu-item',
            onclick: () => {
              element.open = false;
              item.run();
            },
          },
          el('strong', {}, item.label),
          el('span', {}, item.note),
        ),
      ),
    ),
  );
  element.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || !element.open) return;
    element.open = false;
    summary.focus();
  });
  document.addEventListener('pointerdown', (event) => {
    if (!event.composedPath().includes(element)) element.open = false;
  });
  element.addEventListener('focusout', (event) => {
    if (event.relatedTarget && !element.contains(event.relatedTarget as Node)) element.open = false;
  });
  return element;
}
