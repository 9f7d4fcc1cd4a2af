// What the tests do on the playground, in the words of a person.
import assert from 'node:assert/strict';
import { serve } from '../../serve.mjs';

export const BROWSERS = (process.env.EDGERAIL_BROWSERS ?? 'chromium,firefox').split(',');

export { serve };

/** Waits for a decision with this outcome, and with this reason where one is named; gives what is above the tabs. */
export function verdict(page, outcome, reason = undefined) {
  return page.until(`the outcome ${outcome} ${reason ?? ''}`, ([outcome, reason]) => {
    const element = document.querySelector('.verdict');
    const { dataset } = element ?? {};
    return dataset?.outcome === outcome && (!reason || dataset.reason === reason) && element.innerText;
  }, [outcome, reason]);
}

/** Opens the playground as a new visitor would, and waits until it checks. */
export async function openPlayground(browser, url) {
  const page = await openFresh(browser, url);
  await ready(page);
  return page;
}

/** Opens a page of the site with nothing kept from earlier tests. */
export async function openFresh(browser, url) {
  const page = await browser.open(new URL('/icon.svg', url).href);
  await page.run(
    () =>
      new Promise((done) => {
        try {
          localStorage.clear();
          const request = indexedDB.deleteDatabase('edgerail-www');
          request.onsuccess = request.onerror = request.onblocked = () => done();
        } catch {
          // Denied storage keeps nothing.
          done();
        }
      }),
  );
  // A browser asks for /favicon.ico beside an image.
  page.errors.length = 0;
  await page.goto(url);
  return page;
}

export function ready(page) {
  return page.until('the first decision', () => document.querySelector('.verdict')?.dataset.outcome);
}

/** Puts the cursor into an editor: `.text`, or `.guardrail` with a visible file. */
export async function focusEditor(page, panel) {
  await page.run((panel) => {
    const host = [...document.querySelectorAll(`${panel} .editor`)].find((one) => one.getClientRects().length > 0);
    host.shadowRoot.querySelector('.cm-content').focus();
  }, panel);
}

/** Replaces the text of an editor as a person does: all selected, then pasted. */
export async function paste(page, panel, text) {
  await focusEditor(page, panel);
  await page.pressAll('Control', 'a');
  await page.run(([panel, text]) => {
    // The outcome of the text before is not an answer about this one: `verdict` waits for the next.
    if (panel === '.text') delete document.querySelector('.verdict').dataset.outcome;
    const host = [...document.querySelectorAll(`${panel} .editor`)].find((one) => one.getClientRects().length > 0);
    const data = new DataTransfer();
    data.setData('text/plain', text);
    // Firefox does not take data for a ClipboardEvent that a script makes.
    const event = new Event('paste', { bubbles: true, cancelable: true });
    Object.defineProperty(event, 'clipboardData', { value: data });
    host.shadowRoot.querySelector('.cm-content').dispatchEvent(event);
  }, [panel, text]);
}

/** What an editor shows; long texts are cut by the editor itself. */
export function shown(page, panel) {
  return page.run((panel) => {
    const host = [...document.querySelectorAll(`${panel} .editor`)].find((one) => one.getClientRects().length > 0);
    return [...host.shadowRoot.querySelectorAll('.cm-line')].map((line) => line.textContent).join('\n');
  }, panel);
}

/** The underlined places of the text with their classes. */
export function marks(page) {
  return page.run(() =>
    [...document.querySelector('.text .editor').shadowRoot.querySelectorAll('.find')].map((mark) => ({
      text: mark.textContent,
      classes: mark.className,
    })),
  );
}

/** Drops files on a panel. `bytes` is what is in them. */
export async function drop(page, panel, files) {
  await page.run(([panel, files]) => {
    const data = new DataTransfer();
    for (const { name, base64 } of files) {
      data.items.add(new File([Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))], name));
    }
    const target = document.querySelector(panel);
    for (const type of ['dragenter', 'dragover', 'drop']) {
      target.dispatchEvent(new DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true }));
    }
  }, [panel, files.map(({ name, bytes }) => ({ name, base64: Buffer.from(bytes).toString('base64') }))]);
}

export function status(page, pattern) {
  return page.until(`the status ${pattern}`, (source) => {
    const text = document.querySelector('.guardrail-status')?.textContent ?? '';
    return new RegExp(source).test(text) && text;
  }, pattern.source);
}

export function banner(page, pattern) {
  return page.until(`the message ${pattern}`, (source) => {
    const texts = [...document.querySelectorAll('#banners .banner p')].map((one) => one.textContent);
    return texts.find((text) => new RegExp(source).test(text));
  }, pattern.source);
}

/** Chooses an example by its name. */
export async function choose(page, name) {
  await page.run((name) => {
    const list = document.querySelector('.guardrail select');
    const option = [...list.options].find((one) => one.label === name);
    if (!option) throw new Error(`there is no example ${name}`);
    list.value = option.value;
    list.dispatchEvent(new Event('change', { bubbles: true }));
  }, name);
}

/** The bytes of the compiled bundle, as Download gives them to a person. */
export async function downloaded(page, choice) {
  const base64 = await page.until(`the download of ${choice}`, async (choice) => {
    const real = URL.createObjectURL;
    const taken = new Promise((resolve) => {
      URL.createObjectURL = (blob) => {
        URL.createObjectURL = real;
        resolve(blob);
        return real.call(URL, blob);
      };
    });
    [...document.querySelectorAll('.menu-item')].find((one) => one.textContent.startsWith(choice)).click();
    const url = await new Promise((resolve) => {
      const reader = new FileReader();
      reader.onload = () => resolve(reader.result);
      taken.then((blob) => reader.readAsDataURL(blob));
    });
    return url.slice(url.indexOf(',') + 1);
  }, choice);
  return Buffer.from(base64, 'base64');
}

/** No error in the console, in the page or of the policy. */
export function quiet(page) {
  assert.deepEqual(page.errors, [], `${page.name}: the page reported errors`);
}
