import type { Change, ChangeWay, Diff, Effect, Shift } from 'edgerail/compile';
import { counted } from '../charts/format.js';

export const WAYS: readonly ChangeWay[] = ['weakens', 'strengthens', 'differs'];
export const EFFECTS: readonly Effect[] = ['NONE', 'MASK', 'BLOCK'];

/** As people say it. */
export const EFFECT_WORDS: Readonly<Record<Effect, string>> = { NONE: 'pass', MASK: 'mask', BLOCK: 'block' };

export const WAY_TITLES: Readonly<Record<ChangeWay, string>> = {
  weakens: 'Weakens',
  strengthens: 'Strengthens',
  differs: 'Can go either way',
};

export const WAY_NOTES: Readonly<Record<ChangeWay, string>> = {
  weakens: 'The new version lets more pass, or holds back less.',
  strengthens: 'The new version holds back more.',
  differs: 'The policy alone does not tell which way this goes: patterns, messages, texts of topics, names, versions.',
};

/** What lets out more first. */
export const SHIFT_WORDS: Readonly<Record<Shift, string>> = {
  letThrough: 'let through',
  maskedInsteadOfBlocked: 'masked instead of blocked',
  unmasked: 'unmasked',
  newlyBlocked: 'newly blocked',
  newlyMasked: 'newly masked',
  maskedOtherwise: 'masked otherwise',
};

/** What it was and what it is, where the words alone do not say it. */
export const SHIFT_NOTES: Readonly<Record<Shift, string>> = {
  letThrough: 'was blocked, passes now',
  maskedInsteadOfBlocked: 'was blocked, is masked now',
  unmasked: 'was masked, passes now',
  newlyBlocked: 'passed or was masked, is blocked now',
  newlyMasked: 'passed, is masked now',
  maskedOtherwise: 'is masked on both sides, with another result',
};

export const SHIFTS = Object.keys(SHIFT_WORDS) as Shift[];

/** Whether more of a text gets out than before. */
export function letsOut(shift: Shift): boolean {
  return shift === 'letThrough' || shift === 'maskedInsteadOfBlocked' || shift === 'unmasked';
}

const KINDS: Partial<Record<Change['kind'], string>> = {
  onError: 'on error',
  topicKeyword: 'topic keyword',
  topicKeywordAgainst: 'topic keyword against',
  contentFilter: 'content filter',
  automatedReasoning: 'automated reasoning',
};

/** A kind of thing as people say it. */
export function kindWords(kind: Change['kind']): string {
  return KINDS[kind] ?? kind;
}

/** Properties that need no name: the thing has only this one. */
const UNNAMED = new Set(['value', 'text', 'tier', 'mode', 'decision']);

export function propertyWords(name: string): string {
  return UNNAMED.has(name) ? '' : name;
}

/** What a comparison comes to, in one line. */
export function verdict(diff: Diff): string {
  if (diff.changes.length === 0) return 'No differences: both compile to the same bundle, byte for byte.';
  const { weakens, strengthens, differs } = diff.counts;
  const ways = [
    weakens > 0 && (weakens === 1 ? '1 weakens' : `${weakens} weaken`),
    strengthens > 0 && (strengthens === 1 ? '1 strengthens' : `${strengthens} strengthen`),
    differs > 0 && (differs === 1 ? '1 can go either way' : `${differs} can go either way`),
  ];
  return `${counted(diff.changes.length, 'difference')}: ${ways.filter(Boolean).join(', ')}`;
}

const FOCUS = 72;
const BEFORE = 16;

/** Two long values from where they begin to differ, so that texts with one other word show that word. */
export function focused(old: string, now: string): [string, string] {
  if (old.length <= FOCUS && now.length <= FOCUS) return [old, now];
  const [before, after] = [Array.from(old), Array.from(now)];
  let same = 0;
  while (same < before.length && same < after.length && before[same] === after[same]) same += 1;
  const skip = Math.max(0, same - BEFORE);
  const cut = (chars: string[]): string => {
    const rest = chars.slice(skip, skip + FOCUS).join('');
    return `${skip > 0 ? '…' : ''}${rest}${chars.length > skip + FOCUS ? '…' : ''}`;
  };
  return [cut(before), cut(after)];
}
