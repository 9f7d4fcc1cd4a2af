import { el, svg } from '../ui/dom.js';
import { number, percent } from './format.js';

export interface Part {
  /** `pass`, `mask`, `block` …: the colour and the pattern. */
  look: string;
  name: string;
  count: number;
}

export interface StackedRow {
  name: string;
  parts: readonly Part[];
}

const said = (part: Part, whole: number): string =>
  `${part.name} ${number(part.count)} (${percent(part.count, whole)})`;

function bar(row: StackedRow): SVGElement {
  const whole = row.parts.reduce((sum, part) => sum + part.count, 0);
  let before = 0;
  const parts = row.parts.flatMap((part) => {
    const x = whole === 0 ? 0 : (before / whole) * 100;
    const width = whole === 0 ? 0 : (part.count / whole) * 100;
    before += part.count;
    if (part.count === 0) return [];
    const rect = svg('rect', { class: `part part-${part.look}`, x: `${x}%`, y: 0, width: `${width}%`, height: 28 });
    rect.append(svg('title', {}, said(part, whole)));
    // A figure that does not fit its part is in the legend.
    const label =
      width < 9
        ? []
        : [
            svg(
              'text',
              { class: 'part-count', x: `${x + width / 2}%`, y: 19, 'text-anchor': 'middle' },
              number(part.count),
            ),
          ];
    return [rect, ...label];
  });
  const label = `${row.name}: ${row.parts.map((part) => said(part, whole)).join(', ')}`;
  return svg('svg', { class: 'stack', role: 'img', 'aria-label': label, width: '100%', height: 28 }, ...parts);
}

/** Bars of parts that make up a whole, one under the other, with their figures as a legend. */
export function stackedChart(title: string, rows: readonly StackedRow[]): HTMLElement {
  const items = rows.map((row) => {
    const whole = row.parts.reduce((sum, part) => sum + part.count, 0);
    const figures = row.parts.map((part) =>
      el('li', {}, el('span', { class: `swatch part-${part.look}`, 'aria-hidden': 'true' }), said(part, whole)),
    );
    return el('li', {}, el('span', { class: 'row-name' }, row.name), bar(row), el('ul', { class: 'key' }, ...figures));
  });
  return el(
    'figure',
    { class: 'drawing stacked' },
    el('figcaption', {}, title),
    el('ul', { class: 'stack-rows' }, ...items),
  );
}
