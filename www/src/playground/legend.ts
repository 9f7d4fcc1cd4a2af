import { el } from '../ui/dom.js';

/** What colours and lines in the text mean. */
export function legend(): HTMLElement {
  const entry = (name: string, classes: string) => el('li', {}, el('span', { class: `mark ${classes}` }), name);
  return el(
    'ul',
    { class: 'marks', 'aria-label': 'Marks in the text' },
    entry('Words', 'mark-word mark-block'),
    entry('Sensitive', 'mark-sensitive mark-block'),
    entry('Topics', 'mark-topic mark-block'),
    entry('Attacks', 'mark-content mark-block'),
    entry('blocks', 'mark-plain mark-block'),
    entry('masked', 'mark-plain mark-mask'),
  );
}
