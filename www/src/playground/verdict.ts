import type { Decision } from 'edgerail';
import { debounce, el, fill } from '../ui/dom.js';
import { announce } from '../ui/notice.js';
import { verdict } from '../words/decision.js';

const SYMBOLS = { pass: '✓', mask: '◐', block: '✕' } as const;
/** Screen readers hear the verdict when typing rests, and only if it is another one. */
const REST = 900;

/** The decision in plain words, above all else. */
export function verdictView(): { element: HTMLElement; show(decision: Decision): void; wait(text: string): void } {
  const symbol = el('span', { class: 'verdict-symbol', 'aria-hidden': 'true' });
  const title = el('strong', { class: 'verdict-title' });
  const sentence = el('span', { class: 'verdict-sentence' });
  const reasons = el('ul', { class: 'verdict-reasons' });
  const element = el('div', { class: 'verdict' }, symbol, el('p', {}, title, ' ', sentence), reasons);
  let said = '';
  let now = '';
  let drawn = '';
  const say = debounce(() => {
    if (now === said) return;
    said = now;
    announce(now);
  }, REST);
  return {
    element,
    show(decision) {
      const words = verdict(decision);
      element.dataset['outcome'] = words.outcome;
      element.dataset['reason'] = decision.reasonCode;
      const key = JSON.stringify(words);
      if (key === drawn) return;
      drawn = key;
      element.className = `verdict ${words.outcome}`;
      symbol.textContent = SYMBOLS[words.outcome];
      title.textContent = words.title;
      sentence.textContent = words.sentence;
      const shown = words.reasons.slice(0, 6);
      const more = words.reasons.length - shown.length;
      fill(
        reasons,
        shown.map((reason) => el('li', {}, reason)),
        more > 0 && el('li', {}, `and ${more} more`),
      );
      now = [words.title, words.sentence, ...shown].join('. ');
      say();
    },
    wait(text) {
      drawn = '';
      element.className = 'verdict waiting';
      delete element.dataset['outcome'];
      symbol.textContent = '…';
      title.textContent = text;
      sentence.textContent = '';
      fill(reasons);
    },
  };
}
