import type { Decision, Finding, Source } from 'edgerail';
import type { Diagnostic } from 'edgerail/compile';
import { author } from '../author/client.js';
import { EditorView } from '@codemirror/view';
import { createEditor, type Editor } from '../editor/editor.js';
import { findings, findingsAt, showFindings } from '../editor/findings.js';
import { countDiagnostics, guardrailPanel, type GuardrailPanel } from '../guardrail/panel.js';
import { keep } from '../shell/store.js';
import { shareLink } from '../shell/share.js';
import { button, copy, download, segmented, type Segmented } from '../ui/controls.js';
import { bytes, count, debounce, el } from '../ui/dom.js';
import { dropzone } from '../ui/dropzone.js';
import { menu } from '../ui/menu.js';
import { announce, banner, closeBanner } from '../ui/notice.js';
import { tabs, type Tabs } from '../ui/tabs.js';
import { errorCode, errorWords } from '../words/errors.js';
import { deferredPanel } from './deferred.js';
import { findingLine, findingsPanel, findingTip } from './findings.js';
import { jsonPanel } from './json.js';
import { legend } from './legend.js';
import { maskedPanel } from './masked.js';
import { reversiblePanel } from './reversible.js';
import { Session, type Loaded } from './session.js';
import { stateToJson, type State } from './state.js';
import { StreamPanel } from './stream.js';
import { TimingPanel } from './timing.js';
import { verdictView } from './verdict.js';

/** Typing rests so long before a definition is compiled. */
const COMPILE_REST = 300;
const KEEP_REST = 400;

/** The page: a guardrail on the left, a text on the right, and what becomes of it. */
export class Playground {
  readonly state: State;
  #name: string;
  #session: Session;
  #decision: Decision | undefined;
  #decided = '';

  #panel: GuardrailPanel;
  #text: Editor;
  #source: Segmented<Source>;
  #at = el('span', { class: 'at-cursor' });
  #length = el('span', { class: 'length' });
  #verdict = verdictView();
  #tabs: Tabs;

