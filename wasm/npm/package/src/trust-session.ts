/** A session of the verifying client: the other side of `border.rs`, which says how the module is called. */
import { refused } from './trust-errors.js';

/** The methods in the module's order: a place in this list is a method's number. */
const METHODS = [
  'OPEN', 'FREE', 'RESTORE', 'REFRESH', 'FIND', 'STEP', 'LIMIT', 'CONTENT', 'BYTES', 'ABSENT', 'DONE', 'ABORT', 'ROLES',
  'ADOPT', 'JOINED', 'UNMARKED', 'RETRY_POISONED', 'STATE', 'BOOT', 'LOADED', 'LOST', 'CHOOSE', 'SKIPPED', 'CANDIDATE',
  'VERIFY', 'STARTED', 'ACTIVATED', 'PROMOTED', 'FAILED', 'BASELINE', 'ISSUED', 'NOTE_TIME', 'FRESH_UNTIL', 'DEGRADED',
  'DENY_FROM',
] as const;

type Method = (typeof METHODS)[number];
type Numbers = readonly [a?: number, b?: number, c?: number];

/** What `call` gives when it refuses. */
const REFUSED = -1;

/** What the module exports. */
interface Exports {
  readonly memory: WebAssembly.Memory;
  /** Tells modules apart that other TypeScript goes with. */
  methods(): number;
  input(length: number): number;
  output(): number;
  output_length(): number;
  call(session: number, method: number, a: number, b: number, c: number): number;
}

/** The pins as they cross to the client. */
export interface Pins {
  target: string;
  audience: string;
  ring: string;
  instance: string;
  /** Seconds; absent to keep enforcing. */
  grace?: number;
}

/** The bundle that was decided on; `path` is where it is, below the targets' address. */
export interface Candidate {
  name: string;
  version: number;
  sha256: string;
  length: number;
  next: boolean;
  path: string;
}

/** The verified roles; times are in seconds since 1970. */
export type Roles = Partial<Record<'root' | 'timestamp' | 'snapshot' | 'targets', { version: number; expires: number }>>;

/** An instance of the module. What a trap leaves behind is in no defined state: then another one has to be made. */
export class TrustInstance {
  readonly #exports: Exports;
  #leaked: FinalizationRegistry<number> | undefined;

  /** Throws where the module is another one than this code goes with. */
  constructor(module: WebAssembly.Module) {
    const exports = new WebAssembly.Instance(module).exports as unknown as Exports;
    if (exports.methods() >>> 0 !== fingerprint()) throw new TypeError('not the client, or of another release');
    this.#exports = exports;
  }

  /** Begins a session that trusts the pinned root. */
  open(root: Uint8Array, { target, audience, ring, instance, grace }: Pins): Session {
    // They end at a zero byte; the last one may have some.
    if (`${target}${audience}${ring}`.includes('\0')) throw refused('invalid_argument', '', 'target, audience and ring: no zero bytes');
    const texts = new TextEncoder().encode([target, audience, ring, instance].join('\0'));
    const both = new Uint8Array(texts.length + root.length);
    both.set(texts);
    both.set(root, texts.length);
    const number = this.call(0, 'OPEN', [texts.length, grace ?? 0, grace === undefined ? 0 : 1], both);
    const session = new Session(this, number);
    this.#leaked ??= new FinalizationRegistry((lost) => this.#free(lost));
    this.#leaked.register(session, number, session);
    return session;
  }

  close(session: Session, number: number): void {
    this.#leaked?.unregister(session);
    this.#free(number);
  }

  /** Calls a method; throws what it refuses. */
  call(session: number, method: Method, [a = 0, b = 0, c = 0]: Numbers = [], input?: Uint8Array): number {
    const { call, memory } = this.#exports;
    if (input) {
      const place = this.#exports.input(input.length);
      new Uint8Array(memory.buffer, place, input.length).set(input);
    }
    const given = call(session, METHODS.indexOf(method), a, b, c);
    if (given !== REFUSED) return given;
    const [code = '', reason = '', ...message] = this.text().split('\0');
    throw refused(code, reason, message.join('\0'));
  }

  /** A copy of the bytes that the last call gave. */
  bytes(): Uint8Array<ArrayBuffer> {
    const { memory, output, output_length } = this.#exports;
    return new Uint8Array(memory.buffer, output(), output_length()).slice() as Uint8Array<ArrayBuffer>;
  }

  /** The text that the last call gave. */
  text(): string {
    return new TextDecoder().decode(this.bytes());
  }

  #free(session: number): void {
    try {
      this.call(session, 'FREE');
    } catch {
      // The instance has trapped, and is held by nobody but its lost sessions.
    }
  }
}

/** A verifying client with its pins, and what it makes of the targets that it finds. Times are in seconds since 1970, NaN for none. */
export class Session {
  readonly #instance: TrustInstance;
  readonly #number: number;

  constructor(instance: TrustInstance, number: number) {
    this.#instance = instance;
    this.#number = number;
  }

  free(): void {
    this.#instance.close(this, this.#number);
  }

  /** Begins to verify what is stored. */
  restore(now: number): void {
    this.#call('RESTORE', [now]);
  }

  /** Begins an update of the metadata. */
  refresh(now: number): void {
    this.#call('REFRESH', [now]);
  }

