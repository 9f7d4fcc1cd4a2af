import { EdgerailError, loadEngine, type Decision, type Engine, type Source } from 'edgerail';
import { compile, diff, evaluateRows, type Diff, type DiffOptions, type GuardrailSource } from 'edgerail/compile';
import { progress, serve } from '../author/rpc.js';
import { dataRows } from './data-rows.js';
import { FlawedRows, type Judgement } from './flawed.js';

/** What the diff page asks for. */
export interface DiffQuestion {
  old: GuardrailSource;
  new: GuardrailSource;
  corpus: string | Uint8Array | undefined;
  format: 'jsonl' | 'text';
  source: Source;
  asEnforced: boolean;
}

/** What the judge page asks for. */
export interface JudgeQuestion {
  guardrail: GuardrailSource;
  rows: string | Uint8Array;
  /** The rows as they are shown. */
  text: string;
  source: Source;
  offsets: 'utf16' | 'chars' | 'bytes';
  match: 'exact' | 'overlap';
  conditions: readonly string[];
}

export interface Both {
  old: Decision;
  new: Decision;
}

/** How far a call is, in bytes. */
export interface Progress {
  done: number;
  total: number;
}

/** As many affected texts of each kind are kept; the figures count all. */
const KEPT = 300;
/** Told no more often than this, in milliseconds: a message for each text would cost more than the text. */
const TELL = 60;

/** A function that passes on how far it is, now and then. */
function told(): (done: number, total: number) => void {
  let last = 0;
  return (done, total) => {
    const now = performance.now();
    if (now - last < TELL && done < total) return;
    last = now;
    progress({ done, total } satisfies Progress);
  };
}

/** The engines of the last comparison, for the texts that are looked at. */
let engines: { key: string; old: Engine; new: Engine } | undefined;

async function engineOf(guardrail: GuardrailSource): Promise<Engine> {
  const bundle =
    'bundle' in guardrail
      ? guardrail.bundle
      : (await compile(guardrail.definition, { ...guardrail, audience: 'server' })).bundle;
  return loadEngine(bundle, { trust: 'local', audience: 'any' });
}

/** A bundle ends in its SHA-256. */
function hashOf(bundle: Uint8Array): number[] {
  return [...bundle.subarray(-32)];
}

async function sides(old: GuardrailSource, next: GuardrailSource): Promise<{ old: Engine; new: Engine }> {
  const key = JSON.stringify([old, next], (_, value: unknown) => (value instanceof Uint8Array ? hashOf(value) : value));
  if (engines?.key !== key) {
    engines?.old.free();
    engines?.new.free();
    engines = undefined;
    engines = { key, old: await engineOf(old), new: await engineOf(next) };
  }
  return engines;
}

const handlers = {
  async diff(question: DiffQuestion): Promise<Diff> {
    const options: DiffOptions = {
      source: question.source,
      asEnforced: question.asEnforced,
      examples: KEPT,
      onProgress: told(),
    };
    const corpus = question.corpus === undefined ? {} : { corpus: question.corpus, corpusFormat: question.format };
    return diff(question.old, question.new, { ...options, ...corpus, label: 'corpus' });
  },

  async look(old: GuardrailSource, next: GuardrailSource, text: string, source: Source): Promise<Both> {
    const both = await sides(old, next);
    return { old: both.old.evaluate(text, { source }), new: both.new.evaluate(text, { source }) };
  },

  async judge(question: JudgeQuestion): Promise<Judgement> {
    try {
      return await judged(question);
    } catch (error) {
      // A condition on a label that the data does not have, or none at all: the figures are worth showing all the same.
      const about = /failUnder: (.*)/s.exec(
        error instanceof EdgerailError && error.code === 'invalid_argument' ? error.message : '',
      );
      if (about === null) throw error;
      return { ...(await judged({ ...question, conditions: [] })), conditionProblem: about[1] ?? '' };
    }
  },
};

async function judged(question: JudgeQuestion): Promise<Judgement> {
  const rows = dataRows(question.text);
  const flawed = new FlawedRows((line) => rows(line).text);
  const evaluation = await evaluateRows(question.guardrail, question.rows, {
    source: question.source,
    offsets: question.offsets,
    match: question.match,
    failUnder: question.conditions,
    label: 'data',
    onProgress: told(),
    onRow: (row) => flawed.add(row),
  });
  return { evaluation, flawed: flawed.rows, counts: flawed.counts };
}

export type JudgeHandlers = typeof handlers;

serve(handlers);
