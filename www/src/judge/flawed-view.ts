import type { JudgedRow } from 'edgerail/compile';
import { el } from '../ui/dom.js';
import { counted, entryWords, number } from '../charts/format.js';
import { pagedList } from '../charts/paged.js';
import { marked, utf16Offset, type Stretch } from '../charts/marked.js';
import { EFFECT_WORDS } from '../diff/words.js';
import { FLAWS, FLAW_NOTES, FLAW_WORDS, KEPT, type Flaw, type FlawedRow, type Judgement } from './flawed.js';

/** As many rows are drawn at a time. */
const PAGE = 25;

/** The rows that are wrong, with their labels and findings marked; they can be filtered by flaw and by entry. */
export function flawedView(judgement: Judgement): HTMLElement {
  if (judgement.flawed.length === 0) {
    return el(
      'section',
      { class: 'flawed' },
      el('h3', {}, 'Rows to look at'),
      el('p', { class: 'empty' }, 'None: everything is found and treated as labelled.'),
    );
  }
  const unit = judgement.evaluation.offsets;
  const { list, more, set } = pagedList<FlawedRow>('texts', PAGE, (row) => rowView(row, unit));
  const status = el('p', { class: 'note', role: 'status' });
  let chosen: { flaw: Flaw | null; entry: string } = { flaw: null, entry: '' };
  const draw = (): void => {
    const own = judgement.flawed.filter((row) => fits(row, chosen.flaw, chosen.entry));
    set(own);
    const lost = FLAWS.some((flaw) => judgement.counts[flaw] > KEPT);
    const rest = lost ? ` Only the first ${number(KEPT)} of each kind are kept; the figures above count all.` : '';
    status.textContent = `${counted(own.length, 'row')}.${rest}`;
  };
  const choose = (change: Partial<typeof chosen>): void => {
    chosen = { ...chosen, ...change };
    draw();
  };
  const flaws = [null, ...FLAWS.filter((flaw) => judgement.counts[flaw] > 0)];
  const choices = flaws.map((flaw, place) => {
    const input = el('input', {
      type: 'radio',
      name: 'flaw',
      value: flaw ?? 'all',
      checked: place === 0,
      onchange: () => choose({ flaw }),
    });
    const count = flaw !== null && el('b', {}, number(judgement.counts[flaw]));
    return el(
      'label',
      { class: 'choice', title: flaw === null ? undefined : FLAW_NOTES[flaw] },
      input,
      `${flaw === null ? 'all' : FLAW_WORDS[flaw]} `,
      count,
    );
  });
  const select = entrySelect(judgement, (entry) => choose({ entry }));
  draw();
  return el(
    'section',
    { class: 'flawed' },
    el('h3', {}, 'Rows to look at'),
    el(
      'div',
      { class: 'filters' },
      el('fieldset', { class: 'choices' }, el('legend', { class: 'visually-hidden' }, 'Show rows with'), ...choices),
      select,
    ),
    legend(),
    status,
    list,
    more,
  );
}

function entrySelect(judgement: Judgement, choose: (entry: string) => void): HTMLElement {
  const names = [...new Set(judgement.flawed.flatMap((row) => wrongEntries(row.row)))].sort();
  const options = [
    el('option', { value: '' }, 'any entry'),
    ...names.map((name) => el('option', { value: name }, name)),
  ];
  const select = el('select', {}, ...options);
  select.addEventListener('change', () => choose(select.value));
  return el('label', { class: 'field' }, el('span', {}, 'Entry'), select);
}

/** The entries that something is wrong with in a row. */
function wrongEntries(row: JudgedRow): string[] {
  if (row.labels === null) return [];
  const labels = row.labels.filter((label) => label.result !== 'exact');
  const found = row.found.filter((one) => one.result !== 'exact');
  return [...labels, ...found].map(entryWords);
}

function fits(row: FlawedRow, flaw: Flaw | null, entry: string): boolean {
  return (flaw === null || row.flaws.includes(flaw)) && (entry === '' || wrongEntries(row.row).includes(entry));
}

const SAMPLES = [
  ['found', 'labelled and found'],
  ['missed', 'missed'],
  ['alarm', 'false alarm'],
] as const;

function legend(): HTMLElement {
  const items = SAMPLES.map(([look, words]) =>
    el('li', {}, el('span', { class: `sample hit-${look}`, 'aria-hidden': 'true' }, 'abc'), words),
  );
  return el('ul', { class: 'key' }, ...items);
}

type Unit = Judgement['evaluation']['offsets'];

function stretches(row: JudgedRow, text: string, unit: Unit): Stretch[] {
  const unlabelled = row.labels === null;
  const labels = (row.labels ?? []).map((one) => ({ one, look: one.result === 'missed' ? 'missed' : 'found' }));
  const found = row.found
    .filter((one) => unlabelled || one.result === 'false_alarm')
    .map((one) => ({ one, look: unlabelled ? 'found' : 'alarm' }));
  const words: Readonly<Record<string, string>> = { missed: 'missed', found: 'found', alarm: 'false alarm' };
  return [...labels, ...found].flatMap(({ one, look }): Stretch[] => {
    if (one.start === null || one.end === null) return [];
    const [start, end] = [utf16Offset(text, one.start, unit), utf16Offset(text, one.end, unit)];
    return [{ start, end, look, title: `${entryWords(one)}, ${words[look] ?? look}` }];
  });
}

/** What is wrong, in words: colours alone do not say it. */
function remarks(row: JudgedRow): string[] {
  const missed = (row.labels ?? []).filter((label) => label.result === 'missed');
  const alarms = row.labels === null ? [] : row.found.filter((one) => one.result === 'false_alarm');
  const spans = (row.labels ?? []).filter((label) => label.result === 'overlap');
  return [
    ...missed.map((label) => {
      const why = label.foundAs
        ? `, found as ${entryWords(label.foundAs)}`
        : label.deferred
          ? ', left to the cloud'
          : '';
      return `missed ${entryWords(label)}${why}`;
    }),
    ...alarms.map((one) => `false alarm ${entryWords(one)}`),
    ...spans.map((label) => `another span for ${entryWords(label)}`),
    ...(row.expected !== null && row.expected !== row.actual
      ? [`should ${EFFECT_WORDS[row.expected]}, does ${EFFECT_WORDS[row.actual]}`]
      : []),
    ...(row.failure === null ? [] : [`not evaluated: ${row.failure}`]),
  ];
}

function rowView({ row, text, flaws }: FlawedRow, unit: Unit): HTMLElement {
  const tags = flaws.map((flaw) =>
    el('span', { class: `tag tag-${flaw === 'span' ? 'warn' : 'bad'}` }, FLAW_WORDS[flaw]),
  );
  const place = row.id === String(row.line) ? `line ${number(row.line)}` : `line ${number(row.line)}, ${row.id}`;
  return el(
    'li',
    { class: 'row' },
    el('p', { class: 'row-head' }, ...tags, el('span', { class: 'place' }, place)),
    marked(text, stretches(row, text, unit)),
    el('ul', { class: 'remarks' }, ...remarks(row).map((remark) => el('li', {}, remark))),
  );
}
