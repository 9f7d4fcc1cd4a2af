/**
 * The compiler, for authoring: definitions to bundles, what a new version would change, how well a guardrail finds
 * what is labelled. Its WebAssembly is fetched by the first call. What takes long is best called in a worker: a
 * definition compiles in milliseconds, but one with large regexes takes seconds.
 */
import { dataBytes, dataOptions, documentBytes, feed, throwIfAborted } from './compile-data.js';
import { DefinitionError, call, generation, start } from './compile-instance.js';
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
  JudgedRow,
  RowsOptions,
  TopicExplanation,
} from './compile-types.js';
import { EdgerailError } from './errors.js';
import * as wasm from './generated/compile.js';

export type * from './compile-types.js';
export { DefinitionError } from './compile-instance.js';
export { EdgerailError } from './errors.js';

/**
 * Compiles a guardrail definition, and the overlay beside it, to a bundle that `loadEngine` loads.
 *
 * Throws {@link DefinitionError} with everything that is wrong with them.
 */
export async function compile(definition: DocumentSource, options: CompileOptions = {}): Promise<Compiled> {
  const documents = readDocuments(definition, options.overlay);
  await start(options.wasm);
  const border = { audience: options.audience ?? 'browser', scope: options.scope };
  return documents.run((bytes, overlay) => {
    const compiled = wasm.compile(bytes, overlay, choice(options), border) as Compiled;
    return { ...compiled, diagnostics: documents.placed(compiled.diagnostics) };
  });
}

/** What a bundle holds, for people who decide whether to use it. Throws the `bundle_…` codes of `loadEngine`. */
export async function inspect(bundle: Uint8Array | ArrayBuffer, options: CompilerOptions = {}): Promise<Inspection> {
  const bytes = dataBytes(bundle, 'a bundle');
  await start(options.wasm);
  return call(() => wasm.inspect(bytes) as Inspection);
}

/**
 * What is looked for because of each denied topic of a definition, and why.
 *
 * Throws {@link DefinitionError} as {@link compile} does.
 */
export async function explainTopics(
  definition: DocumentSource,
  options: Omit<CompileOptions, 'audience' | 'scope'> = {},
): Promise<TopicExplanation[]> {
  const documents = readDocuments(definition, options.overlay);
  await start(options.wasm);
  return documents.run((bytes, overlay) => wasm.explainTopics(bytes, overlay, choice(options)) as TopicExplanation[]);
}

/**
 * Compares two versions of a guardrail; with `corpus`, also what they do to texts. Two definitions are compared in
 * more detail than a definition and a bundle, because a bundle holds less.
 *
 * Throws {@link DefinitionError}, whose `label` says which of the two is meant, or the `bundle_…` codes.
 */
export async function diff(old: GuardrailSource, next: GuardrailSource, options: DiffOptions = {}): Promise<Diff> {
  const corpus = options.corpus === undefined ? undefined : dataBytes(options.corpus, 'a corpus');
  const jsonl = oneOf(options.corpusFormat ?? 'jsonl', ['jsonl', 'text'], 'corpusFormat') === 'jsonl';
  const border = { jsonl, asEnforced: options.asEnforced ?? false, corpus: corpus !== undefined };
  const data = dataOptions(options);
  const open = [prepare(old, 'old'), prepare(next, 'new')] as const;
  await start(options.wasm);
  throwIfAborted(options.signal);
  const before = open[0]();
  let after: wasm.Version;
  try {
    after = open[1]();
  } catch (error) {
    release(before, generation());
    throw error;
  }
  const comparison = call(() => new wasm.Comparison(before, after, data, border));
  return await finished(comparison, async () => {
    if (corpus) await feed(corpus, options, (piece) => call(() => comparison.push(piece)));
    return () => comparison.finish() as Diff;
  });
}

/**
 * Holds a guardrail against labelled texts. A row is a line of JSON:
 * `{"id": "a1", "text": "Mail ana@example.com", "expect": "MASK", "spans": [{"start": 5, "end": 20, "type": "EMAIL"}]}`.
 * Rows that cannot be read are listed in `refusedLines`, the others are judged.
 *
 * Throws {@link DefinitionError} or the `bundle_…` codes of the guardrail.
 */
