import { lintGutter, setDiagnostics, type Diagnostic as Lint } from '@codemirror/lint';
import { EditorSelection, type Text } from '@codemirror/state';
import { EditorView } from '@codemirror/view';
import type { Diagnostic } from 'edgerail/compile';
import { createEditor, type Editor } from './editor.js';
import { detectedLanguage } from './languages.js';

export interface DefinitionEditor extends Editor {
  /** Shows these at their lines. */
  setDiagnostics(diagnostics: readonly Diagnostic[]): void;
  /** Puts the cursor at a diagnostic's place and scrolls there. */
  goTo(diagnostic: Diagnostic): void;
}

/** An editor for a guardrail definition (JSON or YAML) or an overlay (TOML or JSON), highlighted by what it holds. */
export function createDefinitionEditor(options: {
  kind: 'definition' | 'overlay';
  label: string;
  text?: string;
  placeholder?: string;
  changed?: () => void;
}): DefinitionEditor {
  const language = detectedLanguage(options.kind);
  const editor = createEditor({
    label: options.label,
    code: true,
    extensions: [language.extension, lintGutter()],
    ...(options.text === undefined ? {} : { text: options.text }),
    ...(options.placeholder === undefined ? {} : { placeholder: options.placeholder }),
    changed: () => {
      // Not in the update itself: a view cannot be changed while it updates.
      queueMicrotask(() => language.detect(editor.view));
      options.changed?.();
    },
  });
  language.detect(editor.view);
  const { view } = editor;
  return {
    ...editor,
    setText(text) {
      editor.setText(text);
      language.detect(view);
    },
    setDiagnostics(diagnostics) {
      const { doc } = view.state;
      const lints = diagnostics.filter((diagnostic) => diagnostic.file === options.kind).map((one) => lint(one, doc));
      view.dispatch(setDiagnostics(view.state, lints.sort((a, b) => a.from - b.from)));
    },
    goTo(diagnostic) {
      const at = position(diagnostic, view.state.doc);
      view.dispatch({ selection: EditorSelection.cursor(at), effects: EditorView.scrollIntoView(at, { y: 'center' }) });
      view.focus();
    },
  };
}

function lint(diagnostic: Diagnostic, doc: Text): Lint {
  const from = position(diagnostic, doc);
  const line = doc.lineAt(from);
  const rest = doc.sliceString(from, line.to);
  // The value or key that begins there; the rest of the line where nothing does.
  const token = /^(?:"(?:[^"\\]|\\.)*"?|'[^']*'?|[^\s,:\]}]+)/.exec(rest)?.[0] ?? rest;
  return {
    from,
    to: Math.min(line.to, from + Math.max(token.length, 1)),
    severity: diagnostic.severity === 'lint' ? 'info' : diagnostic.severity,
    source: diagnostic.code,
    message: diagnostic.message,
  };
}

function position(diagnostic: Diagnostic, doc: Text): number {
  if (diagnostic.line === null || diagnostic.line < 1) return 0;
  const line = doc.line(Math.min(diagnostic.line, doc.lines));
  // Columns count characters; the editor counts units of UTF-16.
  const units = [...line.text].slice(0, Math.max((diagnostic.column ?? 1) - 1, 0)).join('').length;
  return line.from + Math.min(units, line.length);
}
