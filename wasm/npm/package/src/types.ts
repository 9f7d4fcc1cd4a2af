// Who compiles for ES2022 has no `Symbol.dispose` in the types, but the declarations need it.
/// <reference lib="esnext.disposable" preserve="true" />

/** Which way a text goes: to a model, or from it. */
export type Source = 'INPUT' | 'OUTPUT';
/** `pass`: as it was; `mask`: with masks; `block`: not at all. */
export type Outcome = 'pass' | 'mask' | 'block';
/** What offsets count: units of a JavaScript string, bytes of UTF-8, or characters (code points). */
export type OffsetUnit = 'utf16' | 'bytes' | 'chars';
/** Where a bundle came from: through the verifying client, compiled here, or from anywhere else. */
export type Trust = 'verified' | 'local' | 'unverified';
/** Who a bundle may be given to. */
export type Audience = 'browser' | 'server';
export type Role = 'system' | 'user' | 'assistant';
export type Qualifier = 'grounding_source' | 'query' | 'guard_content';
export type PolicyName =
  | 'wordPolicy'
  | 'sensitiveInformationPolicy'
  | 'topicPolicy'
  | 'contentPolicy'
  | 'contextualGroundingPolicy'
  | 'automatedReasoningPolicy';

/** One text of a request. */
export interface ContentBlock {
  text: string;
  qualifiers?: readonly Qualifier[];
  role?: Role;
}

/** Several texts that are decided together: a block in one blocks all. */
export interface EvaluateRequest {
  content: readonly ContentBlock[];
  /** The model the texts are meant for or come from. */
  model?: string;
}

export interface EvaluateOptions {
  /** Default `INPUT`. */
  source?: Source;
  /** `FULL` also lists the types that were looked for and not found. Default `INTERVENTIONS`. */
  outputScope?: 'INTERVENTIONS' | 'FULL';
  /** What exceptions expire by. Default now; `null` counts everything that expires as expired. */
  now?: Date | null;
  /** What offsets count. Default `utf16`: `text.slice(start, end)` is the match. */
  offsets?: OffsetUnit;
}

/** One detection. */
export interface Finding {
  /** The guardrail's name. */
  guardrail: string;
  policy: PolicyName;
  /** A built-in type (`EMAIL`), `PROFANITY` or `PROMPT_ATTACK`. */
  type?: string;
  /** The configured word, regex or topic. */
  name?: string;
  /** What it does; `NONE` in a guardrail that only observes, and for what an exception covers. */
  action: 'BLOCKED' | 'ANONYMIZED' | 'NONE';
  /** In a guardrail that only observes: what it would do. */
  would?: 'BLOCKED' | 'ANONYMIZED' | 'NONE';
  /** The id of the exception because of which it does nothing. */
  exception?: string;
  /** The text found; empty for topics and prompt attacks. */
  match: string;
  /** The content block's number. */
  block: number;
  start: number;
  end: number;
  /** Confidence, 0 to 1000. */
  score: number;
  /** The evasion view that showed it (tier STANDARD). */
  view?: string;
  /** Of topics and prompt attacks: the keywords that added up to it. */
  explanation?: Explanation;
}

/** Why a topic or a prompt attack was detected. */
export interface Explanation {
  /** Families of prompt attacks. */
  families?: string[];
  /** The keywords and where they stand, in the finding's content block. */
  keywords: { keyword: string; match: string; start: number; end: number; weight: number }[];
  /** What they add up to, 0 to 1000. */
  score: number;
  /** From which score on the topic acts. */
  threshold: number;
  /** Within how many tokens they have to stand; 0 is anywhere. */
  window: number;
}

/** A stretch of a content block that is replaced by `{label}`. */
export interface Mask {
  block: number;
  start: number;
  end: number;
  label: string;
  /** Whether the label is a built-in type's; otherwise it is a regex's name. */
  builtIn: boolean;
}

/** Something this engine did not decide and the cloud still must. */
export interface Deferred {
  guardrail: string;
  policy: PolicyName | 'all';
  /** The type or name, where the policy has several. */
  entry?: string;
  /** Why, as a code: `cloud_only`, `negative_is_not_final`, … */
  reason: string;
}

/** A decision without content: what may be logged. No text, no match, no configured word. */
export interface DecisionRecord {
  source: Source;
  action: 'NONE' | 'GUARDRAIL_INTERVENED';
  actionReason: string;
  /** `ok`, or why nothing was evaluated. */
  reasonCode: string;
  /** SHA-256 of the bundle, hexadecimal. */
  bundle: string;
  trust: Trust;
  guardrails: { guardrail: string; version?: string; reason: string }[];
  findings: { policy: string; entry?: string; action: string; count: number }[];
  /** How many things were left to the cloud, by policy. */
  deferred: Record<string, number>;
  /** Characters evaluated. */
  guarded: number;
}

