import { convertOffsets } from './offsets.js';
import type { Place } from './offsets.js';
import type {
  ApplyGuardrailResponse,
  BundleInfo,
  Decision,
  Deferred,
  Finding,
  Mask,
  OffsetUnit,
  Outcome,
  Source,
  StreamEnd,
  StreamFinding,
  StreamStats,
  Trust,
} from './types.js';

/** The engine's canonical JSON, with our own members under `edgerail`. */
interface DecisionJson extends ApplyGuardrailResponse {
  edgerail: {
    bundle?: { sha256: string };
    deferred: Deferred[];
    findings: Finding[];
    found: number;
    guardrails: { name: string; mode: 'enforce' | 'observe'; reason: string; applied?: false }[];
    masks?: Mask[];
    reasonCode: string;
    trust?: Trust;
  };
}

/** What a call of the engine was about. */
export interface Asked {
  source: Source;
  texts: readonly string[];
  offsets: OffsetUnit;
}

/** Makes the decision that applications see from the engine's. */
export function decisionOf(json: string, asked: Asked): Decision {
  const { edgerail, ...response } = JSON.parse(json) as DecisionJson;
  const outcome = outcomeOf(response);
  const masks = edgerail.masks ?? [];
  convertOffsets(placesOf(edgerail.findings, masks), asked.texts, asked.offsets);
  const texts = outcome === 'pass' ? [...asked.texts] : response.outputs.map((output) => output.text);
  return {
    action: response.action,
    outcome,
    source: asked.source,
    reason: response.actionReason,
    reasonCode: edgerail.reasonCode,
    text: texts.join('\n'),
    texts,
    findings: edgerail.findings,
    found: edgerail.found,
    masks,
    deferred: edgerail.deferred,
    offsets: asked.offsets,
    trust: edgerail.trust ?? 'unverified',
    guardrails: edgerail.guardrails,
    bundle: edgerail.bundle?.sha256 ?? '',
    response,
    json,
  };
}

/** Everything that has a place: findings, masks, and the keywords of explanations. */
function placesOf(findings: readonly Finding[], masks: readonly Mask[]): [number, Place][] {
  const keywords = findings.flatMap(({ block, explanation }) =>
    (explanation?.keywords ?? []).map((keyword): [number, Place] => [block, keyword]),
  );
  return [...[...findings, ...masks].map((part): [number, Place] => [part.block, part]), ...keywords];
}

function outcomeOf(response: { action: string; actionReason: string }): Outcome {
  if (response.action === 'NONE') return 'pass';
  return response.actionReason === 'Guardrail masked.' ? 'mask' : 'block';
}

/**
 * What is left to say if the engine cannot even be started again: the smallest decision that blocks. The same
 * bytes as the other hosts give.
 */
export function blockedWithoutEngine(code: string): string {
  return (
    '{"action":"GUARDRAIL_INTERVENED","actionReason":"Guardrail blocked.","assessments":[],"edgerail":{"coverage":[],' +
    `"deferred":[],"findings":[],"found":0,"guardrails":[],"reasonCode":"${code}"},"outputs":[{"text":""}]}`
  );
}

interface StreamEndJson {
  action: 'NONE' | 'GUARDRAIL_INTERVENED';
  actionReason: string;
  coverage: { guarded: number; total: number };
  deferred: Deferred[];
  findings: StreamFinding[];
  found: number;
  guardrails: { name: string; reason: string }[];
  outputs: string[];
  reasonCode: string;
}

/** Makes the end of a stream that applications see from the engine's. */
export function streamEndOf(json: string, source: Source, stats: StreamStats): StreamEnd {
  const { actionReason, outputs, ...end } = JSON.parse(json) as StreamEndJson;
  return {
    ...end,
    outcome: outcomeOf({ action: end.action, actionReason }),
    source,
    reason: actionReason,
    text: outputs.join('\n'),
    stats,
  };
}

/** What a stream comes to that was lost with its engine. */
export function failedEnd(info: BundleInfo, source: Source, code: string, text: string, stats: StreamStats): StreamEnd {
  const reason = 'Guardrail blocked.';
  return {
    action: 'GUARDRAIL_INTERVENED',
    outcome: 'block',
    source,
    reason,
    reasonCode: code,
    text,
    findings: [],
    found: 0,
    deferred: info.guardrails.map(({ name }) => ({ guardrail: name, policy: 'all', reason: code })),
    guardrails: info.guardrails.map(({ name }) => ({ name, reason })),
    coverage: { guarded: 0, total: 0 },
    stats,
  };
}
