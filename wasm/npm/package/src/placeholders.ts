import { EdgerailError } from './errors.js';
import { Placeholders as RawPlaceholders } from './generated/engine.js';
import type { Restorer as RawRestorer } from './generated/engine.js';
import { Trap, call, generation, start } from './instance.js';
import type { Decision, Finding, Mask, WasmSource } from './types.js';

export interface MaskOptions {
  /** A model wrote the text: what looks like a placeholder of this conversation is one. */
  reply?: boolean;
}

export interface RestoreOptions {
  /** The text is the arguments of a tool call: nothing is restored in it unless `allow.toolArguments` says so. */
  toolArguments?: boolean;
  /** Where values are put back although a program may send them on from there. Nowhere by default. */
  allow?: { urls?: boolean; links?: boolean; attributes?: boolean; toolArguments?: boolean };
}

/** Puts values back into a text that comes in pieces. */
export interface Restorer {
  /** More of the text; what is decided comes back. */
  push(text: string): string;
  /** The end of the text; the rest of it. */
  finish(): string;
  free(): void;
}

/**
 * Masks that can be taken back: `{EMAIL_1}` instead of `{EMAIL}`, the same value the same number throughout a
 * conversation. The values stay here; the model sees placeholders only.
 *
 * @example
 * const placeholders = await openPlaceholders('conversation-7');
 * const text = 'Write to ana@example.com';
 * const decision = engine.evaluate(text);
 * const sent = placeholders.mask(text, decision);     // Write to {EMAIL_1}
 * placeholders.restore('I wrote to {EMAIL_1}.');      // I wrote to ana@example.com.
 */
export interface Placeholders {
  /** The conversation's id: a stored map opens under the same one only. */
  readonly conversation: string;
  /** How many values and literals there are. */
  readonly size: number;
  /**
   * A text with numbered placeholders for what its decision masks. `reply` says that a model wrote it, so that
   * placeholders in it are meant. Throws `invalid_argument` if the decision blocks: then there is nothing to send; and
   * if it is that of another text, whose masks would leave values where they are.
   */
  mask(text: string, decision: Decision, options?: MaskOptions): string;
  /** The same for every content block of a request. */
  maskAll(texts: readonly string[], decision: Decision, options?: MaskOptions): string[];
  /** Puts the values back, except where a program would send them on (links, addresses, attributes). */
  restore(text: string, options?: RestoreOptions): string;
  /** The same for a text that comes in pieces. What is issued later is not restored. */
  restoreStream(options?: RestoreOptions): TransformStream<string, string>;
  /** The same without a stream. */
  restorer(options?: RestoreOptions): Restorer;
  /** The map, for storing. It holds the values: keep it as you would keep them. */
  toJSON(): string;
  free(): void;
  [Symbol.dispose](): void;
}

/**
 * Opens a conversation's placeholders: new ones, or stored ones.
 *
 * @throws {EdgerailError} `placeholders_invalid` if what was stored is damaged or of another conversation.
 */
export async function openPlaceholders(
  conversation: string,
  options: { stored?: string; wasm?: WasmSource } = {},
): Promise<Placeholders> {
  await start(options.wasm);
  return new OpenPlaceholders(conversation, options.stored);
}

class OpenPlaceholders implements Placeholders {
  readonly conversation: string;
  #raw: RawPlaceholders | undefined;
  #generation = -1;
  /** What a fresh instance goes on with after a trap. */
  #stored: string | undefined;
  #freed = false;

  constructor(conversation: string, stored: string | undefined) {
    this.conversation = conversation;
    this.#stored = stored;
    this.#call(() => this.#handle());
  }

  get size(): number {
    return this.#call((raw) => raw.size);
  }

  mask(text: string, decision: Decision, options: MaskOptions = {}): string {
    return this.maskAll([text], decision, options)[0] as string;
  }

