/** Forms: nothing is submitted before the guardrail has seen it. */
import { decide, untilAborted } from './checking.js';
import { EngineHolder } from './engine-holder.js';
import type { EngineSource } from './engine-holder.js';
import { EdgerailError } from './errors.js';
import { ENGLISH } from './form-messages.js';
import type { FormMessages } from './form-messages.js';
import { alertElement, placeAfter, setFieldText, showNote, withAttribute } from './form-note.js';
import type { TextField } from './form-note.js';
import type { AnyEngine, Decision, Source } from './types.js';

export { describeFinding } from './describe.js';
export type { EngineSource } from './engine-holder.js';
export { EdgerailError, isEdgerailError } from './errors.js';
export type { FormMessages } from './form-messages.js';
export type { TextField } from './form-note.js';

/** How long a check takes before the form says that one is going on, in milliseconds. */
const QUIET = 200;
/** For how long the same texts need no second check, in milliseconds: other scripts may hold a submit up, too. */
const VALID = 60_000;

/** What can be checked, and what has no text that is typed. */
const KNOWN = ['textarea', 'input', 'button', 'select', 'option', 'optgroup', 'output', 'fieldset'];

export interface GuardFormOptions {
  /**
   * An engine, a promise of one, or a function that loads one, which is called at the first submit. Until it is
   * there a submit waits.
   */
  engine: EngineSource;
  /**
   * Which `<textarea>` and `<input>` elements are checked, as a CSS selector. Default: every `<textarea>` and
   * every `<input>` of the types `text` and `search`. Disabled ones are not submitted and not checked. A selector that
   * matches anything else that could hold a text, as custom elements do, is refused: it would seem to be checked.
   */
  fields?: string;
  /** Default `INPUT`. */
  source?: Source;
  /** The model the texts are meant for. */
  model?: string;
  /**
   * What becomes of texts that are to be masked. `ask` (default): the user sees what would be replaced and can
   * accept it; `replace`: it is replaced and submitted; `block`: the user is asked to take it out.
   */
  mask?: 'ask' | 'replace' | 'block';
  /** Other words, or another language. What is left out stays English. */
  messages?: Partial<FormMessages>;
  /** Puts a message into the page. Default: behind the field, or its label where that is around it. */
  place?: (message: HTMLElement, field: TextField) => void;
  /** Gets every decision that a submit is made of, with its content. What it throws is ignored. */
  onChecked?: (field: TextField, decision: Decision) => void;
}

export interface GuardedForm {
  /** Takes the guard and its messages away; a check that is going on is cancelled, and submits nothing. */
  destroy(): void;
}

interface Checked {
  text: string;
  decision: Decision;
}

const guarded = new WeakSet<HTMLFormElement>();

/**
 * Holds every submit of a form until all its texts are checked, and submits it then as the user did, with the same
 * button. If a text is blocked, or there is no engine, it is not submitted, and the field says why: in an alert
 * that screen readers speak, with the focus on the field.
 *
 * Scripts of the page see the `submit` event only after the check. What never fires one cannot be held: a call of
 * `form.submit()`, and scripts that read the fields themselves. Rich text (`contenteditable`) is no form field.
 *
 * @throws {@link EdgerailError} `invalid_argument`: not a form, a selector that is none or matches what cannot be
 * checked, or a form that is guarded.
 *
 * @example
 * guardForm(document.querySelector('form'), { engine: loadEngine('/guardrail.bundle') });
 */
export function guardForm(form: HTMLFormElement, options: GuardFormOptions): GuardedForm {
  if (form?.localName !== 'form') {
    throw new EdgerailError('invalid_argument', 'guardForm takes a <form> element; did querySelector find none?');
  }
  if (guarded.has(form)) throw new EdgerailError('invalid_argument', 'the form is guarded already: destroy that guard first');
  return new FormGuard(form, options);
}

class FormGuard implements GuardedForm {
  readonly #form: HTMLFormElement;
  readonly #options: GuardFormOptions;
  readonly #messages: FormMessages;
  readonly #engine: EngineHolder;
  /** The check that is going on. */
  #attempt: AbortController | undefined;
  /** What takes the messages away again. */
  readonly #notes = new Map<TextField | HTMLFormElement, () => void>();
  /** The texts that passed. */
  #passed: { texts: Map<TextField, string>; at: number } | undefined;
  #isDestroyed = false;

