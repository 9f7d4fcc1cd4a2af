import { button } from '../ui/controls.js';
import { el } from '../ui/dom.js';

export interface PagedList<T> {
  readonly list: HTMLElement;
  /** The button for more; hidden when all is shown. */
  readonly more: HTMLElement;
  set(items: readonly T[]): void;
}

/** A list that draws its items page by page, so that thousands of them cost nothing until they are asked for. */
export function pagedList<T>(className: string, page: number, draw: (item: T) => HTMLElement): PagedList<T> {
  let items: readonly T[] = [];
  const list = el('ul', { class: className });
  const label = el('span');
  const add = (): void => {
    const from = list.childElementCount;
    list.append(...items.slice(from, from + page).map(draw));
    const left = items.length - list.childElementCount;
    more.hidden = left === 0;
    label.textContent = `Show ${Math.min(left, page)} more of ${left.toLocaleString('en')}`;
    // The focus goes on to what came, not back to the top.
    if (from > 0) list.children[from]?.querySelector<HTMLElement>('summary')?.focus();
  };
  const more = button(label, add);
  return {
    list,
    more,
    set(next) {
      items = next;
      list.replaceChildren();
      add();
    },
  };
}
