/**
 * The first evaluation before there is a bundle.
 *
 * Browsers compile most functions of a module when they are called for the first time, which takes longer than what the
 * functions then do. On a first visit the module is there before the bundle is: in the meantime a tiny bundle of our
 * own is loaded and decides a sample, so that the real one finds the functions compiled.
 */
import type { Engine } from './types.js';
import { sampleBase64 } from './generated/sample.js';

/** What the sample's guardrail has something to say about: its word, its types, its pattern, its topic. */
export const SAMPLE = 'Write to ana@example.com or see https://example.com/ from 00:00:5e:00:53:01: sample word, T1, tarot and horoscopes.';

let isDone = false;

/** Whether the sample was decided. */
export function isWarm(): boolean {
  return isDone;
}

/**
 * Loads and evaluates the sample, as long as `isWaiting` says that there is nothing else to do. Never throws: without it
 * everything is only slower.
 *
 * @param load - Loads a bundle of this application.
 */
export async function warmUp(load: (bundle: Uint8Array) => Engine, isWaiting: () => boolean): Promise<void> {
  if (isDone) return;
  let engine: Engine | undefined;
  try {
    // Each step is a task of its own, so that what arrives in between is noticed, and frames are drawn.
    await nextTask();
    if (!isWaiting() || isDone) return;
    engine = load(Uint8Array.from(atob(sampleBase64), (character) => character.charCodeAt(0)));
    await nextTask();
    if (!isWaiting()) return;
    engine.evaluate(SAMPLE);
    isDone = true;
  } catch {
    // A platform that has no timers yet, or no memory: the bundle's own loading says so if it matters.
  } finally {
    engine?.free();
  }
}

function nextTask(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