  constructor(form: HTMLFormElement, options: GuardFormOptions) {
    this.#form = form;
    this.#options = options;
    this.#messages = { ...ENGLISH, ...options.messages };
    this.#engine = new EngineHolder(options.engine);
    try {
      this.#fields();
    } catch (cause) {
      if (cause instanceof EdgerailError) throw cause;
      throw new EdgerailError('invalid_argument', 'the option fields is a CSS selector', { cause });
    }
    guarded.add(form);
    // Capturing, so that no other listener of the form has acted on the text before it is checked.
    form.addEventListener('submit', this.#onSubmit, { capture: true });
    form.addEventListener('reset', this.#onReset);
    // A promise that fails before the first submit is reported there.
    if (typeof options.engine !== 'function') this.#engine.load().catch(() => {});
  }

  destroy(): void {
    this.#isDestroyed = true;
    this.#form.removeEventListener('submit', this.#onSubmit, { capture: true });
    this.#form.removeEventListener('reset', this.#onReset);
    this.#attempt?.abort();
    this.#passed = undefined;
    this.#clear();
    guarded.delete(this.#form);
  }

  readonly #onSubmit = (event: SubmitEvent): void => {
    // Of a form within this one, which scripts can make: not what was asked to be checked.
    if (event.target !== this.#form) return;
    if (this.#hasPassed()) {
      this.#attempt?.abort();
      return;
    }
    event.preventDefault();
    event.stopImmediatePropagation();
    void this.#check(event.submitter ?? null);
  };

  readonly #onReset = (event: Event): void => {
    if (event.target !== this.#form) return;
    this.#attempt?.abort();
    this.#clear();
  };

  async #check(submitter: HTMLElement | null): Promise<void> {
    if (this.#isDestroyed) return;
    // The last button that was pressed counts.
    this.#attempt?.abort();
    const attempt = new AbortController();
    this.#attempt = attempt;
    this.#clear();
    const quiet = this.#showBusy();
    attempt.signal.addEventListener('abort', quiet);
    try {
      // Out of the event: while it is dispatched, the form submits nothing else.
      await untilAborted(nextTask(), attempt.signal);
      const engine = await untilAborted(this.#engine.load(), attempt.signal);
      const checked = await this.#checkFields(engine, attempt.signal);
      // A listener may have destroyed the guard or reset the form, when nothing was awaited any more.
      attempt.signal.throwIfAborted();
      quiet();
      this.#conclude(checked, submitter);
    } catch (error) {
      quiet();
      if (!attempt.signal.aborted) this.#say(this.#messages.failed(error));
    }
  }

  /** Checks all fields until none has another text than the one that was checked. */
  async #checkFields(engine: AnyEngine, signal: AbortSignal): Promise<Map<TextField, Checked>> {
    const checked = new Map<TextField, Checked>();
    const replaced = new Set<TextField>();
    for (;;) {
      const open = this.#fields().filter((field) => checked.get(field)?.text !== field.value);
      if (open.length === 0) return new Map(this.#fields().map((field) => [field, checked.get(field) as Checked]));
      await Promise.all(open.map(async (field) => checked.set(field, await this.#checkField(engine, field, signal))));
      if (this.#options.mask !== 'replace') continue;
      for (const field of open) {
        signal.throwIfAborted();
        const { text, decision } = checked.get(field) as Checked;
        // Once: if what the masks say is to be masked itself, the user decides.
        if (decision.outcome !== 'mask' || field.value !== text || replaced.has(field)) continue;
        replaced.add(field);
        setFieldText(field, decision.text);
      }
    }
  }

  async #checkField(engine: AnyEngine, field: TextField, signal: AbortSignal): Promise<Checked> {
    const text = field.value;
    const { source, model } = this.#options;
    const decision = await decide(engine, text, { source, model }, signal);
    try {
      this.#options.onChecked?.(field, decision);
    } catch {
      // The listener's own fault; it changes nothing about the decision.
    }
    return { text, decision };
  }

  #conclude(checked: Map<TextField, Checked>, submitter: HTMLElement | null): void {
    const refused = [...checked].filter(([, { decision }]) => decision.outcome !== 'pass');
    const [first] = refused;
    if (first) {
      for (const [field, { text, decision }] of refused) this.#show(field, text, decision, refused.length === 1, submitter);
      first[0].focus();
      return;
    }
    this.#passed = { texts: new Map([...checked].map(([field, { text }]) => [field, text])), at: performance.now() };
    this.#submit(submitter);
  }

  #submit(submitter: HTMLElement | null): void {
    // A button's name and value are part of what is sent; without it something else would be.
    if (submitter && (submitter as HTMLButtonElement).form !== this.#form) this.#say(this.#messages.again);
    // By the prototype: a field may be named `requestSubmit`.
    else HTMLFormElement.prototype.requestSubmit.call(this.#form, submitter);
  }

  /** Whether the form has just the texts that passed. */
  #hasPassed(): boolean {
    const passed = this.#passed;
    if (!passed || performance.now() - passed.at > VALID) return false;
    try {
      return this.#fields().every((field) => passed.texts.get(field) === field.value);
    } catch {
      // The check says why.
      return false;
    }
  }

  /** What is checked. Throws if more is asked for than can be. */
  #fields(): TextField[] {
    // By the prototype: a field may be named `elements`.
    const elements = Object.getOwnPropertyDescriptor(HTMLFormElement.prototype, 'elements')?.get?.call(this.#form);
    const controls = Array.from(elements as HTMLFormControlsCollection);
    this.#refuseOthers(controls);
    return controls.filter(
      (element): element is TextField => this.#isGuarded(element) && !element.matches(':disabled'),
    );
  }

  /** Whoever names an element has it checked, or learns that it cannot be. */
  #refuseOthers(controls: readonly Element[]): void {
    const { fields } = this.#options;
    if (fields === undefined) return;
    const inside = Element.prototype.querySelectorAll.call(this.#form, '*');
    for (const element of new Set([...controls, ...Array.from(inside)])) {
      if (KNOWN.includes(element.localName) || !element.matches(fields)) continue;
      throw new EdgerailError(
        'invalid_argument',
        `the option fields matches a <${element.localName}>, and only <textarea> and <input> can be checked: ` +
          'take it out of the selector, and check its text by the engine',
      );
    }
  }

  #isGuarded(element: Element): boolean {
    const { fields } = this.#options;
    const isArea = element.localName === 'textarea';
    if (!isArea && element.localName !== 'input') return false;
    if (fields !== undefined) return element.matches(fields);
    return isArea || ['text', 'search'].includes((element as HTMLInputElement).type);
  }

  #show(field: TextField, text: string, decision: Decision, isOnly: boolean, submitter: HTMLElement | null): void {
    const { mask = 'ask', place = placeAfter } = this.#options;
    const messages = this.#messages;
    const clear = (): void => this.#clear(field);
    const accept = (): void => {
      const isSame = field.value === text;
      clear();
      if (isSame) setFieldText(field, decision.text);
      field.focus();
      // What is submitted then is checked once more, as everything is.
      if (isOnly) void this.#check(submitter);
    };
    const isOffered = decision.outcome === 'mask' && mask === 'ask';
    this.#notes.set(
      field,
      showNote({
        field,
        text,
        decision,
        messages,
        place,
        accept: isOffered ? { label: isOnly ? messages.replaceAndSubmit : messages.replace, run: accept } : undefined,
        onInput: clear,
      }),
    );
  }

  /** Says something of the form as a whole. */
  #say(text: string): void {
    const message = alertElement(this.#form, '');
    message.className = 'edgerail-message';
    this.#form.append(message);
    message.textContent = text;
    this.#notes.set(this.#form, () => message.remove());
  }

  /** Shows that a check goes on; gives what ends that. */
  #showBusy(): () => void {
    const restore = withAttribute(this.#form, 'aria-busy', 'true');
    const status = this.#form.ownerDocument.createElement('p');
    status.className = 'edgerail-status';
    status.setAttribute('role', 'status');
    this.#form.append(status);
    const timer = setTimeout(() => {
      status.textContent = this.#messages.checking;
    }, QUIET);
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      clearTimeout(timer);
      status.remove();
      restore();
    };
  }

  #clear(only?: TextField): void {
    for (const [key, remove] of this.#notes) {
      if (only && key !== only) continue;
      this.#notes.delete(key);
      remove();
    }
  }
}

function nextTask(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}
