import type { Evaluation, JudgedRow } from 'edgerail/compile';

/** What is wrong with a row: a label not found, a finding without a label, another span, another action. */
export type Flaw = 'missed' | 'falseAlarm' | 'span' | 'action';

export const FLAWS: readonly Flaw[] = ['missed', 'falseAlarm', 'span', 'action'];

export const FLAW_WORDS: Readonly<Record<Flaw, string>> = {
  missed: 'missed',
  falseAlarm: 'false alarm',
  span: 'another span',
  action: 'wrong action',
};

export const FLAW_NOTES: Readonly<Record<Flaw, string>> = {
  missed: 'something labelled was not found',
  falseAlarm: 'something was found that is not labelled',
  span: 'found, but with another beginning or end than its label: counts against exact matching only',
  action: 'the text is not treated as it should be',
};

/** A row that is wrong in some way, with its text. */
export interface FlawedRow {
  row: JudgedRow;
  text: string;
  flaws: Flaw[];
}

/** What is wrong with a row; empty of a row that is right. */
export function flawsOf(row: JudgedRow): Flaw[] {
  const labels = row.labels ?? [];
  // Without a list of labels nothing says that a finding is wrong.
  const found = row.labels === null ? [] : row.found;
  return FLAWS.filter((flaw) => {
    if (flaw === 'missed') return labels.some((label) => label.result === 'missed');
    if (flaw === 'falseAlarm') return found.some((one) => one.result === 'false_alarm');
    if (flaw === 'span') return labels.some((label) => label.result === 'overlap');
    return row.expected !== null && row.expected !== row.actual;
  });
}

/** As many rows of each kind are kept for the list; the figures count all. */
export const KEPT = 1000;

/** Collects the rows that are wrong as they are judged. */
export class FlawedRows {
  readonly rows: FlawedRow[] = [];
  /** How many there are of each kind, kept or not. */
  readonly counts: Record<Flaw, number> = { missed: 0, falseAlarm: 0, span: 0, action: 0 };
  readonly #kept: Record<Flaw, number> = { missed: 0, falseAlarm: 0, span: 0, action: 0 };
  readonly #textOf: (line: number) => string;

  constructor(textOf: (line: number) => string) {
    this.#textOf = textOf;
  }

  add(row: JudgedRow): void {
    const flaws = flawsOf(row);
    for (const flaw of flaws) this.counts[flaw] += 1;
    if (!flaws.some((flaw) => this.#kept[flaw] < KEPT)) return;
    for (const flaw of flaws) this.#kept[flaw] += 1;
    this.rows.push({ row, text: this.#textOf(row.line), flaws });
  }
}

/** All that a judgement gives to the page. */
export interface Judgement {
  evaluation: Evaluation;
  flawed: FlawedRow[];
  counts: Record<Flaw, number>;
  /** What is wrong with the conditions; then none of them was judged. */
  conditionProblem?: string;
}
