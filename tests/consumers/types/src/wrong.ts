import { EdgerailError, guardStream, loadEngine } from 'edgerail';
import type { Decision, ErrorCode, Outcome } from 'edgerail';

declare const decision: Decision;

loadEngine(7); // wrong: a number is no bundle
loadEngine('/guardrail.bundle', { audience: 'everybody' }); // wrong: there is no such audience
loadEngine('/guardrail.bundle', { onDecision: (record) => record.text }); // wrong: records hold no text
decision.text = 'changed'; // wrong: decisions do not change
const outcome: Outcome = 'allow'; // wrong: there is no such outcome
const code: ErrorCode = 'unknown'; // wrong: there is no such code
guardStream('engine'); // wrong: a text is no engine
new EdgerailError('freed', 'message').code = 'trap'; // wrong: codes do not change
export { code, outcome };
