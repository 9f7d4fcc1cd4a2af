import type { Diagnostic } from 'edgerail/compile';
import { createDefinitionEditor } from '../editor/definition.js';
import { EXAMPLES, type Example } from '../examples/index.js';
import { dropzone, fileButton, type DroppedFile } from '../ui/dropzone.js';
import { bytes as size, count, el, fill } from '../ui/dom.js';
import { button, select } from '../ui/controls.js';
import { banner } from '../ui/notice.js';
import { tabs } from '../ui/tabs.js';
import { isBundleFile, type GuardrailInput } from './input.js';

/** What a panel says below its editor. */
export interface PanelStatus {
  kind: 'busy' | 'good' | 'bad';
  text: string;
}

export interface GuardrailPanel {
  readonly element: HTMLElement;
  /** Elements can be added here: it stands at the right of the title. */
  readonly tools: HTMLElement;
  value(): GuardrailInput;
  /** Replaces the guardrail; `changed` is not called. */
  set(input: GuardrailInput): void;
  /** Shows what the compiler says, at its lines and in a list. */
  setDiagnostics(diagnostics: readonly Diagnostic[]): void;
  setStatus(status: PanelStatus): void;
  /** Shows what a bundle is. */
  setBundleFacts(facts: readonly (readonly [string, string])[]): void;
}

export interface GuardrailPanelOptions {
  title: string;
  value: GuardrailInput;
  /** The person changed the guardrail by typing. */
  changed: () => void;
  /** The person took another guardrail: an example, a file. */
  replaced: (example?: Example) => void;
}

const PLACEHOLDER = `Paste a guardrail definition, or drop a file here:
a CreateGuardrail or UpdateGuardrail body, a GetGuardrail response,
a CloudFormation, SAM or CDK template (JSON or YAML),
terraform show -json, or a compiled bundle.`;

const OVERLAY_PLACEHOLDER = `# What AWS has no field for, in TOML or JSON. For example:
legacy_input = "mask"

[[allow]]
type = "EMAIL"
domain = "example.com"
who = "you"
why = "Our own addresses are public."
until = "2027-12-31"`;

/** Where a guardrail is written, pasted, dropped or chosen: the same panel on all pages. */
export function guardrailPanel(options: GuardrailPanelOptions): GuardrailPanel {
  let bundle: Extract<GuardrailInput, { kind: 'bundle' }> | undefined;

  const typed = () => {
    examples.select.value = '';
    options.changed();
  };
  const definition = createDefinitionEditor({
    kind: 'definition',
    label: `${options.title}: definition`,
    placeholder: PLACEHOLDER,
    changed: typed,
  });
  const overlay = createDefinitionEditor({
    kind: 'overlay',
    label: `${options.title}: overlay`,
    placeholder: OVERLAY_PLACEHOLDER,
    changed: () => {
      markOverlay();
      typed();
    },
  });
  const definitionPanel = el('div', { class: 'guardrail-editor' }, definition.element);
  const overlayPanel = el('div', { class: 'guardrail-editor' }, overlay.element);
  const files = tabs('Files of the guardrail', [
    { id: 'definition', label: 'Definition', panel: definitionPanel },
    { id: 'overlay', label: 'Overlay', panel: overlayPanel },
  ]);
  const markOverlay = () => files.badge('overlay', overlay.text().trim() === '' ? '' : '•', 'in use');

  const facts = el('dl', { class: 'facts' });
  const bundleView = el(
    'div',
    { class: 'guardrail-bundle' },
    facts,
    button('Write a definition instead', () => {
      bundle = undefined;
      show();
      options.replaced();
    }),
  );
  const editors = el('div', { class: 'guardrail-editors' }, files.list, definitionPanel, overlayPanel);
  const problems = el('div', { class: 'problems', role: 'region', 'aria-label': `Problems: ${options.title}`, tabindex: '0' });
  const status = el('p', { class: 'panel-foot guardrail-status', role: 'status' });
  const tools = el('div', { class: 'buttons end' });

  const examples = select(
    'Example',
    [{ value: '', label: 'Examples…' }, ...EXAMPLES.map((example) => ({ value: example.id, label: example.name }))],
    (id) => {
      const example = EXAMPLES.find((one) => one.id === id);
      if (!example) return;
      set({ kind: 'definition', definition: example.definition, overlay: example.overlay });
      files.select('definition');
      options.replaced(example);
    },
  );
  const take = (dropped: DroppedFile[]) => {
    const input = fromFiles(dropped, current(), files.selected === 'overlay');
    if (!input) return;
    set(input);
    options.replaced();
  };
  const element = el(
    'section',
    { class: 'panel guardrail', 'aria-label': options.title },
    el(
      'div',
      { class: 'panel-head' },
      el('h2', {}, options.title),
      examples.element,
      fileButton('Open…', '.json,.yaml,.yml,.template,.toml,.bundle,.txt', take, { multiple: true }),
      tools,
    ),
    editors,
    bundleView,
    problems,
    status,
  );
  dropzone(element, 'Drop a definition, an overlay or a bundle', take);

  const show = () => {
    editors.hidden = bundle !== undefined;
    bundleView.hidden = bundle === undefined;
    if (bundle) fill(facts, fact('File', bundle.name), fact('Size', size(bundle.bytes.length)));
  };
  const current = (): GuardrailInput =>
    bundle ?? { kind: 'definition', definition: definition.text(), overlay: overlay.text() };
  const set = (input: GuardrailInput) => {
    if (input.kind === 'bundle') {
      bundle = input;
      examples.select.value = '';
    } else {
      bundle = undefined;
      definition.setText(input.definition);
      overlay.setText(input.overlay);
      markOverlay();
      const same = EXAMPLES.find((one) => one.definition === input.definition && one.overlay === input.overlay);
      examples.select.value = same?.id ?? '';
    }
    setDiagnostics([]);
    show();
  };
  const setDiagnostics = (all: readonly Diagnostic[]) => {
    definition.setDiagnostics(all);
    overlay.setDiagnostics(all);
    problems.hidden = all.length === 0;
    const order = { error: 0, warning: 1, lint: 2 };
    const sorted = [...all].sort((a, b) => order[a.severity] - order[b.severity]);
    fill(
      problems,
      sorted.map((diagnostic) =>
        problem(diagnostic, () => {
          files.select(diagnostic.file);
          (diagnostic.file === 'overlay' ? overlay : definition).goTo(diagnostic);
        }),
      ),
    );
    for (const file of ['definition', 'overlay'] as const) {
      const errors = all.filter((one) => one.file === file && one.severity === 'error').length;
      if (errors > 0) files.badge(file, String(errors), errors === 1 ? 'error' : 'errors');
      else if (file === 'definition') files.badge(file, '');
      else markOverlay();
    }
  };
  set(options.value);

  return {
    element,
    tools,
    value: current,
    set,
    setDiagnostics,
    setStatus({ kind, text }) {
      status.className = `panel-foot guardrail-status ${kind}`;
      if (status.textContent !== text) status.textContent = text;
    },
    setBundleFacts(all) {
      fill(
        facts,
        all.map(([name, value]) => fact(name, value)),
      );
    },
  };
}

