import { TRUST, askOf, beginOf, checkLoadOptions, unitOf } from './arguments.js';
import type { Ask, Begin } from './arguments.js';
import { bundleHash, expectedAudience, hasOwnHash, readBundle } from './bundle.js';
import { blockedWithoutEngine, decisionOf } from './decision.js';
import { EdgerailError } from './errors.js';
import { Engine as RawEngine } from './generated/engine.js';
import type { TextStream as RawStream } from './generated/engine.js';
import { Trap, call, generation, start } from './instance.js';
import { isWellFormed } from './offsets.js';
import { report } from './records.js';
import { LoadedStream } from './text-stream.js';
import { warmUp } from './warm-up.js';
import type {
  BundleInfo,
  BundleSource,
  Decision,
  DecisionRecord,
  Engine,
  EvaluateOptions,
  EvaluateRequest,
  LoadOptions,
  Source,
  StreamOptions,
  TextStream,
  Trust,
} from './types.js';

/**
 * Loads a bundle. The engine's WebAssembly is fetched and started with the first one.
 *
 * @throws {EdgerailError} `bundle_*` if the bytes are no bundle that is accepted here, `wasm_*` if WebAssembly
 * cannot run; see {@link ErrorCode}.
 *
 * @example
 * const engine = await loadEngine('/guardrail.bundle');
 * const decision = engine.evaluate('Write to ana@example.com');
 * if (decision.outcome === 'block') alert(decision.text);
 */
export async function loadEngine(bundle: BundleSource, options: LoadOptions = {}): Promise<Engine> {
  checkLoadOptions(options);
  // Both at once: on a first visit both are fetched. A copy: the caller may go on using theirs, also while its hash
  // is computed, and after a trap the bundle is loaded again.
  let isWaiting = !(bundle instanceof ArrayBuffer || ArrayBuffer.isView(bundle));
  const read = readBundle(bundle).then((given) => {
    const bytes = given.slice();
    return { bytes, hashed: hasOwnHash(bytes) };
  });
  const arrived = (): void => {
    isWaiting = false;
  };
  read.then(arrived, arrived);
  const started = start(options.wasm);
  if (isWaiting) started.then(() => warmUp(openSample, () => isWaiting), arrived);
  const [{ bytes, hashed }] = await Promise.all([read, started]);
  return openWhileHashed(bytes, options, hashed);
}

/** The engine for {@link warmUp}. */
export function openSample(bytes: Uint8Array): Engine {
  return openEngine(bytes, { audience: 'any' }, 'local', true);
}

/**
 * Loads a bundle while the platform computes its hash, on another thread. Loading is safe with any bytes; nobody gets the
 * engine before the hash is known to be the bundle's own.
 */
async function openWhileHashed(bytes: Uint8Array, options: LoadOptions, hashed: Promise<boolean> | undefined): Promise<Engine> {
  const trust = options.trust ?? 'unverified';
  if (!hashed) return openEngine(bytes, options, trust, false);
  let engine: Engine | undefined;
  let failure: unknown;
  try {
    engine = openEngine(bytes, options, trust, true);
  } catch (error) {
    failure = error;
  }
  if (await hashed) {
    if (engine) return engine;
    throw failure;
  }
  // The engine looks itself, and says what is wrong with a bundle that was damaged.
  engine?.free();
  return openEngine(bytes, options, trust, false);
}

/**
 * @internal The rest of loading; only the verifying client may say `verified`. The engine keeps the bytes.
 * `isHashed` says that the hash they end in was just found to be theirs.
 */
export function openEngine(bytes: Uint8Array, options: LoadOptions, trust: Trust, isHashed: boolean): Engine {
  const engine = new LoadedEngine(bytes, options, trust, isHashed);
  try {
    accept(engine.info, options);
  } catch (error) {
    engine.free();
    throw error;
  }
  return engine;
}

/**
 * @internal The decision of an engine on any text that it could not evaluate, as JSON, and behind a line feed its
 * record: for whoever outlives the engine.
 */
export function failureOf(engine: Engine, source: Source, outputScope: Scope, code: 'deadline' | 'trap'): string {
  return loaded(engine).failure(source, outputScope, code);
}

/** @internal The decision that blocks, for a reason that is not the text's. */
export function refusalOf(engine: Engine, input: string | EvaluateRequest, options: EvaluateOptions = {}, code: 'policy_stale'): Decision {
  return loaded(engine).refuse(input, options, code);
}

/** @internal A stream that is blocked from its beginning. */
export function refusingStream(engine: Engine, options: StreamOptions = {}, code: 'policy_stale'): TextStream {
  return loaded(engine).refusingStream(options, code);
}

function loaded(engine: Engine): LoadedEngine {
  if (!(engine instanceof LoadedEngine)) throw new EdgerailError('invalid_argument', 'the engine is of another copy of the package');
  return engine;
}

type Scope = 'INTERVENTIONS' | 'FULL';

function accept(info: BundleInfo, options: LoadOptions): void {
  if (options.require && TRUST.indexOf(info.trust) < TRUST.indexOf(options.require)) {
    throw new EdgerailError(
      'bundle_unverified',
      `the bundle is ${info.trust}, and only ${options.require} ones are accepted here: get it through the verifying client`,
    );
  }
  const expected = expectedAudience(options);
  if (expected !== 'any' && info.audience !== expected) {
    throw new EdgerailError(
      'bundle_audience',
      `the bundle is for the audience ${info.audience}, here it must be for ${expected}: ` +
        `compile it with --audience ${expected}, or pass the option audience`,
    );
  }
}

