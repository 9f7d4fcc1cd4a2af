import { describeFinding } from './describe.js';
import { isEdgerailError } from './errors.js';
import type { Decision, Finding } from './types.js';

/** What `guardForm` says. Texts only: nothing of it is ever read as HTML. */
export interface FormMessages {
  /** While a check takes longer. */
  checking: string;
  /** One finding in words. */
  describe: (finding: Finding) => string;
  /** Findings in words, put together. */
  list: (items: readonly string[]) => string;
  /** At a field that was blocked; `found` is what was found in words, and may be empty. */
  blocked: (decision: Decision, found: string) => string;
  /** At a field with something that is to be masked, where the user is asked. */
  masked: (decision: Decision, found: string) => string;
  /** The same, where masking is not offered. */
  unmasked: (decision: Decision, found: string) => string;
  /** At a field whose text could not be checked; `decision.reasonCode` says why. */
  unchecked: (decision: Decision) => string;
  /** One replacement. */
  replacement: (match: string, mask: string) => string;
  /** That there are more replacements than are listed. */
  more: (count: number) => string;
  /** The button that replaces a field's text. */
  replace: string;
  /** The same, where the form is submitted then. */
  replaceAndSubmit: string;
  /** At the form, if there is no engine. */
  failed: (error: unknown) => string;
  /** At the form, if the button it was submitted with is gone by now. */
  again: string;
}

export const ENGLISH: FormMessages = {
  checking: 'Checking the text…',
  describe: describeFinding,
  list: (items) => new Intl.ListFormat('en', { type: 'conjunction' }).format(items),
  blocked: ({ text }, found) => sentences(text, found && `Found: ${found}.`),
  masked: (_, found) => `This contains ${found || 'sensitive information'}, which must not be sent as it is.`,
  unmasked: (_, found) => `This contains ${found || 'sensitive information'}. Please remove it.`,
  unchecked: ({ reasonCode }) =>
    reasonCode.startsWith('limit_')
      ? 'This text is too long to be checked, so it was not sent. Please shorten it.'
      : `This text could not be checked (${reasonCode}), so it was not sent. Please try again.`,
  replacement: (match, mask) => `“${match}” becomes “${mask}”`,
  more: (count) => `and ${count} more`,
  replace: 'Replace',
  replaceAndSubmit: 'Replace and send',
  failed: (error) =>
    `The text could not be checked${isEdgerailError(error) ? ` (${error.code})` : ''}, so nothing was sent. Please try again.`,
  again: 'The text was checked, but the form has changed since. Please send it again.',
};

function sentences(...parts: string[]): string {
  return parts.filter((part) => part !== '').join(' ');
}
