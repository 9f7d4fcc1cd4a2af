import { el, uniqueId, type Child } from './dom.js';
import { announce } from './notice.js';

export interface Choice<T extends string> {
  value: T;
  label: string;
  /** What it means, as a tooltip. */
  title?: string;
}

export interface Segmented<T extends string> {
  readonly element: HTMLElement;
  value: T;
}

/** A choice of few, all visible: a group of radio buttons that looks like one control. */
export function segmented<T extends string>(
  label: string,
  choices: readonly Choice<T>[],
  value: T,
  changed: (value: T) => void,
): Segmented<T> {
  const name = uniqueId('choice');
  const inputs = choices.map((choice) =>
    el('input', {
      type: 'radio',
      name,
      value: choice.value,
      checked: choice.value === value,
      onchange: () => changed(choice.value),
    }),
  );
  const element = el(
    'fieldset',
    { class: 'segmented' },
    el('legend', { class: 'visually-hidden' }, label),
    choices.map((choice, index) =>
      el('label', { title: choice.title }, inputs[index], el('span', {}, choice.label)),
    ),
  );
  return {
    element,
    get value() {
      return inputs.find((input) => input.checked)?.value as T;
    },
    set value(value) {
      for (const input of inputs) input.checked = input.value === value;
    },
  };
}

/** A drop-down list with a visible label. */
export function select(
  label: string,
  options: readonly { value: string; label: string }[],
  changed: (value: string) => void,
): { element: HTMLElement; select: HTMLSelectElement } {
  const list = el(
    'select',
    { onchange: () => changed(list.value) },
    options.map((option) => el('option', { value: option.value }, option.label)),
  );
  return { element: el('label', { class: 'select' }, el('span', {}, label), list), select: list };
}

export interface ButtonOptions {
  class?: string;
  title?: string;
  disabled?: boolean;
}

export function button(label: Child, onclick: () => void, options: ButtonOptions = {}): HTMLButtonElement {
  return el(
    'button',
    {
      type: 'button',
      class: `button ${options.class ?? ''}`.trim(),
      title: options.title,
      disabled: options.disabled,
      onclick,
    },
    label,
  );
}

/** A button that copies a text and says so. */
export function copyButton(label: string, text: () => string): HTMLButtonElement {
  const element = button(label, () => {
    void copy(text()).then((done) => {
      element.textContent = done ? 'Copied' : 'Could not copy';
      announce(done ? 'Copied to the clipboard' : 'The browser did not allow copying');
      setTimeout(() => (element.textContent = label), 1600);
    });
  });
  return element;
}

/** Copies a text; `false` if the browser does not allow it. */
export async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Without permission or a secure context: the old way, by a selection.
    const area = el('textarea', { class: 'visually-hidden', 'aria-hidden': 'true' });
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand('copy');
    area.remove();
    return done;
  }
}

/** Hands a file to the person, without any request. */
export function download(name: string, content: BlobPart, type = 'application/octet-stream'): void {
  const url = URL.createObjectURL(new Blob([content], { type }));
  el('a', { href: url, download: name }).click();
  // The browser has to have begun before the URL goes away.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
