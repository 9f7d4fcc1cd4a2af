import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';
import { contentSecurityPolicy } from './csp.mjs';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

const PAGES = { index: 'index.html', diff: 'diff/index.html', judge: 'judge/index.html' };

/** Puts the parts that all pages share into them: `<!-- part:NAME -->` becomes partials/NAME.html. */
function partials() {
  let built = false;
  let base = '/';
  return {
    name: 'partials',
    configResolved(config) {
      built = config.command === 'build';
      base = config.base;
    },
    transformIndexHtml: {
      order: 'pre',
      handler(html, context) {
        const page = context.path.replace(/index\.html$/, '');
        return html
          .replace(/<!-- part:(\w+) -->/g, (_, name) => readFileSync(here(`partials/${name}.html`), 'utf8').trim())
          // Vite's own client needs inline styles and a socket, so that only built pages carry the policy.
          .replace('<!-- csp -->', () =>
            built ? `<meta http-equiv="content-security-policy" content="${contentSecurityPolicy()}">` : '',
          )
          .replace(`href="${page}" data-page`, `href="${page}" aria-current="page"`)
          .replaceAll(' data-page', '')
          .replace(/(<a [^>]*href=")\//g, `$1${base}`);
      },
    },
  };
}

/** Writes sw.js with the list of all files of the build, and a version that changes with any of them. */
function serviceWorker() {
  return {
    name: 'service-worker',
    apply: 'build',
    generateBundle: {
      order: 'post',
      handler(_, bundle) {
        const hash = createHash('sha256');
        const template = readFileSync(here('src/shell/sw.js'), 'utf8');
        const files = readPublic();
        for (const name of Object.keys(bundle).sort()) {
          const file = bundle[name];
          files.push([name, file.type === 'chunk' ? file.code : file.source]);
        }
        for (const [name, content] of files) hash.update(name).update('\0').update(content);
        hash.update(template);
        const urls = files.map(([name]) => name.replace(/(^|\/)index\.html$/, '$1')).filter((name) => !name.endsWith('.map'));
        const source = template
          .replace('__VERSION__', JSON.stringify(hash.digest('hex').slice(0, 16)))
          .replace('__FILES__', JSON.stringify(urls));
        this.emitFile({ type: 'asset', fileName: 'sw.js', source });
      },
    },
  };
}

function readPublic() {
  return ['theme.js', 'icon.svg', 'manifest.webmanifest'].map((name) => [name, readFileSync(here(`public/${name}`), 'utf8')]);
}

export default defineConfig({
  root: here('.'),
  base: process.env.EDGERAIL_WWW_BASE ?? '/',
  plugins: [partials(), serviceWorker()],
  appType: 'mpa',
  build: {
    target: ['es2022', 'chrome123', 'firefox128', 'safari17.5'],
    // A data: URL of a module would need a wider policy than 'self'.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rollupOptions: { input: Object.fromEntries(Object.entries(PAGES).map(([name, path]) => [name, here(path)])) },
  },
  worker: { format: 'es' },
  server: {
    fs: { allow: [here('..')] },
    headers: { 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' },
  },
});
