import type { Decision, Finding } from 'edgerail';
import { el, fill, count } from '../ui/dom.js';
import { actionWords, scoreWords, viewWords } from '../words/decision.js';
import { family, findingName, policyName } from '../words/policies.js';

/** More rows than this would only slow the page down. */
const ROWS = 200;

/** The list of findings: what, why, how sure, what it does; a row goes to its place in the text. */
export function findingsPanel(goTo: (finding: Finding) => void): { element: HTMLElement; show(decision: Decision): void } {
  const list = el('ul', { class: 'findings' });
  const empty = el('div', { class: 'empty' });
  const more = el('p', { class: 'panel-foot' });
  const element = el('div', { class: 'tab-panel' }, list, empty, more);
  return {
    element,
    show(decision) {
      const shown = [...decision.findings].sort((a, b) => a.start - b.start).slice(0, ROWS);
      list.hidden = shown.length === 0;
      empty.hidden = shown.length > 0;
      fill(
        list,
        shown.map((finding) => row(finding, () => goTo(finding))),
      );
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
