import { closeBrackets, closeBracketsKeymap } from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { bracketMatching, codeFolding, foldGutter, foldKeymap, indentOnInput } from '@codemirror/language';
import { lintKeymap } from '@codemirror/lint';
import { highlightSelectionMatches, search, searchKeymap } from '@codemirror/search';
import { Annotation, EditorState, type Extension } from '@codemirror/state';
import {
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  highlightSpecialChars,
  keymap,
  lineNumbers,
  placeholder,
} from '@codemirror/view';
import { el } from '../ui/dom.js';
import { look } from './look.js';

/** Marks a change that the page made, not the person. */
export const byPage = Annotation.define<boolean>();

export interface Editor {
  /** The element to put into the page. */
  readonly element: HTMLElement;
  readonly view: EditorView;
  /** The whole text. Line breaks are `\n`. */
  text(): string;
  /** Replaces the whole text; `changed` is not called. */
  setText(text: string): void;
}

export interface EditorOptions {
  /** What screen readers call it. */
  label: string;
  text?: string;
  placeholder?: string;
  readOnly?: boolean;
  /** Line numbers, folding and brackets, as code has them. Otherwise prose: wrapped lines, spelling checked. */
  code?: boolean;
  extensions?: Extension;
  /** Called after every change by the person. */
  changed?: () => void;
}

/**
 * A CodeMirror editor in a shadow root of its own: there CodeMirror uses constructed style sheets, so that the page's
 * policy can be `style-src 'self'`. Tab leaves the editor, as everywhere on the page.
 */
export function createEditor(options: EditorOptions): Editor {
  const element = el('div', { class: 'editor' });
  const root = element.attachShadow({ mode: 'open', delegatesFocus: true });
  const state = EditorState.create({ doc: options.text ?? '', extensions: extensions(options) });
  const view = new EditorView({ state, root, parent: root });
  return {
    element,
    view,
    text: () => view.state.doc.toString(),
    setText(text) {
      view.dispatch({
        changes: { from: 0, to: view.state.doc.length, insert: text },
        selection: { anchor: 0 },
        annotations: byPage.of(true),
      });
    },
  };
}

function extensions(options: EditorOptions): Extension {
  const code = [
    lineNumbers(),
    highlightActiveLineGutter(),
    codeFolding(),
    foldGutter(),
    indentOnInput(),
    bracketMatching(),
    closeBrackets(),
    highlightSelectionMatches(),
    keymap.of([...closeBracketsKeymap, ...foldKeymap]),
  ];
  const attributes: Record<string, string> = options.code
    ? { spellcheck: 'false', autocorrect: 'off', autocapitalize: 'off' }
    : { spellcheck: 'false' };
  attributes['aria-label'] = options.label;
  // It takes the focus anyway; said plainly, because checkers do not count what is editable as reachable.
  attributes['tabindex'] = '0';
  if (options.readOnly) attributes['aria-readonly'] = 'true';
  return [
    look,
    history(),
    highlightSpecialChars(),
    highlightActiveLine(),
    search({ top: true }),
    options.code ? code : EditorView.lineWrapping,
    keymap.of([...defaultKeymap, ...historyKeymap, ...searchKeymap, ...lintKeymap]),
    EditorView.contentAttributes.of(attributes),
    options.placeholder ? placeholder(options.placeholder) : [],
    options.readOnly ? [EditorState.readOnly.of(true)] : [],
    EditorView.updateListener.of((update) => {
      if (!update.docChanged || update.transactions.some((transaction) => transaction.annotation(byPage))) return;
      options.changed?.();
    }),
    options.extensions ?? [],
  ];
}
