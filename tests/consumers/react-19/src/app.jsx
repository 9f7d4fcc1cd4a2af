import { EdgerailError, guardStream, loadEngine } from 'edgerail';
import { useGuardrail } from 'edgerail/react';
import { useEffect, useState, version } from 'react';

import { check } from '../check.mjs';

const bundle = () => fetch('guardrail.bundle');
const TYPED = 'Write to ann@example.com';
const engine = loadEngine(bundle());

/** Runs the check once, and meanwhile types a text into a guarded field. */
export function App() {
  const [text, setText] = useState('');
  const [report, setReport] = useState();
  const { decision, isCurrent, status } = useGuardrail({ engine, text });
  useEffect(() => {
    if (text.length === TYPED.length) return undefined;
    const timer = setTimeout(() => setText(TYPED.slice(0, text.length + 1)), 10);
    return () => clearTimeout(timer);
  }, [text]);
  useEffect(() => {
    check({ loadEngine, guardStream, EdgerailError }, bundle)
      .catch((error) => ({ failed: String(error) }))
      .then(setReport);
  }, []);
  const typed = text === TYPED && isCurrent && status === 'ready' ? decision.text : undefined;
  return (
    <>
      <label>
        Message <input value={text} onChange={(event) => setText(event.target.value)} />
      </label>
      <pre id="report">{report && typed && JSON.stringify({ version: version.split('.')[0], typed, report })}</pre>
    </>
  );
}
