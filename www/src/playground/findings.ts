import type { Decision, Finding } from 'edgerail';
import { el, fill, count } from '../ui/dom.js';
import { actionWords, scoreWords, viewWords } from '../words/decision.js';
import { family, findingName, policyName } from '../words/policies.js';

/** Nobody reads more rows than this, and drawing them would slow typing down. */
const ROWS = 60;

/** The list of findings: what, why, how sure, what it does; a row goes to its place in the text. */
export function findingsPanel(goTo: (finding: Finding) => void): { element: HTMLElement; show(decision: Decision): void } {
  const list = el('ul', { class: 'findings' });
  const empty = el('div', { class: 'empty' }, 'Findings are listed here.');
  const more = el('p', { class: 'panel-foot', hidden: true });
  const element = el('div', { class: 'tab-panel' }, list, empty, more);
  /** What the rows show now, so that a keystroke changes only the rows that it changed. */
  let keys: string[] = [];
  /** The findings of the rows: their places move with every keystroke, their rows do not. */
  let rows: Finding[] = [];
  return {
    element,
    show(decision) {
      const shown = [...decision.findings].sort((a, b) => a.start - b.start).slice(0, ROWS);
      list.hidden = shown.length === 0;
      empty.hidden = shown.length > 0;
      rows = shown;
      const next = shown.map(rowKey);
      while (list.children.length > next.length) list.lastElementChild?.remove();
      next.forEach((key, index) => {
        if (key === keys[index] && list.children[index]) return;
        const fresh = row(shown[index] as Finding, () => goTo(rows[index] as Finding));
        const old = list.children[index];
        if (old) old.replaceWith(fresh);
        else list.append(fresh);
      });
      keys = next;
      fill(
        empty,
        el('strong', {}, 'Nothing found'),
        decision.reasonCode === 'ok'
          ? 'Type a blocked word, an e-mail address, a card number…'
          : 'The text was not evaluated; see why above.',
      );
      const rest = decision.found - shown.length;
      more.hidden = rest <= 0;
      more.textContent = rest > 0 ? `${count(rest, 'further finding')} not listed. They act all the same.` : '';
    },
  };
}

/** All that a row shows. */
function rowKey(finding: Finding): string {
  const { policy, type, name, action, would, match, score, view, explanation } = finding;
  return JSON.stringify([policy, type, name, action, would, match, score, view, explanation?.keywords, explanation?.threshold]);
}

function row(finding: Finding, goThere: () => void): HTMLElement {
  return el(
    'li',
    {},
    el(
      'button',
      { type: 'button', class: 'finding', onclick: goThere },
      el('span', { class: `mark mark-${family(finding.policy)} mark-${actionClass(finding)}`, 'aria-hidden': 'true' }),
      el(
        'span',
        { class: 'finding-main' },
        el('span', { class: 'finding-name' }, findingName(finding)),
        finding.match !== '' && el('span', { class: 'finding-match mono' }, shorten(finding.match)),
        el('span', { class: 'finding-why' }, why(finding)),
      ),
      el('span', { class: `chip ${actionClass(finding)}` }, actionLabel(finding)),
    ),
  );
}

/** The same as a tooltip in the text. */
export function findingTip(finding: Finding): HTMLElement {
  return el(
    'div',
    { class: 'finding-tip' },
    el('strong', {}, `${findingName(finding)}: ${actionWords(finding)}`),
    el('p', {}, why(finding)),
  );
}

/** One line for the cursor: the same words. */
export function findingLine(finding: Finding): string {
  return `${findingName(finding)} ${actionWords(finding)} (${policyName(finding.policy).toLowerCase()}, ${scoreWords(finding.score)})`;
}

function why(finding: Finding): string {
  const parts = [policyName(finding.policy), `${scoreWords(finding.score)}, score ${finding.score} of 1000`];
  if (finding.view) parts.push(viewWords(finding.view));
  if (finding.would) parts.push(actionWords(finding));
  const { explanation } = finding;
  if (explanation && explanation.keywords.length > 0) {
    const words = explanation.keywords.map((keyword) => `“${keyword.keyword}” ${keyword.weight}`);
    parts.push(`keywords: ${words.join(' + ')}, acts from ${explanation.threshold}`);
  }
  return parts.join(' · ');
}

function actionClass(finding: Finding): 'block' | 'mask' | 'observe' {
  return finding.action === 'BLOCKED' ? 'block' : finding.action === 'ANONYMIZED' ? 'mask' : 'observe';
}

function actionLabel(finding: Finding): string {
  return { block: 'blocks', mask: 'masked', observe: 'reported' }[actionClass(finding)];
}

function shorten(text: string): string {
  const line = text.replace(/\s+/g, ' ');
  return line.length > 80 ? `${line.slice(0, 79)}…` : line;
}
