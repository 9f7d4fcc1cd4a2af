import type { Audience, PolicyName, Source, WasmSource } from './types.js';

/**
 * A file's content: text, bytes of UTF-8, or a parsed object. A definition is a CreateGuardrail or UpdateGuardrail
 * body, a GetGuardrail response, a CloudFormation, SAM or CDK template (JSON or YAML) or the output of
 * `terraform show -json`; an overlay is TOML or JSON.
 */
export type DocumentSource = string | Uint8Array | ArrayBuffer | object;

/** Which WebAssembly the compiler runs as. */
export interface CompilerOptions {
  /** Escape hatch: `compile.wasm`, where a bundler does not find it by itself. Counts for the first call only. */
  wasm?: WasmSource;
}

export interface CompileOptions extends CompilerOptions {
  /** The overlay beside the definition. */
  overlay?: DocumentSource;
  /** Who may get the bundle. Default `browser`: without patterns, ARNs, approvers and self-test texts. */
  audience?: Audience;
  /** The scope the bundle is for, as it shall stand in decisions. */
  scope?: string;
  /** The guardrail to take from a file of several; all of them otherwise. */
  name?: string;
  /** Values of template parameters and pseudo-parameters (`AWS::Region`), which win over defaults. */
  parameters?: Readonly<Record<string, string>>;
}

/** One thing to say about one place of a definition or overlay. Holds no word, pattern or message of the guardrail. */
export interface Diagnostic {
  /** `error`: refused. `warning`: has not the effect it seems to have. `lint`: probably not meant. */
  severity: 'error' | 'warning' | 'lint';
  /** The rule, in kebab case. Stable: match on it, not on messages. */
  code: string;
  /** Which of the two it is about. */
  file: 'definition' | 'overlay';
  /** Where, as a JSON path: `$.wordPolicyConfig.wordsConfig[3].text`. */
  path: string;
  /** The line, from 1; `null` where there is none, as of objects that were never a text. */
  line: number | null;
  /** The column in the line in characters (code points), from 1. */
  column: number | null;
  /** What is wrong and what to do about it. */
  message: string;
}

/** A compiled guardrail. */
export interface Compiled {
  /** The bundle; give it to `loadEngine` with `trust: 'local'`. */
  bundle: Uint8Array;
  /** Warnings and lints, in the order of the file. */
  diagnostics: Diagnostic[];
  /** The names of the guardrails in it. */
  guardrails: string[];
}

/** A guardrail to judge or compare: a bundle, or a definition with its overlay. */
export type GuardrailSource =
  | {
      /** A compiled bundle. */
      bundle: Uint8Array | ArrayBuffer;
      /** How results call it. */
      label?: string;
    }
  | {
      /** A definition. It is compiled for servers, so that nothing of it is left out. */
      definition: DocumentSource;
      /** The overlay beside it. */
      overlay?: DocumentSource;
      /** As in {@link CompileOptions}. */
      name?: string;
      /** As in {@link CompileOptions}. */
      parameters?: Readonly<Record<string, string>>;
      /** How results call it. */
      label?: string;
    };

/** `block`, `mask` or nothing happens to a text. */
export type Effect = 'NONE' | 'MASK' | 'BLOCK';
/** How often each effect happened, by the effect it is held against. */
export type EffectTable = Record<Effect, Record<Effect, number>>;

/** A line of data that was refused. Quotes nothing of it. */
export interface RefusedLine {
  /** From 1. */
  line: number;
  /** What is wrong, in snake case. */
  code: string;
  /** The rule and the remedy. */
  message: string;
}

/** How texts are evaluated and results listed. */
export interface DataOptions extends CompilerOptions {
  /** Which way texts go that do not say so themselves. Default `INPUT`. */
  source?: Source;
  /** What exceptions expire by. Default now; `null` counts everything that expires as expired. */
  now?: Date | null;
  /** How many examples of each kind are kept. Default 3. */
  examples?: number;
  /** How results call the data. Default `data`. */
  label?: string;
  /** Is told now and then how far it is, in bytes. */
  onProgress?: (done: number, total: number) => void;
  /** Cancels; the promise is rejected with the code `aborted`. */
  signal?: AbortSignal;
}

