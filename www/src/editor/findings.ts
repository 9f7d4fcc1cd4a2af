import { StateEffect, StateField, type Extension, type Range } from '@codemirror/state';
import { Decoration, EditorView, hoverTooltip, type DecorationSet } from '@codemirror/view';
import type { Finding } from 'edgerail';
import { family } from '../words/policies.js';

export interface MarkedFinding {
  finding: Finding;
  /** What the tooltip shows. */
  describe: (finding: Finding) => HTMLElement;
}

const setMarks = StateEffect.define<readonly MarkedFinding[]>();

/** The underlines. Between a change of the text and its decision they move with the text. */
const marks = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(now, transaction) {
    let next = now.map(transaction.changes);
    for (const effect of transaction.effects) {
      if (effect.is(setMarks)) next = build(effect.value, transaction.state.doc.length);
    }
    return next;
  },
  provide: (field) => EditorView.decorations.from(field),
});

function build(all: readonly MarkedFinding[], length: number): DecorationSet {
  const ranges: Range<Decoration>[] = [];
  for (const marked of all) {
    const { start, end, policy, action } = marked.finding;
    // A decision may be older than the text: what is no longer inside is left out.
    if (start < 0 || end > length || start >= end) continue;
    const acts = action === 'NONE' ? 'observe' : action === 'BLOCKED' ? 'block' : 'mask';
    ranges.push(Decoration.mark({ class: `find find-${family(policy)} find-${acts}`, marked }).range(start, end));
  }
  return Decoration.set(ranges, true);
}

/** Shows findings in an editor. Their offsets count units of UTF-16 of the editor's text. */
export function showFindings(
  view: EditorView,
  findings: readonly Finding[],
  describe: (finding: Finding) => HTMLElement,
): void {
  view.dispatch({ effects: setMarks.of(findings.map((finding) => ({ finding, describe }))) });
}

/** The findings at a place, the shortest first. */
export function findingsAt(view: EditorView, at: number): MarkedFinding[] {
  const found: { marked: MarkedFinding; length: number }[] = [];
  view.state.field(marks).between(at, at, (from, to, decoration) => {
    const { marked } = decoration.spec as { marked: MarkedFinding };
    if (from <= at && at <= to) found.push({ marked, length: to - from });
  });
  return found.sort((a, b) => a.length - b.length).map(({ marked }) => marked);
}

const tooltip = hoverTooltip(
  (view, at) => {
    const found = findingsAt(view, at);
    if (found.length === 0) return null;
    return {
      pos: Math.min(...found.map(({ finding }) => finding.start), at),
      above: true,
      create() {
        const dom = document.createElement('div');
        dom.className = 'find-tip';
        dom.append(...found.slice(0, 4).map(({ finding, describe }) => describe(finding)));
        return { dom };
      },
    };
  },
  { hoverTime: 150 },
);

const underline = (name: string) => ({
  textDecorationColor: `var(--${name})`,
  backgroundColor: `var(--${name}-soft)`,
});

/** By policy a colour; by action a line: blocks solid and thick, masks dashed, observes dotted. */
const theme = EditorView.theme({
  '.find': { textDecorationLine: 'underline', textDecorationSkipInk: 'none', textUnderlineOffset: '3px', borderRadius: '3px' },
  '.find-block': { textDecorationStyle: 'solid', textDecorationThickness: '3px' },
  '.find-mask': { textDecorationStyle: 'dashed', textDecorationThickness: '2px' },
  '.find-observe': { textDecorationStyle: 'dotted', textDecorationThickness: '2px' },
  '.find-word': underline('word'),
  '.find-sensitive': underline('sensitive'),
  '.find-topic': underline('topic'),
  '.find-content': underline('content'),
  '.find-tip > * + *': { borderTop: '1px solid var(--line)' },
  '.finding-tip': { padding: '9px 12px' },
  '.finding-tip strong': { display: 'block' },
  '.finding-tip p': { margin: '2px 0 0', color: 'var(--muted)' },
});

/** What an editor needs so that {@link showFindings} works in it. */
export const findings: Extension = [marks, tooltip, theme];
