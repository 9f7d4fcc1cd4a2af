import { HighlightStyle, syntaxHighlighting } from '@codemirror/language';
import type { Extension } from '@codemirror/state';
import { EditorView } from '@codemirror/view';
import { tags } from '@lezer/highlight';

/** The editors in the colours of the page: custom properties reach into shadow roots. */
const theme = EditorView.theme({
  '&': { height: '100%', color: 'var(--text)', backgroundColor: 'transparent', fontSize: '13.5px' },
  '&.cm-focused': { outline: '2px solid var(--focus)', outlineOffset: '-2px' },
  '.cm-scroller': { fontFamily: 'var(--mono)', lineHeight: '1.6', overflow: 'auto' },
  '.cm-content': { padding: '10px 0', caretColor: 'var(--text)' },
  '.cm-line': { padding: '0 14px 0 8px' },
  '.cm-gutters': { backgroundColor: 'var(--sunken)', color: 'var(--muted)', border: 'none', borderRight: '1px solid var(--line)' },
  '.cm-activeLine': { backgroundColor: 'color-mix(in srgb, var(--accent) 6%, transparent)' },
  '.cm-activeLineGutter': { backgroundColor: 'var(--accent-soft)', color: 'var(--text)' },
  '.cm-placeholder': { color: 'var(--muted)' },
  '.cm-content ::selection, & ::selection': { backgroundColor: 'color-mix(in srgb, var(--accent) 32%, transparent)' },
  '.cm-selectionMatch': { backgroundColor: 'var(--mask-soft)' },
  '&.cm-focused .cm-matchingBracket': { backgroundColor: 'var(--accent-soft)', outline: '1px solid var(--line-strong)' },
  '&.cm-focused .cm-nonmatchingBracket': { backgroundColor: 'var(--block-soft)' },
  '.cm-foldPlaceholder': { backgroundColor: 'var(--cloud-soft)', border: 'none', color: 'var(--cloud)', padding: '0 6px' },
  '.cm-foldGutter .cm-gutterElement': { color: 'var(--muted)', cursor: 'pointer' },
  '.cm-panels': { backgroundColor: 'var(--sunken)', color: 'var(--text)', fontFamily: 'var(--sans)' },
  '.cm-panels.cm-panels-top': { borderBottom: '1px solid var(--line)' },
  '.cm-textfield': { backgroundColor: 'var(--surface)', border: '1px solid var(--line-strong)', color: 'var(--text)', fontSize: '13px' },
  '.cm-button': { backgroundImage: 'none', backgroundColor: 'var(--surface)', border: '1px solid var(--line-strong)', color: 'var(--text)', fontSize: '13px' },
  '.cm-searchMatch': { backgroundColor: 'var(--mask-soft)', outline: '1px solid var(--mask)' },
  '.cm-searchMatch-selected': { backgroundColor: 'var(--accent-soft)' },
  '.cm-tooltip': {
    maxWidth: 'min(420px, 92vw)',
    border: '1px solid var(--line-strong)',
    borderRadius: '8px',
    backgroundColor: 'var(--raised)',
    color: 'var(--text)',
    boxShadow: '0 6px 24px rgb(0 0 0 / 18%)',
    fontFamily: 'var(--sans)',
    fontSize: '13px',
    lineHeight: '1.45',
    overflow: 'hidden',
  },
  // CodeMirror draws these with images in data: URLs, which the policy of the page does not allow.
  '.cm-lintRange': { backgroundImage: 'none !important', textDecorationLine: 'underline', textDecorationStyle: 'wavy', textDecorationThickness: '1px', textUnderlineOffset: '3px' },
  '.cm-lintRange-error': { textDecorationColor: 'var(--block)' },
  '.cm-lintRange-warning': { textDecorationColor: 'var(--mask)' },
  '.cm-lintRange-info': { textDecorationColor: 'var(--sensitive)' },
  '.cm-gutter-lint': { width: '1.2em' },
  '.cm-gutter-lint .cm-gutterElement': { padding: '0 0 0 0.3em' },
  '.cm-lint-marker': { content: 'none !important', width: '0.6em', height: '0.6em', marginTop: '0.5em', borderRadius: '50%' },
  '.cm-lint-marker-error': { backgroundColor: 'var(--block)' },
  '.cm-lint-marker-warning': { backgroundColor: 'var(--mask)', borderRadius: '2px' },
  '.cm-lint-marker-info': { backgroundColor: 'var(--sensitive)', borderRadius: '2px' },
  '.cm-diagnostic': { padding: '8px 12px', borderLeftWidth: '3px', overflowWrap: 'anywhere' },
  '.cm-diagnostic-error': { borderLeftColor: 'var(--block)' },
  '.cm-diagnostic-warning': { borderLeftColor: 'var(--mask)' },
  '.cm-diagnostic-info': { borderLeftColor: 'var(--sensitive)' },
  '.cm-panel.cm-panel-lint ul [aria-selected]': { backgroundColor: 'var(--accent-soft)', color: 'var(--text)' },
});

const syntax = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: 'var(--sensitive)' },
  { tag: tags.string, color: 'var(--pass)' },
  { tag: [tags.number, tags.bool, tags.null, tags.atom], color: 'var(--word)' },
  { tag: [tags.keyword, tags.typeName, tags.tagName], color: 'var(--topic)' },
  { tag: tags.comment, color: 'var(--muted)', fontStyle: 'italic' },
  { tag: [tags.punctuation, tags.separator, tags.bracket, tags.meta], color: 'var(--muted)' },
  { tag: tags.heading, color: 'var(--topic)', fontWeight: '600' },
]);

export const look: Extension = [theme, syntaxHighlighting(syntax)];