class LoadedEngine implements Engine {
  readonly info: BundleInfo;
  readonly #bytes: Uint8Array;
  readonly #trust: Trust;
  readonly #listener: LoadOptions['onDecision'];
  #raw: RawEngine | undefined;
  #generation = -1;
  #freed = false;

  constructor(bytes: Uint8Array, options: LoadOptions, trust: Trust, isHashed: boolean) {
    this.#bytes = bytes;
    this.#trust = trust;
    this.#listener = options.onDecision;
    const info = call(() => this.#handle(!isHashed).info() as BundleInfo);
    if (info instanceof Trap) {
      throw new EdgerailError('bundle_damaged', 'the engine failed while it loaded the bundle', { cause: info.cause });
    }
    this.info = { ...info, sha256: bundleHash(this.#bytes) };
  }

  evaluate(input: string | EvaluateRequest, options: EvaluateOptions = {}): Decision {
    return this.#decision(input, options, (ask) => {
      const isText = ask.content.every((block) => isWellFormed(block.text));
      return isText ? this.#decide(ask) : this.#fail(ask, 'invalid_text');
    });
  }

  /** @internal */
  refuse(input: string | EvaluateRequest, options: EvaluateOptions, code: string): Decision {
    return this.#decision(input, options, (ask) => this.#fail(ask, code));
  }

  #decision(input: string | EvaluateRequest, options: EvaluateOptions, decide: (ask: Ask) => string): Decision {
    this.#check();
    const ask = askOf(input, options);
    const offsets = unitOf(options);
    const texts = ask.content.map((block) => block.text);
    const begin = this.#listener ? performance.now() : 0;
    const answer = decide(ask);
    const [json = '', record] = answer.split('\n');
    if (this.#listener && record) {
      report(this.#listener, JSON.parse(record) as DecisionRecord, performance.now() - begin);
    }
    return decisionOf(json, { source: ask.source, texts, offsets });
  }

  stream(options: StreamOptions = {}): TextStream {
    this.#check();
    const begin = beginOf(options);
    return this.#stream(begin, this.#call((raw) => raw.begin(begin)), 'trap');
  }

  /** @internal */
  refusingStream(options: StreamOptions, code: string): TextStream {
    this.#check();
    return this.#stream(beginOf(options), new Trap(code), code);
  }

  /** `code` is why nothing more comes out once the engine has failed. */
  #stream(begin: Begin, raw: RawStream | Trap, code: string): TextStream {
    const { source } = begin;
    return new LoadedStream(raw, {
      source,
      info: this.info,
      listener: this.#listener,
      code,
      // What is said instead of a text that a trap left undecided.
      failed: () => this.#fail({ source, content: [{ text: '' }], outputScope: 'INTERVENTIONS', now: begin.now }, code),
    });
  }

  selfTest(): void {
    this.#check();
    const done = this.#call((raw) => raw.selfTest());
    if (done instanceof Trap) throw new EdgerailError('trap', 'the engine failed in its self-test', { cause: done.cause });
  }

  free(): void {
    if (this.#freed) return;
    this.#freed = true;
    if (this.#generation === generation()) this.#raw?.free();
    this.#raw = undefined;
  }

  [Symbol.dispose](): void {
    this.free();
  }

  /** @internal */
  failure(source: Source, outputScope: Scope, code: string): string {
    return this.#fail({ source, outputScope, content: [{ text: '' }], now: Number.NaN }, code, true);
  }

  #decide(ask: Ask): string {
    const wantsRecord = this.#listener !== undefined;
    const [only] = ask.content;
    const isPlain =
      ask.content.length === 1 && !only?.role && !only?.qualifiers && !ask.model && ask.outputScope === 'INTERVENTIONS';
    const answer = this.#call((raw) =>
      isPlain
        ? raw.evaluateText((only as { text: string }).text, ask.source, ask.now, wantsRecord)
        : raw.evaluate(ask, wantsRecord),
    );
    return answer instanceof Trap ? this.#fail(ask, 'trap') : answer;
  }

  /** The decision on what could not be evaluated. */
  #fail(ask: Ask, code: string, wantsRecord = this.#listener !== undefined): string {
    const answer = this.#call((raw) => raw.fail(ask, code, wantsRecord));
    return answer instanceof Trap ? blockedWithoutEngine(code) : answer;
  }

  /** Calls the loaded bundle. */
  #call<T>(work: (raw: RawEngine) => T): T | Trap {
    let raw: RawEngine | Trap;
    try {
      raw = call(() => this.#handle());
    } catch (cause) {
      // The bundle that loaded before does not load any more after a trap, for want of memory for instance. That is no
      // error of the caller's, and content never throws.
      return new Trap(cause);
    }
    return raw instanceof Trap ? raw : call(() => work(raw));
  }

  /** The loaded bundle in the present instance. */
  #handle(checkHash = false): RawEngine {
    if (this.#raw === undefined || this.#generation !== generation()) {
      const now = generation();
      // Later its hash was checked when it was first loaded.
      this.#raw = new RawEngine(this.#bytes, { trust: this.#trust, checkHash });
      this.#generation = now;
    }
    return this.#raw;
  }

  #check(): void {
    if (this.#freed) throw new EdgerailError('freed', 'the engine was freed: load the bundle again');
  }
}
