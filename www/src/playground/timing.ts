import { button } from '../ui/controls.js';
import { bytes, el, fill, svg, uniqueId } from '../ui/dom.js';
import type { Loaded } from './session.js';

const KEPT = 500;
const BINS = 32;
const WIDTH = 600;
const HEIGHT = 120;
/** Shorter than this no browser's clock can tell, in milliseconds. */
const FINEST = 0.001;

/** How long real evaluations took, in the engine, and what loading took. */
export class TimingPanel {
  readonly element: HTMLElement;
  #samples: number[] = [];
  #facts = el('dl', { class: 'facts inline' });
  #load = el('dl', { class: 'facts inline' });
  #chart = el('div', { class: 'timing-chart' });
  #shown = false;

  constructor(repeat: (times: number) => Promise<void>) {
    const more = button('Check this text 200 times', () => {
      more.disabled = true;
      this.clear();
      void repeat(200).finally(() => (more.disabled = false));
    });
    this.element = el(
      'div',
      { class: 'tab-panel padded' },
      el(
        'p',
        { class: 'lead' },
        'Every check of this page is timed in its worker. Nothing here is estimated, and nothing is reported to anyone.',
      ),
      el('div', { class: 'buttons' }, more),
      this.#facts,
      this.#chart,
      el('h3', {}, 'Before the first check'),
      this.#load,
      el(
        'p',
        { class: 'muted small' },
        globalThis.crossOriginIsolated
          ? 'The clock of this page counts in steps of a few microseconds.'
          : 'This page is not isolated, so that the browser rounds its clock to 0.1 ms or more: short checks show as 0.',
      ),
    );
  }

  add(elapsed: number): void {
    this.#samples.push(elapsed);
    if (this.#samples.length > KEPT) this.#samples.shift();
    if (this.#shown) this.#later();
  }

  clear(): void {
    this.#samples = [];
    if (this.#shown) this.#later();
  }

  loaded(loaded: Loaded): void {
    fill(
      this.#load,
      loaded.compiled !== undefined && fact('Compiling the definition', ms(loaded.compiled)),
      fact('Starting the worker and loading the bundle', ms(loaded.started)),
      fact('Bundle', bytes(loaded.bundle.length)),
    );
    this.clear();
  }

  setShown(shown: boolean): void {
    this.#shown = shown;
    if (shown) this.#draw();
  }

  /** At most once a frame: 200 checks may come in a few. */
  #pending = false;
  #later(): void {
    if (this.#pending) return;
    this.#pending = true;
    requestAnimationFrame(() => {
      this.#pending = false;
      this.#draw();
    });
  }

  #draw(): void {
    const sorted = [...this.#samples].sort((a, b) => a - b);
    const p50 = quantile(sorted, 0.5);
    const p99 = quantile(sorted, 0.99);
    fill(
      this.#facts,
      fact('p50', ms(p50)),
      fact('p99', ms(p99)),
      fact('Checks', String(sorted.length)),
    );
    fill(this.#chart, sorted.length > 1 ? histogram(sorted, p50, p99) : el('div', { class: 'empty' }, el('strong', {}, 'No checks yet'), 'Type in the text, or run it 200 times.'));
  }
}

function fact(name: string, value: string): HTMLElement {
  return el('div', {}, el('dt', {}, name), el('dd', {}, value));
}

/** The nearest rank: a time that really was measured. */
export function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(Math.ceil(sorted.length * share) - 1, 0)] ?? 0;
}

/** A time in its unit for people. */
function ms(time: number): string {
  if (time < 0.0005) return '0 µs';
  if (time < 1) return `${Math.round(time * 1000)} µs`;
  return `${time < 100 ? time.toFixed(1) : Math.round(time).toLocaleString('en')} ms`;
}

/** On a logarithmic scale: the first checks may take a hundred times as long as the rest. */
function histogram(sorted: readonly number[], p50: number, p99: number): SVGElement {
  const lowest = Math.max(sorted[0] ?? 0, FINEST);
  const low = Math.log10(lowest / 1.3);
  const high = Math.max(Math.log10(Math.max(sorted.at(-1) ?? 0, lowest) * 1.3), low + 0.5);
  const share = (value: number) => (Math.log10(Math.max(value, FINEST)) - low) / (high - low);
  const bins = new Array<number>(BINS).fill(0);
  for (const value of sorted) {
    const bin = Math.min(Math.floor(share(value) * BINS), BINS - 1);
    bins[bin] = (bins[bin] ?? 0) + 1;
  }
  const most = Math.max(...bins);
  const width = WIDTH / BINS;
  const floor = HEIGHT - 22;
  const title = uniqueId('chart');
  const rule = (value: number, label: string, top: number) => {
    const x = share(value) * WIDTH;
    const isRight = x > WIDTH - 90;
    return [
      svg('line', { class: 'rule', x1: x, x2: x, y1: top, y2: floor }),
      svg('text', { class: 'rule-label', x: isRight ? x - 5 : x + 5, y: top + 9, 'text-anchor': isRight ? 'end' : 'start' }, label),
    ];
  };
  return svg(
    'svg',
    { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: 'chart', role: 'img', 'aria-labelledby': title },
    svg('title', { id: title }, `Times of ${sorted.length} checks: half within ${ms(p50)}, 99 in 100 within ${ms(p99)}`),
    bins.map((number, index) => {
      const height = number === 0 ? 0 : Math.max((number / most) * (floor - 32), 2);
      return svg('rect', { class: 'bin', x: index * width + 1, y: floor - height, width: width - 2, height, rx: 2 });
    }),
    svg('line', { class: 'axis', x1: 0, x2: WIDTH, y1: floor, y2: floor }),
    svg('text', { class: 'tick', x: 0, y: HEIGHT - 6 }, ms(10 ** low)),
    svg('text', { class: 'tick', x: WIDTH, y: HEIGHT - 6, 'text-anchor': 'end' }, ms(10 ** high)),
    rule(p50, `p50 ${ms(p50)}`, 2),
    rule(p99, `p99 ${ms(p99)}`, 16),
  );
}
