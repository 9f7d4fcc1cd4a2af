import type { Source } from 'edgerail';
import { EXAMPLES } from '../examples/index.js';
import { fromJson, toJson, type GuardrailInput } from '../guardrail/input.js';

/** All that a person does on the page. */
export interface State {
  guardrail: GuardrailInput;
  text: string;
  source: Source;
  /** The tab of results that is open. */
  tab: string;
  /** The model's answer in the reversible tab; `null` until the person writes one. */
  answer: string | null;
}

export function initialState(): State {
  const [{ definition, overlay, text, source }] = EXAMPLES;
  return { guardrail: { kind: 'definition', definition, overlay }, text, source, tab: 'findings', answer: null };
}

export function stateToJson(state: State): unknown {
  return { ...state, guardrail: toJson(state.guardrail) };
}

/** Reads what a link or the storage holds; `undefined` if it is not of this page. */
export function stateFromJson(value: unknown): State | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const json = value as Record<string, unknown>;
  const guardrail = fromJson(json['guardrail']);
  if (!guardrail || typeof json['text'] !== 'string') return undefined;
  return {
    guardrail,
    text: json['text'],
    source: json['source'] === 'OUTPUT' ? 'OUTPUT' : 'INPUT',
    tab: typeof json['tab'] === 'string' ? json['tab'] : 'findings',
    answer: typeof json['answer'] === 'string' ? json['answer'] : null,
  };
}
