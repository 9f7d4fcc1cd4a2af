// An application with useGuardrail; bundled by the test, once with React 18 and once with React 19. What the hook gave in
// each rendering is kept, so that the test can say that no rendering ever showed a decision of another text.

import { StrictMode, createElement as h, useEffect, useState } from 'react';
import { flushSync } from 'react-dom';
import { createRoot, hydrateRoot } from 'react-dom/client';

import { loadEngine } from 'edgerail';
import { guardForm } from 'edgerail/form';
import { GuardrailProvider, useGuardrail } from 'edgerail/react';
import { loadEngineInWorker } from 'edgerail/worker';

/** Every rendering of every field. */
const renderings = [];
/** What the engines were asked. */
const asked = [];
/** Answers that are held back, by the text they are about. */
const held = new Map();
const results = [];
const settings = { isHeld: false, loads: 0, failures: 0 };
let origin;
let root;
let shown = {};
let set;

const load = async (how = loadEngineInWorker) => {
  settings.loads += 1;
  const fails = settings.failures > 0;
  if (fails) settings.failures -= 1;
  const bundle = fails ? '/login.bundle' : '/corpus/audience-browser.bundle';
  return watched(await how(origin + bundle, { audience: 'any', wasm: `${origin}/package/dist/engine.wasm` }));
};

/** The real engine, with a list of what it is asked, and answers that come when the test says so. */
function watched(engine) {
  const evaluate = async (input, options) => {
    const entry = { text: input.content?.[0].text ?? input, source: options.source, model: input.model, isAborted: false };
    asked.push(entry);
    options.signal.addEventListener('abort', () => (entry.isAborted = true));
    if (settings.isHeld) await new Promise((done) => held.set(entry.text, done));
    // Not cancelled with the signal: the hook itself must see to it that late answers are dropped.
    return await engine.evaluate(input, { source: options.source });
  };
  return { info: engine.info, evaluate };
}

function Field({ name = 'text', options = {} }) {
  const guardrail = useGuardrail(options);
  renderings.push({ name, ...outline(guardrail) });
  useEffect(() => {
    shown[name] = guardrail;
  });
  return h('label', null, name, h('textarea', {
    name,
    value: guardrail.text,
    onChange: (event) => (options.onText ?? guardrail.setText)(event.target.value),
  }), h('output', null, guardrail.findings.map(({ type, name }) => type ?? name).join(' ')));
}

function App(props) {
  const [state, setState] = useState(props);
  const [text, setText] = useState('');
  set = (change) => flushSync(() => setState((now) => ({ ...now, ...change })));
  const { mode, options } = state;
  // Another function in every rendering, as applications write it.
  const loaders = { loader: () => load(), here: () => load(loadEngine) };
  const engine = state.loaded ?? loaders[state.engine] ?? null;
  if (mode === 'gone') return null;
  if (mode === 'two') {
    return h(GuardrailProvider, { engine: () => load() }, h(Field, { name: 'a' }), h(Field, { name: 'b', options: { debounce: 0 } }));
  }
  if (mode === 'controlled') return h(Field, { options: { engine, text, onText: setText, ...options } });
  if (mode === 'form') {
    const field = h(Field, { options: { engine: null, text, onText: setText } });
    const form = h('form', { action: '/submitted', target: 'result' }, field, h('button', null, 'Send'));
    return h('div', null, form, h('iframe', { name: 'result', title: 'Result' }));
  }
  return h(Field, { options: { engine, ...options } });
}

function outline({ text, decision, findings, isCurrent, latest, status, error }) {
  return {
    text,
    status,
    isCurrent,
    outcome: decision?.outcome ?? null,
    of: decision && (decision.outcome === 'pass' ? decision.text : latest.text),
    found: findings.map(({ type, name }) => type ?? name),
    matches: findings.every(({ start, end, match }) => text.slice(start, end) === match),
    latest: latest?.text ?? null,
    error: error && (error.code ?? String(error)),
  };
}

export async function mount({ origin: from, strict = true, hydrate, loaded, failures = 0, ...props }) {
  origin = from;
  settings.failures = failures;
  document.querySelector('#app')?.remove();
  const container = document.createElement('div');
  container.id = 'app';
  document.body.append(container);
  if (loaded) props.loaded = await load();
  const app = h(App, props);
  if (hydrate === undefined) {
    root = createRoot(container);
    root.render(strict ? h(StrictMode, null, app) : app);
  } else {
    container.innerHTML = hydrate;
    root = hydrateRoot(container, app);
  }
}

export function change({ engine, mode, options }) {
  set({ ...(engine && { engine }), ...(mode && { mode }), ...(options && { options }) });
}

export function unmount() {
  root.unmount();
}

export function hold({ isHeld }) {
  settings.isHeld = isHeld;
}

export function release({ text }) {
  held.get(text)();
  held.delete(text);
}

/** Calls `check` of a field, without waiting for it; {@link state} has the results. */
export function check({ name = 'text', text } = {}) {
  const number = results.push('pending') - 1;
  shown[name].check(...(text === undefined ? [] : [text])).then(
    (decision) => (results[number] = [decision.outcome, decision.outcome === 'pass' ? decision.text : null]),
    (error) => (results[number] = error.code ?? String(error)),
  );
}

/** Types and checks within one event, before anything is rendered. */
export function typeAndCheck({ text }) {
  shown.text.setText(text);
  check();
}

export function guardTheForm() {
  guardForm(document.querySelector('form'), { engine: () => load(loadEngine) });
}

export function state() {
  const now = Object.fromEntries(Object.entries(shown).map(([name, guardrail]) => [name, outline(guardrail)]));
  return { now, results, asked, held: [...held.keys()], loads: settings.loads, renderings, output: document.querySelector('output')?.textContent };
}
