import type { Source } from 'edgerail';
import { WorkerClient, type CallOptions } from '../author/rpc.js';
import { startPage } from '../shell/page.js';
import { sharedState } from '../shell/share.js';
import { keep, kept } from '../shell/store.js';
import { scriptUrl } from '../shell/trusted.js';
import { button, download, segmented, select } from '../ui/controls.js';
import { debounce, el, fill } from '../ui/dom.js';
import { banner } from '../ui/notice.js';
import { dataBox } from './data-box.js';
import { judgeExample } from './examples.js';
import type { Judgement } from './flawed.js';
import { flawedView } from './flawed-view.js';
import { guardrailSide } from './guardrail-side.js';
import { results } from './results.js';
import { runner } from './run.js';
import { sharePanel } from './share-panel.js';
import { keptData, oneOf, record, sourceOf, string } from './state.js';
import { figuresView, type Match } from './view.js';
import type { JudgeHandlers, JudgeQuestion } from './worker.js';
import workerUrl from './worker.ts?worker&url';
import './judge.css';

const UNITS = ['chars', 'utf16', 'bytes'] as const;
const MATCHES = ['overlap', 'exact'] as const;

const main = startPage();
const worker = new WorkerClient<JudgeHandlers>(
  () => new Worker(scriptUrl(workerUrl), { type: 'module', name: 'edgerail-judge' }),
);
let shown: Judgement | undefined;

const changed = (): void => {
  result.stale();
  keepLater();
};
const guardrail = guardrailSide({ title: 'Guardrail', empty: 'The one to be judged.', changed });
const rows = dataBox({
  title: 'Labelled texts',
  placeholder:
    '{"id": "a1", "text": "Mail ana@example.com", "expect": "MASK", "spans": [{"start": 5, "end": 20, "type": "EMAIL"}]}',
  hint: 'JSONL: "spans" say all that is in the text ([] is nothing), "expect" is NONE, MASK or BLOCK. They stay in this page.',
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
const match = segmented<Match>(
  'When a finding and a label are the same',
  [
    { value: 'overlap', label: 'Overlap', title: 'the same entry, and at least one character in common' },
    { value: 'exact', label: 'Exact', title: 'the same entry, and the very same span' },
  ],
  'overlap',
  () => {
    keepLater();
    if (shown) show(shown);
  },
);
const units = select(
  'Spans count',
  [
    { value: 'chars', label: 'characters' },
    { value: 'utf16', label: 'UTF-16 units' },
    { value: 'bytes', label: 'bytes' },
  ],
  changed,
);
const conditions = el('input', {
  class: 'input',
  type: 'text',
  placeholder: 'f1=0.9, recall.EMAIL=0.95',
  spellcheck: 'false',
  autocomplete: 'off',
  oninput: () => changed(),
});
const result = results();

const run = runner('Judge', judge, (error) => {
  shown = undefined;
  result.fail(error);
});

async function judge(options: CallOptions): Promise<boolean> {
  const own = guardrail.source();
  const { text, data } = rows.get();
  if (own === undefined || text.trim() === '') {
    shown = undefined;
    result.empty(
      own === undefined
        ? 'Paste, drop or choose a guardrail first.'
        : 'Paste or drop labelled texts first: one JSON object a line.',
    );
    return false;
  }
  const question: JudgeQuestion = {
    guardrail: { ...own, label: 'guardrail' },
    rows: data,
    text,
    source: source.value,
    offsets: oneOf(units.select.value, UNITS),
    match: match.value,
    conditions: conditions.value.split(/[\s,]+/).filter((one) => one !== ''),
  };
  shown = await worker.call('judge', [question], options);
  show(shown);
  return true;
}

function show(judgement: Judgement): void {
  const save = button('Save as JSON', () =>
    download('edgerail-eval.json', `${JSON.stringify(judgement.evaluation, null, 2)}\n`, 'application/json'),
  );
  const head = el('div', { class: 'part-head' }, el('h2', {}, 'What it comes to'), match.element, save);
  result.show(
    el('section', { class: 'part' }, head, ...figuresView(judgement, match.value)),
    el('section', { class: 'part' }, flawedView(judgement)),
  );
}

function state(withData: boolean): unknown {
  const data = withData ? { rows: keptData(rows.get().text) } : {};
  const options = {
    source: source.value,
    match: match.value,
    offsets: units.select.value,
    conditions: conditions.value,
  };
  return { page: 'judge', guardrail: guardrail.json(), ...options, ...data };
}

const keepLater = debounce(() => void keep('judge', state(true)), 400);

async function loadExample(): Promise<void> {
  const example = await judgeExample();
  guardrail.set(example.guardrail);
  rows.set(example.rows, 'labelled.jsonl');
  source.value = 'INPUT';
  units.select.value = 'chars';
  conditions.value = 'recall.US_SOCIAL_SECURITY_NUMBER=1, f1.sensitiveInformationPolicy=0.8, precision.topicPolicy=1';
  keepLater();
  run.run();
}

function restore(value: unknown): void {
  const saved = record(value);
  guardrail.restore(saved['guardrail']);
  rows.set(string(saved['rows']));
  source.value = sourceOf(saved['source']);
  match.value = oneOf(saved['match'], MATCHES);
  units.select.value = oneOf(saved['offsets'], UNITS);
  conditions.value = string(saved['conditions']);
  run.run();
}

async function start(): Promise<void> {
  let shared: unknown;
  try {
    shared = await sharedState(location.hash);
  } catch (error) {
    banner('share', 'warn', error instanceof Error ? error.message : String(error));
  }
  const saved = shared ?? (await kept('judge'));
  if (saved === undefined) await loadExample();
  else restore(saved);
}

fill(
  main,
  el(
    'header',
    { class: 'page-head' },
    el('h1', {}, 'Judge a guardrail'),
    el('p', {}, 'Precision and recall over texts that you have labelled, and every text it gets wrong.'),
  ),
  el('div', { class: 'panes' }, guardrail.element, rows.element),
  el(
    'div',
    { class: 'run-bar' },
    run.element,
    source.element,
    units.element,
    el(
      'label',
      { class: 'field conditions', title: 'As of edgerail eval --fail-under: METRIC[.LABEL]=VALUE' },
      el('span', {}, 'Must reach'),
      conditions,
    ),
    sharePanel('texts', state),
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
