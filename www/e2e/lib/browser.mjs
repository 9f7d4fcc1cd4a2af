// Chromium by playwright-core and Firefox by puppeteer-core over WebDriver BiDi, behind the few methods that the tests
// of the site use. Keys and clicks are real input events of the browser.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const SCREENSHOTS = fileURLToPath(new URL('../../../target/www/screenshots/', import.meta.url));
const CHROMIUM = process.env.EDGERAIL_CHROMIUM ?? '/usr/bin/chromium';
const FIREFOX = process.env.EDGERAIL_FIREFOX ?? '/usr/bin/firefox-esr';
/** What hangs must end some time; nothing is decided by it. */
const LIMIT = 30_000;

/**
 * @typedef {object} LaunchOptions
 * @property {boolean} [denyStorage] Cookies, localStorage, IndexedDB and service workers are denied, as people can set it.
 * @property {number} [proxy] The port of a proxy on the loopback interface that everything goes through.
 */

/** Starts a browser with a fresh profile. */
export function launch(name, options = {}) {
  return name === 'firefox' ? firefox(options) : chromium(options);
}

async function chromium({ denyStorage = false, proxy }) {
  const { chromium: launcher } = await import('playwright-core');
  const profile = await mkdtemp(join(tmpdir(), 'edgerail-www-'));
  if (denyStorage) {
    await mkdir(join(profile, 'Default'), { recursive: true });
    const preferences = { profile: { default_content_setting_values: { cookies: 2 } } };
    await writeFile(join(profile, 'Default', 'Preferences'), JSON.stringify(preferences));
  }
  const context = await launcher.launchPersistentContext(profile, {
    executablePath: CHROMIUM,
    viewport: { width: 1440, height: 900 },
    acceptDownloads: true,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      ...(proxy ? [`--proxy-server=127.0.0.1:${proxy}`, '--proxy-bypass-list=<-loopback>'] : []),
    ],
  });
  return {
    name: 'chromium',
    async open(url) {
      const page = new Page('chromium', await context.newPage());
      await page.goto(url);
      return page;
    },
    context,
    async stop() {
      await context.close();
      await rm(profile, { recursive: true, force: true });
    },
  };
}

async function firefox({ denyStorage = false, proxy }) {
  const { default: puppeteer } = await import('puppeteer-core');
  const browser = await puppeteer.launch({
    browser: 'firefox',
    protocol: 'webDriverBiDi',
    executablePath: FIREFOX,
    headless: true,
    protocolTimeout: LIMIT * 2,
    defaultViewport: { width: 1440, height: 900 },
    extraPrefsFirefox: {
      'dom.events.testing.asyncClipboard': true,
      ...(denyStorage ? { 'network.cookie.cookieBehavior': 2 } : {}),
      ...(proxy
        ? {
            'network.proxy.type': 1,
            'network.proxy.http': '127.0.0.1',
            'network.proxy.http_port': proxy,
            'network.proxy.ssl': '127.0.0.1',
            'network.proxy.ssl_port': proxy,
            'network.proxy.allow_hijacking_localhost': true,
            'network.proxy.no_proxies_on': '',
          }
        : {}),
    },
  });
  return {
    name: 'firefox',
    async open(url) {
      const page = new Page('firefox', await browser.newPage());
      await page.goto(url);
      return page;
    },
    stop: () => browser.close(),
  };
}

/** A page of either browser. */
export class Page {
  constructor(name, native) {
    this.name = name;
    this.native = native;
    this.errors = [];
    /** The addresses of all requests of the page. */
    this.requests = [];
    native.on('request', (request) => this.requests.push(request.url()));
    native.on('pageerror', (error) => this.errors.push(String(error)));
    native.on('console', (message) => {
      // Browsers ask for it beside whatever is no page of the site; it is not the site's.
      const isIcon = message.location()?.url?.endsWith('/favicon.ico');
      if (message.type() === 'error' && !isIcon) this.errors.push(message.text());
    });
  }

  async goto(url) {
    await this.native.goto(url, { timeout: LIMIT });
  }

  async reload() {
    await this.native.reload({ timeout: LIMIT });
  }

  run(work, argument) {
    return this.native.evaluate(work, argument);
  }

  /** Waits until a function gives something in the page, and gives that. */
  async until(what, work, argument) {
    const end = Date.now() + LIMIT;
    let last;
    while (Date.now() < end) {
      try {
        last = await this.run(work, argument);
        if (last) return last;
      } catch (error) {
        // A navigation may be under way.
        last = error;
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const state = await this.run(() => document.querySelector('main')?.innerText.slice(0, 600)).catch(String);
    throw new Error(`${this.name}: waited in vain for ${what}; last ${last}; the page says: ${state}`);
  }

  /** Clicks in the middle of what a function finds: the first that fits is scrolled into view. */
  async click(selector) {
    const at = await this.until(`${selector} to click`, (selector) => {
      const element = document.querySelector(selector);
      if (!element || element.getClientRects().length === 0) return undefined;
      element.scrollIntoView({ block: 'center', inline: 'center' });
      const box = element.getBoundingClientRect();
      return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
    }, selector);
    await this.native.mouse.click(at.x, at.y);
  }

  /** Clicks the button, tab or summary with this text. */
  async clickText(text, within = 'body') {
    const mark = await this.until(`a button ${text}`, ([text, within]) => {
      const all = [...document.querySelectorAll(`${within} :is(button, summary, a, [role=tab], label)`)];
      const found = all.find((one) => one.getClientRects().length > 0 && one.textContent.trim().startsWith(text));
      found?.setAttribute('data-test-target', text);
      return found !== undefined;
    }, [text, within]);
    if (mark) await this.click(`[data-test-target="${text}"]`);
    await this.run((text) => document.querySelector(`[data-test-target="${text}"]`)?.removeAttribute('data-test-target'), text);
  }

  press(key) {
    return this.native.keyboard.press(key);
  }

  async pressAll(modifier, key) {
    await this.native.keyboard.down(modifier);
    await this.native.keyboard.press(key);
    await this.native.keyboard.up(modifier);
  }

  type(text) {
    return this.native.keyboard.type(text);
  }

  async viewport(width, height) {
    if (this.name === 'firefox') await this.native.setViewport({ width, height });
    else await this.native.setViewportSize({ width, height });
  }

  async screenshot(name, fullPage = false) {
    await mkdir(SCREENSHOTS, { recursive: true });
    await this.native.screenshot({ path: join(SCREENSHOTS, `${this.name}-${name}.png`), fullPage });
  }

  close() {
    return this.native.close();
  }
}
