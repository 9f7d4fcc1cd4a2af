import { el, uniqueId } from './dom.js';

export interface Tab {
  id: string;
  label: string;
  panel: HTMLElement;
}

export interface Tabs {
  readonly list: HTMLElement;
  readonly selected: string;
  select(id: string): void;
  /** Shows a small number or mark behind a tab's label; its meaning is read to screen readers. */
  badge(id: string, text: string, meaning?: string): void;
}

/** A list of tabs as the ARIA practices describe it: arrows move, Home and End jump, one tab stop. */
export function tabs(label: string, all: readonly Tab[], changed?: (id: string) => void): Tabs {
  const prefix = uniqueId('tab');
  const list = el('div', { class: 'tabs', role: 'tablist', 'aria-label': label });
  const badges = new Map<string, HTMLElement>();
  const buttons = all.map((tab) => {
    const badge = el('span', { class: 'badge', hidden: true });
    badges.set(tab.id, badge);
    const button = el(
      'button',
      {
        type: 'button',
        role: 'tab',
        class: 'tab',
        id: `${prefix}-${tab.id}`,
        'aria-controls': `${prefix}-${tab.id}-panel`,
        onclick: () => select(tab.id),
      },
      tab.label,
      badge,
    );
    tab.panel.id = `${prefix}-${tab.id}-panel`;
    tab.panel.setAttribute('role', 'tabpanel');
    tab.panel.setAttribute('aria-labelledby', button.id);
    list.append(button);
    return button;
  });
  let selected = all[0]?.id ?? '';

  const show = (id: string) => {
    selected = id;
    all.forEach((tab, index) => {
      const on = tab.id === id;
      tab.panel.hidden = !on;
      buttons[index]?.setAttribute('aria-selected', String(on));
      buttons[index]?.setAttribute('tabindex', on ? '0' : '-1');
    });
    buttons[all.findIndex((tab) => tab.id === id)]?.scrollIntoView?.({ block: 'nearest', inline: 'nearest' });
  };
  const select = (id: string) => {
    if (id === selected || !all.some((tab) => tab.id === id)) return;
    show(id);
    changed?.(id);
  };
  list.addEventListener('keydown', (event) => {
    const now = all.findIndex((tab) => tab.id === selected);
    const next = { ArrowRight: now + 1, ArrowLeft: now - 1, Home: 0, End: all.length - 1 }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    const index = (next + all.length) % all.length;
    const tab = all[index];
    if (tab) select(tab.id);
    buttons[index]?.focus();
  });
  show(selected);

  return {
    list,
    get selected() {
      return selected;
    },
    select,
    badge(id, text, meaning = '') {
      const badge = badges.get(id);
      if (!badge || badge.dataset['text'] === text) return;
      badge.dataset['text'] = text;
      badge.hidden = text === '';
      badge.textContent = text;
      if (meaning) badge.append(el('span', { class: 'visually-hidden' }, ` ${meaning}`));
    },
  };
}