export interface DiffOptions extends DataOptions {
  /** Texts that both versions decide. */
  corpus?: string | Uint8Array | ArrayBuffer;
  /** `jsonl`: an object `{"id", "text", "source"}` a line; `text`: a text a line. Default `jsonl`. */
  corpusFormat?: 'jsonl' | 'text';
  /** Takes guardrails that only observe as if they acted. Default false. */
  asEnforced?: boolean;
}

/** Which way a change goes: the new version holds back less, more, or that cannot be told from the policy alone. */
export type ChangeWay = 'weakens' | 'strengthens' | 'differs';

export type ChangeKind =
  | 'guardrail'
  | 'mode'
  | 'onError'
  | 'topic'
  | 'topicKeyword'
  | 'topicKeywordAgainst'
  | 'contentFilter'
  | 'word'
  | 'profanity'
  | 'type'
  | 'regex'
  | 'grounding'
  | 'automatedReasoning'
  | 'withheld'
  | 'exception'
  | 'enforcement'
  | 'tier'
  | 'message'
  | 'setting'
  | 'tables';

/** A thing that is different. */
export interface Change {
  /** The guardrail; `null` for what holds for all of them. */
  guardrail: string | null;
  kind: ChangeKind;
  /** Its name: a type, a regex's or topic's name, a word. */
  name: string;
  way: ChangeWay;
  what: 'added' | 'removed' | 'changed';
  /** Only the cloud evaluates it, so that no corpus shows here what it does. */
  cloudOnly: boolean;
  /** What of it is different; `old` is `null` of something added, `new` of something removed. */
  properties: { name: string; old: string | null; new: string | null; way: ChangeWay }[];
}

/** An entry of a guardrail. `entry` is `null` for a whole policy. */
export interface EntryName {
  policy: PolicyName;
  /** A type, the name of a regex or topic, `PROFANITY`, `PROMPT_ATTACK`; a configured word or `custom word`. */
  entry: string | null;
}

/** What becomes of a text under the new version. */
export type Shift =
  | 'letThrough'
  | 'maskedInsteadOfBlocked'
  | 'unmasked'
  | 'newlyBlocked'
  | 'newlyMasked'
  | 'maskedOtherwise';

/** A text that the two versions treat differently. */
export interface AffectedText {
  /** The line of the corpus, from 1. */
  line: number;
  /** As the corpus calls it; the line's number if it does not. */
  id: string;
  /** The corpus's label. */
  file: string;
  old: Effect;
  new: Effect;
  shift: Shift;
  /** The entries that are the reason. */
  reasons: EntryName[];
  text: string;
  /** How many characters the text has. */
  chars: number;
}

/** What a new version does to the texts of a corpus. */
export interface Impact {
  /** How many texts were compared. */
  texts: number;
  /** How many of them are treated differently. */
  affected: number;
  /** 0 to 1; `null` without texts. */
  affectedShare: number | null;
  /** How many texts each version blocks. */
  blocked: { old: number; new: number };
  /** By how many percentage points more texts are blocked; negative if fewer. */
  blockRateIncreasePoints: number;
  /** Of how many texts in a hundred more gets out than before. */
  weakenedPercent: number;
  /** By old and new effect. */
  effects: EffectTable;
  shifts: Record<Shift, number>;
  /** How many texts each entry shifts. */
  reasons: (EntryName & { shifts: Partial<Record<Shift, number>> })[];
  /** The first few of each shift. */
  examples: AffectedText[];
  /** Texts that one of the versions could not evaluate. */
  failed: number;
  /** Lines that were refused. */
  refused: number;
  asEnforced: boolean;
  /** The corpus's label. */
  corpus: string[];
}

/** One side of a comparison. */
export interface DiffSide {
  /** Its label. */
  file: string;
  /** The overlay's label, if it has one. */
  overlay: string | null;
  guardrails: string[];
  /** SHA-256 of the bundle, hexadecimal. */
  sha256: string;
}

/** Two versions of a guardrail, compared: what `edgerail diff --format json` prints. */
export interface Diff {
  old: DiffSide;
  new: DiffSide;
  /** Whether there is no difference at all. */
  same: boolean;
  /** What weakens first. */
  changes: Change[];
  counts: Record<ChangeWay, number>;
  /** What could not be compared, because only one of the two says it. */
  notCompared: string[];
  /** What that does to the corpus; `null` without one. */
  impact: Impact | null;
  /** The lines of the corpus that were refused; at most 50 are listed, `impact.refused` counts them all. */
  refusedLines: RefusedLine[];
}

