// What the site needs of its surroundings, and what it does without: no network, no storage, no WebAssembly. And that
// nothing typed ever leaves the page.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { HEADERS } from '../csp.mjs';
import { launch } from './lib/browser.mjs';
import { watch } from './lib/proxy.mjs';
import * as site from './lib/site.mjs';

const PAGES = ['', 'diff/', 'judge/'];

for (const name of site.BROWSERS) {
  describe(`surroundings in ${name}`, () => {
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

    test('offline: after the first visit every page works without the server', async () => {
      const own = await launch(name);
      const gone = await site.serve();
      try {
        const page = await site.openPlayground(own, gone.url);
        await page.until('the service worker', async () => {
          const registration = await navigator.serviceWorker.getRegistration();
          return registration?.active?.state === 'activated';
        });
        await gone.close();
        gone.server.closeAllConnections();
        await page.reload();
        await site.ready(page);
        await site.paste(page, '.text', 'offline: Project Halcyon');
        await site.verdict(page, 'block');
        await site.choose(page, 'SAM template (YAML)');
        await site.status(page, /compiled to/);
        await page.screenshot('offline');
        for (const path of PAGES.slice(1)) {
          await page.goto(gone.url + path);
          assert.ok(await page.until(`${path} offline`, () => document.querySelector('main')?.children.length > 1));
        }
      } finally {
        await own.stop();
        await gone.close().catch(() => {});
      }
    });

    test('storage denied: the page works, and says that it keeps nothing', async () => {
      const own = await launch(name, { denyStorage: true });
      try {
        const page = await site.openPlayground(own, server.url);
        const denied = await page.run(() => {
          try {
            localStorage.setItem('probe', '1');
            return false;
          } catch {
            return true;
          }
        });
        assert.ok(denied, 'the browser does deny storage');
        await site.paste(page, '.text', 'my card is 4111 1111 1111 1111');
        await site.verdict(page, 'block');
        await site.banner(page, /This browser keeps nothing/);
        await page.clickText('Dark');
        await page.screenshot('storage-denied');
        assert.deepEqual(page.errors.filter((error) => !/storage|cookie|Service ?Worker|insecure|IndexedDB/i.test(error)), []);
      } finally {
        await own.stop();
      }
    });

    test('IndexedDB alone denied: localStorage keeps the state over a reload', async () => {
      const page = await site.openPlayground(browser, server.url);
      // As in some private windows: the database opens, and then nothing can be written or read.
      const deny = () => {
        Object.defineProperty(IDBDatabase.prototype, 'transaction', {
          value() {
            throw new DOMException('denied', 'InvalidStateError');
          },
        });
      };
      await page.run(deny);
      await site.paste(page, '.text', 'kept elsewhere');
      await page.until('the state in localStorage', () => localStorage.getItem('edgerail:playground')?.includes('kept elsewhere'));
      await page.reload();
      await site.ready(page);
      assert.equal((await site.shown(page, '.text')).trim(), 'kept elsewhere');
      site.quiet(page);
      await page.close();
    });

    test('WebAssembly blocked by the policy: said in clear words, with the remedy', async () => {
      const strict = HEADERS['content-security-policy'].replace(" 'wasm-unsafe-eval'", '');
      const blocked = await site.serve({ headers: { ...HEADERS, 'content-security-policy': strict } });
      const own = await launch(name);
      try {
        const page = await own.open(blocked.url);
        assert.match(await site.banner(page, /WebAssembly/), /content security policy blocks WebAssembly.*wasm-unsafe-eval/);
        assert.match(await page.run(() => document.querySelector('.verdict').innerText), /Nothing is checked/);
        await page.screenshot('wasm-blocked');
        // The page is usable: its editors, its links.
        await site.paste(page, '.text', 'still an editor');
        assert.match(await site.shown(page, '.text'), /still an editor/);
      } finally {
        await own.stop();
        await blocked.close();
      }
    });

    test('nothing typed leaves the page', async () => {
      const proxy = await watch();
      const own = await launch(name, { proxy: proxy.port });
      const secret = 'canary7f3a91';
      try {
        const page = await site.openPlayground(own, server.url);
        await site.paste(page, '.text', `${secret} mail ana@example.com`);
        await site.verdict(page, 'mask');
        for (const tab of ['Masked', 'Deferred', 'JSON', 'Reversible', 'Stream', 'Timing']) await page.clickText(tab, '.result');
        await site.paste(page, '.guardrail', `{"name": "${secret}", "blockedInputMessaging": "no", "blockedOutputsMessaging": "no", "wordPolicyConfig": {"wordsConfig": [{"text": "${secret}"}]}}`);
        await site.status(page, new RegExp(`${secret}: compiled`));
        await site.verdict(page, 'block');
        await page.run(() => (navigator.clipboard.writeText = (text) => ((window.copied = text), Promise.resolve())));
        await page.clickText('Share');
        const link = await page.until('the link', () => window.copied);
        await page.goto('about:blank');
        await page.goto(link);
        await site.ready(page);
        await site.banner(page, /opened from a link/);
        for (const path of PAGES.slice(1)) await page.goto(server.url + path);
        const host = new URL(server.url).host;
        // Whatever the pages asked for themselves…
        const asked = page.requests.filter((url) => /^(https?|wss?):/.test(url) && new URL(url).host !== host);
        assert.deepEqual(asked, []);
        // …and whatever the browser did, but for what it asks of its maker about itself, with any page or none.
        const makers = /(^|\.)(mozilla\.(com|net|org)|firefox\.com|google\.com|googleapis\.com|gvt1\.com)(:\d+)?$/;
        const elsewhere = proxy.seen.filter((request) => request.host !== host && !makers.test(request.host));
        assert.deepEqual(elsewhere.map((request) => request.url), []);
        const own_ = proxy.seen.filter((request) => request.host === host);
        assert.ok(own_.length >= 5, 'the proxy does see requests');
        for (const request of proxy.seen) {
          assert.ok(!`${request.url}${request.headers}${request.body}`.includes(secret), `${request.url} carries what was typed`);
        }
        for (const request of own_) {
          assert.equal(request.method, 'GET');
          assert.equal(request.body, '');
          assert.match(request.url, /^http:\/\/[\d.]+:\d+\/((diff|judge)\/|assets\/[\w.-]+|[\w.]*)$/);
        }
      } finally {
        await own.stop();
        proxy.close();
      }
    });

    const dense = 'Please refund order 4711 to ana.perez@example.com, ticket TCK-004217, phone +1 202-555-0143, thanks.\n';
    const prose = `${'We walked along the river until the bridge and talked about what had happened on the way. '.repeat(5)}Write to ana@example.com. `;
    for (const [shape, piece] of [['lines, 300 findings', dense], ['one paragraph', prose]]) {
      const skip = name === 'firefox' && 'only Chromium tells how long tasks take';
      test(`typing in a 10 KB text blocks no frame: ${shape}`, { skip }, async (context) => {
        const page = await site.openPlayground(browser, server.url);
        await site.paste(page, '.text', piece.repeat(Math.ceil(10_240 / piece.length)));
        await site.verdict(page, 'mask');
        await site.focusEditor(page, '.text');
        await page.pressAll('Control', 'End');
        const tasks = await tasksOf(browser, page, async () => {
          await page.type(' and my other address is bob@example.com');
          await page.until('the decision on all of it', () => document.querySelector('.findings li:last-child') !== null);
          await page.run(() => new Promise((done) => setTimeout(done, 300)));
        });
        // A task is long from 50 ms on. Counted is the thread's own time: on a machine that is busy with other
        // things, the clock on the wall counts those as well.
        const long = tasks.filter((task) => task.own >= 50);
        const longest = Math.max(...tasks.map((task) => task.own));
        context.diagnostic(`${tasks.length} tasks, the longest ${longest.toFixed(1)} ms; long ones: ${long.length}`);
        assert.ok(tasks.length >= 40, 'the tasks of the page are seen');
        assert.deepEqual(long, []);
        await page.close();
      });
    }
  });
}

/** The tasks of the page's main thread while something is done, in milliseconds. */
async function tasksOf(browser, page, work) {
  const session = await browser.context.newCDPSession(page.native);
  const events = [];
  session.on('Tracing.dataCollected', ({ value }) => events.push(...value));
  const traceConfig = { includedCategories: ['devtools.timeline', 'disabled-by-default-devtools.timeline', '__metadata'] };
  await session.send('Tracing.start', { traceConfig, transferMode: 'ReportEvents' });
  await work();
  const complete = new Promise((resolve) => session.once('Tracing.tracingComplete', resolve));
  await session.send('Tracing.end');
  await complete;
  const thread = (event) => `${event.pid}.${event.tid}`;
  const main = new Set(
    events.filter((event) => event.name === 'thread_name' && event.args.name === 'CrRendererMain').map(thread),
  );
  return events
    .filter((event) => event.name === 'RunTask' && main.has(thread(event)))
    .map((event) => ({ own: (event.tdur ?? 0) / 1000, wall: event.dur / 1000 }));
}
