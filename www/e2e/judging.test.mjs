// The pages /diff/ and /judge/ in both browsers: what they show is what edgerail/compile gives, bad data is named by
// its line, nothing leaves the page, and everything can be reached by keyboard, read by a screen reader and on a phone.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import {
  IN_USE,
  bundleInUse,
  compiled,
  dropData,
  dropText,
  expectedDiff,
  expectedEvaluation,
  firstVisit,
  outcome,
  shown,
  text,
  texts,
} from './judging-lib.mjs';
import { launch } from './lib/browser.mjs';
import { watch } from './lib/proxy.mjs';
import * as site from './lib/site.mjs';

const AXE = readFileSync(new URL('../node_modules/axe-core/axe.min.js', import.meta.url), 'utf8');

for (const name of site.BROWSERS) {
  describe(`diff and judge in ${name}`, () => {
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
    const visit = async (t, path) => {
      const page = await firstVisit(browser, server.url, path);
      t.after(() => page.close());
      return page;
    };

    test('the diff of the example is the one that edgerail/compile gives', async (t) => {
      const page = await visit(t, 'diff/');
      const expected = await expectedDiff();
      assert.equal(await text(page, '.part .judgement'), '9 differences: 4 weaken, 5 strengthen');
      const ways = await page.run(() =>
        [...document.querySelectorAll('.way h3')].map((heading) => heading.textContent),
      );
      assert.deepEqual(ways, ['Weakens 4', 'Strengthens 5']);
      const names = await texts(page, '.change .subject b');
      assert.deepEqual(
        names,
        expected.changes.map((change) => change.name),
      );
      const cards = await texts(page, '.cards .value');
      const { impact } = expected;
      const out = impact.shifts.letThrough + impact.shifts.maskedInsteadOfBlocked + impact.shifts.unmasked;
      assert.deepEqual(cards.slice(0, 3), [impact.affected, out, impact.shifts.newlyBlocked].map(String));
      assert.deepEqual(page.errors, []);
      await page.screenshot('diff', true);
    });

    test('a text that fares otherwise opens by keyboard and shows what both versions found', async (t) => {
      const page = await visit(t, 'diff/');
      // What is masked now was blocked: both sides find the number.
      await page.run(() => document.querySelector('.choice input[value="maskedInsteadOfBlocked"]').click());
      await page.run(() => document.querySelector('.texts summary').focus());
      await page.press('Enter');
      await shown(page, '.sides .side mark');
      const sides = await page.run(() =>
        [...document.querySelectorAll('.side')].map((side) => ({
          outcome: side.querySelector('h4 .tag').textContent,
          found: [...side.querySelectorAll('mark')].map((mark) => mark.firstChild.textContent),
        })),
      );
      assert.deepEqual(sides, [
        { outcome: 'block', found: ['536-22-1847'] },
        { outcome: 'mask', found: ['536-22-1847'] },
      ]);
      assert.match(await text(page, '.side .output'), /{US_SOCIAL_SECURITY_NUMBER}|^gives/);
    });

    test('two equal guardrails have no difference, and without a corpus the page asks for one', async (t) => {
      const page = await visit(t, 'diff/');
      const panels = ['Old', 'New'].map((title) => `section[aria-label="${title}"]`);
      for (const panel of panels) await dropText(page, panel, 'guardrail.json', IN_USE);
      // A definition that is dropped alone comes without the overlay that was there.
      await page.until(
        'the new version without its overlay',
        (panel) => !document.querySelector(`${panel} .badge:not([hidden])`),
        panels[1],
      );
      await compiled(page);
      await page.run(() => {
        const area = document.querySelector('.data-box textarea');
        area.value = '';
        area.dispatchEvent(new Event('input', { bubbles: true }));
      });
      await page.clickText('Compare', '.run-bar');
      await shown(page, '.part .judgement-good');
      assert.match(await text(page, '.part .judgement'), /^No differences/);
      assert.match(await text(page, '.part .empty'), /Add a corpus/);
    });

    test('a definition with an error says so at its line, on its own side', async (t) => {
      const page = await visit(t, 'diff/');
      await dropText(
        page,
        'section[aria-label="New"]',
        'broken.json',
        '{\n  "name": "x",\n  "wordPolicyConfig": [,]\n}\n',
      );
      // The notes on what stood there before are problems, too.
      await page.until('the error at its line', () =>
        /^line 3\b/.test(document.querySelector('section[aria-label="New"] .problem .where')?.textContent ?? ''),
      );
      assert.equal(await page.run(() => document.querySelectorAll('section[aria-label="Old"] .chip.block').length), 0);
      await compiled(page);
      await page.clickText('Compare', '.run-bar');
      await shown(page, '.results .judgement-bad');
    });

    test('a bundle is compared in what it holds, and a damaged one says what it is', async (t) => {
      const page = await visit(t, 'diff/');
      const bytes = await bundleInUse();
      await site.drop(page, 'section[aria-label="New"]', [{ name: 'new.bundle', bytes }]);
      await page.until('the bundle', () =>
        /^A bundle with 1 guardrail/.test(
          document.querySelector('section[aria-label="New"] .guardrail-status').textContent,
        ),
      );
      await page.clickText('Compare', '.run-bar');
      await page.until('what bundles do not hold', () =>
        /Not compared/.test(document.querySelector('.results').textContent),
      );
      await site.drop(page, 'section[aria-label="New"]', [
        { name: 'cut.bundle', bytes: bytes.slice(0, bytes.length / 2) },
      ]);
      await shown(page, 'section[aria-label="New"] .guardrail-status.bad');
      await page.clickText('Compare', '.run-bar');
      await shown(page, '.results .judgement-bad');
      assert.match(await text(page, '.results .judgement-bad'), /bundle_damaged/);
    });

    test('a link holds the guardrails, and the corpus only if that is asked for', async (t) => {
      const page = await visit(t, 'diff/');
      await page.clickText('Copy link', '.run-bar');
      const bare = await page.until('a link', () => location.hash.length > 10 && location.hash);
      await page.click('.share-panel input');
      await page.until(
        'the button as it was',
        () => document.querySelector('.share-panel button').textContent === 'Copy link',
      );
      await page.clickText('Copy link', '.run-bar');
      const whole = await page.until(
        'a longer link',
        (before) => location.hash.length > before.length && location.hash,
        bare,
      );
      for (const [hash, lines] of [
        [bare, 0],
        [whole, 190],
      ]) {
        const other = await browser.open(`${server.url}diff/${hash}`);
        t.after(() => other.close());
        await shown(other, '.part .judgement');
        assert.equal(await text(other, '.part .judgement'), '9 differences: 4 weaken, 5 strengthen');
        const held = await other.run(() =>
          document
            .querySelector('.data-box textarea')
            .value.split('\n')
            .filter((line) => line !== ''),
        );
        assert.equal(held.length, lines);
      }
      const damaged = await browser.open(`${server.url}diff/${whole.slice(0, 200)}`);
      t.after(() => damaged.close());
      assert.match(await site.banner(damaged, /link/), /damaged/);
    });

    test('the figures of the example are those of edgerail/compile', async (t) => {
      const page = await visit(t, 'judge/');
      const expected = await expectedEvaluation();
      const cards = await texts(page, '.cards .value');
      const { overlap } = expected.all;
      const figures = [overlap.f1, overlap.precision, overlap.recall].map((value) => value.toFixed(3));
      assert.deepEqual(cards.slice(0, 3), figures);
      const rows = await page.run(() =>
        [...document.querySelectorAll('.table-box tbody tr.sub')].map((row) =>
          [...row.children].map((cell) => cell.textContent),
        ),
      );
      const entries = expected.entries.map((one) => [
        one.entry,
        one.overlap.precision?.toFixed(3) ?? '–',
        one.overlap.recall?.toFixed(3) ?? '–',
      ]);
      assert.deepEqual(
        rows.map((row) => [row[0], row[3], row[5]]),
        entries,
      );
      assert.equal(await page.run(() => document.querySelectorAll('.interval-rows > li').length), entries.length + 1);
      assert.match(await text(page, '.results .judgement'), /conditions? (are|not) met/);
      assert.deepEqual(page.errors, []);
      await page.screenshot('judge', true);
      // Exact matching is another reading of the same judgement.
      await page.run(() => document.querySelector('.segmented input[value="exact"]').click());
      assert.equal((await texts(page, '.cards .value'))[0], expected.all.exact.f1.toFixed(3));
    });

    test('lines that cannot be read are named, and the others judged', async (t) => {
      const page = await visit(t, 'judge/');
      const rows = [
        '{"id": "ok", "text": "My SSN is 536-22-1847.", "spans": [{"start": 10, "end": 21, "type": "US_SOCIAL_SECURITY_NUMBER"}]}',
        'no json',
        '{"id": "half", "text": "half a pair \\ud83d", "spans": []}',
        '{"id": "strange", "text": "abc", "spans": [{"start": 0, "end": 3, "type": "SHOE_SIZE"}]}',
        '{"id": "late", "text": "abc", "spans": [{"start": 0, "end": 30, "type": "EMAIL"}]}',
        '{"id": "ok", "text": "twice", "spans": []}',
        '{"id": "cut", "text": "abc", "spans": [',
      ];
      await dropData(page, 'rows.jsonl', rows.join('\n'));
      await page.clickText('Judge', '.run-bar');
      await shown(page, '.refused');
      const refused = await texts(page, '.refused li');
      const codes = refused.map((line) => /^line (\d+) (\w+)/.exec(line).slice(1).join(' '));
      assert.deepEqual(codes, [
        '2 invalid_json',
        '3 invalid_text',
        '4 unknown_type',
        '5 span_out_of_range',
        '6 duplicate_id',
        '7 invalid_json',
      ]);
      assert.equal(await page.run(() => document.querySelector('.refused').textContent.includes('536-22')), false);
      assert.match(await text(page, '.judged-facts'), /Texts1, 1 with labels/);
      // The example's conditions are about labels that these rows do not have.
      assert.match(await text(page, '.results .judgement-warn'), /^The conditions were not judged: .*topicPolicy|f1/);
      const broken = [...new TextEncoder().encode('{"text": "a", "expect": "NONE"}\n'), 0xff, 0xfe, 0x0a];
      await site.drop(page, '.data-box', [{ name: 'bytes.jsonl', bytes: broken }]);
      await page.until('the file', () =>
        /not all of it is UTF-8/.test(document.querySelector('.file-chip').textContent),
      );
      await page.clickText('Judge', '.run-bar');
      await page.until('the line', () =>
        /^line 2 invalid_utf8/.test(document.querySelector('.refused li')?.textContent),
      );
    });

    test('nothing to judge is said, not judged', async (t) => {
      const page = await visit(t, 'judge/');
      await dropData(page, 'empty.jsonl', '');
      await page.clickText('Judge', '.run-bar');
      await shown(page, '.results .empty');
      assert.match(await text(page, '.results .empty'), /one JSON object a line/);
    });

    test('a file of 5 MB is judged in the worker while the page answers, and can be stopped', async (t) => {
      const page = await visit(t, 'judge/');
      const row = (number) => ({
        id: `r${number}`,
        text: `Row ${number}: write to ana${number}@example.com. ${'x '.repeat(30)}`,
        expect: 'NONE',
      });
      const count = 36_000;
      const data = Array.from({ length: count }, (_, number) => JSON.stringify(row(number))).join('\n');
      assert.ok(data.length > 5_000_000);
      await dropData(page, 'many.jsonl', data);
      await shown(page, '.data-box .file-chip b');
      assert.equal(await text(page, '.data-box .file-chip b'), 'many.jsonl');
      await page.clickText('Judge', '.run-bar');
      await page.until('progress', () => document.querySelector('.run-state progress')?.hasAttribute('value'));
      await page.clickText('Stop', '.run-bar');
      await page.until('the end of the run', () => document.querySelector('.run-state').hidden);
      assert.equal(
        await page.run(() => document.querySelector('.judged-facts').textContent.includes('Texts60,')),
        true,
        'the last results stay',
      );
      await page.clickText('Judge', '.run-bar');
      await outcome(
        page,
        'all rows',
        (all) => document.querySelector('.judged-facts')?.textContent.includes(`Texts${all},`),
        count.toLocaleString('en'),
      );
      const refused = await page.run(() => document.querySelector('.refused') !== null);
      assert.equal(refused, false);
    });

    for (const path of ['diff/', 'judge/']) {
      test(`results can be read by everyone: ${path}`, async (t) => {
        const page = await visit(t, path);
        await page.run(() => document.querySelector('.texts summary')?.click());
        await page.run(AXE);
        for (const theme of ['Light', 'Dark']) {
          await page.clickText(theme, '.theme-switch');
          const { violations } = await page.run(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
          const found = violations.map(
            (one) => `${one.id}: ${one.nodes.map((node) => node.html.slice(0, 120)).join(' | ')}`,
          );
          assert.deepEqual(found, [], theme);
          await page.screenshot(`results-${path.slice(0, -1)}-${theme.toLowerCase()}`, true);
        }
        await page.clickText('Auto', '.theme-switch');
        await page.viewport(360, 740);
        const wide = await page.run(() => document.scrollingElement.scrollWidth - window.innerWidth);
        assert.ok(wide <= 0, `${wide} px wider than a phone`);
        await page.screenshot(`results-${path.slice(0, -1)}-phone`, true);
      });
    }
  });

  test(`the state of /judge/ survives a reload, and no request holds any of it, in ${name}`, async () => {
    const server = await site.serve();
    const proxy = await watch();
    const browser = await launch(name, { proxy: proxy.port });
    try {
      const page = await firstVisit(browser, server.url, 'judge/');
      const mine = JSON.stringify({ id: 'mine', text: 'Mail quokka-7291@example.com', expect: 'NONE' });
      await dropData(page, 'mine.jsonl', mine);
      await page.clickText('Judge', '.run-bar');
      const judged = () => document.querySelector('.judged-facts')?.textContent.includes('Texts1,');
      await page.until('one row', judged);
      await page.until('the state to be kept', storedJudge, 'quokka-7291');
      await page.reload();
      await page.until('the text again', () =>
        document.querySelector('.data-box textarea')?.value.includes('quokka-7291'),
      );
      await page.until('one row again', judged);
      const own = new URL(server.url).host;
      const ours = proxy.seen.filter((one) => one.host === own);
      assert.ok(ours.length > 5, 'the proxy saw the site');
      for (const one of ours) {
        assert.equal(one.method, 'GET');
        assert.ok(!/quokka|7291/.test(decodeURIComponent(`${one.url}${one.headers}${one.body}`)), one.url);
      }
      // Browsers ask for things of their own; what is ours would have our words in it.
      for (const one of proxy.seen) assert.ok(!/quokka|7291/.test(JSON.stringify(one)), one.url);
    } finally {
      await browser.stop();
      proxy.close();
      await server.close();
    }
  });
}

/** Whether the state that is kept for /judge/ has a text in it. */
function storedJudge(wanted) {
  return new Promise((done) => {
    const opening = indexedDB.open('edgerail-www');
    opening.onerror = () => done(false);
    opening.onsuccess = () => {
      const reading = opening.result.transaction('state').objectStore('state').get('judge');
      reading.onerror = () => done(false);
      reading.onsuccess = () => {
        opening.result.close();
        done(JSON.stringify(reading.result ?? '').includes(wanted));
      };
    };
  });
}
