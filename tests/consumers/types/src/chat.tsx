import type { AnyEngine } from 'edgerail';
import { useGuardrail } from 'edgerail/react';

export function Chat({ engine }: { engine: Promise<AnyEngine> }) {
  const { decision, setText, status, text } = useGuardrail({ engine });
  return (
    <label>
      {status === 'checking' ? '…' : decision?.outcome}
      <input value={text} onChange={(event) => setText(event.target.value)} />
    </label>
  );
}
