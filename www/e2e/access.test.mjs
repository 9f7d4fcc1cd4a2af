// Keyboard only, screen readers, small screens, both themes: on every page.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { launch } from './lib/browser.mjs';
import * as site from './lib/site.mjs';

const AXE = readFileSync(new URL('../node_modules/axe-core/axe.min.js', import.meta.url), 'utf8');
const PAGES = { playground: '', diff: 'diff/', judge: 'judge/' };
const TABS = ['Findings', 'Masked', 'Deferred', 'JSON', 'Reversible', 'Stream', 'Timing'];

for (const name of site.BROWSERS) {
  describe(`access in ${name}`, () => {
    let browser;
    let server;
    before(async () => {
      server = await site.serve();
      browser = await launch(name);
    });
    after(async () => {
      await browser?.stop();
      await server?.close();
    });

    for (const [title, path] of Object.entries(PAGES)) {
      for (const theme of ['Light', 'Dark']) {
        test(`axe finds nothing: ${title}, ${theme.toLowerCase()}`, async () => {
          const page = await site.openFresh(browser, server.url + path);
          await page.until('the page', () => document.querySelector('main')?.children.length > 1);
          if (title === 'playground') await site.ready(page);
          await page.clickText(theme, '.theme-switch');
          await page.until('the theme', (theme) => document.documentElement.dataset.theme === theme, theme.toLowerCase());
          await page.run(AXE);
          await clean(page);
          await page.screenshot(`${title}-${theme.toLowerCase()}`);
          if (title === 'playground') {
            await site.paste(page, '.text', 'Write to ana@example.com about TCK-004217.');
            await site.verdict(page, 'mask');
            for (const tab of TABS) {
              await page.clickText(tab, '.result');
              await clean(page);
            }
            await page.clickText('Download', '.guardrail');
            await clean(page);
            await page.press('Escape');
            await site.paste(page, '.guardrail', '{\n  "name": "x",\n');
            await site.status(page, /does not compile/);
            await clean(page);
          }
          await page.close();
        });
      }

      test(`no horizontal scrolling at 360 px: ${title}`, async () => {
        const page = await site.openFresh(browser, server.url + path);
        await page.viewport(360, 740);
        await page.until('the page', () => document.querySelector('main')?.children.length > 1);
        if (title === 'playground') await site.ready(page);
        const tabs = title === 'playground' ? TABS : [undefined];
        for (const tab of tabs) {
          if (tab) await page.clickText(tab, '.result');
          const wide = await page.run(() => {
            const root = document.scrollingElement;
            if (root.scrollWidth <= window.innerWidth) return [];
            return [...document.querySelectorAll('body *')]
              .filter((one) => one.getBoundingClientRect().right > window.innerWidth + 1)
              .slice(0, 5)
              .map((one) => `${one.tagName}.${one.className}`);
          });
          assert.deepEqual(wide, [], `${tab ?? title} is wider than the screen`);
          await page.screenshot(`phone-${title}${tab ? `-${tab.toLowerCase()}` : ''}`, true);
        }
        await page.close();
      });
    }

    test('keyboard only: everything is reached in order, nothing traps, focus is always seen', async () => {
      let page = await site.openPlayground(browser, server.url);
      const stops = [];
      for (let presses = 0; presses < 70; presses += 1) {
        await page.press('Tab');
        const stop = await page.run(async () => {
          let element = document.activeElement;
          while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
          if (!element || element === document.body) return undefined;
          const named = element.getAttribute('aria-label') ?? element.labels?.[0]?.textContent ?? element.textContent;
          // The outline may be the element's own, or of what stands for it: the label of a hidden input, the editor.
          const shows = (one) => one !== null && one !== undefined && getComputedStyle(one).outlineStyle !== 'none';
          const isSeen = () => [element, element.nextElementSibling, element.parentElement, element.closest('.cm-editor')].some(shows);
          // CodeMirror marks its focus a moment later.
          for (let wait = 0; wait < 40 && !isSeen(); wait += 1) await new Promise((resolve) => setTimeout(resolve, 25));
          const seen = isSeen();
          return { named: named.trim().slice(0, 40), seen };
        });
        if (!stop) break;
        if (stops.length > 5 && stop.named === stops[0].named) break;
        stops.push(stop);
      }
      const names = stops.map((stop) => stop.named);
      let at = -1;
      for (const wanted of [
        /^Skip to the content/,
        /^Edgerail/,
        /^Playground/,
        /^Diff/,
        /^Judge/,
        /^Share/,
        /^(Light|Auto|Dark)/,
        /^Example/,
        /^Open/,
        /^Download/,
        /^Definition/,
        /^Guardrail: definition/,
        /^INPUT/,
        /^Text to check/,
        /^Findings/,
      ]) {
        const next = names.findIndex((one, index) => index > at && wanted.test(one));
        assert.ok(next > at, `${wanted} is not reached after ${names[at]}: ${names.join(' | ')}`);
        at = next;
      }
      assert.deepEqual(stops.filter((stop) => !stop.seen).map((stop) => stop.named), [], 'focus is not seen there');
      // Beyond the last stop the focus is in the browser's own controls: a new page for the rest.
      await page.close();
      page = await site.openPlayground(browser, server.url);
      // The tabs by arrows; what they open is checked text.
      await page.run(() => document.querySelector('.result [role=tab][aria-selected=true]').focus());
      for (const tab of TABS.slice(1)) {
        await page.press('ArrowRight');
        assert.ok(await page.run((tab) => document.activeElement.textContent.startsWith(tab) && document.activeElement.getAttribute('aria-selected') === 'true', tab), tab);
      }
      await page.press('ArrowRight');
      assert.ok(await page.run(() => document.activeElement.textContent.startsWith('Findings')), 'the tabs go around');
      // A finding takes the cursor to its place.
      await page.run(() => document.querySelector('.finding').focus());
      await page.press('Enter');
      await page.until('the text editor', () => document.activeElement?.closest('.text') !== null);
      assert.notEqual(await page.run(() => document.querySelector('.at-cursor').textContent), '');
      await page.close();
    });

    test('screen readers hear the verdict when typing rests', async () => {
      const page = await site.openPlayground(browser, server.url);
      await site.paste(page, '.text', 'my card is 4111 1111 1111 1111');
      const said = await page.until('the announcement', () => {
        const text = document.querySelector('[aria-live=polite]')?.textContent ?? '';
        return text.includes('Card number') && text;
      });
      assert.match(said, /^Blocked\. .*Card number: blocks/);
      await page.close();
    });
  });
}

async function clean(page) {
  const violations = await page.run(async () => {
    const { violations } = await window.axe.run(document, { resultTypes: ['violations'] });
    return violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.slice(0, 3).map((node) => node.target.flat().join(' ')).join(', ')}`);
  });
  assert.deepEqual(violations, []);
}