/** What an assessment says of one thing that was looked for. */
export interface Assessed {
  action: 'BLOCKED' | 'ANONYMIZED' | 'NONE';
  detected: boolean;
}

/** Text units as AWS bills them, by policy. */
export interface Usage {
  automatedReasoningPolicies: number;
  automatedReasoningPolicyUnits: number;
  contentPolicyImageUnits: number;
  contentPolicyUnits: number;
  contextualGroundingPolicyUnits: number;
  sensitiveInformationPolicyFreeUnits: number;
  sensitiveInformationPolicyUnits: number;
  topicPolicyUnits: number;
  wordPolicyUnits: number;
}

/** How many characters were evaluated, and how many there were. */
export interface GuardrailCoverage {
  textCharacters: { guarded: number; total: number };
}

export type GuardrailOrigin = 'REQUEST' | 'ACCOUNT_ENFORCED' | 'ORGANIZATION_ENFORCED';

/** What one guardrail detected, as AWS SDKs have it. */
export interface Assessment {
  appliedGuardrailDetails: {
    guardrailArn?: string;
    guardrailId?: string;
    /** Which levels bind it for the request's model. */
    guardrailOrigin: GuardrailOrigin[];
    guardrailOwnership: 'SELF' | 'CROSS_ACCOUNT';
    guardrailVersion?: string;
  };
  invocationMetrics: { guardrailCoverage: GuardrailCoverage; usage: Usage };
  wordPolicy?: {
    customWords: (Assessed & { match: string })[];
    managedWordLists: (Assessed & { match: string; type: 'PROFANITY' })[];
  };
  sensitiveInformationPolicy?: {
    piiEntities: (Assessed & { match: string; type: string })[];
    regexes: (Assessed & { match: string; name: string; regex?: string })[];
  };
  topicPolicy?: { topics: (Assessed & { name: string; type: 'DENY' })[] };
  contentPolicy?: {
    filters: (Assessed & { type: 'PROMPT_ATTACK'; confidence: Confidence; filterStrength: Confidence })[];
  };
}

export type Confidence = 'NONE' | 'LOW' | 'MEDIUM' | 'HIGH';

/** The response of ApplyGuardrail, as AWS SDKs have it. */
export interface ApplyGuardrailResponse {
  action: 'NONE' | 'GUARDRAIL_INTERVENED';
  actionReason: string;
  outputs: { text: string }[];
  assessments: Assessment[];
  /** Missing, with `usage`, if the engine could not run at all. */
  guardrailCoverage?: GuardrailCoverage;
  usage?: Usage;
}

/** What was decided on a request. A plain object: it can be cloned and posted. */
export interface Decision {
  readonly action: 'NONE' | 'GUARDRAIL_INTERVENED';
  readonly outcome: Outcome;
  readonly source: Source;
  /** AWS's `actionReason`. */
  readonly reason: string;
  /** `ok`, or why nothing could be evaluated: `limit_text`, `invalid_text`, `trap`, `deadline`, … */
  readonly reasonCode: string;
  /** What stands in the text's place: the text itself, its masked form or, after a block, the guardrail's message. */
  readonly text: string;
  /** The same for every content block; after a block the message alone. */
  readonly texts: readonly string[];
  readonly findings: readonly Finding[];
  /** How much was found, listed or not. */
  readonly found: number;
  /** Empty unless the outcome is `mask`. */
  readonly masks: readonly Mask[];
  readonly deferred: readonly Deferred[];
  /** What `findings` and `masks` count. */
  readonly offsets: OffsetUnit;
  readonly trust: Trust;
  /**
   * Per guardrail, what its own findings come to, regardless of the others and of its mode. One with `applied: false`
   * is enforced for other models than the request's, and has no assessment.
   */
  readonly guardrails: readonly { name: string; mode: 'enforce' | 'observe'; reason: string; applied?: false }[];
  /** SHA-256 of the bundle, hexadecimal. */
  readonly bundle: string;
  /** What ApplyGuardrail would answer. */
  readonly response: ApplyGuardrailResponse;
  /** The decision as canonical JSON, byte for byte what every other surface of Edgerail gives (offsets in bytes). */
  readonly json: string;
}

/** What a bundle is, for whom, and what it holds. */
export interface BundleInfo {
  audience: Audience;
  scope?: string;
  trust: Trust;
  /** SHA-256, hexadecimal. */
  sha256: string;
  bytes: number;
  guardrails: { name: string; id?: string; version?: string; mode: 'enforce' | 'observe' }[];
  /** How texts of each source are streamed: as they come, or all in the end. */
  stream: { input: StreamMode; output: StreamMode };
}

export type StreamMode = 'incremental' | 'buffer';

