import type { Change, ChangeWay, Diff } from 'edgerail/compile';
import { el } from '../ui/dom.js';
import { counted } from '../charts/format.js';
import { WAYS, WAY_NOTES, WAY_TITLES, focused, kindWords, propertyWords, verdict } from './words.js';

/** More differences than this that look the same are folded into one line. */
const FOLDED = 12;
/** As many lines of one way are drawn; the JSON has them all. */
const LISTED = 500;

/** What changed in the policy, what weakens first. */
export function policyView(diff: Diff): HTMLElement[] {
  const several = diff.old.guardrails.length > 1 || diff.new.guardrails.length > 1;
  const groups = WAYS.map((way) => ({ way, own: diff.changes.filter((change) => change.way === way) }));
  const sections = groups
    .filter((group) => group.own.length > 0)
    .map((group) => wayView(group.way, group.own, several));
  return [banner(diff), ...sections, ...notes(diff)];
}

function banner(diff: Diff): HTMLElement {
  const tone = diff.counts.weakens > 0 ? 'bad' : diff.changes.length === 0 ? 'good' : 'warn';
  return el('p', { class: `judgement judgement-${tone}` }, verdict(diff));
}

function wayView(way: ChangeWay, own: readonly Change[], several: boolean): HTMLElement {
  const lines = folded(own).slice(0, LISTED);
  const left = folded(own).length - lines.length;
  return el(
    'section',
    { class: `way way-${way}` },
    el('h3', {}, `${WAY_TITLES[way]} `, el('span', { class: 'count' }, String(own.length))),
    el('p', { class: 'note' }, WAY_NOTES[way]),
    el(
      'ul',
      { class: 'changes' },
      ...lines.map((line) => (line.length === 1 ? changeView(line[0] as Change, several) : foldedView(line, several))),
    ),
    left > 0 && el('p', { class: 'note' }, `${counted(left, 'more line')} not listed; the JSON has them all.`),
  );
}

/** Words that fare alike are one line if there are many of them. */
function folded(own: readonly Change[]): Change[][] {
  const alike = new Map<string, Change[]>();
  for (const change of own) {
    const properties = change.properties.map((one) => [one.name, one.old, one.new]);
    const folds = change.kind === 'word' || change.kind === 'topicKeyword' || change.kind === 'topicKeywordAgainst';
    const look = [change.guardrail, change.kind, change.what, folds ? properties : change.name];
    const key = JSON.stringify(folds && change.kind !== 'word' ? look.slice(0, 3) : look);
    alike.set(key, [...(alike.get(key) ?? []), change]);
  }
  return [...alike.values()].flatMap((list) => (list.length > FOLDED ? [list] : list.map((change) => [change])));
}

function subject(change: Change, several: boolean): HTMLElement {
  const name = change.kind === 'mode' || change.kind === 'automatedReasoning' ? '' : change.name;
  return el(
    'span',
    { class: 'subject' },
    several &&
      change.guardrail !== null &&
      change.kind !== 'guardrail' &&
      el('span', { class: 'of' }, `${change.guardrail}: `),
    `${kindWords(change.kind)} `,
    name !== '' && el('b', {}, name),
  );
}

const SIGNS: Readonly<Record<Change['what'], string>> = { added: '+', removed: '−', changed: '≠' };

function what(change: Change): HTMLElement {
  const sign = el('span', { class: 'sign', 'aria-hidden': 'true' }, SIGNS[change.what]);
  return el('span', { class: `change-what change-what-${change.what}` }, sign, change.what);
}

function changeView(change: Change, several: boolean): HTMLElement {
  const cloud = change.cloudOnly && el('span', { class: 'tag' }, 'only the cloud evaluates it');
  const tables =
    change.kind === 'tables' &&
    el(
      'span',
      { class: 'note' },
      'differs in bytes although nothing that has a name does: it was compiled by another version',
    );
  return el('li', { class: 'change' }, what(change), subject(change, several), cloud, tables, properties(change));
}

function properties(change: Change): HTMLElement | false {
  if (change.properties.length === 0) return false;
  const items = change.properties.map((one) => {
    const label = propertyWords(one.name);
    const name = label !== '' && el('span', { class: 'property' }, label);
    if (change.what !== 'changed')
      return el('li', {}, name, el('span', { class: 'value-text' }, one.old ?? one.new ?? 'none'));
    const [old, now] = focused(one.old ?? 'none', one.new ?? 'none');
    const arrow = el(
      'span',
      {},
      el('span', { 'aria-hidden': 'true' }, ' → '),
      el('span', { class: 'visually-hidden' }, ' becomes '),
    );
    const way = one.way === 'differs' ? '' : ` way-${one.way}`;
    return el('li', {}, name, el('del', {}, old), arrow, el('ins', { class: `new${way}` }, now));
  });
  return el('ul', { class: 'properties' }, ...items);
}

function foldedView(list: readonly Change[], several: boolean): HTMLElement {
  const first = list[0] as Change;
  const of = several && first.guardrail !== null ? `${first.guardrail}: ` : '';
  const summary = el(
    'summary',
    {},
    what(first),
    el('span', { class: 'subject' }, `${of}${list.length} ${kindWords(first.kind)}s`),
  );
  const names = list.slice(0, LISTED).map((change) => el('li', {}, change.name));
  const rest =
    list.length > LISTED && el('p', { class: 'note' }, `and ${list.length - LISTED} more; the JSON has them all`);
  return el('li', { class: 'change' }, el('details', {}, summary, el('ul', { class: 'names' }, ...names), rest));
}

function notes(diff: Diff): HTMLElement[] {
  if (diff.notCompared.length === 0) return [];
  const list = diff.notCompared.join(', ');
  return [
    el(
      'p',
      { class: 'note' },
      `Not compared, because only one side says it (a bundle does not hold all that a definition does): ${list}.`,
    ),
  ];
}
