/** The activation's state and its stored copy, which other tabs write too, and which may fail to be written. */
import type { TrustClient } from './sync-client.js';
import { SyncError } from './sync-errors.js';
import type { Changes, StateStore } from './sync-memory.js';
import type { ActiveBundle } from './sync-types.js';

/** Where it is stored. */
const STATE = 'activation';

/** The last-known-good bundle, as the state has it. */
export type KeptBundle = ActiveBundle & { since: number };

/** Where a bundle is stored. */
export function keyOf(sha256: string): string {
  return `bundle/${sha256}`;
}

export class StateFile {
  readonly #client: TrustClient;
  readonly #store: StateStore;
  /** Whether the stored copy has a mark that the next start takes for a crash. */
  #isMarked = false;
  /** Whether what is stored was damaged. */
  isCorrupt = false;

  constructor(client: TrustClient, store: StateStore) {
    this.#client = client;
    this.#store = store;
  }

  get current(): KeptBundle | undefined {
    return (JSON.parse(this.#client.ask((raw) => raw.state())) as { current?: KeptBundle }).current;
  }

  /** The state as it would be stored now. */
  get bytes(): Uint8Array {
    return new TextEncoder().encode(this.#client.change(() => undefined));
  }

  /** Takes over what is stored; whether there is anything. What is damaged is begun anew, with the floors known here. */
  async adopt(): Promise<boolean> {
    const stored = await this.#store.stored(STATE);
    if (!stored) return false;
    try {
      this.#client.adopt(stored);
      return true;
    } catch (error) {
      if (!(error instanceof SyncError)) throw error;
      this.isCorrupt = true;
      return false;
    }
  }

  /**
   * Stores the state, joined with what another tab may have stored meanwhile, after `first` and before `last`. Whether that
   * succeeded: whatever fails, this session goes on.
   */
  async write(first: Changes = [], last: Changes = []): Promise<boolean> {
    const join = (stored: Uint8Array | undefined): Uint8Array => (stored ? this.#client.join(stored) : this.bytes);
    return await this.#store.commit([...first, [STATE, join], ...last]);
  }

  /** Stores the state in place of whatever is stored: what was dropped here is dropped there. */
  async replace(): Promise<boolean> {
    return await this.#store.commit([[STATE, this.bytes]]);
  }

  /** What follows is done under a mark, which is in the state that is stored next. */
  mark(): void {
    this.#isMarked = true;
  }

  /**
   * Sees to it that no mark stays behind, whether or not the last write was `stored`: a bundle that is enforced would be taken
   * for one that crashed. `before` is the state as it was without the mark.
   */
  async unmark(isStored: boolean, before: Uint8Array): Promise<void> {
    this.#isMarked = false;
    if (isStored) return;
    // Both are smaller than what could not be stored, and one of them is no larger than what is there.
    if (!(await this.#store.retry([[STATE, this.bytes]]))) await this.#store.retry([[STATE, before]]);
  }

  /** What was begun under a mark cannot be kept: the stored state goes on naming what it named `before`. */
  async forsake(before: Uint8Array): Promise<void> {
    this.#isMarked = false;
    await this.#store.retry([[STATE, before]]);
  }

  /** The page goes away. That is no crash: a hint for the next start, which may come too late to be stored. */
  leave(): void {
    if (!this.#isMarked) return;
    this.#isMarked = false;
    void this.#store.retry([[STATE, new TextEncoder().encode(this.#client.ask((raw) => raw.unmarked()))]]);
  }
}
