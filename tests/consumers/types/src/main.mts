import { readFile } from 'node:fs/promises';
import { EdgerailError, guardStream, loadEngine } from 'edgerail';
import type { Decision, DecisionRecord, Engine, ErrorCode, Finding, LoadOptions, Mask, TextStream } from 'edgerail';

const seen: DecisionRecord[] = [];
const options: LoadOptions = { audience: 'any', onDecision: (record) => seen.push(record) };
const engine: Engine = await loadEngine(await readFile('guardrail.bundle'), options);
const decision: Decision = engine.evaluate(
  { content: [{ text: 'Hello', qualifiers: ['guard_content'] }], model: 'example' },
  { source: 'OUTPUT', offsets: 'bytes', now: new Date(0) },
);
const findings: readonly Finding[] = decision.findings;
const masks: readonly Mask[] = decision.masks;
const type: string | undefined = findings[0]?.type;
const stream: TextStream = engine.stream({ source: 'INPUT', mode: 'buffer', holdback: 128 });
const text: string = stream.push('Hello') + stream.finish().text;
const piped: ReadableStream<string> = new Response('Hello').body!
  .pipeThrough(new TextDecoderStream())
  .pipeThrough(guardStream(engine));
export function code(error: unknown): ErrorCode | undefined {
  return error instanceof EdgerailError ? error.code : undefined;
}
export { masks, piped, text, type };
