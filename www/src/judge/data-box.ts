import { bytes, debounce, el, fill, uniqueId } from '../ui/dom.js';
import { dropzone, fileButton, type DroppedFile } from '../ui/dropzone.js';
import { button } from '../ui/controls.js';

/** What a browser can still judge without running out of memory; the command line takes files of any size. */
export const DATA_LIMIT = 64 * 1024 * 1024;
/** Longer data is kept as a file beside the editor: an area of text of this size makes typing slow. */
const EDITED_LIMIT = 512 * 1024;

const COMMAND_LINE = 'The command line takes files of any size: its memory does not grow with them.';

/** A file beside the editor. */
interface Held {
  name: string;
  /** For showing. */
  text: string;
  /** For judging: the bytes, where they are no text. */
  data: string | Uint8Array;
}

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
  get(): { text: string; data: string | Uint8Array };
  set(text: string, name?: string): void;
}

export function dataBox(options: DataBoxOptions): DataBox {
  const id = uniqueId('data');
  let file: Held | undefined;
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
  const set = (text: string, name?: string, raw?: Uint8Array): void => {
    fail('');
    const isFile = raw !== undefined || text.length > EDITED_LIMIT;
    file = isFile ? { text, data: raw ?? text, name: name ?? 'pasted text' } : undefined;
    area.value = isFile ? '' : text;
    area.hidden = isFile;
    chip.hidden = !isFile;
    if (file === undefined) return;
    const why = raw === undefined ? 'too long to be edited here' : 'not all of it is UTF-8';
    const words = el('span', {}, el('b', {}, file.name), ` ${bytes(file.data.length)}, ${why}`);
    fill(chip, words, button('Remove', clear));
  };
  const clear = (): void => {
    set('');
    options.changed();
    area.focus();
  };
  const take = (files: DroppedFile[]): void => {
    const [dropped, ...others] = files;
    if (dropped === undefined) return;
    if (others.length > 0) {
      fail('Drop one file: its lines are counted.');
      return;
    }
    const { name, bytes: content } = dropped;
    if (content.length > DATA_LIMIT) {
      fail(`${bytes(content.length)} are more than the ${bytes(DATA_LIMIT)} that this page takes. ${COMMAND_LINE}`);
      return;
    }
    try {
      set(new TextDecoder('utf-8', { fatal: true }).decode(content), name);
    } catch {
      // The judge gets the bytes as they are, and refuses the lines that are no UTF-8 by their numbers.
      set(new TextDecoder().decode(content), name, content);
    }
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
    fileButton('Open file…', '.jsonl,.ndjson,.json,.txt,.log,.csv', take),
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
    get: () => file ?? { text: area.value, data: area.value },
    set,
  };
}