  maskAll(texts: readonly string[], decision: Decision, options: MaskOptions = {}): string[] {
    if (decision.outcome === 'block') {
      throw new EdgerailError('invalid_argument', 'the decision blocks: there is no text to send');
    }
    const masks = masksOf(texts, decision);
    return this.#call((raw) => {
      const masked = texts.map((text, block) => raw.mask(text, masks[block], options.reply ?? false));
      this.#stored = raw.toJson();
      return masked;
    });
  }

  restore(text: string, options: RestoreOptions = {}): string {
    return this.#call((raw) => raw.restore(text, options));
  }

  restoreStream(options: RestoreOptions = {}): TransformStream<string, string> {
    const restorer = this.restorer(options);
    return new TransformStream<string, string>({
      transform(chunk, controller) {
        const output = restorer.push(chunk);
        if (output) controller.enqueue(output);
      },
      flush(controller) {
        const output = restorer.finish();
        if (output) controller.enqueue(output);
        restorer.free();
      },
    });
  }

  restorer(options: RestoreOptions = {}): Restorer {
    const restorer = this.#call((raw) => raw.restorer(options));
    const instance = generation();
    let carry = '';
    const work = (work: (restorer: RawRestorer) => string): string => {
      const output = instance === generation() ? call(() => work(restorer)) : new Trap(undefined);
      if (output instanceof Trap) throw lost(output);
      return output;
    };
    return {
      push(text) {
        const whole = carry + text;
        const last = whole.charCodeAt(whole.length - 1);
        carry = last >= 0xd800 && last <= 0xdbff ? whole.slice(-1) : '';
        return work((restorer) => restorer.push(carry ? whole.slice(0, -1) : whole));
      },
      finish() {
        return work((restorer) => restorer.push(carry) + restorer.finish());
      },
      free() {
        if (instance === generation()) restorer.free();
      },
    };
  }

  toJSON(): string {
    return this.#call((raw) => raw.toJson());
  }

  free(): void {
    this.#freed = true;
    if (this.#raw && this.#generation === generation()) this.#raw.free();
    this.#raw = undefined;
  }

  [Symbol.dispose](): void {
    this.free();
  }

  #call<T>(work: (raw: RawPlaceholders) => T): T {
    if (this.#freed) throw new EdgerailError('freed', 'the placeholders were freed: open them again');
    const result = call(() => work(this.#handle()));
    if (result instanceof Trap) throw lost(result);
    return result;
  }

  #handle(): RawPlaceholders {
    if (this.#raw === undefined || this.#generation !== generation()) {
      const now = generation();
      this.#raw =
        this.#stored === undefined
          ? new RawPlaceholders(this.conversation)
          : RawPlaceholders.fromJson(this.#stored, this.conversation);
      this.#generation = now;
    }
    return this.#raw;
  }
}

/**
 * The masks of a decision for each of its texts, as the engine counts them: the decision's own may count something else.
 *
 * Throws if the decision is not that of the texts: if what it masks does not give what it says, or is not what it found.
 */
function masksOf(texts: readonly string[], decision: Decision): Mask[][] {
  const { edgerail } = JSON.parse(decision.json) as { edgerail: { masks?: Mask[]; findings?: Finding[] } };
  const masks: Mask[][] = texts.map(() => []);
  const findings: Finding[][] = texts.map(() => []);
  for (const mask of edgerail.masks ?? []) masks[mask.block]?.push(mask);
  for (const finding of edgerail.findings ?? []) findings[finding.block]?.push(finding);
  const fits = (text: string, block: number) =>
    isDecided(text, decision.texts[block], masks[block] as Mask[], findings[block] as Finding[]);
  if (texts.length !== decision.texts.length || !texts.every(fits)) {
    throw new EdgerailError('invalid_argument', 'the decision is that of another text: decide this one');
  }
  return masks;
}

/** Whether a text is the one that these masks, with labels in their place, make the output of. */
function isDecided(text: string, output: string | undefined, masks: readonly Mask[], findings: readonly Finding[]): boolean {
  if (masks.length === 0) return text === output;
  const bytes = new TextEncoder().encode(text);
  const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const slice = (start: number, end: number) => strict.decode(bytes.subarray(start, end));
  let at = 0;
  let shown = '';
  try {
    for (const { start, end, label } of masks) {
      if (!(start >= at && end > start && end <= bytes.length)) return false;
      shown += `${slice(at, start)}{${label}}`;
      at = end;
    }
    if (shown + slice(at, bytes.length) !== output) return false;
    // What stands under the labels; beyond those that are listed nothing says what it was.
    return findings.every(({ start, end, match }) => match === '' || slice(start, end) === match);
  } catch {
    // An offset in the middle of a character.
    return false;
  }
}

function lost(trap: Trap): EdgerailError {
  return new EdgerailError('trap', 'the engine failed while it masked or restored; nothing was let out', { cause: trap.cause });
}
