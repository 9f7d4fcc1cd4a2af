import type { AffectedText, Diff, Effect, Impact, Shift } from 'edgerail/compile';
import type { Decision } from 'edgerail';
import { el } from '../ui/dom.js';
import { counted, entryWords, number, percent, policyWords } from '../charts/format.js';
import { marked } from '../charts/marked.js';
import { pagedList } from '../charts/paged.js';
import { stackedChart } from '../charts/stacked.js';
import { matrix, table } from '../charts/table.js';
import { EFFECTS, EFFECT_WORDS, SHIFTS, SHIFT_NOTES, SHIFT_WORDS, letsOut } from './words.js';

/** What both versions decide on a text. */
export interface Both {
  old: Decision;
  new: Decision;
}

/** Decides a text of the corpus by both versions. */
export type Look = (text: AffectedText) => Promise<Both>;

/** What the differences do to the corpus. */
export function impactView(diff: Diff, impact: Impact, look: Look): HTMLElement[] {
  const cloud = diff.changes.filter((change) => change.cloudOnly).length;
  const warnings = [
    cloud > 0 &&
      `${counted(cloud, 'difference')} of what only the cloud evaluates: no corpus shows here what that does.`,
    impact.failed > 0 && `${counted(impact.failed, 'text')} could not be evaluated by both versions.`,
    impact.asEnforced && 'Guardrails that only observe are taken as if they acted.',
  ];
  const list = warnings
    .filter((text) => text !== false)
    .map((text) => el('p', { class: 'judgement judgement-warn' }, text));
  const refused = refusedView(diff, impact);
  if (impact.texts === 0) return [...list, ...refused, el('p', { class: 'empty' }, 'There is no text in the corpus.')];
  const figures = el('div', { class: 'beside' }, chart(impact), flow(impact));
  return [cards(impact), ...list, ...refused, figures, reasons(impact), texts(impact, look)];
}

/** The figures that decide, at a glance. */
function cards(impact: Impact): HTMLElement {
  const out = SHIFTS.filter(letsOut).reduce((sum, shift) => sum + impact.shifts[shift], 0);
  const blocked = impact.shifts.newlyBlocked;
  const points = impact.blockRateIncreasePoints;
  const of = (count: number): string => `${percent(count, impact.texts)} of ${counted(impact.texts, 'text')}`;
  return el(
    'dl',
    { class: 'cards' },
    card('Treated otherwise', number(impact.affected), of(impact.affected), 'plain'),
    card('More gets out', number(out), of(out), out > 0 ? 'bad' : 'plain'),
    card('Newly blocked', number(blocked), of(blocked), blocked > 0 ? 'warn' : 'plain'),
    card('Block rate', `${points < 0 ? '−' : '+'}${Math.abs(points).toFixed(2)}`, 'percentage points', 'plain'),
  );
}

/** A figure with its name and a remark. */
export function card(
  name: string,
  value: string,
  remark: string,
  tone: 'plain' | 'good' | 'warn' | 'bad',
): HTMLElement {
  return el(
    'div',
    { class: `card card-${tone}` },
    el('dt', {}, name),
    el('dd', { class: 'value' }, value),
    el('dd', { class: 'remark' }, remark),
  );
}

function refusedView(diff: Diff, impact: Impact): HTMLElement[] {
  if (impact.refused === 0) return [];
  return [refusedLines(impact.refused, diff.refusedLines)];
}

/** Lines that were refused, with their numbers and the remedy. */
export function refusedLines(
  count: number,
  lines: readonly { line: number; code: string; message: string }[],
): HTMLElement {
  const items = lines.map((one) =>
    el('li', {}, el('b', {}, `line ${number(one.line)}`), ' ', el('code', {}, one.code), ` ${one.message}`),
  );
  const rest = count > lines.length && el('p', { class: 'note' }, `and ${number(count - lines.length)} more`);
  const summary = el('summary', {}, `${counted(count, 'line')} refused; the others are counted`);
  return el('details', { class: 'refused', open: count <= 5 }, summary, el('ul', {}, ...items), rest);
}

function chart(impact: Impact): HTMLElement {
  const sum = (count: (effect: Effect) => number): number => EFFECTS.reduce((all, effect) => all + count(effect), 0);
  const counts = {
    old: (of: Effect) => sum((to) => impact.effects[of][to]),
    new: (to: Effect) => sum((of) => impact.effects[of][to]),
  };
  const part = (side: 'old' | 'new', effect: Effect) => {
    const name = EFFECT_WORDS[effect];
    return { look: name, name, count: counts[side](effect) };
  };
  const row = (side: 'old' | 'new') => ({ name: side, parts: EFFECTS.map((effect) => part(side, effect)) });
  return stackedChart('Texts that pass, are masked and are blocked', [row('old'), row('new')]);
}

function flow(impact: Impact): HTMLElement {
  const effect = (place: number): Effect => EFFECTS[place] ?? 'NONE';
  return matrix(
    'Texts by what the old version does (rows) and the new one (columns)',
    EFFECTS.map((one) => `old: ${EFFECT_WORDS[one]}`),
    EFFECTS.map((one) => `new: ${EFFECT_WORDS[one]}`),
    (row, column) => impact.effects[effect(row)][effect(column)],
    (row, column) => (row === column ? 'plain' : row < column ? 'warn' : 'bad'),
  );
}