  #findings = findingsPanel((finding) => this.#goTo(finding));
  #masked = maskedPanel();
  #deferred = deferredPanel();
  #json = jsonPanel();
  #reversible = reversiblePanel((answer) => {
    this.state.answer = answer;
    this.#keep();
  });
  #stream = new StreamPanel();
  #timing = new TimingPanel((times) => this.#repeat(times));

  #compile = debounce(() => void this.#session.setGuardrail(this.state.guardrail), COMPILE_REST);
  #keep = debounce(() => void this.#save(), KEEP_REST);
  /** In a task of its own, after the underlines: drawing both in one would hold up the next key. */
  #drawTab = debounce(() => this.#showTab(), 0);

  constructor(main: HTMLElement, state: State, name: string) {
    this.state = { ...state };
    this.#name = name;
    this.#session = new Session({
      preparing: () => this.#panel.setStatus({ kind: 'busy', text: 'Compiling…' }),
      ready: (loaded) => this.#ready(loaded),
      refused: (error) => this.#refused(error),
      decided: (decision, text) => this.#decide(decision, text),
      failed: (error) => this.#verdict.wait(errorWords(error)),
      timed: (elapsed) => this.#timing.add(elapsed),
    });
    this.#panel = guardrailPanel({
      title: 'Guardrail',
      value: state.guardrail,
      changed: () => {
        this.state.guardrail = this.#panel.value();
        this.#compile();
        this.#keep();
      },
      replaced: (example) => {
        this.state.guardrail = this.#panel.value();
        if (example) this.#setText(example.text, example.source);
        this.#compile.cancel();
        void this.#session.setGuardrail(this.state.guardrail);
        this.#keep();
      },
    });
    this.#panel.tools.append(this.#downloads());
    this.#text = createEditor({
      label: 'Text to check',
      text: state.text,
      placeholder: 'Type or paste what a person or a model would write.',
      extensions: [
        findings,
        // Moving the cursor only: after a change the findings are about to be replaced.
        EditorView.updateListener.of((update) => {
          if (update.selectionSet || update.docChanged) this.#showAtCursor();
        }),
      ],
      changed: () => this.#changed(),
    });
    this.#source = segmented<Source>(
      'Source of the text',
      [
        { value: 'INPUT', label: 'INPUT', title: 'A prompt to the model' },
        { value: 'OUTPUT', label: 'OUTPUT', title: 'An answer of the model' },
      ],
      state.source,
      () => this.#changed(),
    );
    this.#tabs = tabs(
      'Results',
      [
        { id: 'findings', label: 'Findings', panel: this.#findings.element },
        { id: 'masked', label: 'Masked', panel: this.#masked.element },
        { id: 'deferred', label: 'Deferred', panel: this.#deferred.element },
        { id: 'json', label: 'JSON', panel: this.#json.element },
        { id: 'reversible', label: 'Reversible', panel: this.#reversible.element },
        { id: 'stream', label: 'Stream', panel: this.#stream.element },
        { id: 'timing', label: 'Timing', panel: this.#timing.element },
      ],
      (id) => {
        this.state.tab = id;
        this.#showTab();
        this.#keep();
      },
    );
    this.#tabs.select(state.tab);
    // A link may name a tab that is none.
    this.state.tab = this.#tabs.selected;
    main.append(this.#panel.element, this.#textPanel(), this.#resultPanel());
    document.getElementById('tools')?.prepend(button('Share', () => void this.#share(), { title: 'Copy a link that holds all of this behind its #' }));
    this.#verdict.wait('Starting the engine…');
    this.#showLength();
    this.#session.setText(state.text, state.source);
    void this.#session.setGuardrail(state.guardrail);
    // The last keystrokes before the tab goes away.
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'hidden') this.#keep.flush();
    });
  }

  /** Replaces everything. */
  set(state: State): void {
    Object.assign(this.state, state);
    this.#panel.set(state.guardrail);
    this.#setText(state.text, state.source);
    this.#tabs.select(state.tab);
    this.state.tab = this.#tabs.selected;
    void this.#session.setGuardrail(state.guardrail);
    this.#keep();
  }

  #textPanel(): HTMLElement {
    const element = el(
      'section',
      { class: 'panel text', 'aria-label': 'Text' },
      el('div', { class: 'panel-head' }, el('h2', {}, 'Text'), this.#source.element, el('div', { class: 'end' }, legend())),
      this.#text.element,
      el('div', { class: 'panel-foot text-foot' }, this.#at, this.#length),
    );
    dropzone(element, 'Drop a text file', ([file]) => {
      if (file) this.#setText(new TextDecoder().decode(file.bytes), this.#source.value);
    });
    return element;
  }

  #resultPanel(): HTMLElement {
    const panels = [this.#findings, this.#masked, this.#deferred, this.#json, this.#reversible, this.#stream, this.#timing];
    return el(
      'section',
      { class: 'panel result', 'aria-label': 'Decision' },
      el('h2', { class: 'visually-hidden' }, 'Decision'),
      this.#verdict.element,
      this.#tabs.list,
      panels.map((panel) => panel.element),
    );
  }

  #downloads(): HTMLElement {
    const name = () => `${this.#session.loaded?.engine.info.guardrails[0]?.name ?? 'guardrail'}.bundle`;
    return menu('Download', [
      {
        label: 'Bundle for browsers',
        note: 'Without ARNs, patterns’ sources and confidential rules. What is in it can be read by everyone who gets it.',
        run: () => {
          const loaded = this.#session.loaded;
          if (loaded) download(name(), loaded.bundle);
          else announce('There is no bundle yet');
        },
      },
      {
        label: 'Bundle for servers: the twin',
        note: 'The full guardrail, for the check that nobody can skip.',
        run: () => void this.#downloadTwin(name().replace('.bundle', '.server.bundle')),
      },
    ]);
  }

  async #downloadTwin(name: string): Promise<void> {
    const { guardrail } = this.state;
    if (guardrail.kind === 'bundle') {
      banner('twin', 'warn', 'A server bundle is compiled from the definition; this is a bundle already.');
      return;
    }
    try {
      const { bundle } = await author().call('compile', [guardrail.definition, guardrail.overlay, 'server']);
      download(name, bundle as Uint8Array<ArrayBuffer>);
    } catch (error) {
      banner('twin', 'warn', `The definition does not compile: ${errorWords(error)}`);
    }
  }

  #setText(text: string, source: Source): void {
    this.#text.setText(text);
    this.#source.value = source;
    this.#changed();
  }

  #changed(): void {
    this.state.text = this.#text.text();
    this.state.source = this.#source.value;
    this.#session.setText(this.state.text, this.state.source);
    this.#showLength();
    this.#keep();
  }

  #ready(loaded: Loaded): void {
    closeBanner('engine');
    const { engine, diagnostics, input } = loaded;
    this.#panel.setDiagnostics(diagnostics);
    const names = engine.info.guardrails.map((guardrail) => guardrail.name).join(', ');
    const notes = diagnostics.length > 0 ? `, with ${countDiagnostics(diagnostics)}` : '';
    if (input.kind === 'definition') {
      this.#panel.setStatus({ kind: 'good', text: `${names}: compiled to ${bytes(loaded.bundle.length)}${notes}.` });
    } else {
      this.#panel.setStatus({ kind: 'good', text: `${names}: loaded. Unverified: it did not come through a repository.` });
      this.#panel.setBundleFacts(bundleFacts(input.name, loaded));
      if (engine.info.audience === 'server') {
        banner('audience', 'warn', 'This bundle is for servers. It may be tried here, but do not ship it to browsers: it holds the full guardrail.');
      }
    }
    this.#timing.loaded(loaded);
  }

  #refused(error: unknown): void {
    const diagnostics = (error as { diagnostics?: Diagnostic[] }).diagnostics ?? [];
    this.#panel.setDiagnostics(diagnostics);
    const last = this.#session.loaded ? ' The text is still checked by the last one that worked.' : '';
    const words = errorCode(error) === 'aborted' ? 'The compiler took too long and was stopped.' : errorWords(error);
    const what = diagnostics.length > 0 ? `This does not compile: ${countDiagnostics(diagnostics)}.` : words;
    this.#panel.setStatus({ kind: 'bad', text: what + last });
    announce(what);
    const isBroken = ['wasm_blocked', 'wasm_unavailable', 'wasm_fetch', 'wasm_invalid', 'worker_failed'].includes(errorCode(error) ?? '');
    if (isBroken) banner('engine', 'block', errorWords(error));
    if (!this.#session.loaded) this.#verdict.wait('Nothing is checked: there is no guardrail that works.');
  }

  #decide(decision: Decision, text: string): void {
    this.#decision = decision;
    this.#decided = text;
    this.#verdict.show(decision);
    showFindings(this.#text.view, decision.findings, findingTip);
    this.#showAtCursor();
    this.#tabs.badge('findings', decision.found > 0 ? decision.found.toLocaleString('en') : '', 'found');
    this.#tabs.badge('deferred', decision.deferred.length > 0 ? String(decision.deferred.length) : '', 'left to the cloud');
    this.#drawTab();
  }

  /** Only the tab that is open is drawn. */
  #showTab(): void {
    this.#timing.setShown(this.state.tab === 'timing');
    if (this.state.tab !== 'stream') this.#stream.pause();
    const decision = this.#decision;
    const engine = this.#session.loaded?.engine;
    if (!decision || !engine) return;
    switch (this.state.tab) {
      case 'findings':
        return this.#findings.show(decision);
      case 'masked':
        return this.#masked.show(decision);
      case 'deferred':
        return this.#deferred.show(decision);
      case 'json':
        return this.#json.show(decision);
      case 'reversible':
        return this.#reversible.show(decision, this.#decided, this.state.answer);
      case 'stream':
        return this.#stream.show(engine, this.#decided, decision.source);
    }
  }

  #showAtCursor(): void {
    const { view } = this.#text;
    const here = findingsAt(view, view.state.selection.main.head);
    this.#at.textContent = here.map(({ finding }) => findingLine(finding)).join('; ');
  }

  #showLength(): void {
    const { length } = this.state.text;
    const encoded = length > 300_000 ? ` · ${bytes(new TextEncoder().encode(this.state.text).length)}` : '';
    this.#length.textContent = `${count(length, 'character')}${encoded}`;
  }

  #goTo(finding: Finding): void {
    const { view } = this.#text;
    const { length } = view.state.doc;
    view.dispatch({
      selection: { anchor: Math.min(finding.start, length), head: Math.min(finding.end, length) },
      effects: EditorView.scrollIntoView(Math.min(finding.start, length), { y: 'center' }),
    });
    view.focus();
  }

  async #repeat(times: number): Promise<void> {
    const engine = this.#session.loaded?.engine;
    const { text, source } = this.state;
    for (let done = 0; engine && done < times && engine === this.#session.loaded?.engine; done += 1) {
      await engine.evaluate(text, { source });
    }
  }

  async #share(): Promise<void> {
    try {
      const link = await shareLink(stateToJson(this.state));
      const copied = await copy(link);
      banner(
        'share',
        'info',
        copied
          ? 'The link is on your clipboard. It holds the guardrail and the text; whoever gets it can read both.'
          : 'The browser did not allow copying. The link is in the address bar.',
      );
      if (!copied) history.replaceState(null, '', link);
    } catch (error) {
      banner('share', 'warn', (error as Error).message);
    }
  }

  async #save(): Promise<void> {
    const place = await keep(this.#name, stateToJson(this.state));
    if (place === 'nowhere') {
      banner('keep', 'warn', 'This browser keeps nothing for this page: a reload starts over. Share makes a link that brings it back.');
    } else closeBanner('keep');
  }
}

function bundleFacts(name: string, { engine, bundle }: Loaded): [string, string][] {
  const { info } = engine;
  return [
    ['File', name],
    ['Size', bytes(bundle.length)],
    ['For', info.audience === 'server' ? 'servers' : 'browsers'],
    ['Guardrails', info.guardrails.map((one) => `${one.name}${one.mode === 'observe' ? ' (observes)' : ''}`).join(', ')],
    ['Trust', info.trust],
    ['SHA-256', info.sha256],
    ...(info.scope === undefined ? [] : ([['Scope', info.scope]] as [string, string][])),
  ];
}
