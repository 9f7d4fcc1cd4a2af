// useGuardrail with React 18 and 19: on the server, and in both browsers as users meet it.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import test from 'node:test';
import { pathToFileURL } from 'node:url';

import { build } from 'esbuild';

import { outputFolder } from '../lib/launch.mjs';
import { E2E, PACKAGE } from '../lib/paths.mjs';
import { SURFACES, start, testServer } from '../lib/surfaces.mjs';

const MASKED = 'Write to ana@example.com, TCK-123456.';
const BLOCKED = 'Write about Project Halcyon.';

const SCRIPT = join(PACKAGE, 'dist/esm/worker-script.js');

/** Where each version of React is. */
const VERSIONS = { 18: join(E2E, 'react-18', 'package.json'), 19: join(E2E, 'package.json') };

/** The application as a bundler makes it, with one version of React. */
async function bundled(version, options) {
  const folder = await outputFolder('react');
  const require = createRequire(VERSIONS[version]);
  const outfile = join(folder, `react-${version}-${options.platform}.mjs`);
  const alias = Object.fromEntries(
    ['react/jsx-runtime', 'react-dom/client', 'react-dom/server', 'react-dom', 'react'].map((name) => [name, require.resolve(name)]),
  );
  await build({
    absWorkingDir: E2E,
    outfile,
    bundle: true,
    format: 'esm',
    target: 'es2022',
    // The development build: it warns.
    define: { 'process.env.NODE_ENV': '"development"' },
    alias,
    logLevel: 'error',
    ...options,
  });
  return outfile;
}

const SERVER = `
import { createElement as h } from 'react';
import { renderToString } from 'react-dom/server';
import { GuardrailProvider, useGuardrail } from 'edgerail/react';
let loads = 0;
const engine = () => { loads += 1; return new Promise(() => {}); };
function Field({ options }) {
  const { text, status, decision, findings, isCurrent, latest, error } = useGuardrail(options);
  return h('textarea', { name: 'text', value: text, readOnly: true, 'data-is': JSON.stringify({ status, decision, findings, isCurrent, latest, error }) });
}
export const rendered = {
  own: renderToString(h(Field, { options: { engine, initialText: 'from the server' } })),
  provided: renderToString(h(GuardrailProvider, { engine }, h(Field, { options: { text: 'given' } }))),
  get loads() { return loads; },
};
export const alone = () => renderToString(h(Field, {}));
`;

for (const version of Object.keys(VERSIONS)) {
  test(`on the server, with React ${version}, nothing happens`, async (t) => {
    const errors = t.mock.method(console, 'error', () => {});
    const stdin = { contents: SERVER, resolveDir: E2E };
    const require = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";
    const outfile = await bundled(version, { stdin, platform: 'node', conditions: ['node'], banner: { js: require } });
    const { rendered, alone } = await import(pathToFileURL(outfile));
    const { status, ...rest } = JSON.parse(rendered.own.match(/data-is="([^"]*)"/)[1].replaceAll('&quot;', '"'));
    assert.equal(status, 'idle');
    assert.deepEqual(rest, { decision: null, findings: [], isCurrent: false, latest: null, error: null });
    assert.match(rendered.own, />from the server<\/textarea>/);
    assert.match(rendered.provided, />given<\/textarea>/);
    assert.equal(rendered.loads, 0);
    assert.throws(alone, { code: 'invalid_argument', message: /GuardrailProvider/ });
    assert.deepEqual(errors.mock.calls.map(({ arguments: [first] }) => first), []);
  });
}

