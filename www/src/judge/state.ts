import type { Source } from 'edgerail';

/** What was kept or shared comes from outside: only what has the right shape is taken. */
export type Unknown = Record<string, unknown>;

export function record(value: unknown): Unknown {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Unknown) : {};
}

export function string(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

export function sourceOf(value: unknown): Source {
  return value === 'OUTPUT' ? 'OUTPUT' : 'INPUT';
}

export function oneOf<T extends string>(value: unknown, all: readonly T[]): T {
  return all.find((one) => one === value) ?? (all[0] as T);
}

/** Data longer than this is not kept across reloads. */
const KEPT = 8 * 1024 * 1024;

/** The data as it is kept: nothing of what is too long. */
export function keptData(data: string): string {
  return data.length > KEPT ? '' : data;
}
