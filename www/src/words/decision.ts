import type { Decision, Deferred, Finding, Outcome } from 'edgerail';
import { count } from '../ui/dom.js';
import { findingName, policyName, typeName } from './policies.js';

/** A decision in plain words. */
export interface Verdict {
  outcome: Outcome;
  title: string;
  /** What happens to the text. */
  sentence: string;
  /** Why, one line each. */
  reasons: string[];
}

const FAILURES: Record<string, string> = {
  limit_text: 'The text is longer than this guardrail takes (1 MiB unless its overlay says otherwise). It was not checked, and what cannot be checked is blocked.',
  limit_growth: 'The text unfolds to several times its length. It was not checked to the end, and what cannot be checked is blocked.',
  limit_holdback: 'A value did not end within what a stream may hold back. What cannot be checked is blocked.',
  invalid_text: 'The text holds half of a surrogate pair, which is no text. What cannot be checked is blocked.',
  deadline: 'The check took too long and was stopped. What cannot be checked is blocked.',
  trap: 'The engine failed on this text and was started afresh. What cannot be checked is blocked.',
  fault: 'The engine failed on this text. What cannot be checked is blocked.',
};

/** What the decision comes to, for people who do not read JSON. */
export function verdict(decision: Decision): Verdict {
  const { outcome, source, reasonCode } = decision;
  const what = source === 'INPUT' ? 'prompt' : 'answer';
  if (reasonCode !== 'ok') {
    const sentence = FAILURES[reasonCode] ?? `Nothing was evaluated: ${reasonCode}.`;
    const title = outcome === 'block' ? 'Blocked, unchecked' : 'Passes, unchecked';
    return { outcome, title, sentence, reasons: [] };
  }
  const reasons = [...reasonLines(decision.findings)];
  const hidden = decision.found - decision.findings.length;
  if (hidden > 0) reasons.push(`${count(hidden, 'more finding')} not listed; they act all the same`);
  if (outcome === 'block') {
    const sentence =
      source === 'INPUT'
        ? 'The model never sees this prompt. The person reads the guardrail’s message instead.'
        : 'The person never sees this answer. They read the guardrail’s message instead.';
    return { outcome, title: 'Blocked', sentence, reasons };
  }
  if (outcome === 'mask') {
    const places = count(decision.masks.length, 'place');
    const sentence = source === 'INPUT' ? `The model gets the prompt with ${places} masked.` : `The person sees the answer with ${places} masked.`;
    return { outcome, title: 'Masked', sentence, reasons };
  }
  const open = decision.deferred.length;
  const left = open > 0 ? ` ${count(open, 'check')} of this guardrail ${open === 1 ? 'is' : 'are'} left to the cloud.` : '';
  const found = decision.found > 0 ? `What was found does not act: the ${what} goes on as it is.` : `Nothing was found: the ${what} goes on as it is.`;
  return { outcome, title: open > 0 ? 'Passes here' : 'Passes', sentence: found + left, reasons };
}

/** One line for all findings of the same name and action. */
function* reasonLines(findings: readonly Finding[]): Iterable<string> {
  const groups = new Map<string, { finding: Finding; number: number }>();
  for (const finding of findings) {
    const key = JSON.stringify([finding.guardrail, finding.policy, findingName(finding), finding.action]);
    const group = groups.get(key);
    if (group) group.number += 1;
    else groups.set(key, { finding, number: 1 });
  }
  const order = { BLOCKED: 0, ANONYMIZED: 1, NONE: 2 };
  for (const { finding, number } of [...groups.values()].sort((a, b) => order[a.finding.action] - order[b.finding.action])) {
    const times = number > 1 ? ` (${number}×)` : '';
    yield `${findingName(finding)}${times}: ${actionWords(finding)}`;
  }
}

/** What a finding does: `blocks`, `is masked`, or would do. */
export function actionWords(finding: Pick<Finding, 'action' | 'would'>): string {
  if (finding.action === 'BLOCKED') return 'blocks';
  if (finding.action === 'ANONYMIZED') return 'is masked';
  if (finding.would === 'BLOCKED') return 'would block, but the guardrail only observes';
  if (finding.would === 'ANONYMIZED') return 'would be masked, but the guardrail only observes';
  return 'is only reported';
}

/** How sure the engine is, in words. */
export function scoreWords(score: number): string {
  if (score >= 1000) return 'certain';
  if (score >= 900) return 'very likely';
  if (score >= 700) return 'likely';
  return 'possible';
}

const VIEWS: Record<string, string> = {
  confusables: 'look-alike letters',
  leetspeak: 'leetspeak',
  separated: 'separated letters',
  repeated: 'repeated letters',
  base64: 'base64',
  hex: 'hexadecimal',
  percent: 'percent encoding',
  entities: 'HTML entities',
  rot13: 'rot13',
};

/** The evasion view that showed a finding. */
export function viewWords(view: string): string {
  return `seen through ${view.split(/[+,/>]/).map((part) => VIEWS[part] ?? part).join(' and ')}`;
}

const DEFERRED: Record<string, { title: string; why: string }> = {
  cloud_only: {
    title: 'Only the cloud can tell',
    why: 'This needs a model that understands meaning, images or sources. No engine at the edge has one.',
  },
  negative_is_not_final: {
    title: 'Not found here, which does not settle it',
    why: 'The engine acts on what it recognises, and leans to precision. The cloud may still recognise more.',
  },
  no_keywords: {
    title: 'No keywords to look for',
    why: 'The definition of this topic gives too little to act on. Rules in the overlay would help.',
  },
  confidential: {
    title: 'Left out of browser bundles',
    why: 'The overlay marks it confidential. The twin on the server, with a server bundle, decides it.',
  },
};

export interface DeferredGroup {
  title: string;
  why: string;
  items: string[];
}

/** What is left to the cloud, by reason. */
export function deferredGroups(deferred: readonly Deferred[]): DeferredGroup[] {
  const groups = new Map<string, DeferredGroup>();
  const several = new Set(deferred.map((one) => one.guardrail)).size > 1;
  for (const one of deferred) {
    const words = DEFERRED[one.reason] ?? { title: one.reason.replaceAll('_', ' '), why: 'The cloud decides it.' };
    const group = groups.get(one.reason) ?? { ...words, items: [] };
    groups.set(one.reason, group);
    const entry = one.entry === undefined ? 'all of it' : typeName(one.entry);
    group.items.push(`${policyName(one.policy)}: ${entry}${several ? ` (${one.guardrail})` : ''}`);
  }
  return [...groups.values()];
}