function reasons(impact: Impact): HTMLElement {
  if (impact.reasons.length === 0)
    return el('p', { class: 'empty' }, 'Both versions treat every text of the corpus alike.');
  const shown = SHIFTS.filter((shift) => impact.shifts[shift] > 0);
  const total = (one: Impact['reasons'][number]): number =>
    shown.reduce((sum, shift) => sum + (one.shifts[shift] ?? 0), 0);
  const rows = [...impact.reasons]
    .sort((a, b) => total(b) - total(a))
    .map((one) => ({
      cells: [entryWords(one), policyWords(one.policy), ...shown.map((shift) => number(one.shifts[shift] ?? 0))],
    }));
  const columns = [
    { name: 'Reason' },
    { name: 'Policy' },
    ...shown.map((shift) => ({ name: SHIFT_WORDS[shift], figures: true })),
  ];
  return table('Texts that each entry shifts', columns, rows);
}

/** As many texts are drawn at a time. */
const PAGE = 25;

function texts(impact: Impact, look: Look): HTMLElement {
  const { list, more, set } = pagedList<AffectedText>('texts', PAGE, (text) => textView(text, look));
  const status = el('p', { class: 'note', role: 'status' });
  const show = (chosen: Shift | null): void => {
    const own = impact.examples.filter((text) => chosen === null || text.shift === chosen);
    const all = chosen === null ? impact.affected : impact.shifts[chosen];
    status.textContent =
      own.length < all ? `The first ${number(own.length)} of ${counted(all, 'text')}.` : `${counted(all, 'text')}.`;
    set(own);
  };
  const options = [null, ...SHIFTS.filter((shift) => impact.shifts[shift] > 0)];
  const choices = options.map((shift, place) => {
    const count = shift === null ? impact.affected : impact.shifts[shift];
    const input = el('input', {
      type: 'radio',
      name: 'shift',
      value: shift ?? 'all',
      checked: place === 0,
      onchange: () => show(shift),
    });
    const title = shift === null ? undefined : SHIFT_NOTES[shift];
    const look = shift === null ? '' : letsOut(shift) ? ' choice-bad' : ' choice-warn';
    return el(
      'label',
      { class: `choice${look}`, title },
      input,
      `${shift === null ? 'all' : SHIFT_WORDS[shift]} `,
      el('b', {}, number(count)),
    );
  });
  show(null);
  const legend = el('legend', { class: 'visually-hidden' }, 'Show texts that are');
  return el(
    'section',
    { class: 'affected', hidden: impact.affected === 0 },
    el('h3', {}, 'Texts treated otherwise'),
    el(
      'p',
      { class: 'note' },
      '“Let through” is said of this engine: what it leaves to the cloud is still decided there.',
    ),
    el('fieldset', { class: 'choices' }, legend, ...choices),
    status,
    list,
    more,
  );
}

/** One text; opened, what both versions found in it. */
function textView(text: AffectedText, look: Look): HTMLElement {
  const place = text.id === String(text.line) ? `line ${text.line}` : `line ${text.line}, ${text.id}`;
  const body = el('div', { class: 'sides' });
  const tag = el('span', { class: `tag tag-${letsOut(text.shift) ? 'bad' : 'warn'}` }, SHIFT_WORDS[text.shift]);
  const summary = el(
    'summary',
    {},
    el('span', { class: 'summary-line' }, tag, el('span', { class: 'sample-text' }, text.text)),
    el('span', { class: 'place' }, `${place} · ${text.reasons.map(entryWords).join(', ')}`),
  );
  const details = el('details', {}, summary, body);
  details.addEventListener('toggle', () => {
    if (!details.open || body.childElementCount > 0) return;
    body.replaceChildren(el('p', { class: 'note' }, 'Evaluating…'));
    look(text).then(
      (both) => body.replaceChildren(side('old', text.text, both.old), side('new', text.text, both.new)),
      (error: unknown) =>
        body.replaceChildren(
          el('p', { class: 'judgement judgement-bad' }, error instanceof Error ? error.message : String(error)),
        ),
    );
  });
  return el('li', {}, details);
}

const LOOKS: Readonly<Record<string, string>> = { BLOCKED: 'block', ANONYMIZED: 'mask', NONE: 'none' };

/** The text as one version sees it. */
function side(name: 'old' | 'new', text: string, decision: Decision): HTMLElement {
  const stretches = decision.findings.map((finding) => {
    // In a guardrail that only observes: what it would do.
    const does = finding.would ?? finding.action;
    const name = finding.name ?? finding.type ?? policyWords(finding.policy);
    const verb = `${finding.would === undefined ? '' : 'would be '}${does.toLowerCase()}`;
    return { start: finding.start, end: finding.end, look: LOOKS[does] ?? 'none', title: `${name}, ${verb}` };
  });
  const outcome = el('span', { class: `tag tag-${decision.outcome}` }, decision.outcome);
  const output =
    decision.outcome === 'pass'
      ? false
      : el('p', { class: 'output' }, el('span', { class: 'property' }, 'gives'), decision.text);
  return el(
    'section',
    { class: 'side' },
    el('h4', {}, `${name} `, outcome),
    marked(text, stretches),
    decision.findings.length === 0 && el('p', { class: 'note' }, 'nothing found'),
    output,
    decision.reasonCode !== 'ok' && el('p', { class: 'note' }, `not evaluated: ${decision.reasonCode}`),
  );
}
