import type { Counts, Evaluation, Scores } from 'edgerail/compile';
import { el } from '../ui/dom.js';
import { counted, entryWords, interval, number, percent, policyWords, share } from '../charts/format.js';
import { intervalChart, type IntervalRow } from '../charts/intervals.js';
import { matrix, table, type Tone } from '../charts/table.js';
import { card, refusedLines } from '../diff/impact-view.js';
import { EFFECTS, EFFECT_WORDS } from '../diff/words.js';
import type { Judgement } from './flawed.js';

export type Match = 'exact' | 'overlap';

/** As many entries are drawn; the table has them all. */
const DRAWN = 40;

const MATCH_WORDS: Readonly<Record<Match, string>> = {
  overlap: 'the same entry, and at least one character in common',
  exact: 'the same entry, and the very same span',
};

/** The figures of a judgement, by one way to match labels and findings. */
export function figuresView({ evaluation, conditionProblem }: Judgement, match: Match): HTMLElement[] {
  return [
    ...conditions(evaluation, conditionProblem),
    cards(evaluation, match),
    ...notes(evaluation, match),
    ...(evaluation.entries.length === 0 ? [] : [chart(evaluation, match), figures(evaluation, match)]),
    el('div', { class: 'beside' }, ...actions(evaluation), ...confusion(evaluation)),
  ];
}

function conditions(evaluation: Evaluation, problem: string | undefined): HTMLElement[] {
  if (problem !== undefined)
    return [el('p', { class: 'judgement judgement-warn' }, `The conditions were not judged: ${problem}`)];
  const all = evaluation.conditions;
  if (all.length === 0) return [];
  const failed = all.filter((one) => !one.met).length;
  const text = failed === 0 ? 'All conditions are met.' : `${failed} of ${counted(all.length, 'condition')} not met.`;
  const list = all.map((one) =>
    el(
      'li',
      { class: one.met ? 'met' : 'unmet' },
      el('code', {}, one.condition),
      ` ${share(one.value)}, ${one.met ? 'met' : 'not met'}`,
    ),
  );
  return [el('div', { class: `judgement judgement-${failed === 0 ? 'good' : 'bad'}` }, text, el('ul', {}, ...list))];
}

function cards(evaluation: Evaluation, match: Match): HTMLElement {
  const counts = evaluation.all[match];
  const { right, texts } = evaluation.actions;
  const of = (part: number, whole: number, what: string): string => `${number(part)} of ${number(whole)} ${what}`;
  return el(
    'dl',
    { class: 'cards' },
    card('F1', share(counts.f1), `mean of the entries ${share(counts.macroF1)}`, 'plain'),
    card(
      'Precision',
      share(counts.precision),
      of(counts.hits, counts.hits + counts.falseAlarms, 'findings right'),
      'plain',
    ),
    card('Recall', share(counts.recall), of(counts.hits, counts.hits + counts.misses, 'labels found'), 'plain'),
    card('Actions right', percent(right, texts), of(right, texts, 'texts'), 'plain'),
  );
}

function notes(evaluation: Evaluation, match: Match): HTMLElement[] {
  const outside = evaluation.outside.map((one) => `${entryWords(one)} ${number(one.count)}`);
  const failures = Object.entries(evaluation.failures).map(
    ([code, count]) => `${number(count)} not evaluated (${code})`,
  );
  const latency = evaluation.latencyMicros;
  const facts = [
    ['Texts', `${number(evaluation.texts)}, ${number(evaluation.withLabels)} with labels`],
    ['Counts as found', MATCH_WORDS[match]],
    latency.median !== null &&
      latency.p95 !== null && [
        'Time a text',
        `median ${micros(latency.median)}, p95 ${micros(latency.p95)}, in this browser`,
      ],
    outside.length > 0 && [
      'Not counted',
      `labels of what the guardrail does not evaluate in their direction: ${outside.join(', ')}`,
    ],
    failures.length > 0 && ['Not evaluated', failures.join(', ')],
    evaluation.truncated > 0 && [
      'Cut',
      `${counted(evaluation.truncated, 'text')} with more findings than the engine lists`,
    ],
  ].filter((fact) => fact !== false);
  const list = facts.map(([name, value]) => el('div', {}, el('dt', {}, name), el('dd', {}, value)));
  const refused = evaluation.refused > 0 ? [refusedLines(evaluation.refused, evaluation.refusedLines)] : [];
  return [...refused, el('dl', { class: 'judged-facts' }, ...list)];
}

function micros(value: number): string {
  return value < 1000 ? `${value.toFixed(0)} µs` : `${(value / 1000).toFixed(1)} ms`;
}

