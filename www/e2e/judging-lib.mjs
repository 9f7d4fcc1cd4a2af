// What the tests of /diff/ and /judge/ share: a fresh start of a page, what the package computes here for the same
// data, and what people do with files.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { compile, diff, evaluateRows } from 'edgerail/compile';

const ROOT = new URL('../../', import.meta.url);
export const file = (path) => readFile(new URL(path, ROOT), 'utf8');

export const IN_USE = await file('tests/guardrails/update-fiduciary-advice.json');
export const LABELLED = await file('examples/judging/labelled.jsonl');

/** What the example of /diff/ comes to. */
export async function expectedDiff() {
  const next = {
    definition: await file('examples/judging/next.json'),
    overlay: await file('examples/judging/rollout.toml'),
  };
  return diff({ definition: IN_USE }, next, { corpus: await file('examples/judging/chat.jsonl') });
}

/** The guardrail in use as a bundle, as numbers. */
export async function bundleInUse() {
  return [...(await compile(IN_USE)).bundle];
}

/** What the example of /judge/ comes to. */
export async function expectedEvaluation() {
  const guardrail = { definition: IN_USE, overlay: await file('examples/judging/final.toml') };
  return evaluateRows(guardrail, LABELLED, { offsets: 'chars' });
}

/** Opens a page as a first visitor does: nothing is kept from before. */
export async function firstVisit(browser, origin, path) {
  // A document of the site without its scripts, so that nobody holds the database open.
  const page = await browser.open(`${origin}icon.svg`);
  await page.run(() => {
    localStorage.clear();
    return new Promise((resolve, reject) => {
      const request = indexedDB.deleteDatabase('edgerail-www');
      request.onsuccess = () => resolve();
      request.onerror = () => reject(request.error);
    });
  });
  // What the browser asked for beside that document is not the page's.
  page.errors.length = 0;
  await page.goto(`${origin}${path}`);
  await shown(page, '.texts li');
  await compiled(page);
  return page;
}

/** Waits until every panel has said what became of its guardrail: what it lists moves the rest of the page. */
export function compiled(page) {
  return page.until('the guardrails to be compiled', () =>
    [...document.querySelectorAll('.guardrail-status')].every((one) => /^(Compiled|\d+ )/.test(one.textContent)),
  );
}

/** Waits for what a run comes to, as long as the run goes on: how long that takes is the machine's. */
export async function outcome(page, what, work, argument) {
  for (;;) {
    try {
      return await page.until(what, work, argument);
    } catch (error) {
      if (!(await page.run(() => document.querySelector('.run-state').getClientRects().length > 0))) throw error;
    }
  }
}

/** Waits until what the selector finds is visible. */
export function shown(page, selector) {
  const visible = (wanted) => [...document.querySelectorAll(wanted)].some((one) => one.getClientRects().length > 0);
  return page.until(selector, visible, selector);
}

/** The texts of what a selector finds. */
export function texts(page, selector) {
  return page.run((wanted) => [...document.querySelectorAll(wanted)].map((one) => one.textContent), selector);
}

export async function text(page, selector) {
  const [first] = await texts(page, selector);
  assert.ok(first !== undefined, `there is no ${selector}`);
  return first;
}

/** Drops a file with this content. */
export function dropText(page, selector, name, content) {
  return page.run(
    ([wanted, called, held]) => {
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File([held], called));
      const target = document.querySelector(wanted);
      for (const type of ['dragover', 'drop']) {
        target.dispatchEvent(new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer }));
      }
    },
    [selector, name, content],
  );
}

/** Drops a file on the box for data, and waits until it is taken. */
export async function dropData(page, name, content) {
  await dropText(page, '.data-box', name, content);
  await page.until(
    `${name} in its box`,
    ([called, held]) => {
      const chip = document.querySelector('.data-box .file-chip');
      if (chip.getClientRects().length > 0) return chip.textContent.startsWith(called);
      return document.querySelector('.data-box textarea').value.trim() === held.trim();
    },
    [name, content.length > 100_000 ? '' : content],
  );
}
