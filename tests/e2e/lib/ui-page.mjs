// Pages for the tests of what users see: with the package's import map, under a content security policy.

import { randomBytes } from 'node:crypto';

import { importMap } from './importmap.mjs';
import { PACKAGE } from './paths.mjs';

/** An answer of the test server: a page with `body` in it, under `policy`. */
export function page(policy, body = '', { title = 'Edgerail', script = '' } = {}) {
  return async () => {
    const map = await importMap(PACKAGE, '/package');
    const nonce = randomBytes(12).toString('base64');
    const html =
      `<!doctype html><html lang="en"><meta charset="utf-8"><title>${title}</title><link rel="icon" href="data:,">` +
      `<script type="importmap" nonce="${nonce}">${JSON.stringify(map)}</script>` +
      `<main><h1>${title}</h1>${body}</main>${script}</html>`;
    const csp = `${policy.replace("script-src 'self'", `script-src 'self' 'nonce-${nonce}'`)}; img-src data:`;
    return { headers: { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': csp }, body: html };
  };
}
