// A guardrail with something of every policy, compiled for the tests of this folder.
import { compile } from 'edgerail/compile';

const BOTH = (action) => ({ action, inputAction: action, outputAction: action, inputEnabled: true, outputEnabled: true });

/** The message of a block, by source. */
export const MESSAGES = { INPUT: 'That cannot be sent.', OUTPUT: 'That cannot be shown.' };

export const DEFINITION = {
  name: 'everything',
  blockedInputMessaging: MESSAGES.INPUT,
  blockedOutputsMessaging: MESSAGES.OUTPUT,
  wordPolicyConfig: {
    wordsConfig: [{ text: 'Project Kestrel' }],
    managedWordListsConfig: [{ type: 'PROFANITY' }],
  },
  sensitiveInformationPolicyConfig: {
    piiEntitiesConfig: [
      { type: 'EMAIL', ...BOTH('ANONYMIZE') },
      { type: 'CREDIT_DEBIT_CARD_NUMBER', ...BOTH('BLOCK') },
      { type: 'NAME', ...BOTH('ANONYMIZE') },
    ],
    regexesConfig: [{ name: 'Ticket', pattern: 'TCK-\\d{6}', ...BOTH('ANONYMIZE') }],
  },
  topicPolicyConfig: {
    topicsConfig: [
      { name: 'Legal advice', type: 'DENY', definition: 'Advice about law, contracts or suing somebody.', examples: ['Can I sue my landlord?'] },
    ],
  },
  contentPolicyConfig: {
    filtersConfig: [
      { type: 'PROMPT_ATTACK', inputStrength: 'HIGH', outputStrength: 'NONE' },
      { type: 'INSULTS', inputStrength: 'HIGH', outputStrength: 'HIGH' },
    ],
  },
};

/** The bundle of a definition, by default {@link DEFINITION}. */
export async function bundleOf(definition = DEFINITION, options = {}) {
  return (await compile(definition, options)).bundle;
}
