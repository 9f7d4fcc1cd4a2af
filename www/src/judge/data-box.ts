import { bytes, debounce, el, fill, uniqueId } from '../ui/dom.js';
import { dropzone, fileButton, type DroppedFile } from '../ui/dropzone.js';
import { button } from '../ui/controls.js';

/** What a browser can still judge without running out of memory; the command line takes files of any size. */
export const DATA_LIMIT = 64 * 1024 * 1024;
/** Longer data is kept as a file beside the editor: an area of text of this size makes typing slow. */
const EDITED_LIMIT = 512 * 1024;

export interface DataBoxOptions {
  title: string;
  /** Shown in the empty box. */
  placeholder: string;
  hint: string;
  changed: () => void;
  example: { label: string; load: () => void };
}

/** A box for lines of data: pasted, typed or dropped. */
export interface DataBox {
  readonly element: HTMLElement;
  /** The data; `name` is the file's, if it is too long to be edited here. */
  get(): { text: string; name: string | undefined };
  set(text: string, name?: string): void;
}

export function dataBox(options: DataBoxOptions): DataBox {
  const id = uniqueId('data');
  let file: { text: string; name: string } | undefined;
  const area = el('textarea', {
    id,
    rows: 8,
    spellcheck: 'false',
    autocomplete: 'off',
    autocapitalize: 'off',
    wrap: 'off',
    placeholder: options.placeholder,
    'aria-describedby': `${id}-hint ${id}-problem`,
  });
  const problem = el('p', { class: 'data-problem', id: `${id}-problem`, role: 'alert', hidden: true });
  const chip = el('div', { class: 'file-chip', hidden: true });
  const later = debounce(options.changed, 300);
  const fail = (text: string): void => {
    problem.textContent = text;
    problem.hidden = text === '';
  };
  const set = (text: string, name?: string): void => {
    fail('');
    file = text.length > EDITED_LIMIT ? { text, name: name ?? 'pasted text' } : undefined;
    area.value = file ? '' : text;
    area.hidden = file !== undefined;
    chip.hidden = file === undefined;
    if (file)
      fill(
        chip,
        el('span', {}, el('b', {}, file.name), ` ${bytes(text.length)}, too long to be edited here`),
        button('Remove', clear),
      );
  };
  const clear = (): void => {
    set('');
    options.changed();
    area.focus();
  };
  const take = (files: DroppedFile[]): void => {
    const total = files.reduce((sum, one) => sum + one.bytes.length, 0);
    if (total > DATA_LIMIT) {
      fail(
        `${bytes(total)} are more than this page takes (${bytes(DATA_LIMIT)}). Judge them with the command line, whose memory does not grow with the data.`,
      );
      return;
    }
    // Not fatal: a line that is no UTF-8 is refused with its number, not the whole file.
    const texts = files.map((one) => new TextDecoder().decode(one.bytes));
    set(
      texts.map((text) => (text.endsWith('\n') || text === '' ? text : `${text}\n`)).join(''),
      files.map((one) => one.name).join(', '),
    );
    options.changed();
  };
  area.addEventListener('input', () => {
    if (area.value.length > EDITED_LIMIT) {
      set(area.value);
      options.changed();
    } else later();
  });
  const tools = el(
    'div',
    { class: 'buttons end' },
    button(options.example.label, options.example.load, { class: 'quiet' }),
    fileButton('Open file…', '.jsonl,.ndjson,.json,.txt,.log,.csv', take, { multiple: true }),
  );
  const element = el(
    'section',
    { class: 'panel data-box' },
    el('div', { class: 'panel-head' }, el('h2', {}, el('label', { for: id }, options.title)), tools),
    el('div', { class: 'panel-body' }, el('p', { class: 'note', id: `${id}-hint` }, options.hint), problem, chip, area),
  );
  dropzone(element, 'Drop files with one text a line, or JSONL', take);
  return {
    element,
    get: () => (file ? { text: file.text, name: file.name } : { text: area.value, name: undefined }),
    set,
  };
}
