// The pages /diff/ and /judge/ in both browsers: what they show is what edgerail/compile gives, bad data is named by its
// line, nothing leaves the page, and everything can be reached by keyboard, read by a screen reader and on a phone.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { BROWSERS } from '../../tests/e2e/lib/launch.mjs';
import { axe, drop, dropFiles, evaluated, serveSite, setSize, texts, until, typeKeys } from './judging-lib.mjs';

const ROOT = new URL('../../', import.meta.url);
const file = (path) => readFile(new URL(path, ROOT), 'utf8');

const IN_USE = await file('tests/guardrails/update-fiduciary-advice.json');
const LABELLED = await file('examples/judging/labelled.jsonl');
const site = await serveSite();
after(() => site.stop());

for (const [name, start] of Object.entries(BROWSERS)) {
  describe(name, () => {
    let browser;
    before(async () => {
      browser = await start({ viewport: { width: 1280, height: 900 } });
    });
    after(() => browser?.stop());
    const visit = async (t, path) => {
      const page = await browser.open(`${site.origin}${path}`);
      t.after(() => page.close());
      return page;
    };

    test('the diff of the example is the one that edgerail/compile gives', async (t) => {
      const page = await visit(t, '/diff/');
      await until(page, '.affected .texts li');
      const expected = await evaluated.diff();
      assert.equal(await texts.one(page, '.part .verdict'), '9 differences: 4 weaken, 5 strengthen');
      const ways = await page.run(() => [...document.querySelectorAll('.way h3')].map((heading) => heading.textContent));
      assert.deepEqual(ways, ['Weakens 4', 'Strengthens 5']);
      const names = await texts.all(page, '.change .subject b');
      assert.deepEqual(names, expected.changes.map((change) => change.name));
      const cards = await texts.all(page, '.cards .value');
      const { impact } = expected;
      const out = impact.shifts.letThrough + impact.shifts.maskedInsteadOfBlocked + impact.shifts.unmasked;
      assert.deepEqual(cards.slice(0, 3), [impact.affected, out, impact.shifts.newlyBlocked].map(String));
      assert.deepEqual(page.errors, []);
      await page.screenshot(`diff-${name}`);
    });

    test('a text that fares otherwise opens by keyboard and shows what both versions found', async (t) => {
      const page = await visit(t, '/diff/');
      await until(page, '.affected .texts li');
      // What is masked now was blocked: both sides find the number.
      await page.run(() => document.querySelector('.choice input[value="maskedInsteadOfBlocked"]').click());
      await page.run(() => document.querySelector('.texts summary').focus());
      await typeKeys(page, ['Enter']);
      await until(page, '.sides .side mark');
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
      assert.match(await texts.one(page, '.side .output'), /{US_SOCIAL_SECURITY_NUMBER}|^gives/);
    });

    test('two equal guardrails have no difference, and without a corpus the page asks for one', async (t) => {
      const page = await visit(t, '/diff/');
      await until(page, '.affected .texts li');
      const panels = ['Old', 'New'].map((title) => `section[aria-label="${title}"]`);
      for (const panel of panels) await drop(page, panel, 'guardrail.json', IN_USE);
      await page.run(() => {
        const area = document.querySelector('.data-box textarea');
        area.value = '';
        area.dispatchEvent(new Event('input', { bubbles: true }));
      });
      await press(page, 'Compare');
      await until(page, '.part .verdict-good');
      assert.match(await texts.one(page, '.part .verdict'), /^No differences/);
      assert.match(await texts.one(page, '.part .empty'), /Add a corpus/);
    });

    test('a definition with an error says so at its line, on its own side', async (t) => {
      const page = await visit(t, '/diff/');
      await until(page, '.affected .texts li');
      await drop(page, 'section[aria-label="New"]', 'broken.json', '{\n  "name": "x",\n  "wordPolicyConfig": [,]\n}\n');
      await until(page, 'section[aria-label="New"] .problem');
      assert.match(await texts.one(page, 'section[aria-label="New"] .problem .where'), /line 3/);
      assert.equal(await page.run(() => document.querySelectorAll('section[aria-label="Old"] .chip.block').length), 0);
      await press(page, 'Compare');
      await until(page, '.results .verdict-bad');
    });

    test('a link holds the guardrails, and the corpus only if that is asked for', async (t) => {
      const page = await visit(t, '/diff/');
      await until(page, '.affected .texts li');
      await press(page, 'Copy link');
      const bare = await until.value(page, () => location.hash.length > 10 && location.hash);
      await page.run(() => document.querySelector('.share-panel input').click());
      await press(page, 'Copy link');
      const whole = await until.value(page, (before) => location.hash !== before && location.hash, bare);
      for (const [hash, lines] of [
        [bare, 0],
        [whole, 190],
      ]) {
        const other = await visit(t, `/diff/${hash}`);
        await until(other, '.part .verdict');
        assert.equal(await texts.one(other, '.part .verdict'), '9 differences: 4 weaken, 5 strengthen');
        const held = await other.run(() => document.querySelector('.data-box textarea').value.split('\n').filter((line) => line !== '').length);
        assert.equal(held, lines);
      }
      const damaged = await visit(t, `/diff/${whole.slice(0, 200)}`);
      await until(damaged, '#banners .banner');
      assert.match(await texts.one(damaged, '#banners .banner p'), /damaged/);
    });

    test('the figures of the example are those of edgerail/compile', async (t) => {
      const page = await visit(t, '/judge/');
      await until(page, '.flawed .texts li');
      const expected = await evaluated.rows(LABELLED, { offsets: 'chars' });
      const cards = await texts.all(page, '.cards .value');
      const { overlap } = expected.all;
      const figures = [overlap.f1, overlap.precision, overlap.recall].map((value) => value.toFixed(3));
      assert.deepEqual(cards.slice(0, 3), figures);
      const rows = await page.run(() =>
        [...document.querySelectorAll('.table-box tbody tr.sub')].map((row) => [...row.children].map((cell) => cell.textContent)),
      );
      const entries = expected.entries.map((one) => [one.entry, one.overlap.precision?.toFixed(3) ?? '–', one.overlap.recall?.toFixed(3) ?? '–']);
      assert.deepEqual(rows.map((row) => [row[0], row[3], row[5]]), entries);
      assert.equal(await page.run(() => document.querySelectorAll('.interval-rows > li').length), entries.length + 1);
      assert.match(await texts.one(page, '.results .verdict'), /conditions? (are|not) met/);
      assert.deepEqual(page.errors, []);
      await page.screenshot(`judge-${name}`);
      // Exact matching is another reading of the same judgement.
      await page.run(() => document.querySelector('.segmented input[value="exact"]').click());
      assert.equal((await texts.all(page, '.cards .value'))[0], expected.all.exact.f1.toFixed(3));
    });

    test('lines that cannot be read are named, and the others judged', async (t) => {
      const page = await visit(t, '/judge/');
      await until(page, '.flawed');
      const rows = [
        '{"id": "ok", "text": "My SSN is 536-22-1847.", "spans": [{"start": 10, "end": 21, "type": "US_SOCIAL_SECURITY_NUMBER"}]}',
        'no json',
        '{"id": "half", "text": "half a pair \\ud83d", "spans": []}',
        '{"id": "strange", "text": "abc", "spans": [{"start": 0, "end": 3, "type": "SHOE_SIZE"}]}',
        '{"id": "late", "text": "abc", "spans": [{"start": 0, "end": 30, "type": "EMAIL"}]}',
        '{"id": "ok", "text": "twice", "spans": []}',
        '{"id": "cut", "text": "abc", "spans": [',
      ];
      await dropFiles(page, '.data-box', [['rows.jsonl', rows.join('\n')]]);
      await press(page, 'Judge');
      await until(page, '.refused');
      const refused = await texts.all(page, '.refused li');
      const codes = refused.map((line) => /^line (\d+) (\w+)/.exec(line).slice(1).join(' '));
      assert.deepEqual(codes, ['2 invalid_json', '3 invalid_text', '4 unknown_type', '5 span_out_of_range', '6 duplicate_id', '7 invalid_json']);
      assert.equal(await page.run(() => document.querySelector('.refused').textContent.includes('536-22')), false);
      assert.match(await texts.one(page, '.facts'), /Texts1, 1 with labels/);
    });

    test('nothing to judge is said, not judged', async (t) => {
      const page = await visit(t, '/judge/');
      await until(page, '.flawed');
      await dropFiles(page, '.data-box', [['empty.jsonl', '']]);
      await press(page, 'Judge');
      await until(page, '.results .empty');
      assert.match(await texts.one(page, '.results .empty'), /one JSON object a line/);
    });

    test('a file of 5 MB is judged in the worker while the page answers, and can be stopped', async (t) => {
      const page = await visit(t, '/judge/');
      await until(page, '.flawed');
      const line = (number) => JSON.stringify({ id: `r${number}`, text: `Row ${number}: write to ana${number}@example.com, please. ${'x '.repeat(20)}`, expect: 'NONE' });
      const count = 45_000;
      const data = Array.from({ length: count }, (_, number) => line(number)).join('\n');
      assert.ok(data.length > 5_000_000);
      await dropFiles(page, '.data-box', [['many.jsonl', data]]);
      await until(page, '.data-box .file-chip b');
      assert.equal(await texts.one(page, '.data-box .file-chip b'), 'many.jsonl');
      await press(page, 'Judge');
      await until(page, '.run-state progress[value]');
      await press(page, 'Stop');
      await until.value(page, () => document.querySelector('.run-state').hidden);
      await press(page, 'Judge');
      await until.value(page, (all) => document.querySelector('.facts')?.textContent.includes(`Texts${all}`), count.toLocaleString('en'));
    });

    test('the state is there after a reload, and nothing went anywhere', async (t) => {
      const page = await visit(t, '/judge/');
      await until(page, '.flawed');
      site.requests.length = 0;
      const secret = 'Mail quokka-7291@example.com';
      await dropFiles(page, '.data-box', [['mine.jsonl', JSON.stringify({ id: 'mine', text: secret, expect: 'NONE' })]]);
      await press(page, 'Judge');
      await until.value(page, () => document.querySelector('.facts')?.textContent.includes('Texts1,'));
      await until.value(page, storedJudge, 'quokka-7291');
      await page.native.reload();
      await until.value(page, () => document.querySelector('.data-box textarea')?.value.includes('quokka-7291'));
      await until.value(page, () => document.querySelector('.facts')?.textContent.includes('Texts1,'));
      for (const { method, path } of site.requests) {
        assert.equal(method, 'GET');
        assert.ok(!/quokka|7291|[?]/.test(decodeURIComponent(path)), path);
      }
      const outside = await page.run(() => performance.getEntriesByType('resource').filter((one) => !one.name.startsWith(location.origin)).map((one) => one.name));
      assert.deepEqual(outside, []);
    });

    for (const theme of ['light', 'dark']) {
      test(`no accessibility violations, ${theme}`, async (t) => {
        for (const path of ['/diff/', '/judge/']) {
          const page = await visit(t, path);
          await page.run((chosen) => (document.documentElement.dataset.theme = chosen), theme);
          await until(page, '.texts li');
          await page.run(() => document.querySelector('.texts details')?.setAttribute('open', ''));
          assert.deepEqual(await axe(page), [], path);
          await page.screenshot(`${path.replaceAll('/', '')}-${theme}-${name}`);
        }
      });
    }

    test('nothing is wider than a phone of 360 px', async (t) => {
      for (const path of ['/diff/', '/judge/']) {
        const page = await visit(t, path);
        await setSize(page, 360, 740);
        await until(page, '.texts li');
        const wide = await page.run(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        assert.equal(wide, 0, path);
        await page.screenshot(`${path.replaceAll('/', '')}-phone-${name}`);
      }
    });
  });
}

async function press(page, label) {
  const pressed = await page.run((text) => {
    const found = [...document.querySelectorAll('button')].find((button) => button.textContent.trim() === text);
    found?.click();
    return found !== undefined;
  }, label);
  assert.ok(pressed, `there is no button ${label}`);
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
