import type { FormMessages } from './form-messages.js';
import type { Decision } from './types.js';

/** A field that text is typed into. */
export type TextField = HTMLInputElement | HTMLTextAreaElement;

/** How many replacements are listed, and how many characters of each. */
const LISTED = 10;
const SHOWN = 60;

let notes = 0;

/** An element with a text. Nothing is ever parsed as HTML, so that Trusted Types have nothing to forbid. */
function element<K extends keyof HTMLElementTagNameMap>(near: Node, name: K, text: string): HTMLElementTagNameMap[K] {
  const made = (near.ownerDocument as Document).createElement(name);
  made.textContent = text;
  return made;
}

/** A message that is spoken as soon as it stands in the page. */
export function alertElement(near: Node, text: string): HTMLElement {
  const made = element(near, 'p', text);
  made.setAttribute('role', 'alert');
  return made;
}

/** Sets an attribute; gives what restores it. */
export function withAttribute(target: Element, name: string, value: string): () => void {
  const before = target.getAttribute(name);
  target.setAttribute(name, value);
  return () => {
    // What somebody else has written since is theirs.
    if (target.getAttribute(name) !== value) return;
    if (before === null) target.removeAttribute(name);
    else target.setAttribute(name, before);
  };
}

export interface NoteSetup {
  field: TextField;
  text: string;
  decision: Decision;
  messages: FormMessages;
  place: (message: HTMLElement, field: TextField) => void;
  /** What accepting the masks does, and what the button says; none if that is not offered. */
  accept?: { label: string; run: () => void } | undefined;
  /** The user changed the text. */
  onInput: () => void;
}

/** What is said at one field. Gives what takes it away again. */
export function showNote({ field, text, decision, messages, place, accept, onInput }: NoteSetup): () => void {
  const box = element(field, 'div', '');
  box.className = 'edgerail-message';
  box.dataset.outcome = decision.outcome;
  const message = alertElement(field, '');
  message.id = `edgerail-message-${(notes += 1)}`;
  box.append(message);
  if (accept) {
    box.append(replacements(field, text, decision, messages));
    const button = element(field, 'button', accept.label);
    button.type = 'button';
    button.addEventListener('click', accept.run);
    box.append(button);
  }
  place(box, field);
  // After it stands in the page: screen readers speak what changes in an alert.
  message.textContent = sayingOf(decision, messages, accept !== undefined);
  const described = [field.getAttribute('aria-describedby'), message.id].filter(Boolean).join(' ');
  const restore = [withAttribute(field, 'aria-invalid', 'true'), withAttribute(field, 'aria-describedby', described)];
  field.addEventListener('input', onInput);
  return () => {
    field.removeEventListener('input', onInput);
    for (const undo of restore) undo();
    box.remove();
  };
}

function sayingOf(decision: Decision, messages: FormMessages, isOffered: boolean): string {
  if (decision.reasonCode !== 'ok') return messages.unchecked(decision);
  const acting = decision.findings.filter((finding) => finding.action !== 'NONE');
  const found = acting.length === 0 ? '' : messages.list([...new Set(acting.map(messages.describe))]);
  if (decision.outcome === 'block') return messages.blocked(decision, found);
  return isOffered ? messages.masked(decision, found) : messages.unmasked(decision, found);
}

function replacements(field: TextField, text: string, { masks }: Decision, messages: FormMessages): HTMLElement {
  const list = element(field, 'ul', '');
  const lines = new Set(
    masks.map(({ start, end, label }) => messages.replacement(shortened(text.slice(start, end)), `{${label}}`)),
  );
  for (const line of [...lines].slice(0, LISTED)) list.append(element(field, 'li', line));
  if (lines.size > LISTED) list.append(element(field, 'li', messages.more(lines.size - LISTED)));
  return list;
}

function shortened(text: string): string {
  const characters = [...text.slice(0, 2 * SHOWN)];
  return characters.length > SHOWN ? `${characters.slice(0, SHOWN).join('')}…` : text;
}

/** Where a message stands unless the application places it: behind the field, and not within its label. */
export function placeAfter(message: HTMLElement, field: TextField): void {
  (field.closest('label') ?? field).after(message);
}

/** Changes a field's text as if it had been typed, so that frameworks notice. */
export function setFieldText(field: TextField, text: string): void {
  // React puts a property of its own before the element's.
  const property = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(field), 'value');
  if (property?.set) property.set.call(field, text);
  else field.value = text;
  field.dispatchEvent(new InputEvent('input', { bubbles: true, inputType: 'insertReplacementText' }));
  field.dispatchEvent(new Event('change', { bubbles: true }));
}