function fact(name: string, value: string): HTMLElement {
  return el('div', {}, el('dt', {}, name), el('dd', {}, value));
}

const SEVERITIES = {
  error: { label: 'Error', chip: 'block' },
  warning: { label: 'Warning', chip: 'mask' },
  lint: { label: 'Note', chip: 'sensitive' },
} as const;

function problem(diagnostic: Diagnostic, goThere: () => void): HTMLElement {
  const { label, chip } = SEVERITIES[diagnostic.severity];
  const line = diagnostic.line === null ? '' : `line ${diagnostic.line} · `;
  return el(
    'button',
    { type: 'button', class: 'problem', onclick: goThere },
    el('span', { class: `chip ${chip}` }, label),
    el('span', { class: 'what' }, diagnostic.message),
    el('span', { class: 'where' }, `${diagnostic.file === 'overlay' ? 'overlay, ' : ''}${line}${diagnostic.path}`),
  );
}

/** `2 errors and 1 note`. */
export function countDiagnostics(all: readonly Diagnostic[]): string {
  const number = (severity: Diagnostic['severity']) => all.filter((one) => one.severity === severity).length;
  const parts = [
    number('error') && count(number('error'), 'error'),
    number('warning') && count(number('warning'), 'warning'),
    number('lint') && count(number('lint'), 'note'),
  ].filter((part) => typeof part === 'string');
  return parts.join(', ').replace(/, (?=[^,]*$)/, ' and ');
}

/** One file is a definition or a bundle; with a TOML file, or where the overlay is open, it is an overlay. */
function fromFiles(dropped: DroppedFile[], now: GuardrailInput, onOverlay: boolean): GuardrailInput | undefined {
  const first = dropped[0];
  if (!first) return undefined;
  if (dropped.length > 2) {
    banner('files', 'warn', 'Drop one file, or a definition and its overlay.');
    return undefined;
  }
  const bundleFile = dropped.find((file) => isBundleFile(file.name, file.bytes));
  if (bundleFile) return { kind: 'bundle', name: bundleFile.name, bytes: bundleFile.bytes };
  const next = now.kind === 'definition' ? { ...now } : { kind: 'definition' as const, definition: '', overlay: '' };
  for (const file of dropped) {
    // What is not UTF-8 becomes replacement characters here, which the compiler then points at.
    const text = new TextDecoder().decode(file.bytes);
    const isOverlay = /\.toml$/i.test(file.name) || /overlay/i.test(file.name) || (dropped.length === 1 && onOverlay);
    if (isOverlay) next.overlay = text;
    else {
      next.definition = text;
      if (dropped.length === 1) next.overlay = '';
    }
  }
  return next;
}
