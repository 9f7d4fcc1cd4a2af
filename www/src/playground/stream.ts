import type { AsyncEngine, AsyncTextStream, Source, StreamMode, StreamStats } from 'edgerail';
import { button, segmented } from '../ui/controls.js';
import { bytes, el, fill, uniqueId } from '../ui/dom.js';
import { announce } from '../ui/notice.js';
import { errorWords } from '../words/errors.js';
import { tokens } from './tokens.js';
import { holdbackChart } from './holdback-chart.js';

/** So much of a text is played. */
const PLAYED = 12_000;

/** A stream that is played by hand or by the clock: what is out, what is held back and what is still to come. */
export class StreamPanel {
  readonly element: HTMLElement;
  #engine: AsyncEngine | undefined;
  #source: Source = 'OUTPUT';
  #text = '';
  #mode: StreamMode = 'incremental';
  #tokens: string[] = [];
  #next = 0;
  #released = '';
  #held: number[] = [];
  #stream: AsyncTextStream | undefined;
  #ended = false;
  #timer: number | undefined;
  /** Steps that are not done yet: one after the other, whatever the clock says. */
  #queue: Promise<void> = Promise.resolve();
  #run = 0;

  #out = el('span', { class: 'stream-out' });
  #heldText = el('span', { class: 'stream-held' });
  #rest = el('span', { class: 'stream-rest', 'aria-hidden': 'true' });
  #facts = el('dl', { class: 'facts inline' });
  #chart = el('div', { class: 'stream-chart' });
  #end = el('p', { class: 'stream-end', role: 'status' });
  #play = button('Play', () => this.#toggle(), { class: 'primary' });
  #step = button('Step', () => this.#byHand());
  #speed = el('input', { type: 'range', min: 1, max: 60, value: 12, id: uniqueId('speed') });

  constructor() {
    const mode = segmented<StreamMode>(
      'How the stream is let out',
      [
        { value: 'incremental', label: 'As it comes', title: 'Lets out what is safe' },
        { value: 'buffer', label: 'All in the end', title: 'Holds everything, so that what is found anywhere acts on all' },
      ],
      this.#mode,
      (value) => {
        this.#mode = value;
        this.#reset();
      },
    );
    this.#speed.addEventListener('input', () => this.#schedule());
    this.element = el(
      'div',
      { class: 'tab-panel padded stream' },
      el(
        'p',
        { class: 'lead' },
        'The text arrives token by token, as from a model. What could still become something that acts is held back; the rest is let out at once.',
      ),
      el(
        'div',
        { class: 'buttons' },
        this.#play,
        this.#step,
        button('Start over', () => this.#reset()),
        mode.element,
        el('label', { class: 'speed', for: this.#speed.id }, el('span', {}, 'Speed'), this.#speed),
      ),
      el(
        'div',
        { class: 'box stream-view', tabindex: '0', role: 'group', 'aria-label': 'The stream: let out, held back, still to come' },
        this.#out,
        this.#heldText,
        this.#rest,
      ),
      el(
        'p',
        { class: 'legend' },
        el('span', { class: 'key key-out' }, 'let out'),
        el('span', { class: 'key key-held' }, 'held back'),
        el('span', { class: 'key key-rest' }, 'still to come'),
      ),
      this.#end,
      this.#facts,
      this.#chart,
    );
  }

  /** A new engine, text or direction: starts over. */
  show(engine: AsyncEngine, text: string, source: Source): void {
    if (engine === this.#engine && text === this.#text && source === this.#source) return;
    this.#engine = engine;
    this.#text = text;
    this.#source = source;
    this.#reset();
  }

  /** Stops the clock: the tab is hidden. */
  pause(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#play.textContent = this.#ended ? 'Play again' : 'Play';
  }

  #reset(): void {
    this.pause();
    this.#run += 1;
    this.#stream?.free();
    this.#stream = undefined;
    this.#tokens = tokens(this.#text.slice(0, PLAYED));
    this.#next = 0;
    this.#released = '';
    this.#held = [];
    this.#ended = false;
    this.#end.textContent = this.#text.length > PLAYED ? `The first ${PLAYED.toLocaleString('en')} characters are played.` : '';
    this.#end.className = 'stream-end';
    this.#play.textContent = 'Play';
    this.#draw();
  }

  #toggle(): void {
    if (this.#timer !== undefined) {
      this.pause();
      return;
    }
    if (this.#ended) this.#reset();
    this.#play.textContent = 'Pause';
    this.#timer = 0;
    this.#schedule();
    this.#advance();
  }

  #schedule(): void {
    if (this.#timer === undefined) return;
    clearInterval(this.#timer);
    this.#timer = window.setInterval(() => this.#advance(), 1000 / Number(this.#speed.value));
  }

  #byHand(): void {
    this.pause();
    if (this.#ended) this.#reset();
    this.#advance();
  }

  #advance(): void {
    const run = this.#run;
    this.#queue = this.#queue.then(async () => {
      if (run !== this.#run || this.#ended || !this.#engine) return;
      try {
        await this.#pushNext(run);
      } catch (error) {
        if (run === this.#run) this.#finish('block', errorWords(error));
      }
    });
  }

  async #pushNext(run: number): Promise<void> {
    const engine = this.#engine as AsyncEngine;
    const stream = (this.#stream ??= await engine.stream({ source: this.#source, mode: this.#mode }));
    const token = this.#tokens[this.#next];
    if (token === undefined) {
      const end = await stream.finish();
      if (run !== this.#run) return;
      this.#released += end.text;
      const words = { pass: 'Let out as it came.', mask: 'Let out with masks.', block: 'Blocked: the message ends what was let out before.' };
      this.#finish(end.outcome, words[end.outcome]);
      return;
    }
    const out = await stream.push(token);
    const stats = await stream.stats();
    if (run !== this.#run) return;
    this.#released += out;
    this.#next += 1;
    this.#held.push(stats.held);
    // What follows a block is swallowed, so that there is nothing left to watch.
    if (stream.blocked) this.#next = this.#tokens.length;
    this.#draw(stats);
  }

  #finish(outcome: 'pass' | 'mask' | 'block', words: string): void {
    this.#ended = true;
    this.#next = this.#tokens.length;
    this.#held.push(0);
    this.pause();
    this.#end.textContent = words;
    this.#end.className = `stream-end chip ${outcome}`;
    announce(words);
    this.#draw();
  }

  #draw(stats?: StreamStats): void {
    const sent = this.#tokens.slice(0, this.#next).join('');
    this.#out.textContent = this.#released;
    this.#heldText.textContent = this.#ended || !stats ? '' : tail(sent, stats.held);
    this.#rest.textContent = this.#ended ? '' : this.#tokens.slice(this.#next).join('');
    const most = this.#held.reduce((a, b) => Math.max(a, b), 0);
    fill(
      this.#facts,
      fact('Tokens', `${this.#next} of ${this.#tokens.length}`),
      fact('Held back now', bytes(stats?.held ?? 0)),
      fact('At most', bytes(most)),
      stats && fact('Half of the time at most', bytes(stats.median)),
    );
    fill(this.#chart, this.#held.length > 1 && holdbackChart(this.#held, this.#tokens.length));
  }
}

function fact(name: string, value: string): HTMLElement {
  return el('div', {}, el('dt', {}, name), el('dd', {}, value));
}

/** The last so many bytes of UTF-8 of a text, whole characters. */
function tail(text: string, held: number): string {
  const encoded = new TextEncoder().encode(text);
  return new TextDecoder().decode(encoded.subarray(Math.max(encoded.length - held, 0)));
}
