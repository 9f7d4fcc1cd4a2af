import { bytes, svg, uniqueId } from '../ui/dom.js';

const WIDTH = 600;
const HEIGHT = 72;

/** How many bytes were held back after each token, as a small area. */
export function holdbackChart(held: readonly number[], total: number): SVGElement {
  const most = held.reduce((a, b) => Math.max(a, b), 1);
  const step = WIDTH / Math.max(total, held.length, 1);
  const points = held.map((value, index) => `${((index + 1) * step).toFixed(1)},${(HEIGHT - (value / most) * (HEIGHT - 14)).toFixed(1)}`);
  const title = uniqueId('chart');
  return svg(
    'svg',
    { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: 'chart', role: 'img', 'aria-labelledby': title, preserveAspectRatio: 'none' },
    svg('title', { id: title }, `Bytes held back after each token, ${bytes(most)} at most`),
    svg('polygon', { class: 'area', points: `0,${HEIGHT} ${points.join(' ')} ${(held.length * step).toFixed(1)},${HEIGHT}` }),
    svg('polyline', { class: 'line', points: `0,${HEIGHT} ${points.join(' ')}` }),
  );
}
