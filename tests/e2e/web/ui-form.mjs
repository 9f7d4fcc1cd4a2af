// A page with a guarded form. What it submits really goes to the server, in a frame, so that the server's list of
// requests says what left the page.

import { loadEngine } from 'edgerail';
import { guardForm } from 'edgerail/form';
import { loadEngineInWorker } from 'edgerail/worker';

import { codeOf } from './code.mjs';
import { assertEqual } from './same.mjs';

const FIELDS = `
  <p><label>Subject <input name="subject"></label></p>
  <p><label for="prompt">Prompt</label> <textarea id="prompt" name="prompt" aria-describedby="hint"></textarea></p>
  <p id="hint">No confidential details, please.</p>
  <p><label>Your email <input type="email" name="email"></label></p>
  <p><button name="action" value="send">Send</button> <button name="action" value="draft">Save draft</button></p>`;

let guard;
let settle;
let attempts = 0;
const decisions = [];
const seen = [];

/** Builds the form. `engine`: `here`, `worker`, `late` (until {@link engineReady}), `fails`, `fails once`. */
export async function setUp({ origin, engine = 'here', fields = FIELDS, options = {}, app = false }) {
  document.querySelector('main')?.remove();
  const main = document.createElement('main');
  // The only HTML here is the test's own; the form of the tests under Trusted Types stands in the page already.
  main.innerHTML = `<h1>Ask</h1><form id="form" action="/submitted" target="result">${fields}</form><iframe name="result" title="Result"></iframe>`;
  document.body.append(main);
  await guardIt({ origin, engine, options });
  if (!app) return;
  // As applications do it: without leaving the page.
  document.querySelector('form').addEventListener('submit', (event) => {
    event.preventDefault();
    seen.push([...new FormData(event.target, event.submitter)]);
  });
}

export async function guardIt({ origin, engine, options }) {
  const load = (how) =>
    how(`${origin}/corpus/audience-browser.bundle`, { audience: 'any', wasm: `${origin}/package/dist/engine.wasm` });
  const sources = {
    here: () => load(loadEngine),
    worker: () => load(loadEngineInWorker),
    late: new Promise((done) => {
      settle = async () => done(await load(loadEngine));
    }),
    fails: () => loadEngine(`${origin}/login.bundle`),
    'fails once': () => {
      attempts += 1;
      return attempts === 1 ? loadEngine(`${origin}/error.bundle`) : load(loadEngine);
    },
  };
  guard = guardForm(document.querySelector('form'), {
    engine: sources[engine],
    onChecked: (field, decision) => decisions.push([field.name, decision.outcome]),
    ...options,
  });
}

export async function engineReady() {
  await settle();
}

export function destroy() {
  guard.destroy();
}

/** What a user, a screen reader and a listener of the application see. */
export function state() {
  const form = document.querySelector('form');
  const active = document.activeElement;
  const fields = Object.fromEntries(
    [...form.querySelectorAll('input, textarea')].map((field) => [
      field.name,
      {
        value: field.value,
        invalid: field.getAttribute('aria-invalid'),
        described: (field.getAttribute('aria-describedby') ?? '')
          .split(' ')
          .filter(Boolean)
          .map((id) => document.getElementById(id)?.textContent ?? `nothing with the id ${id}`),
      },
    ]),
  );
  return {
    alerts: [...document.querySelectorAll('[role=alert]')].map((alert) => alert.textContent),
    lines: [...document.querySelectorAll('.edgerail-message li')].map((line) => line.textContent),
    buttons: [...document.querySelectorAll('.edgerail-message button')].map((button) => button.textContent),
    status: [...document.querySelectorAll('[role=status]')].map((status) => status.textContent),
    busy: form.getAttribute('aria-busy'),
    active: active?.name ?? active?.localName,
    // Screenshots leave empty style attributes.
    html: form.outerHTML.replaceAll(' style=""', ''),
    fields,
    decisions,
    seen,
  };
}

export function edit({ change }) {
  const form = document.querySelector('form');
  const field = (name) => form.querySelector(`[name=${name}]`);
  if (change === 'disable') field('prompt').disabled = true;
  if (change === 'enable') field('prompt').disabled = false;
  if (change === 'remove') field('prompt').remove();
  if (change === 'removeButton') field('action').remove();
  if (change === 'script') field('prompt').value = 'changed by a script: Project Halcyon';
}

export function submitByScript({ how = 'requestSubmit' } = {}) {
  HTMLFormElement.prototype[how].call(document.querySelector('form'));
}

export function reset() {
  document.querySelector('form').reset();
}

export async function badArguments() {
  const form = document.createElement('form');
  const engine = () => undefined;
  for (const bad of [null, undefined, document.body, 'form']) assertEqual(await codeOf(() => guardForm(bad, { engine })), 'invalid_argument', `${bad}`);
  form.append(document.createElement('textarea'));
  assertEqual(await codeOf(() => guardForm(form, { engine, fields: '[' })), 'invalid_argument', 'a selector');
  const first = guardForm(form, { engine });
  assertEqual(await codeOf(() => guardForm(form, { engine })), 'invalid_argument', 'guarded twice');
  first.destroy();
  guardForm(form, { engine }).destroy();
}
