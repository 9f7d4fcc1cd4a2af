import type { Finding } from './types.js';

/** The built-in types in plain words. */
const TYPES: Record<string, string> = {
  ADDRESS: 'an address',
  AGE: 'an age',
  AWS_ACCESS_KEY: 'an AWS access key',
  AWS_SECRET_KEY: 'an AWS secret key',
  CA_HEALTH_NUMBER: 'a Canadian health number',
  CA_SOCIAL_INSURANCE_NUMBER: 'a Canadian social insurance number',
  CREDIT_DEBIT_CARD_CVV: "a payment card's security code",
  CREDIT_DEBIT_CARD_EXPIRY: "a payment card's expiry date",
  CREDIT_DEBIT_CARD_NUMBER: 'a payment card number',
  DRIVER_ID: "a driver's licence number",
  EMAIL: 'an email address',
  INTERNATIONAL_BANK_ACCOUNT_NUMBER: 'a bank account number (IBAN)',
  IP_ADDRESS: 'an IP address',
  LICENSE_PLATE: 'a licence plate',
  MAC_ADDRESS: 'a MAC address',
  NAME: 'a name',
  PASSWORD: 'a password',
  PHONE: 'a phone number',
  PIN: 'a PIN',
  PROFANITY: 'offensive language',
  PROMPT_ATTACK: 'an attempt to get around the rules',
  SWIFT_CODE: 'a bank code (SWIFT)',
  UK_NATIONAL_HEALTH_SERVICE_NUMBER: 'a British health service number',
  UK_NATIONAL_INSURANCE_NUMBER: 'a British national insurance number',
  UK_UNIQUE_TAXPAYER_REFERENCE_NUMBER: 'a British taxpayer reference number',
  URL: 'a web address',
  USERNAME: 'a user name',
  US_BANK_ACCOUNT_NUMBER: 'a US bank account number',
  US_BANK_ROUTING_NUMBER: 'a US bank routing number',
  US_INDIVIDUAL_TAX_IDENTIFICATION_NUMBER: 'a US tax number',
  US_PASSPORT_NUMBER: 'a US passport number',
  US_SOCIAL_SECURITY_NUMBER: 'a US social security number',
  VEHICLE_IDENTIFICATION_NUMBER: 'a vehicle identification number',
};

/**
 * What a finding is, in plain English: `an email address`. Never the text found, nor a configured word or topic;
 * custom patterns go by the name that their masks show.
 */
export function describeFinding(finding: Pick<Finding, 'policy' | 'type' | 'name'>): string {
  const { policy, type, name } = finding;
  if (type !== undefined) return TYPES[type] ?? type.toLowerCase().replaceAll('_', ' ');
  if (policy === 'topicPolicy') return 'a topic that is not allowed here';
  if (policy === 'wordPolicy') return 'a word that is not allowed here';
  return name === undefined ? 'something that is not allowed here' : `something of the kind “${name}”`;
}
