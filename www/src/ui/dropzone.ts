import { el } from './dom.js';

/** A file that was dropped or chosen. */
export interface DroppedFile {
  name: string;
  bytes: Uint8Array<ArrayBuffer>;
}

/** Lets files be dropped on an element. What is dropped as text is left to the editor below. */
export function dropzone(element: HTMLElement, hint: string, taken: (files: DroppedFile[]) => void): void {
  const veil = el('div', { class: 'drop-veil', 'aria-hidden': 'true' }, hint);
  element.classList.add('dropzone');
  element.append(veil);
  const hasFiles = (event: DragEvent) => event.dataTransfer?.types.includes('Files') ?? false;
  // In the capture phase: the editor would otherwise insert the file as text.
  element.addEventListener(
    'dragover',
    (event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      element.classList.add('dropping');
    },
    true,
  );
  element.addEventListener('dragleave', (event) => {
    if (!element.contains(event.relatedTarget as Node | null)) element.classList.remove('dropping');
  });
  element.addEventListener(
    'drop',
    (event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      event.stopPropagation();
      element.classList.remove('dropping');
      void read(event.dataTransfer?.files).then(taken);
    },
    true,
  );
}

/** A button that opens the file dialog. */
export function fileButton(
  label: string,
  accept: string,
  taken: (files: DroppedFile[]) => void,
  options: { multiple?: boolean } = {},
): HTMLElement {
  const input = el('input', {
    type: 'file',
    class: 'visually-hidden',
    accept,
    multiple: options.multiple,
    onchange: () => {
      void read(input.files).then((files) => {
        input.value = '';
        taken(files);
      });
    },
  });
  return el('label', { class: 'button file-button' }, input, el('span', {}, label));
}

async function read(files: FileList | null | undefined): Promise<DroppedFile[]> {
  const all = [...(files ?? [])];
  return Promise.all(all.map(async (file) => ({ name: file.name, bytes: new Uint8Array(await file.arrayBuffer()) })));
}
