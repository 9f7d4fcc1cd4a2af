import type { Diagnostic, GuardrailSource } from 'edgerail/compile';
import { author } from '../author/client.js';
import { RemoteError } from '../author/rpc.js';
import { fromJson, toJson, type GuardrailInput, type GuardrailJson } from '../guardrail/input.js';
import { countDiagnostics, guardrailPanel } from '../guardrail/panel.js';
import { bytes, count, debounce } from '../ui/dom.js';

/** A guardrail panel that says whether what is in it compiles. */
export interface GuardrailSide {
  readonly element: HTMLElement;
  json(): GuardrailJson;
  set(input: GuardrailInput): void;
  /** Takes what was kept or shared; leaves the panel empty if that is no guardrail. */
  restore(value: unknown): void;
  /** What is given to the judge; `undefined` if there is nothing yet. */
  source(): GuardrailSource | undefined;
}

const EMPTY: GuardrailInput = { kind: 'definition', definition: '', overlay: '' };

export function guardrailSide(options: { title: string; empty: string; changed: () => void }): GuardrailSide {
  let turn = 0;
  const check = async (): Promise<void> => {
    turn += 1;
    const own = turn;
    const input = panel.value();
    if (isEmpty(input)) {
      panel.setDiagnostics([]);
      panel.setStatus({ kind: 'good', text: options.empty });
      return;
    }
    panel.setStatus({ kind: 'busy', text: 'Compiling…' });
    try {
      if (input.kind === 'bundle') {
        const held = await author().call('inspect', [input.bytes]);
        if (own !== turn) return;
        panel.setDiagnostics([]);
        const names = held.guardrails.map((one) => one.name).join(', ');
        panel.setBundleFacts([
          ['File', input.name],
          ['Size', bytes(held.bytes)],
          ['Guardrails', names],
          ['Audience', held.audience],
        ]);
        panel.setStatus({ kind: 'good', text: `A bundle with ${count(held.guardrails.length, 'guardrail')}.` });
      } else {
        // For servers: judged is all that there is, also what browsers do not get.
        const compiled = await author().call('compile', [input.definition, input.overlay, 'server']);
        if (own !== turn) return;
        panel.setDiagnostics(compiled.diagnostics);
        const notes = countDiagnostics(compiled.diagnostics);
        panel.setStatus({
          kind: 'good',
          text: `Compiled: ${compiled.guardrails.join(', ')}${notes === '' ? '' : `, ${notes}`}`,
        });
      }
    } catch (error) {
      if (own !== turn) return;
      const diagnostics =
        error instanceof RemoteError && Array.isArray(error.diagnostics) ? (error.diagnostics as Diagnostic[]) : [];
      panel.setDiagnostics(diagnostics);
      const text =
        diagnostics.length > 0 ? countDiagnostics(diagnostics) : error instanceof Error ? error.message : String(error);
      panel.setStatus({ kind: 'bad', text });
    }
  };
  const checkLater = debounce(() => void check(), 300);
  const panel = guardrailPanel({
    title: options.title,
    value: EMPTY,
    changed: () => {
      checkLater();
      options.changed();
    },
    replaced: () => {
      void check();
      options.changed();
    },
  });
  const set = (input: GuardrailInput): void => {
    panel.set(input);
    void check();
  };
  return {
    element: panel.element,
    json: () => toJson(panel.value()),
    set,
    restore: (value) => set(fromJson(value) ?? EMPTY),
    source() {
      const input = panel.value();
      if (isEmpty(input)) return undefined;
      if (input.kind === 'bundle') return { bundle: input.bytes };
      const { definition, overlay } = input;
      return overlay.trim() === '' ? { definition } : { definition, overlay };
    },
  };
}

function isEmpty(input: GuardrailInput): boolean {
  return input.kind === 'definition' && input.definition.trim() === '';
}
