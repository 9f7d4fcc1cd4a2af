/** What the verifying client refuses, as this package's own errors. */
import { EdgerailError } from './errors.js';
import { SyncError } from './sync-errors.js';

/** The error for a code and a reason of the client; `message` is what it says of metadata and arguments. */
export function refused(code: string, reason: string, message: string): EdgerailError {
  if (code === 'invalid_argument') return new EdgerailError(code, message);
  if (code === 'sync_metadata') return new SyncError(code, reason, `the repository's metadata was refused: ${message}`);
  return new SyncError('sync_target', reason, refusalText(reason));
}

/** The reasons of the rules that servers have too: what a verified target is not taken for. */
const REFUSALS: Readonly<Record<string, string>> = {
  target_missing: 'the repository has no target of this name; compare the pinned target with what is published',
  target_hash: 'its target has no SHA-256; publish it again',
  target_custom: 'what is signed beside its hash is incomplete; publish it again',
  target_audience: 'it is for another audience; pin the target of this one, SCOPE.browser.bundle in browsers',
  target_abi: 'it was compiled for another version of the engine; update the package, or publish for both',
  target_scope: 'it is for another scope; pin the target that is meant for this installation',
  target_version: 'it is older than what was enforced here; publish it under a higher version to go back',
  target_equivocation: 'it has the version of what is enforced and other bytes; publish it under a higher version',
  poisoned: 'it failed here before, so it is not tried again; publish another one',
  crashed: 'several pages in a row crashed while they loaded it; try it again, or publish another one',
  load_failed: 'the engine cannot load it; publish another one',
  self_test: 'it decides its own samples differently from when it was compiled; publish another one',
  state_corrupt: 'the stored state is damaged; it is begun anew',
};

/** What a refusal means. */
export function refusalText(reason: string): string {
  return `the bundle was not taken: ${REFUSALS[reason] ?? reason}`;
}
