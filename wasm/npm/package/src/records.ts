import type { DecisionRecord, LoadOptions, StreamEnd, Trust } from './types.js';

/** Gives a record to whoever asked for it. What that throws must not change what is decided. */
export function report(listener: LoadOptions['onDecision'], record: DecisionRecord, elapsed: number): void {
  try {
    listener?.(record, elapsed);
  } catch {
    // The listener's own fault.
  }
}

/** The content-free record of a stream: as the engine makes it of a decision. */
export function streamRecord(
  end: StreamEnd,
  bundle: { sha256: string; trust: Trust; guardrails: { name: string; id?: string; version?: string }[] },
): DecisionRecord {
  const counts = new Map<string, DecisionRecord['findings'][number]>();
  for (const finding of end.findings) {
    // A custom word is content: it is counted under its policy alone.
    const entry = finding.type ?? (finding.policy === 'wordPolicy' ? undefined : finding.name);
    const key = JSON.stringify([finding.policy, entry ?? '', finding.action]);
    const count = counts.get(key);
    if (count) count.count += 1;
    else counts.set(key, { action: finding.action, count: 1, policy: finding.policy, ...(entry === undefined ? {} : { entry }) });
  }
  const deferred: Record<string, number> = {};
  for (const { policy } of end.deferred) deferred[policy] = (deferred[policy] ?? 0) + 1;
  return {
    source: end.source,
    action: end.action,
    actionReason: end.reason,
    reasonCode: end.reasonCode,
    bundle: bundle.sha256,
    trust: bundle.trust,
    guardrails: bundle.guardrails.map(({ name, id, version }, number) => ({
      guardrail: id ?? name,
      ...(version === undefined ? {} : { version }),
      reason: end.guardrails[number]?.reason ?? end.reason,
    })),
    findings: [...counts.keys()].sort().map((key) => counts.get(key) as DecisionRecord['findings'][number]),
    deferred,
    guarded: end.coverage.guarded,
  };
}
