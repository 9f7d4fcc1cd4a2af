import type { GuardrailInput } from '../guardrail/input.js';

const text = async (module: Promise<{ default: string }>): Promise<string> => (await module).default;

/** What `docs/judging.md` goes through: a bank's guardrail, what is proposed for it, and what was made of that. */
const inUse = () => text(import('../../../tests/guardrails/update-fiduciary-advice.json?raw'));
const proposal = () => text(import('../../../examples/judging/next.json?raw'));
const rollout = () => text(import('../../../examples/judging/rollout.toml?raw'));
const final = () => text(import('../../../examples/judging/final.toml?raw'));

/** The guardrail in use, the proposal, and 190 lines of chat. */
export async function diffExample(): Promise<{ old: GuardrailInput; new: GuardrailInput; corpus: string }> {
  const [old, next, overlay, corpus] = await Promise.all([
    inUse(),
    proposal(),
    rollout(),
    text(import('../../../examples/judging/chat.jsonl?raw')),
  ]);
  return {
    old: { kind: 'definition', definition: old, overlay: '' },
    new: { kind: 'definition', definition: next, overlay },
    corpus,
  };
}

/** The guardrail with the overlay that came of it, and 60 labelled texts. */
export async function judgeExample(): Promise<{ guardrail: GuardrailInput; rows: string }> {
  const [definition, overlay, rows] = await Promise.all([
    inUse(),
    final(),
    text(import('../../../examples/judging/labelled.jsonl?raw')),
  ]);
  return { guardrail: { kind: 'definition', definition, overlay }, rows };
}