export interface StreamOptions {
  /** Default `OUTPUT`. */
  source?: Source;
  /** `buffer` holds everything until the end, so that what is found anywhere acts on all. Default `incremental`. */
  mode?: StreamMode;
  /** How many bytes may be held back at most. Default 512. */
  holdback?: number;
  /** As in {@link EvaluateOptions}. */
  now?: Date | null;
}

/** What the hold-back of a stream comes to, in bytes of UTF-8. */
export interface StreamStats {
  /** Held back now. */
  held: number;
  /** The most that was held back. */
  max: number;
  /** What half of the pushes held back at most. */
  median: number;
  pushes: number;
  mode: StreamMode;
}

/** One detection of a stream: as {@link Finding}, but without the text found. Offsets count bytes of UTF-8. */
export type StreamFinding = Omit<Finding, 'match' | 'view' | 'explanation'>;

/** What a stream came to. */
export interface StreamEnd {
  readonly action: 'NONE' | 'GUARDRAIL_INTERVENED';
  readonly outcome: Outcome;
  readonly source: Source;
  readonly reason: string;
  readonly reasonCode: string;
  /** What is still to be shown: the rest of the text, or the guardrail's message. */
  readonly text: string;
  readonly findings: readonly StreamFinding[];
  readonly found: number;
  readonly deferred: readonly Deferred[];
  /** Per guardrail, what its own findings come to. */
  readonly guardrails: readonly { name: string; reason: string }[];
  /** How many characters were looked at. */
  readonly coverage: { guarded: number; total: number };
  readonly stats: StreamStats;
}

/** A text that is decided piece by piece. */
export interface TextStream {
  /** Takes a piece of the text, cut anywhere; gives what is safe to show now. */
  push(text: string): string;
  /** Takes bytes of UTF-8, cut anywhere. */
  pushBytes(bytes: Uint8Array): string;
  /** Ends a content block and begins the next; gives the rest of the one that ended. */
  nextBlock(): string;
  /** Ends the text: the rest of it, and what was decided. */
  finish(): StreamEnd;
  /** Whether something was blocked, so that what follows is swallowed. */
  readonly blocked: boolean;
  stats(): StreamStats;
  free(): void;
  [Symbol.dispose](): void;
}

/** A loaded bundle. It is immutable; share it. */
export interface Engine {
  readonly info: BundleInfo;
  /** Decides a text or a request. Content never throws: what cannot be decided gives a decision that blocks. */
  evaluate(input: string | EvaluateRequest, options?: EvaluateOptions): Decision;
  /** Begins a stream. */
  stream(options?: StreamOptions): TextStream;
  /** Runs the bundle's own samples. Throws `bundle_self_test`. */
  selfTest(): void;
  /** Gives the memory back. Streams of the engine keep working. */
  free(): void;
  [Symbol.dispose](): void;
}

/** A stream of an engine that runs elsewhere. */
export interface AsyncTextStream {
  push(text: string): Promise<string>;
  pushBytes(bytes: Uint8Array): Promise<string>;
  nextBlock(): Promise<string>;
  finish(): Promise<StreamEnd>;
  readonly blocked: boolean;
  stats(): Promise<StreamStats>;
  free(): void;
  [Symbol.dispose](): void;
}

/** The same engine in a worker: every answer is a promise. */
export interface AsyncEngine {
  readonly info: BundleInfo;
  evaluate(
    input: string | EvaluateRequest,
    options?: EvaluateOptions & { signal?: AbortSignal },
  ): Promise<Decision>;
  stream(options?: StreamOptions): Promise<AsyncTextStream>;
  selfTest(): Promise<void>;
  free(): void;
  [Symbol.dispose](): void;
}

/** What all helpers of this package take: an engine here or in a worker. */
export type AnyEngine = Engine | AsyncEngine;

/** Where a bundle comes from. */
export type BundleSource =
  | ArrayBuffer
  | ArrayBufferView
  | Blob
  | Response
  | URL
  | string
  | Promise<ArrayBuffer | ArrayBufferView | Blob | Response>;

/** Where the engine's WebAssembly comes from. */
export type WasmSource =
  | WebAssembly.Module
  | ArrayBuffer
  | ArrayBufferView
  | Response
  | URL
  | string
  | Promise<WebAssembly.Module | ArrayBuffer | ArrayBufferView | Response>;

export interface LoadOptions {
  /** `local` if the bundle was compiled by this application. Default `unverified`. */
  trust?: 'local' | 'unverified';
  /** The least trust that is accepted; `verified` refuses every bundle that did not come through the verifying client. */
  require?: Trust;
  /** Who the bundle must be for. Default `browser` in a page or its workers, anything elsewhere; `any` accepts both. */
  audience?: Audience | 'any';
  /** Gets a content-free record of every decision, and how long it took in milliseconds. What it throws is ignored. */
  onDecision?: (record: DecisionRecord, elapsed: number) => void;
  /** Escape hatch: the engine's WebAssembly, where a bundler does not find it by itself. */
  wasm?: WasmSource;
}