function intervalRow(name: string, scores: Scores, match: Match, sum: boolean): IntervalRow {
  const counts = scores[match];
  return {
    name,
    remark: `${counted(counts.hits + counts.misses, 'label')}, ${number(counts.hits + counts.falseAlarms)} found`,
    sum,
    measures: [
      { name: 'Precision', look: 'one', value: counts.precision, bounds: counts.precisionInterval },
      { name: 'Recall', look: 'two', value: counts.recall, bounds: counts.recallInterval },
    ],
  };
}

function chart(evaluation: Evaluation, match: Match): HTMLElement {
  const entries = evaluation.entries.slice(0, DRAWN).map((one) => intervalRow(entryWords(one), one, match, false));
  const rows = [intervalRow('all', evaluation.all, match, true), ...entries];
  const rest = evaluation.entries.length - entries.length;
  const title = `Precision and recall, with 95 % intervals${rest > 0 ? `; the first ${DRAWN} entries` : ''}`;
  return intervalChart(title, rows);
}

const COLUMNS = [
  { name: 'Entry' },
  { name: 'Labels', figures: true },
  { name: 'Found', figures: true },
  { name: 'Precision', figures: true },
  { name: '95 %', figures: true },
  { name: 'Recall', figures: true },
  { name: '95 %', figures: true },
  { name: 'F1', figures: true },
  { name: 'To cloud', figures: true },
];

function cells(counts: Counts, deferred: number): string[] {
  return [
    number(counts.hits + counts.misses),
    number(counts.hits + counts.falseAlarms),
    share(counts.precision),
    interval(counts.precisionInterval),
    share(counts.recall),
    interval(counts.recallInterval),
    share(counts.f1),
    number(deferred),
  ];
}

function figures(evaluation: Evaluation, match: Match): HTMLElement {
  const row = (name: string, scores: Scores, look: string) => ({
    class: look,
    cells: [name, ...cells(scores[match], scores.deferredMisses)],
  });
  const rows = evaluation.policies.flatMap((policy) => {
    const own = evaluation.entries.filter((entry) => entry.policy === policy.policy);
    return [
      row(policyWords(policy.policy), policy, 'sum'),
      ...own.map((entry) => row(entryWords(entry), entry, 'sub')),
    ];
  });
  const all = [...rows, row('all', evaluation.all, 'sum')];
  const note = 'To cloud are misses that are deferred: this engine does not take its silence for an answer there.';
  return el('div', {}, table('Figures by entry', COLUMNS, all), el('p', { class: 'note' }, note));
}

function actions(evaluation: Evaluation): HTMLElement[] {
  if (evaluation.actions.texts === 0) return [];
  const effect = (place: number) => EFFECTS[place] ?? 'NONE';
  // Too much stops work, too little lets something out.
  const tone = (row: number, column: number): Tone => (row === column ? 'good' : row < column ? 'warn' : 'bad');
  return [
    matrix(
      'Texts by what should happen (rows) and what does (columns)',
      EFFECTS.map((one) => `should ${EFFECT_WORDS[one]}`),
      EFFECTS.map((one) => `does ${EFFECT_WORDS[one]}`),
      (row, column) => evaluation.actions.confusion[effect(row)][effect(column)],
      tone,
    ),
  ];
}

function confusion(evaluation: Evaluation): HTMLElement[] {
  const all = evaluation.confusion;
  const mixed = all.filter(
    (cell) => cell.label !== null && cell.found !== null && keyOf(cell.label) !== keyOf(cell.found),
  );
  // A table with nothing off its diagonal but what is missed or too much says no more than the figures.
  if (mixed.length === 0) return [];
  const keys = (side: 'label' | 'found') => {
    const own = new Map(all.flatMap((cell) => (cell[side] === null ? [] : [[keyOf(cell[side]), cell[side]] as const])));
    return [...[...own.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).slice(0, DRAWN), null];
  };
  const [labels, found] = [keys('label'), keys('found')];
  const counts = new Map(all.map((cell) => [`${keyOf(cell.label)}\0${keyOf(cell.found)}`, cell.count]));
  const count = (row: number, column: number): number =>
    counts.get(`${labels[row]?.[0] ?? ''}\0${found[column]?.[0] ?? ''}`) ?? 0;
  return [
    matrix(
      'Labels (rows) and what was found in their place (columns), by overlap',
      labels.map((key) => (key === null ? 'nothing there' : entryWords(key[1]))),
      found.map((key) => (key === null ? 'not found' : entryWords(key[1]))),
      count,
      (row, column) => (labels[row]?.[0] === found[column]?.[0] ? 'good' : found[column] === null ? 'bad' : 'warn'),
    ),
  ];
}

function keyOf(key: { policy: string; entry: string | null } | null): string {
  return key === null ? '' : `${key.policy}/${key.entry ?? ''}`;
}
