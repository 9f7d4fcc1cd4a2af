import type {
  CompileOptions,
  Compiled,
  CompilerOptions,
  Diagnostic,
  Diff,
  DiffOptions,
  DocumentSource,
  Evaluation,
  GuardrailSource,
  Inspection,
  RowsOptions,
  TopicExplanation,
} from './compile-types.js';
import { EdgerailError } from './errors.js';

export type * from './compile-types.js';

/** A definition or overlay has errors. */
export class DefinitionError extends EdgerailError {
  override readonly name: string = 'DefinitionEdgerailError';
  /** All errors of both files, with the warnings and lints found on the way, in the order of the files. */
  readonly diagnostics: readonly Diagnostic[];

  constructor(message: string, diagnostics: readonly Diagnostic[], options?: ErrorOptions) {
    super('definition_invalid', message, options);
    this.diagnostics = diagnostics;
  }
}

/**
 * Compiles a guardrail definition, and the overlay beside it, to a bundle that `loadEngine` loads.
 *
 * Throws {@link DefinitionError} with everything that is wrong with them.
 */
export declare function compile(definition: DocumentSource, options?: CompileOptions): Promise<Compiled>;

/** What a bundle holds, for people who decide whether to use it. Throws the `bundle_…` codes of `loadEngine`. */
export declare function inspect(bundle: Uint8Array | ArrayBuffer, options?: CompilerOptions): Promise<Inspection>;

/**
 * Compares two versions of a guardrail; with `corpus`, also what they do to texts. Two definitions are compared in
 * more detail than a definition and a bundle, because a bundle holds less.
 */
export declare function diff(old: GuardrailSource, next: GuardrailSource, options?: DiffOptions): Promise<Diff>;

/**
 * Holds a guardrail against labelled texts. A row is a line of JSON:
 * `{"id": "a1", "text": "Mail ana@example.com", "expect": "MASK", "spans": [{"start": 5, "end": 20, "type": "EMAIL"}]}`.
 * Rows that cannot be read are listed in `refusedLines`, the others are judged.
 */
export declare function evaluateRows(
  guardrail: GuardrailSource,
  rows: string | Uint8Array | ArrayBuffer,
  options?: RowsOptions,
): Promise<Evaluation>;

/** What is looked for because of each denied topic of a definition, and why. */
export declare function explainTopics(
  definition: DocumentSource,
  options?: CompileOptions,
): Promise<TopicExplanation[]>;
