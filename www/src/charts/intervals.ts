import { el, svg } from '../ui/dom.js';
import { interval, share } from './format.js';

/** One figure of a row: a share from 0 to 1 and the interval it may well lie in. */
export interface Measure {
  name: string;
  /** Colour and shape: `one` is a dot, `two` a diamond, so that colour is not the only difference. */
  look: 'one' | 'two';
  value: number | null;
  bounds: readonly [number, number] | null;
}

export interface IntervalRow {
  name: string;
  /** Said beside the name, e.g. how many labels there are. */
  remark: string;
  /** Rows that sum up others are set apart. */
  sum: boolean;
  measures: readonly Measure[];
}

const STEPS = [0, 0.25, 0.5, 0.75, 1];
/** The track keeps this much free at both ends, so that marks at 0 and 1 are whole. */
const MARGIN = 3;

const at = (value: number): string => `${MARGIN + value * (100 - 2 * MARGIN)}%`;

function mark(measure: Measure, value: number, y: number): SVGElement {
  const look = `hit hit-${measure.look}`;
  if (measure.look === 'one') return svg('circle', { class: look, cx: at(value), cy: y, r: 5 });
  // A nested viewport takes a position in percent, which a path does not.
  const path = svg('path', { class: look, d: 'M0 -6 L6 0 L0 6 L-6 0 Z' });
  return svg('svg', { x: at(value), y, overflow: 'visible' }, path);
}

function said(measure: Measure): string {
  if (measure.value === null) return `${measure.name}: nothing to compute it from`;
  const bounds = measure.bounds === null ? '' : `, 95 % interval ${interval(measure.bounds)}`;
  return `${measure.name} ${share(measure.value)}${bounds}`;
}

function track(row: IntervalRow): SVGElement {
  const height = 10 + row.measures.length * 16;
  const grid = STEPS.map((step) => svg('line', { class: 'grid', x1: at(step), x2: at(step), y1: 0, y2: height }));
  const marks = row.measures.flatMap((measure, place) => {
    const y = 13 + place * 16;
    if (measure.value === null) {
      return [
        svg(
          'text',
          { class: 'nothing', x: at(0), y: y + 4 },
          `no ${measure.name.toLowerCase()}: nothing found or labelled`,
        ),
      ];
    }
    const whisker =
      measure.bounds &&
      svg('line', {
        class: `whisker hit-${measure.look}`,
        x1: at(measure.bounds[0]),
        x2: at(measure.bounds[1]),
        y1: y,
        y2: y,
      });
    return [...(whisker ? [whisker] : []), mark(measure, measure.value, y)];
  });
  const label = `${row.name}: ${row.measures.map(said).join('; ')}`;
  return svg(
    'svg',
    { class: 'track', role: 'img', 'aria-label': label, width: '100%', height },
    svg('title', {}, row.measures.map(said).join('\n')),
    ...grid,
    ...marks,
  );
}

function axis(): SVGElement {
  const labels = STEPS.map((step) =>
    svg('text', { class: 'tick', x: at(step), y: 12, 'text-anchor': 'middle' }, step.toString()),
  );
  return svg('svg', { class: 'axis', 'aria-hidden': 'true', width: '100%', height: 16 }, ...labels);
}

/** Dots with whiskers on a scale from 0 to 1, a row for each entry. The figures also stand in a table beside it. */
export function intervalChart(title: string, rows: readonly IntervalRow[]): HTMLElement {
  const legend = rows[0]?.measures.map((measure) => {
    const sample = svg('svg', { width: 28, height: 14, 'aria-hidden': 'true' });
    sample.append(svg('line', { class: `whisker hit-${measure.look}`, x1: 2, x2: 26, y1: 7, y2: 7 }));
    const shape =
      measure.look === 'one'
        ? svg('circle', { class: 'hit hit-one', cx: 14, cy: 7, r: 5 })
        : svg('path', { class: 'hit hit-two', d: 'M14 1 L20 7 L14 13 L8 7 Z' });
    sample.append(shape);
    return el('li', {}, sample, measure.name);
  });
  return el(
    'figure',
    { class: 'drawing intervals' },
    el('figcaption', {}, title),
    el('ul', { class: 'key' }, ...(legend ?? [])),
    el(
      'ul',
      { class: 'interval-rows' },
      ...rows.map((row) =>
        el(
          'li',
          { class: row.sum ? 'sum' : '' },
          el('span', { class: 'row-name' }, el('span', {}, row.name), el('small', {}, row.remark)),
          track(row),
        ),
      ),
    ),
    el('div', { class: 'interval-axis' }, axis()),
  );
}
