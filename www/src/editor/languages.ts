import { json } from '@codemirror/lang-json';
import { yaml } from '@codemirror/lang-yaml';
import { StreamLanguage } from '@codemirror/language';
import { toml } from '@codemirror/legacy-modes/mode/toml';
import { Compartment, type Extension } from '@codemirror/state';
import type { EditorView } from '@codemirror/view';

type Language = 'json' | 'yaml' | 'toml';

const LANGUAGES: Record<Language, () => Extension> = { json, yaml, toml: () => StreamLanguage.define(toml) };

/** Highlights a definition (JSON or YAML) or an overlay (JSON or TOML) by what it looks like. */
export function detectedLanguage(kind: 'definition' | 'overlay'): { extension: Extension; detect(view: EditorView): void } {
  const compartment = new Compartment();
  let now: Language | undefined;
  return {
    extension: compartment.of([]),
    detect(view) {
      const start = view.state.sliceDoc(0, 400).trimStart();
      const other = kind === 'definition' ? 'yaml' : 'toml';
      // An array of tables of TOML, `[[allow]]`, is no JSON that anything here takes.
      const next = start.startsWith('{') || (kind === 'definition' && start.startsWith('[')) ? 'json' : other;
      if (next === now) return;
      now = next;
      view.dispatch({ effects: compartment.reconfigure(LANGUAGES[next]()) });
    },
  };
}

export function jsonLanguage(): Extension {
  return json();
}