  /** Begins to look for the pinned target, or with `next` for what a rollout offers in its place. */
  find(next: boolean): void {
    this.#call('FIND', [Number(next)]);
  }

  /** What is needed next: 0 nothing, 1 a stored file, 2 a file of the repository, 3 to store one, 4 to remove one. */
  step(): { step: number; file: string } {
    return { step: this.#call('STEP'), file: this.#instance.text() };
  }

  /** How many bytes the file to fetch may have. */
  limit(): number {
    return this.#call('LIMIT');
  }

  /** What is to be stored; it can be asked for once. */
  content(): Uint8Array<ArrayBuffer> {
    this.#call('CONTENT');
    return this.#instance.bytes();
  }

  /** Answers with a file's bytes. */
  bytes(bytes: Uint8Array): void {
    this.#call('BYTES', [], bytes);
  }

  /** Answers that there is no such file. */
  absent(): void {
    this.#call('ABSENT');
  }

  /** Answers that it is stored, or removed. */
  done(): void {
    this.#call('DONE');
  }

  /** Gives the cycle up: the repository does not answer. */
  abort(): void {
    this.#call('ABORT');
  }

  /** The newest verified document of each role. */
  roles(): Roles {
    return JSON.parse(this.#text('ROLES')) as Roles;
  }

  /** Takes a stored state over. Floors and times that are known already stay, if they are higher. */
  adopt(json: Uint8Array): void {
    this.#call('ADOPT', [], json);
  }

  /** The state as JSON, to be stored in place of `stored`, which another tab may have changed. */
  joined(stored: Uint8Array): string {
    return this.#text('JOINED', [], stored);
  }

  /** The state as JSON without the marks of a load that is under way. */
  unmarked(): string {
    return this.#text('UNMARKED');
  }

  /** Forgets what failed here: it is tried again. */
  retryPoisoned(): void {
    this.#call('RETRY_POISONED');
  }

  /** The state as JSON, to be stored. */
  state(): string {
    return this.#text('STATE');
  }

  /** Notes a start; gives bits: 1 a bundle was poisoned, 2 the last-known-good one is to be passed over for once. */
  boot(now: number, isAlone: boolean): number {
    return this.#call('BOOT', [now, Number(isAlone)]);
  }

  /** The last-known-good bundle is loaded. */
  loaded(): void {
    this.#call('LOADED');
  }

  /** The last-known-good bundle cannot be used. */
  lost(): void {
    this.#call('LOST');
  }

  /** What becomes of the targets found: 0 nothing, 1 the active bundle is not of a rollout any more, 2 the candidate is to be loaded. */
  choose(): number {
    return this.#call('CHOOSE');
  }

  /** Why a target was passed over; empty if none was. */
  skipped(): string {
    return this.#text('SKIPPED');
  }

  /** What was decided on last. */
  candidate(): Candidate | undefined {
    const json = this.#text('CANDIDATE');
    return json === '' ? undefined : (JSON.parse(json) as Candidate);
  }

  /** Checks the candidate's bytes against the metadata. */
  verify(bytes: Uint8Array): void {
    this.#call('VERIFY', [], bytes);
  }

  /** The candidate is about to be loaded for the first time. */
  started(): void {
    this.#call('STARTED');
  }

  /** It is loaded. */
  activated(now: number): void {
    this.#call('ACTIVATED', [now]);
  }

  /** What is active is not of a rollout any more. */
  promoted(): void {
    this.#call('PROMOTED');
  }

  /** It cannot be loaded, or (`differs`) decides its samples differently. */
  failed(differs: boolean): void {
    this.#call('FAILED', [Number(differs)]);
  }

  /** What came with the application is enforced: nothing older than this version, and no other bytes under it, are taken. */
  baseline(version: number, sha256: string, issued: number): void {
    this.#call('BASELINE', [version, issued], new TextEncoder().encode(sha256));
  }

  /** The newest time that was signed. */
  issued(): number {
    return this.#call('ISSUED');
  }

  /** Takes over the newest time that was signed. */
  noteTime(): void {
    this.#call('NOTE_TIME');
  }

  /** When the first of the roles expires; NaN if one is missing. */
  freshUntil(): number {
    return this.#call('FRESH_UNTIL');
  }

  /** Why the client could be better: codes, parted by spaces. `activation.rs` has the bits of `facts`. */
  degraded(now: number, freshUntil: number, facts: number): string {
    return this.#text('DEGRADED', [now, freshUntil, facts]);
  }

  /** From when on everything is to be blocked: infinite if that does not happen. */
  denyFrom(now: number, freshUntil: number, facts: number): number {
    return this.#call('DENY_FROM', [now, freshUntil, facts]);
  }

  #call(method: Method, numbers?: Numbers, input?: Uint8Array): number {
    return this.#instance.call(this.#number, method, numbers, input);
  }

  #text(method: Method, numbers?: Numbers, input?: Uint8Array): string {
    this.#call(method, numbers, input);
    return this.#instance.text();
  }
}

/** FNV-1a of the methods' names, each with a line feed, as `border.rs` computes it. */
function fingerprint(): number {
  const bytes = new TextEncoder().encode(METHODS.map((name) => `${name}\n`).join(''));
  return bytes.reduce((hash, byte) => Math.imul(hash ^ byte, 0x0100_0193), 0x811c_9dc5 | 0) >>> 0;
}
