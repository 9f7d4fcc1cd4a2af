/** Bundles that are verified without a network: what came with the application, and what was kept from last time. */
import { packFiles, unpackFiles } from './sync-archive.js';
import { TAKE, TrustClient } from './sync-client.js';
import type { TrustFactory } from './sync-client.js';
import { SyncError } from './sync-errors.js';
import { ArchiveMedium, StoredMedium } from './sync-media.js';
import type { StateStore } from './sync-memory.js';
import type { BaselineFiles } from './sync-options.js';
import type { ActiveBundle } from './sync-types.js';
import type { Candidate } from './trust-session.js';

/** A verified bundle, and the session that verified it. */
export interface Proven {
  client: TrustClient;
  bytes: Uint8Array;
  active: ActiveBundle;
}

/** The name of the bundle among the files that are kept together. */
const BUNDLE = 'bundle';

/** Verifies a baseline, however old it is. Whoever calls frees the client. */
export async function proveBaseline(factory: TrustFactory, { files, bundle }: BaselineFiles): Promise<Proven> {
  const client = new TrustClient(factory);
  try {
    return await client.attempt(async () => {
      const medium = new ArchiveMedium(files);
      // Without a clock: what expired meanwhile is better than nothing, and the status says so.
      await client.run((raw) => raw.refresh(Number.NaN), medium);
      await client.run((raw) => raw.find(false), medium);
      if (client.ask((raw) => raw.choose()) !== TAKE) throw missing();
      const { path, active } = candidateOf(client);
      const bytes = bundle ?? files.get(`targets/${path}`);
      if (!bytes) throw new SyncError('sync_target', 'target_missing', 'the baseline lists its bundle and does not hold it: export the repository again');
      client.ask((raw) => raw.verify(bytes));
      return { client, bytes, active };
    });
  } catch (error) {
    client.free();
    throw error;
  }
}

/**
 * Verifies what was kept with a bundle, from the pinned root. `state` says what must not be taken any more: versions below its
 * floor, and what failed.
 */
export async function proveKept(factory: TrustFactory, packed: Uint8Array | undefined, active: ActiveBundle, state: string, now: number): Promise<Proven> {
  const files = packed && unpackFiles(packed);
  const bytes = files?.get(BUNDLE);
  if (!files || !bytes) throw new SyncError('sync_target', 'target_missing', 'the stored bundle is gone or damaged: it is fetched again');
  const client = new TrustClient(factory);
  try {
    client.adopt(new TextEncoder().encode(state));
    client.change((raw) => raw.lost());
    const found = await eitherOf(active.next, async (next) => {
      await client.attempt(() => verifyStored(client, StoredMedium.from(files), next, now));
      client.ask((raw) => raw.verify(bytes));
      const { active: candidate } = candidateOf(client);
      if (candidate.sha256 !== active.sha256) throw missing();
      return candidate;
    });
    return { client, bytes, active: found };
  } catch (error) {
    client.free();
    throw error;
  }
}

/** A bundle's proof is written before the state that names it: it may be of the rollout, and the state not any more. */
async function eitherOf<T>(next: boolean, work: (next: boolean) => Promise<T>): Promise<T> {
  try {
    return await work(next);
  } catch (error) {
    return await work(!next).catch(() => {
      throw error;
    });
  }
}

/** A bundle with all that is needed to verify it again: what the storage holds is verified once more on the way. */
export async function keep(factory: TrustFactory, store: StateStore, bytes: Uint8Array, wanted: ActiveBundle, now: number): Promise<Uint8Array> {
  const client = new TrustClient(factory);
  try {
    const medium = StoredMedium.of(store);
    await client.attempt(() => verifyStored(client, medium, wanted.next, now));
    if (candidateOf(client).active.sha256 !== wanted.sha256) throw missing();
    return packFiles(new Map([...medium.read, [BUNDLE, bytes]]));
  } finally {
    client.free();
  }
}

async function verifyStored(client: TrustClient, medium: StoredMedium, next: boolean, now: number): Promise<void> {
  await client.run((raw) => raw.restore(now), medium);
  await client.run((raw) => raw.find(next), medium);
  if (client.ask((raw) => raw.choose()) !== TAKE) throw missing();
}

/** What was decided on last. */
export function candidateOf(client: TrustClient): Pick<Candidate, 'path' | 'length'> & { active: ActiveBundle } {
  const candidate = client.ask((raw) => raw.candidate());
  if (!candidate) throw missing();
  const { path, length, ...active } = candidate;
  return { path, length, active };
}

function missing(): SyncError {
  return new SyncError('sync_target', 'target_missing', 'the verified metadata does not list this bundle');
}
