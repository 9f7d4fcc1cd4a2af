import type { Finding, PolicyName } from 'edgerail';

/** The policies as the colours of the page tell them apart. */
export type Family = 'word' | 'sensitive' | 'topic' | 'content';

const FAMILIES: Record<PolicyName, Family> = {
  wordPolicy: 'word',
  sensitiveInformationPolicy: 'sensitive',
  topicPolicy: 'topic',
  contentPolicy: 'content',
  contextualGroundingPolicy: 'content',
  automatedReasoningPolicy: 'content',
};

const POLICIES: Record<PolicyName, string> = {
  wordPolicy: 'Word filter',
  sensitiveInformationPolicy: 'Sensitive information',
  topicPolicy: 'Denied topic',
  contentPolicy: 'Content filter',
  contextualGroundingPolicy: 'Contextual grounding',
  automatedReasoningPolicy: 'Automated reasoning',
};

export function family(policy: PolicyName): Family {
  return FAMILIES[policy] ?? 'content';
}

export function policyName(policy: PolicyName | 'all'): string {
  return policy === 'all' ? 'Whole guardrail' : (POLICIES[policy] ?? policy);
}

const UPPER = new Set(['US', 'UK', 'CA', 'AWS', 'URL', 'IP', 'MAC', 'PIN', 'CVV', 'SWIFT', 'ID']);
const SPECIAL: Record<string, string> = {
  PROFANITY: 'Profanity',
  PROMPT_ATTACK: 'Prompt attack',
  EMAIL: 'Email address',
  PHONE: 'Phone number',
  CREDIT_DEBIT_CARD_NUMBER: 'Card number',
  CREDIT_DEBIT_CARD_CVV: 'Card CVV',
  CREDIT_DEBIT_CARD_EXPIRY: 'Card expiry date',
  US_SOCIAL_SECURITY_NUMBER: 'US social security number',
  US_INDIVIDUAL_TAX_IDENTIFICATION_NUMBER: 'US taxpayer number (ITIN)',
  INTERNATIONAL_BANK_ACCOUNT_NUMBER: 'Bank account number (IBAN)',
  VEHICLE_IDENTIFICATION_NUMBER: 'Vehicle number (VIN)',
};

/** A built-in type for people: `US_BANK_ROUTING_NUMBER` is "US bank routing number". */
export function typeName(type: string): string {
  const special = SPECIAL[type];
  if (special) return special;
  if (!/^[A-Z][A-Z_]+$/.test(type)) return type;
  const words = type.split('_').map((word) => (UPPER.has(word) ? word : word.toLowerCase()));
  const name = words.join(' ');
  return name.charAt(0).toUpperCase() + name.slice(1);
}

/** What a finding is called: its type or the name it was configured with. */
export function findingName(finding: Pick<Finding, 'type' | 'name' | 'policy'>): string {
  if (finding.name !== undefined) return finding.name;
  return finding.type === undefined ? policyName(finding.policy) : typeName(finding.type);
}
