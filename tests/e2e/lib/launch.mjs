// Starts and stops browsers: Debian's chromium through playwright-core, firefox-esr through puppeteer-core over
// WebDriver BiDi (playwright's Firefox needs its own patched build). Both give pages with the same few methods.

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { TARGET } from './paths.mjs';

const CHROMIUM = process.env.EDGERAIL_CHROMIUM ?? '/usr/bin/chromium';
const FIREFOX = process.env.EDGERAIL_FIREFOX ?? '/usr/bin/firefox-esr';
const CHROMIUM_ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--js-flags=--expose-gc',
];
/** Long enough for the whole corpus in one call; a hanging browser must end some time. */
const LIMIT = 300_000;

/** The browsers by name. */
export const BROWSERS = { chromium, firefox };

/** A folder for screenshots and what tests unpack, in Cargo's target folder. */
export async function outputFolder(name) {
  const folder = join(TARGET, 'e2e', name);
  await mkdir(folder, { recursive: true });
  return folder;
}

/**
 * Starts Chromium. `open(url)` gives a page of a fresh profile: `run(f, argument)` calls a function in it, `errors` are
 * what the page reported to the console as errors or did not catch, `native` is playwright's page.
 */
export async function chromium({ args = [], viewport } = {}) {
  const { chromium: launcher } = await import('playwright-core');
  const browser = await launcher.launch({ executablePath: CHROMIUM, args: [...CHROMIUM_ARGUMENTS, ...args] });
  const open = async (url, options = {}) => {
    const context = await browser.newContext({ viewport: viewport ?? null, ...options });
    const page = await context.newPage();
    page.setDefaultTimeout(LIMIT);
    const errors = [];
    page.on('pageerror', (error) => errors.push(String(error)));
    page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
    await page.goto(url);
    return {
      native: page,
      errors,
      run: (f, argument) => page.evaluate(f, argument),
      screenshot: async (name) => page.screenshot({ path: join(await outputFolder('screenshots'), `${name}.png`) }),
      close: () => context.close(),
    };
  };
  return { name: 'chromium', version: browser.version(), browser, open, stop: () => browser.close() };
}

/** Starts Firefox; otherwise as {@link chromium}, `native` is puppeteer's page. */
export async function firefox({ args = [], viewport } = {}) {
  const { default: puppeteer } = await import('puppeteer-core');
  const browser = await puppeteer.launch({
    browser: 'firefox',
    protocol: 'webDriverBiDi',
    executablePath: FIREFOX,
    headless: true,
    args,
    protocolTimeout: LIMIT,
    defaultViewport: viewport ?? null,
  });
  const open = async (url) => {
    const context = await browser.createBrowserContext();
    const page = await context.newPage();
    page.setDefaultTimeout(LIMIT);
    const errors = [];
    page.on('pageerror', (error) => errors.push(String(error)));
    page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
    await page.goto(url);
    return {
      native: page,
      errors,
      run: (f, argument) => page.evaluate(f, argument),
      screenshot: async (name) => page.screenshot({ path: join(await outputFolder('screenshots'), `${name}.png`) }),
      close: () => context.close(),
    };
  };
  return { name: 'firefox', version: await browser.version(), browser, open, stop: () => browser.close() };
}
