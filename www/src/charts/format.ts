export { count as counted } from '../ui/dom.js';

/** Policies as people say them. */
const POLICIES: Readonly<Record<string, string>> = {
  wordPolicy: 'words',
  sensitiveInformationPolicy: 'sensitive information',
  topicPolicy: 'denied topics',
  contentPolicy: 'content filters',
  contextualGroundingPolicy: 'contextual grounding',
  automatedReasoningPolicy: 'automated reasoning',
};

/** What stands where there is nothing to compute from. */
export const NONE = '–';

export function policyWords(policy: string): string {
  return POLICIES[policy] ?? policy;
}

/** An entry's name; without one, any entry of its policy. */
export function entryWords(key: { policy: string; entry: string | null }): string {
  return key.entry ?? `any of ${policyWords(key.policy)}`;
}

/** A share from 0 to 1 with three decimals, as the command line writes it. */
export function share(value: number | null): string {
  return value === null ? NONE : value.toFixed(3);
}

/** A part of a whole in percent, one decimal. */
export function percent(part: number, whole: number): string {
  return whole === 0 ? NONE : `${((part / whole) * 100).toFixed(1)} %`;
}

export function number(value: number): string {
  return value.toLocaleString('en-US');
}

export function interval(bounds: readonly [number, number] | null): string {
  return bounds === null ? NONE : `${bounds[0].toFixed(2)}–${bounds[1].toFixed(2)}`;
}