export async function evaluateRows(
  guardrail: GuardrailSource,
  rows: string | Uint8Array | ArrayBuffer,
  options: RowsOptions = {},
): Promise<Evaluation> {
  const bytes = dataBytes(rows, 'a data set');
  const { onRow } = options;
  const border = {
    offsets: options.offsets ?? 'utf16',
    matching: options.match ?? 'overlap',
    failUnder: [...(options.failUnder ?? [])],
  };
  const data = dataOptions(options);
  const open = prepare(guardrail, 'guardrail');
  await start(options.wasm);
  throwIfAborted(options.signal);
  const version = open();
  const evaluation = call(() => new wasm.Evaluation(version, data, border));
  return await finished(evaluation, async () => {
    await feed(bytes, options, (piece) => {
      const judged = call(() => evaluation.push(piece, onRow !== undefined) as JudgedRow[] | undefined);
      if (onRow) judged?.forEach((row) => onRow(row));
    });
    return () => evaluation.finish() as Evaluation;
  });
}

/** Feeds a handle and finishes it, which frees it; if that fails, frees it otherwise. */
async function finished<T>(handle: { free(): void }, work: () => Promise<() => T>): Promise<T> {
  const own = generation();
  let finish: () => T;
  try {
    finish = await work();
  } catch (error) {
    release(handle, own);
    throw error;
  }
  return call(finish);
}

/** Frees a handle, unless its instance is gone and its memory with it. */
function release(handle: { free(): void }, own: number): void {
  if (generation() === own) call(() => handle.free());
}

/** Reads a guardrail to judge; what is returned makes the compiler's handle of it. */
function prepare(source: GuardrailSource, what: string): () => wasm.Version {
  if (typeof source !== 'object' || source === null || !('bundle' in source || 'definition' in source)) {
    throw new EdgerailError('invalid_argument', `${what} is given as {bundle} or {definition, overlay}`);
  }
  const label = source.label ?? what;
  if ('bundle' in source) {
    const bytes = dataBytes(source.bundle, 'a bundle');
    return () => call(() => wasm.Version.ofBundle(bytes, { label }));
  }
  const documents = readDocuments(source.definition, source.overlay, label);
  const overlayLabel = source.overlay === undefined ? undefined : 'overlay';
  return () =>
    documents.run((bytes, overlay) =>
      wasm.Version.ofDefinition(bytes, overlay, { ...choice(source), label, overlayLabel }),
    );
}

/** A definition and its overlay as bytes, and where their lines are the caller's. */
interface Documents {
  run<T>(work: (definition: Uint8Array, overlay: Uint8Array | undefined) => T): T;
  placed(diagnostics: readonly Diagnostic[]): Diagnostic[];
}

function readDocuments(definition: DocumentSource, overlay: DocumentSource | undefined, label?: string): Documents {
  const files = {
    definition: documentBytes(definition, 'a definition'),
    overlay: overlay === undefined ? undefined : documentBytes(overlay, 'an overlay'),
  };
  const placed = (diagnostics: readonly Diagnostic[]) =>
    diagnostics.map((one) => (files[one.file]?.hasLines ? one : { ...one, line: null, column: null }));
  return {
    placed,
    run(work) {
      try {
        return call(() => work(files.definition.bytes, files.overlay?.bytes));
      } catch (error) {
        if (!(error instanceof DefinitionError)) throw error;
        throw new DefinitionError(placed(error.diagnostics), label);
      }
    },
  };
}

function choice(options: { name?: string; parameters?: Readonly<Record<string, string>> }): object {
  const parameters = options.parameters ?? {};
  if (!Object.values(parameters).every((value) => typeof value === 'string')) {
    throw new EdgerailError('invalid_argument', 'parameters are strings; write numbers and lists as a template has them');
  }
  return { name: options.name, parameters };
}

function oneOf<T extends string>(value: T, all: readonly T[], what: string): T {
  if (all.includes(value)) return value;
  throw new EdgerailError('invalid_argument', `${what} is neither ${all.join(' nor ')}`);
}