export interface RowsOptions extends DataOptions {
  /** What spans of labels and findings count. Default `utf16`. */
  offsets?: 'utf16' | 'chars' | 'bytes';
  /** When a finding and a label are the same: by the same span, or by a character in common. Default `overlap`. */
  match?: 'exact' | 'overlap';
  /** What the data must come to: `f1=0.9`, `recall.EMAIL=0.95`, `accuracy=98%`. */
  failUnder?: readonly string[];
  /** Is told of every row. */
  onRow?: (row: JudgedRow) => void;
}

/** Hits, misses and false alarms, and what they come to. Shares are 0 to 1, `null` where there is nothing to divide by. */
export interface Counts {
  hits: number;
  misses: number;
  falseAlarms: number;
  precision: number | null;
  recall: number | null;
  f1: number | null;
  /** The 95 % Wilson interval. */
  precisionInterval: [number, number] | null;
  /** The 95 % Wilson interval. */
  recallInterval: [number, number] | null;
}

/** Scores by both ways to match a label with a finding. */
export interface Scores {
  exact: Counts;
  overlap: Counts;
  /** Misses that are left to the cloud. */
  deferredMisses: number;
}

/** A row to look at. */
export interface RowExample {
  /** The data's label. */
  file: string;
  /** From 1. */
  line: number;
  id: string;
  /** `null` of a wrong action. */
  policy: PolicyName | null;
  entry: string | null;
  start: number | null;
  end: number | null;
  /** The text there. */
  match: string | null;
  /** What was found instead, that a miss is left to the cloud, which action it should have been. */
  note: string | null;
}

/** What a labelled data set comes to: what `edgerail eval --format json` prints. */
export interface Evaluation {
  /** The guardrail's label. */
  guardrail: string;
  /** The data's label. */
  data: string[];
  /** What evaluated: `npm`. */
  engine: string;
  match: 'exact' | 'overlap';
  offsets: 'utf16' | 'chars' | 'bytes';
  /** How many texts were judged. */
  texts: number;
  /** How many of them have a list of labels. */
  withLabels: number;
  /** Lines that were refused. */
  refused: number;
  /** Texts with more findings than the engine lists. */
  truncated: number;
  /** Texts that could not be evaluated, by reason code. */
  failures: Record<string, number>;
  /** All entries together. `macroF1` is the mean of the entries' F1. */
  all: {
    deferredMisses: number;
    exact: Counts & { macroF1: number | null };
    overlap: Counts & { macroF1: number | null };
  };
  policies: (Scores & { policy: PolicyName })[];
  entries: (Scores & EntryName)[];
  /** Whether texts got the action they should; `confusion` is by expected and actual effect. */
  actions: { accuracy: number | null; right: number; texts: number; confusion: EffectTable };
  /** What was labelled and what was found there; `null` is nothing. */
  confusion: { label: EntryName | null; found: EntryName | null; count: number }[];
  /** Labels of entries that the guardrail does not evaluate in their direction. */
  outside: (EntryName & { count: number })[];
  misses: RowExample[];
  falseAlarms: RowExample[];
  wrongActions: RowExample[];
  /** How long the evaluation of a text took. */
  latencyMicros: { median: number | null; p95: number | null; texts: number };
  conditions: { condition: string; atLeast: number; value: number | null; met: boolean }[];
  /** The lines that were refused; at most 50 are listed, `refused` counts them all. */
  refusedLines: RefusedLine[];
}

/** A label or a finding of a row. */
export interface JudgedSpan extends EntryName {
  start: number | null;
  end: number | null;
  match: string | null;
}

/** A row and how it was decided. */
export interface JudgedRow {
  /** The data's label. */
  file: string;
  /** From 1. */
  line: number;
  id: string;
  /** What should happen; `null` if neither the row nor its labels say. */
  expected: Effect | null;
  actual: Effect;
  /** `null` if the row has no list of labels. */
  labels: (JudgedSpan & { result: 'exact' | 'overlap' | 'missed'; deferred: boolean; foundAs?: EntryName })[] | null;
  found: (JudgedSpan & { result: 'exact' | 'overlap' | 'false_alarm' })[];
  outside: EntryName[];
  /** Why it was not evaluated, if it was not. */
  failure: string | null;
  truncated: boolean;
}

