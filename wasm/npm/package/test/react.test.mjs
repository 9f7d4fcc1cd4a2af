// `edgerail/react`: never another text's decision. How it looks while one types is tested in browsers, in tests/e2e.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadEngine } from 'edgerail';
import { EngineHolder } from '../dist/esm/engine-holder.js';
import { LiveChecker, decisionOn } from '../dist/esm/live-checker.js';
import { bundleOf } from './guardrail.mjs';

// As much of a page as React needs for components without elements; there before React looks for it.
const page = Object.assign(new EventTarget(), { nodeType: 9, activeElement: null });
const root = Object.assign(new EventTarget(), { nodeType: 1, nodeName: 'DIV', tagName: 'DIV', ownerDocument: page, namespaceURI: 'http://www.w3.org/1999/xhtml' });
Object.assign(page, { ownerDocument: page, documentElement: root, defaultView: globalThis });
Object.assign(globalThis, { window: globalThis, document: page, HTMLIFrameElement: class {}, IS_REACT_ACT_ENVIRONMENT: true });
const { Activity, act, createElement } = await import('react');
const { createRoot } = await import('react-dom/client');
const { useGuardrail } = await import('edgerail/react');

const engine = await loadEngine(await bundleOf(), { trust: 'local' });
const BLOCKED = 'Project Kestrel';

test('a checker that is stopped has nothing that is current, whatever the text becomes', async () => {
  const holder = new EngineHolder(engine);
  const checker = new LiveChecker('fine');
  const current = (text = checker.snapshot().text, options = {}) => decisionOn(checker.snapshot(), text, holder, options)?.outcome ?? null;
  checker.configure(holder, {}, 0);
  checker.start();
  assert.equal((await checker.check()).outcome, 'pass');
  assert.deepEqual([checker.snapshot().status, current()], ['ready', 'pass']);
  // Of another text, with other options, by another engine.
  assert.deepEqual([current(BLOCKED), current('fine', { source: 'OUTPUT' }), current('fine', { model: 'm' })], [null, null, null]);
  assert.equal(decisionOn(checker.snapshot(), 'fine', new EngineHolder(engine), {}), null);
  checker.stop();
  assert.deepEqual([checker.snapshot().status, current()], ['idle', null]);
  checker.setText(BLOCKED);
  assert.deepEqual([checker.snapshot().status, current()], ['idle', null]);
  await assert.rejects(checker.check(), { code: 'aborted' });
  checker.start();
  assert.equal(current(), null);
  assert.equal((await checker.check()).outcome, 'block');
  assert.equal(current(), 'block');
  checker.stop();
});

test('no rendering has the decision of another text, source or engine, hidden in between or not', async () => {
  const renderings = [];
  function Field(options) {
    const { text, decision, isCurrent, status } = useGuardrail({ debounce: 0, ...options });
    renderings.push({ source: options.source, text, status, isCurrent, of: decision && [decision.source, decision.outcome] });
    return null;
  }
  const app = createRoot(root);
  const show = async (mode, options) => {
    await act(async () => app.render(createElement(Activity, { mode }, createElement(Field, { engine, source: 'INPUT', ...options }))));
    await act(async () => new Promise((done) => setTimeout(done, 50)));
    return renderings.at(-1);
  };
  assert.deepEqual((await show('visible', { text: 'fine' })).of, ['INPUT', 'pass']);
  await show('hidden', { text: 'fine' });
  await show('hidden', { text: BLOCKED });
  assert.deepEqual((await show('visible', { text: BLOCKED })).of, ['INPUT', 'block']);
  assert.deepEqual((await show('visible', { text: BLOCKED, source: 'OUTPUT' })).of, ['OUTPUT', 'block']);
  const other = await loadEngine(await bundleOf(), { trust: 'local' });
  const before = renderings.length;
  assert.deepEqual((await show('visible', { text: BLOCKED, source: 'OUTPUT', engine: other })).of, ['OUTPUT', 'block']);
  assert.equal(renderings[before].isCurrent, false);
  for (const { source, text, status, isCurrent, of } of renderings) {
    assert.equal(isCurrent, status === 'ready');
    if (isCurrent) assert.deepEqual(of, [source, text === BLOCKED ? 'block' : 'pass']);
    else assert.equal(of, null);
  }
  await act(async () => app.unmount());
});
