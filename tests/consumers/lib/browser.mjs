// Pages in Debian's Chromium (playwright) and Firefox (puppeteer, over WebDriver BiDi). Each browser is
// started once, at the first page.

import { existsSync } from 'node:fs';

/** What keeps Chromium from talking to its maker, and lets root run it. */
const CHROMIUM = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const PROGRAMS = {
  chromium: ['EDGERAIL_CHROMIUM', '/usr/bin/chromium', 'chromium'],
  firefox: ['EDGERAIL_FIREFOX', '/usr/bin/firefox-esr', 'firefox-esr'],
};
/** Seconds a page may take to report, also after its first error, and a browser to start. */
const PAGE_LIMIT = 60;
const GRACE = 5;
const START_LIMIT = 60;

export class Browsers {
  #load;
  #started = new Map();

  /** @param {(name: string) => any} load gives a package of the runner */
  constructor(load) {
    this.#load = load;
  }

  /**
   * Opens a page and waits for its report: the text of `#report`, as JSON. Uncaught errors, console errors and
   * requests to any other origin fail.
   *
   * @param {'chromium' | 'firefox'} name
   * @param {string} url
   * @param {RegExp} [tolerated] console errors that the page is expected to show
   */
  async report(name, url, tolerated) {
    if (!this.#started.has(name)) this.#started.set(name, name === 'chromium' ? this.#chromium() : this.#firefox());
    const browser = await this.#started.get(name);
    const problems = [];
    const context = await browser.context();
    try {
      const page = await context.newPage();
      const broken = watch(page, new URL(url), problems, tolerated);
      await browser.open(page, url);
      const reported = browser.waitForReport(page).catch((error) => {
        throw new Error(`${name}: ${url} gave no report within ${PAGE_LIMIT} s (${error.message.split('\n')[0]})`);
      });
      const text = await Promise.race([reported, broken]);
      if (text === undefined) throw new Error(`${name}: ${url} gave no report, but`);
      const report = JSON.parse(text);
      if (report.failed ?? problems.length > 0) throw new Error(`${name}: ${url}: ${report.failed ?? 'reported, but'}`);
      return report;
    } catch (error) {
      throw new Error([error.message, ...problems.map((line) => `  ${line}`)].join('\n'));
    } finally {
      await context.close();
    }
  }

  async stop() {
    for (const browser of this.#started.values()) await browser.then((started) => started.stop(), () => undefined);
  }

  async #chromium() {
    const { chromium } = this.#load('playwright-core');
    const browser = await chromium.launch({
      executablePath: program('chromium'),
      headless: true,
      args: CHROMIUM,
      timeout: START_LIMIT * 1000,
    });
    return {
      context: () => browser.newContext(),
      open: (page, url) => page.goto(url, { timeout: PAGE_LIMIT * 1000 }),
      waitForReport: async (page) => {
        const report = page.locator('#report:not(:empty)');
        await report.waitFor({ state: 'attached', timeout: PAGE_LIMIT * 1000 });
        return report.textContent();
      },
      stop: () => browser.close(),
    };
  }

  async #firefox() {
    const puppeteer = this.#load('puppeteer-core');
    const browser = await puppeteer.launch({
      browser: 'firefox',
      executablePath: program('firefox'),
      headless: true,
      timeout: START_LIMIT * 1000,
    });
    return {
      context: () => browser.createBrowserContext(),
      open: (page, url) => page.goto(url, { timeout: PAGE_LIMIT * 1000 }),
      waitForReport: async (page) => {
        const report = await page.waitForSelector('#report:not(:empty)', { timeout: PAGE_LIMIT * 1000 });
        return report.evaluate((element) => element.textContent);
      },
      stop: () => browser.close(),
    };
  }
}

/**
 * Collects what goes wrong in a page; the promise resolves when no report is to be expected any more. Both
 * libraries name these events alike.
 */
function watch(page, own, problems, tolerated) {
  return new Promise((resolve) => {
    const problem = (text) => {
      problems.push(text);
      setTimeout(resolve, GRACE * 1000).unref();
    };
    page.on('pageerror', (error) => problem(`uncaught: ${error.message}`));
    page.on('console', (message) => {
      const text = `${message.text()} ${message.location()?.url ?? ''}`;
      if (message.type() === 'error' && !tolerated?.test(text)) problem(`console: ${text}`);
    });
    page.on('request', (request) => {
      const { protocol, host } = new URL(request.url());
      if (/^(https?|wss?):$/.test(protocol) && host !== own.host) problem(`request to ${host}`);
    });
  });
}

function program(name) {
  const [variable, path, debian] = PROGRAMS[name];
  const program = process.env[variable] ?? path;
  if (!existsSync(program)) {
    throw new Error(`${program} is missing; to install it: apt-get install ${debian}, or set ${variable} to its path`);
  }
  return program;
}