/** Which way something acts; `DISABLED` where it is not evaluated. */
export type EntryAction = 'BLOCK' | 'ANONYMIZE' | 'NONE' | 'DISABLED';

/** What a bundle holds: what `edgerail inspect --format json` prints. Words stand in it as counts only. */
export interface Inspection {
  /** The engine's version that the bundle is for. */
  abi: number;
  /** The version of the file format. */
  format: number;
  audience: Audience;
  scope: string | null;
  bytes: number;
  /** SHA-256, hexadecimal. */
  sha256: string;
  sections: { name: string; bytes: number }[];
  limits: { findings: number | null; textBytes: number | null };
  onError: { input: 'block' | 'pass'; output: 'block' | 'pass' };
  /** What streams can hold back most, by entry; `bytes` is `null` where only the cap limits it. */
  holdback: { input: Holdback[]; output: Holdback[] };
  guardrails: InspectedGuardrail[];
}

export interface Holdback {
  entry: string;
  bytes: number | null;
}

export interface InspectedGuardrail {
  name: string;
  id: string | null;
  version: string | null;
  /** `null` in bundles for browsers. */
  arn: string | null;
  mode: 'enforce' | 'observe';
  words: { input: number; output: number; total: number };
  profanity: { input: EntryAction; output: EntryAction } | null;
  piiEntities: {
    type: string;
    input: EntryAction;
    output: EntryAction;
    threshold: number | null;
    verdict: 'decides' | 'defers when negative' | 'unsupported';
  }[];
  /** `path` is how the regex is searched for. */
  regexes: { name: string; input: EntryAction; output: EntryAction; path: string }[];
  /** What only the cloud evaluates. */
  cloud: { policy: PolicyName; entry: string | null; reason: string; input: boolean; output: boolean }[];
  /** Values that do not act. */
  allow: { type: string; value?: string; domain?: string; until: string; who: string | null; why: string | null }[];
  tier: Record<string, 'STANDARD' | 'CLASSIC'>;
  /** Whose guardrail it is. */
  ownership: 'SELF' | 'CROSS_ACCOUNT';
  /** Who enforces it, and for which models; empty if nobody does. `system` and `messages` are `null` where that is not said. */
  enforcement: {
    origin: 'REQUEST' | 'ACCOUNT_ENFORCED' | 'ORGANIZATION_ENFORCED';
    includedModels: string[];
    excludedModels: string[];
    system: 'COMPREHENSIVE' | 'SELECTIVE' | null;
    messages: 'COMPREHENSIVE' | 'SELECTIVE' | null;
  }[];
  /** What does not act for a while, and who approved that; without people's names in bundles for browsers. */
  exceptions: {
    id: string;
    policy: string | null;
    name: string | null;
    type: string | null;
    models: string[];
    from: string | null;
    until: string;
    who: string | null;
    why: string | null;
    approvedBy: string | null;
  }[];
}

/** What is looked for because of a denied topic, and why: what `edgerail topics explain --format json` prints. */
export interface TopicExplanation {
  topic: string;
  guardrail: string;
  /** What its texts were taken for: `en`, `fr`, `es` or `de`. */
  language: string;
  /** The score from which it acts, 1 to 1000. */
  threshold: number;
  /** How many words a keyword counts for. */
  window: number;
  /** Whether the keywords can reach the threshold at all. */
  canAct: boolean;
  /** Whether browser bundles leave it out. */
  confidential: boolean;
  rules: TopicRule[];
}

export interface TopicRule {
  /** Each one that is found adds its weight. */
  any: TopicKeyword[];
  /** All of them have to be there. */
  all: TopicKeyword[];
  /** None of them may be there. */
  not: TopicKeyword[];
  /** All of `all` have to stand within so many words. */
  near: number | null;
  /** What `all` adds where there is no `any`. */
  weight: number;
}

export interface TopicKeyword {
  text: string;
  /** Every form that is found. */
  forms: string[];
  weight: number;
  /** Where it comes from: `name`, `definition`, `example 1`, `overlay rule 1`. */
  sources: string[];
}