for (const surface of SURFACES.filter((name) => name !== 'node')) {
  for (const version of Object.keys(VERSIONS)) {
    test(`useGuardrail with React ${version} in ${surface}`, async (t) => {
      const file = await bundled(version, { entryPoints: ['web/ui-react.mjs'], platform: 'browser' });
      const [server, running] = await Promise.all([
        testServer({
          folders: { react: join(file, '..') },
          pages: {
            '/submitted': { headers: { 'content-type': 'text/html' }, body: '<!doctype html><title>Thanks</title>' },
            // A bundler of an application copies this file; here the server gives it where the bundle looks.
            '/worker-script.js': async () => ({ headers: { 'content-type': 'text/javascript' }, body: await readFile(SCRIPT) }),
          },
        }),
        start(surface),
      ]);
      t.after(async () => {
        await running.stop();
        await server.stop();
      });

      /** One page with the application, and what one can do there. */
      const withApp = (name, setup, work) =>
        t.test(name, async () => {
          const opened = await running.open(server.origin);
          const call = (f, argument) => opened.call(`../react/react-${version}-browser.mjs`, f, argument);
          const until = async (what, holds) => {
            let now;
            for (let round = 0; round < 400; round += 1) {
              now = await call('state');
              if (holds(now)) return now;
              await new Promise((done) => setTimeout(done, 25));
            }
            assert.fail(`never: ${what}; ${JSON.stringify({ ...now, renderings: now.renderings.slice(-5) })}`);
          };
          const { native } = opened.page;
          const type = async (text, field = 'text') => {
            await native.focus(`[name=${field}]`);
            await native.keyboard.type(text);
          };
          const clear = async () => {
            await native.focus('[name=text]');
            await native.keyboard.down('Control');
            await native.keyboard.press('a');
            await native.keyboard.up('Control');
            await native.keyboard.press('Backspace');
          };
          const ready = (text) => (state) => state.now.text?.status === 'ready' && state.now.text.text === text;
          try {
            await call('mount', setup);
            await work({ call, until, type, clear, ready, opened });
            const { renderings } = await call('state');
            for (const rendering of renderings) {
              assert.equal(rendering.isCurrent, rendering.outcome !== null);
              if (rendering.isCurrent) assert.equal(rendering.of, rendering.text);
              assert.ok(rendering.matches, `findings of another text: ${JSON.stringify(rendering)}`);
              if (rendering.status !== 'ready') assert.equal(rendering.outcome, null);
            }
            assert.deepEqual(opened.console, []);
          } finally {
            await opened.close();
          }
        });

      await withApp('shows what is found while one types', { engine: 'loader' }, async ({ until, type, clear, ready }) => {
        await until('ready', ready(''));
        await type(MASKED);
        const { now, output, loads, renderings } = await until('ready', ready(MASKED));
        assert.deepEqual([now.text.outcome, now.text.found, output], ['mask', ['EMAIL', 'Ticket'], 'EMAIL Ticket']);
        // Once, although effects run twice in StrictMode and the function is another one in every rendering.
        assert.equal(loads, 1);
        assert.deepEqual([renderings[0].status, renderings.some(({ status }) => status === 'loading')], ['idle', true]);
        await clear();
        await type(BLOCKED);
        assert.equal((await until('ready', ready(BLOCKED))).now.text.outcome, 'block');
      });

      await withApp('is debounced, but not when it is asked', { loaded: true, options: { debounce: 1e8 } }, async ({ call, until, type, ready }) => {
        await until('ready', ready(''));
        const before = (await call('state')).asked.length;
        await type('one two');
        const typed = await call('state');
        assert.deepEqual([typed.now.text.status, typed.now.text.latest, typed.asked.length], ['checking', '', before]);
        await call('check');
        const checked = await until('checked', ready('one two'));
        assert.deepEqual([checked.results, checked.asked.slice(before).map(({ text }) => text)], [[['pass', 'one two']], ['one two']]);
        // In the same event as a change that was not rendered yet.
        await call('typeAndCheck', { text: BLOCKED });
        await call('check', { text: 'of another text' });
        const { results, now } = await until('results', (state) => !state.results.includes('pending'));
        assert.deepEqual(results, [['pass', 'one two'], ['block', null], ['pass', 'of another text']]);
        assert.deepEqual([now.text.text, now.text.outcome], [BLOCKED, 'block']);
      });

      await withApp('drops late answers', { loaded: true, options: { debounce: 0 } }, async ({ call, until, type, clear, ready }) => {
        await until('ready', ready(''));
        await call('hold', { isHeld: true });
        await type('A');
        await until('asked', ({ held }) => held.includes('A'));
        await call('check');
        await type('B');
        await until('asked', ({ held }) => held.includes('AB'));
        await call('release', { text: 'AB' });
        const newer = await until('ready', ready('AB'));
        assert.deepEqual(newer.asked.filter(({ text }) => text === 'A').some(({ isAborted }) => isAborted), true);
        await call('release', { text: 'A' });
        // The check was of A, and gets the decision on A; what is shown stays.
        const { results, now } = await until('a result', ({ results }) => !results.includes('pending'));
        assert.deepEqual([results, now.text.text, now.text.of], [[['pass', 'A']], 'AB', 'AB']);
        await call('hold', { isHeld: false });
        await clear();
        await until('ready', ready(''));
      });

      await withApp('cancels what is going on when it goes away', { loaded: true, options: { debounce: 0 } }, async ({ call, until, type, ready }) => {
        await until('ready', ready(''));
        await call('hold', { isHeld: true });
        await type('A');
        await until('asked', ({ held }) => held.includes('A'));
        await call('check');
        await call('change', { mode: 'gone' });
        const { results, asked } = await until('a result', ({ results }) => !results.includes('pending'));
        assert.deepEqual([results, asked.filter(({ text }) => text === 'A').every(({ isAborted }) => isAborted)], [['aborted'], true]);
        await call('check');
        await until('a result', ({ results }) => results[1] === 'aborted');
        await call('unmount');
      });

      await withApp('says why there is no engine, and tries again when it is asked', { engine: 'loader', failures: 1 }, async ({ call, until, type, ready }) => {
        const failed = await until('an error', ({ now }) => now.text?.status === 'error');
        assert.deepEqual([failed.now.text.error, failed.loads], ['bundle_not_a_bundle', 1]);
        await type('ab');
        const typed = await call('state');
        assert.deepEqual([typed.now.text.status, typed.loads], ['error', 1]);
        await call('check');
        const { results, loads, now } = await until('ready', ready('ab'));
        assert.deepEqual([results, loads, now.text.error], [[['pass', 'ab']], 2, null]);
        await type('c');
        await until('ready', ready('abc'));
      });

      await withApp('waits for an engine that is not there yet, and follows another', { engine: 'none' }, async ({ call, until, type, ready }) => {
        await type(MASKED);
        await call('check');
        const waiting = await call('state');
        assert.deepEqual([waiting.now.text.status, waiting.results, waiting.loads], ['idle', ['pending'], 0]);
        await call('change', { engine: 'loader' });
        const { results } = await until('ready', ready(MASKED));
        assert.deepEqual(results, [['mask', null]]);
        await call('change', { options: { source: 'OUTPUT', model: 'some.model' } });
        const { asked } = await until('asked again', (state) => ready(MASKED)(state) && state.asked.at(-1).source === 'OUTPUT');
        assert.equal(asked.at(-1).model, 'some.model');
        await call('change', { engine: 'none' });
        const idle = await until('idle', ({ now }) => now.text.status === 'idle');
        assert.equal(idle.now.text.isCurrent, false);
      });

      await withApp('follows a text of the application', { mode: 'controlled', engine: 'loader' }, async ({ call, until, type, ready }) => {
        await type(BLOCKED);
        assert.equal((await until('ready', ready(BLOCKED))).now.text.outcome, 'block');
        await call('check');
        assert.deepEqual((await until('a result', ({ results }) => !results.includes('pending'))).results, [['block', null]]);
      });

      await withApp('shares the engine of a provider', { mode: 'two' }, async ({ until, type }) => {
        await type('ana@example.com', 'a');
        await type('fine', 'b');
        const { loads, now } = await until('ready', ({ now }) => now.a?.outcome === 'mask' && now.b?.outcome === 'pass');
        assert.deepEqual([loads, now.a.text, now.b.text], [1, 'ana@example.com', 'fine']);
      });

      const html = '<label>text<textarea name="text"></textarea><output></output></label>';
      await withApp('takes over what the server rendered', { engine: 'loader', hydrate: html }, async ({ until, type, ready }) => {
        await until('ready', ready(''));
        await type('fine');
        await until('ready', ready('fine'));
      });

      await withApp('a form with a text of React', { mode: 'form' }, async ({ call, until, type, opened }) => {
        await call('guardTheForm');
        await type(MASKED);
        await opened.page.native.click('button');
        await opened.page.native.waitForSelector('.edgerail-message button');
        assert.equal((await call('state')).now.text.text, MASKED);
        await opened.page.native.click('.edgerail-message button');
        const isSent = () => server.requests.some(({ path }) => path.startsWith('/submitted'));
        const { now } = await until('sent', isSent);
        assert.equal(now.text.text, 'Write to {EMAIL}, {Ticket}.');
        const { path } = server.requests.find(({ path }) => path.startsWith('/submitted'));
        assert.equal(new URL(path, server.origin).searchParams.get('text'), 'Write to {EMAIL}, {Ticket}.');
      });
    });
  }
}
