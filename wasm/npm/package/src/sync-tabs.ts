/** Tabs of one origin share one state: one of them at a time works on it, and tells the others when it changed. */

type Work<T> = () => Promise<T>;

export class Tabs {
  readonly #name: string;
  readonly #locks: LockManager | undefined;
  readonly #channel: BroadcastChannel | undefined;
  #closed = false;

  /** `changed` is called when another tab says that it changed the state: a hint to look there, no more. */
  constructor(name: string, isShared: boolean, changed: () => void) {
    this.#name = name;
    if (!isShared) return;
    this.#locks = locksOfPlatform();
    this.#channel = channelOf(name);
    if (this.#channel) this.#channel.onmessage = () => changed();
  }

  /** Whether what is found half done was left by somebody who is gone, rather than by one who still works on it. */
  get isExclusive(): boolean {
    return this.#locks !== undefined;
  }

  /** One at a time of all tabs. Without locks all go on: what each of them reads is verified all the same. */
  async alone<T>(what: 'check' | 'state', work: Work<T>): Promise<T> {
    if (!this.#locks || this.#closed) return await work();
    const started = { yet: false };
    try {
      return (await this.#locks.request(`${this.#name}#${what}`, async () => {
        started.yet = true;
        return await work();
      })) as T;
    } catch (error) {
      // Locks are denied where storage is: to work without them is better than not at all.
      if (started.yet) throw error;
      return await work();
    }
  }

  announce(): void {
    if (!this.#closed) this.#channel?.postMessage('changed');
  }

  close(): void {
    this.#closed = true;
    this.#channel?.close();
  }
}

function locksOfPlatform(): LockManager | undefined {
  try {
    return (globalThis as { navigator?: Navigator }).navigator?.locks ?? undefined;
  } catch {
    return undefined;
  }
}

function channelOf(name: string): BroadcastChannel | undefined {
  try {
    return typeof BroadcastChannel === 'function' ? new BroadcastChannel(name) : undefined;
  } catch {
    return undefined;
  }
}
