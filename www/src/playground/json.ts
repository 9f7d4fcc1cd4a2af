import type { Decision } from 'edgerail';
import { createEditor } from '../editor/editor.js';
import { jsonLanguage } from '../editor/languages.js';
import { copyButton, segmented } from '../ui/controls.js';
import { el } from '../ui/dom.js';

type Form = 'response' | 'decision';

/** The decision as JSON: what ApplyGuardrail would answer, or all that Edgerail says. */
export function jsonPanel(): { element: HTMLElement; show(decision: Decision): void } {
  let last: Decision | undefined;
  let form: Form = 'response';
  const editor = createEditor({ label: 'Decision as JSON', code: true, readOnly: true, extensions: jsonLanguage() });
  const text = () => {
    if (!last) return '';
    return JSON.stringify(form === 'response' ? last.response : JSON.parse(last.json), null, 2);
  };
  const update = () => editor.setText(text());
  const choice = segmented<Form>(
    'Form of the JSON',
    [
      { value: 'response', label: 'ApplyGuardrail response', title: 'As AWS SDKs give it' },
      { value: 'decision', label: 'With Edgerail’s own members', title: 'Offsets count bytes' },
    ],
    form,
    (value) => {
      form = value;
      update();
    },
  );
  const element = el(
    'div',
    { class: 'tab-panel tab-fill' },
    el('div', { class: 'bar' }, choice.element, copyButton('Copy', text)),
    editor.element,
  );
  return {
    element,
    show(decision) {
      last = decision;
      update();
    },
  };
}
