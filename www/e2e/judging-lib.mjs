// What the tests of /diff/ and /judge/ share: the built site on a server with its headers, and what people do to a page
// in either browser.
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { diff, evaluateRows } from 'edgerail/compile';
import { serve } from '../../tests/e2e/lib/serve.mjs';
import { HEADERS } from '../csp.mjs';

const ROOT = new URL('../../', import.meta.url);
const file = (path) => readFile(new URL(path, ROOT), 'utf8');
const axeSource = readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** A browser that hangs must end some time; what is awaited takes far less. */
const LIMIT = 120_000;

/** The built site, with the headers it should be served with. `requests` are all that came. */
export function serveSite() {
  return serve({ folders: { '': fileURLToPath(new URL('../dist', import.meta.url)) }, headers: HEADERS });
}

/** What the examples of the pages come to, computed by the package here. */
export const evaluated = {
  async diff() {
    const old = { definition: await file('tests/guardrails/update-fiduciary-advice.json') };
    const next = { definition: await file('examples/judging/next.json'), overlay: await file('examples/judging/rollout.toml') };
    return diff(old, next, { corpus: await file('examples/judging/chat.jsonl') });
  },
  async rows(rows, options) {
    const definition = await file('tests/guardrails/update-fiduciary-advice.json');
    return evaluateRows({ definition, overlay: await file('examples/judging/final.toml') }, rows, options);
  },
};

/** Waits until something is there that the selector finds and that is visible. */
export async function until(page, selector) {
  const found = (wanted) => [...document.querySelectorAll(wanted)].some((element) => element.getClientRects().length > 0);
  try {
    return await value(page, found, selector);
  } catch (error) {
    const shown = await page.run(() => document.querySelector('.results')?.textContent.slice(0, 400) ?? document.body.textContent.slice(0, 400));
    throw new Error(`${selector} did not come; the page shows: ${shown}; errors: ${page.errors.join('; ')}`, { cause: error });
  }
}

/** Waits until a function gives something in the page, and gives that. */
async function value(page, f, argument) {
  const end = Date.now() + LIMIT;
  for (;;) {
    const result = await page.run(f, argument);
    if (result) return result;
    if (Date.now() > end) throw new Error(`waited in vain for ${f}`);
    await new Promise((done) => setTimeout(done, 40));
  }
}

until.value = value;

/** The texts of what a selector finds. */
export const texts = {
  all: (page, selector) => page.run((wanted) => [...document.querySelectorAll(wanted)].map((one) => one.textContent), selector),
  async one(page, selector) {
    const [first] = await texts.all(page, selector);
    if (first === undefined) throw new Error(`there is no ${selector}`);
    return first;
  },
};

/** Drops files on an element, as the browser does it. */
export async function dropFiles(page, selector, files) {
  await page.run(
    ({ selector, files }) => {
      const dataTransfer = new DataTransfer();
      for (const [name, content] of files) dataTransfer.items.add(new File([content], name));
      const target = document.querySelector(selector);
      for (const type of ['dragover', 'drop']) {
        target.dispatchEvent(new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer }));
      }
    },
    { selector, files },
  );
}

export const drop = (page, selector, name, content) => dropFiles(page, selector, [[name, content]]);

/** Presses keys one after the other, where the focus is. */
export async function typeKeys(page, keys) {
  for (const key of keys) await page.native.keyboard.press(key);
}

/** Playwright and puppeteer name it differently. */
export function setSize(page, width, height) {
  const { native } = page;
  return native.setViewportSize ? native.setViewportSize({ width, height }) : native.setViewport({ width, height });
}

/** What axe has against the page, in short. */
export async function axe(page) {
  await page.native.evaluate(await axeSource);
  const { violations } = await page.run(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
  return violations.map((one) => `${one.id}: ${one.nodes.map((node) => `${node.html.slice(0, 120)} ${node.failureSummary}`).join(' | ')}`);
}
