import { el, type Child } from '../ui/dom.js';
import { number } from './format.js';

export interface Column {
  name: string;
  /** Figures are set to the right. */
  figures?: boolean;
}

export interface Row {
  class?: string;
  cells: readonly Child[];
}

/** A table in a box that scrolls sideways by itself. The first cell of a row is its heading. */
export function table(caption: string, columns: readonly Column[], rows: readonly Row[]): HTMLElement {
  const look = (place: number): string | undefined => (columns[place]?.figures ? 'figure' : undefined);
  const head = columns.map((column, place) => el('th', { scope: 'col', class: look(place) }, column.name));
  const body = rows.map((row) => {
    const cells = row.cells.map((cell, place) =>
      place === 0 ? el('th', { scope: 'row' }, cell) : el('td', { class: look(place) }, cell),
    );
    return el('tr', { class: row.class }, ...cells);
  });
  const content = el(
    'table',
    {},
    el('caption', {}, caption),
    el('thead', {}, el('tr', {}, ...head)),
    el('tbody', {}, ...body),
  );
  return el('div', { class: 'table-box', role: 'region', 'aria-label': caption, tabindex: 0 }, content);
}

export type Tone = 'good' | 'warn' | 'bad' | 'plain';

/** A table of counts: rows against columns; cells with a count are toned. */
export function matrix(
  caption: string,
  rows: readonly string[],
  columns: readonly string[],
  count: (row: number, column: number) => number,
  tone: (row: number, column: number) => Tone,
): HTMLElement {
  const body = rows.map((name, row) => {
    const cells = columns.map((_, column) => {
      const value = count(row, column);
      return el('td', { class: `figure cell-${value === 0 ? 'zero' : tone(row, column)}` }, number(value));
    });
    return el('tr', {}, el('th', { scope: 'row' }, name), ...cells);
  });
  const head = el('tr', {}, el('td'), ...columns.map((name) => el('th', { scope: 'col', class: 'figure' }, name)));
  const content = el(
    'table',
    { class: 'matrix' },
    el('caption', {}, caption),
    el('thead', {}, head),
    el('tbody', {}, ...body),
  );
  return el('div', { class: 'table-box', role: 'region', 'aria-label': caption, tabindex: 0 }, content);
}
