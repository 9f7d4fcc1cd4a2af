import type { AffectedText, Diff } from 'edgerail/compile';
import type { Source } from 'edgerail';
import { WorkerClient, type CallOptions } from '../author/rpc.js';
import { dataBox } from '../judge/data-box.js';
import { dataRows, guessFormat } from '../judge/data-rows.js';
import { diffExample } from '../judge/examples.js';
import { guardrailSide } from '../judge/guardrail-side.js';
import { results } from '../judge/results.js';
import { runner } from '../judge/run.js';
import { sharePanel } from '../judge/share-panel.js';
import { keptData, record, sourceOf, string } from '../judge/state.js';
import type { DiffQuestion, JudgeHandlers } from '../judge/worker.js';
import workerUrl from '../judge/worker.ts?worker&url';
import { startPage } from '../shell/page.js';
import { sharedState } from '../shell/share.js';
import { keep, kept } from '../shell/store.js';
import { scriptUrl } from '../shell/trusted.js';
import { button, download, segmented } from '../ui/controls.js';
import { debounce, el, fill } from '../ui/dom.js';
import { banner } from '../ui/notice.js';
import { impactView } from './impact-view.js';
import { policyView } from './policy-view.js';
import '../judge/judge.css';

const main = startPage();
const worker = new WorkerClient<JudgeHandlers>(
  () => new Worker(scriptUrl(workerUrl), { type: 'module', name: 'edgerail-judge' }),
);

const changed = (): void => {
  result.stale();
  keepLater();
};
const old = guardrailSide({ title: 'Old', empty: 'The version in use.', changed });
const next = guardrailSide({ title: 'New', empty: 'The version to come.', changed });
const corpus = dataBox({
  title: 'Corpus',
  placeholder: '{"id": "1", "text": "How do I open an account?"}\n…or a text a line',
  hint: 'Texts that both versions decide: one a line, or JSONL with {"id", "text", "source"}. It stays in this page. Without one, only the policies are compared.',
  changed,
  example: { label: 'Load the example', load: () => void loadExample().catch(result.fail) },
});
const source = segmented<Source>(
  'Which way the texts go',
  [
    { value: 'INPUT', label: 'To the model', title: 'INPUT: for texts that do not say so themselves' },
    { value: 'OUTPUT', label: 'From the model', title: 'OUTPUT: for texts that do not say so themselves' },
  ],
  'INPUT',
  changed,
);
const asEnforced = el('input', { type: 'checkbox', onchange: changed });
const result = results();

const run = runner('Compare', compare, (error) => result.fail(error));

async function compare(options: CallOptions): Promise<boolean> {
  const question = ask();
  if (question === undefined) return false;
  const { text } = corpus.get();
  const diff = await worker.call('diff', [question], options);
  show(diff, question, text);
  return true;
}

function ask(): DiffQuestion | undefined {
  const sides = { old: old.source(), new: next.source() };
  const missing = [sides.old ? '' : 'the old version', sides.new ? '' : 'the new version'].filter(
    (side) => side !== '',
  );
  if (sides.old === undefined || sides.new === undefined) {
    result.empty(`Paste, drop or choose ${missing.join(' and ')} first.`);
    return undefined;
  }
  const { text, data } = corpus.get();
  return {
    old: { ...sides.old, label: 'old' },
    new: { ...sides.new, label: 'new' },
    corpus: text.trim() === '' ? undefined : data,
    format: guessFormat(text),
    source: source.value,
    asEnforced: asEnforced.checked,
  };
}

function show(diff: Diff, question: DiffQuestion, shownCorpus: string): void {
  const rows = question.format === 'jsonl' ? dataRows(shownCorpus) : undefined;
  const look = (text: AffectedText) =>
    worker.call('look', [question.old, question.new, text.text, rows?.(text.line).source ?? question.source]);
  const save = button('Save as JSON', () =>
    download('edgerail-diff.json', `${JSON.stringify(diff, null, 2)}\n`, 'application/json'),
  );
  const policy = el(
    'section',
    { class: 'part' },
    el('div', { class: 'part-head' }, el('h2', {}, 'What changed in the policy'), save),
    ...policyView(diff),
  );
  const effect =
    diff.impact === null
      ? [el('p', { class: 'empty' }, 'Add a corpus to see what this does to texts.')]
      : impactView(diff, diff.impact, look);
  const impact = el('section', { class: 'part' }, el('h2', {}, 'What that does to the corpus'), ...effect);
  result.show(policy, impact);
}

function state(withData: boolean): unknown {
  const data = withData ? { corpus: keptData(corpus.get().text) } : {};
  return {
    page: 'diff',
    old: old.json(),
    new: next.json(),
    source: source.value,
    asEnforced: asEnforced.checked,
    ...data,
  };
}

const keepLater = debounce(() => void keep('diff', state(true)), 400);

async function loadExample(): Promise<void> {
  const example = await diffExample();
  old.set(example.old);
  next.set(example.new);
  corpus.set(example.corpus, 'chat.jsonl');
  source.value = 'INPUT';
  asEnforced.checked = false;
  keepLater();
  run.run();
}

function restore(value: unknown): void {
  const saved = record(value);
  old.restore(saved['old']);
  next.restore(saved['new']);
  corpus.set(string(saved['corpus']));
  source.value = sourceOf(saved['source']);
  asEnforced.checked = saved['asEnforced'] === true;
  if (old.source() !== undefined && next.source() !== undefined) run.run();
  else result.empty('Paste, drop or choose both versions, then compare them.');
}

async function start(): Promise<void> {
  let shared: unknown;
  try {
    shared = await sharedState(location.hash);
  } catch (error) {
    banner('share', 'warn', error instanceof Error ? error.message : String(error));
  }
  const saved = shared ?? (await kept('diff'));
  if (saved === undefined) await loadExample();
  else restore(saved);
}

fill(
  main,
  el(
    'header',
    { class: 'page-head' },
    el('h1', {}, 'Diff of two guardrails'),
    el('p', {}, 'What changed between two versions, what weakens first, and what that does to your own texts.'),
  ),
  el('div', { class: 'panes' }, old.element, next.element),
  corpus.element,
  el(
    'div',
    { class: 'run-bar' },
    run.element,
    source.element,
    el(
      'label',
      { class: 'check', title: 'Guardrails that only observe count as if they acted' },
      asEnforced,
      ' as if enforced',
    ),
    sharePanel('corpus', state),
  ),
  result.element,
);
window.addEventListener('pagehide', () => keepLater.flush());
window.addEventListener(
  'hashchange',
  () =>
    void sharedState(location.hash).then(
      (shared) => shared !== undefined && restore(shared),
      () => undefined,
    ),
);
start().catch(result.fail);
