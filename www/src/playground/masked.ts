import { StateEffect, StateField } from '@codemirror/state';
import { Decoration, EditorView, type DecorationSet } from '@codemirror/view';
import type { Decision } from 'edgerail';
import { createEditor } from '../editor/editor.js';
import { copyButton } from '../ui/controls.js';
import { el } from '../ui/dom.js';

const setLabels = StateEffect.define<readonly { from: number; to: number }[]>();
const label = Decoration.mark({ class: 'masked' });
const labels = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(now, transaction) {
    let next = now.map(transaction.changes);
    for (const effect of transaction.effects) {
      if (effect.is(setLabels)) next = Decoration.set(effect.value.map(({ from, to }) => label.range(from, to)));
    }
    return next;
  },
  provide: (field) => EditorView.decorations.from(field),
});
const theme = EditorView.theme({
  '.masked': { backgroundColor: 'var(--mask-soft)', color: 'var(--mask)', borderRadius: '3px', fontWeight: '600' },
});

/** What goes on in the text's place. */
export function maskedPanel(): { element: HTMLElement; show(decision: Decision): void } {
  let last = '';
  const note = el('p', { class: 'muted small' });
  const editor = createEditor({ label: 'What goes on in the text’s place', readOnly: true, extensions: [labels, theme] });
  const element = el(
    'div',
    { class: 'tab-panel tab-fill' },
    el('div', { class: 'bar' }, note, copyButton('Copy', () => last)),
    editor.element,
  );
  return {
    element,
    show(decision) {
      last = decision.text;
      editor.setText(decision.text);
      editor.view.dispatch({ effects: setLabels.of(labelRanges(decision)) });
      note.textContent = {
        pass: 'Nothing is masked: the text goes on as it is.',
        mask: 'This goes on in the text’s place.',
        block: 'The text is blocked: this message goes back instead.',
      }[decision.outcome];
    },
  };
}

/** Where the labels stand in the masked text. */
function labelRanges(decision: Decision): { from: number; to: number }[] {
  if (decision.outcome !== 'mask') return [];
  let shift = 0;
  const ranges: { from: number; to: number }[] = [];
  for (const mask of [...decision.masks].sort((a, b) => a.start - b.start)) {
    const from = mask.start + shift;
    const to = from + mask.label.length + 2;
    ranges.push({ from, to });
    shift += to - from - (mask.end - mask.start);
  }
  return ranges.filter(({ to }) => to <= decision.text.length);
}
