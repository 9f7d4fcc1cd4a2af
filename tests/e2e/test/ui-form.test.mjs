// `guardForm` as users meet it: typing, buttons and keys in both browsers; what leaves the page is what the server gets.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import test from 'node:test';

import { CSP, SURFACES, start, testServer } from '../lib/surfaces.mjs';
import { page } from '../lib/ui-page.mjs';

const MASKED = 'Write to ana@example.com, TCK-123456.';
const BLOCKED = 'Write about Project Halcyon.';
const MESSAGE = 'Sorry, I cannot help with that. Please leave out confidential details and try again.';
const AXE = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const TRUSTED = `${CSP}; require-trusted-types-for 'script'; trusted-types edgerail`;
const FORM =
  '<form action="/submitted" target="result"><label for="prompt">Prompt</label> <textarea id="prompt" name="prompt"></textarea>' +
  '<button name="action" value="send">Send</button></form><iframe name="result" title="Result"></iframe>';

for (const surface of SURFACES.filter((name) => name !== 'node')) {
  test(`guardForm in ${surface}`, async (t) => {
    const pages = {
      '/submitted': { headers: { 'content-type': 'text/html' }, body: '<!doctype html><title>Thanks</title>Thanks.' },
      '/trusted': page(TRUSTED, FORM),
    };
    const [server, running] = await Promise.all([testServer({ pages }), start(surface)]);
    t.after(async () => {
      await running.stop();
      await server.stop();
    });

    /** One page with a form, and what one can do there. */
    const withForm = async (setup, work, path = '/') => {
      const opened = await running.open(server.origin, { path });
      const call = (name, argument) => opened.call('ui-form.mjs', name, argument);
      const { native } = opened.page;
      const sent = () =>
        server.requests
          .slice(before)
          .filter(({ path }) => path.startsWith('/submitted'))
          .map(({ path }) => Object.fromEntries(new URL(path, server.origin).searchParams));
      const before = server.requests.length;
      const state = () => call('state');
      const until = async (what, holds) => {
        for (let round = 0; round < 400; round += 1) {
          const now = await state();
          if (holds(now, sent())) return now;
          await new Promise((done) => setTimeout(done, 25));
        }
        assert.fail(`never: ${what}; ${JSON.stringify(await state())} ${JSON.stringify(sent())}`);
      };
      const user = {
        type: async (name, text) => {
          await native.focus(`[name=${name}]`);
          await native.keyboard.type(text);
        },
        clear: async (name) => {
          await native.focus(`[name=${name}]`);
          await native.keyboard.down('Control');
          await native.keyboard.press('a');
          await native.keyboard.up('Control');
          await native.keyboard.press('Backspace');
        },
        press: (key) => native.keyboard.press(key),
        send: () => native.click('[value=send]'),
        draft: () => native.click('[value=draft]'),
        accept: () => native.click('.edgerail-message button'),
      };
      try {
        if (setup) await call('setUp', setup);
        await work({ call, sent, state, until, user, opened });
        assert.deepEqual(opened.console, []);
      } finally {
        await opened.close();
      }
    };
    const received = (count) => (_, sent) => sent.length >= count;
    const alerted = ({ alerts }) => alerts.some(Boolean);
    const settled = ({ busy }) => busy === null;

    await t.test('a clean text is sent once, with the button that was pressed', () =>
      withForm({}, async ({ state, sent, until, user }) => {
        await user.type('prompt', 'What is a guardrail?');
        await user.draft();
        await until('sent', received(1));
        await user.type('subject', 'Rails');
        await user.press('Enter');
        await until('sent again', received(2));
        assert.deepEqual(sent(), [
          { subject: '', prompt: 'What is a guardrail?', email: '', action: 'draft' },
          { subject: 'Rails', prompt: 'What is a guardrail?', email: '', action: 'send' },
        ]);
        assert.deepEqual((await state()).alerts, []);
      }),
    );

    await t.test('a blocked text is not sent; the field says why, and is accessible', () =>
      withForm({ engine: 'worker' }, async ({ state, sent, until, user, opened }) => {
        const before = (await state()).html;
        await user.type('prompt', BLOCKED);
        await user.send();
        const shown = await until('an alert', alerted);
        const saying = `${MESSAGE} Found: a word that is not allowed here.`;
        assert.deepEqual(shown.alerts, [saying]);
        assert.deepEqual(shown.fields.prompt, {
          value: BLOCKED,
          invalid: 'true',
          described: ['No confidential details, please.', saying],
        });
        assert.equal(shown.active, 'prompt');
        await opened.page.screenshot(`form-blocked-${surface}`);
        await opened.page.run(AXE);
        const { violations } = await opened.page.run(() => globalThis.axe.run());
        assert.deepEqual(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]), []);
        // The message goes with the first key, and everything is as before.
        await user.clear('prompt');
        assert.equal((await until('no alert', (now) => now.alerts.length === 0)).html, before);
        await user.type('prompt', 'fine');
        await user.send();
        await until('sent', received(1));
        assert.deepEqual(sent(), [{ subject: '', prompt: 'fine', email: '', action: 'send' }]);
      }),
    );

    await t.test('masks: the user sees them, accepts them, and the masked text is sent', () =>
      withForm({}, async ({ sent, until, user, opened }) => {
        await user.type('prompt', MASKED);
        await user.draft();
        const shown = await until('an alert', alerted);
        assert.deepEqual(shown.alerts, [
          'This contains an email address and something of the kind “Ticket”, which must not be sent as it is.',
        ]);
        assert.deepEqual(shown.lines, ['“ana@example.com” becomes “{EMAIL}”', '“TCK-123456” becomes “{Ticket}”']);
        assert.deepEqual(shown.buttons, ['Replace and send']);
        assert.deepEqual(sent(), []);
        await opened.page.screenshot(`form-mask-${surface}`);
        await opened.page.run(AXE);
        const { violations } = await opened.page.run(() => globalThis.axe.run());
        assert.deepEqual(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]), []);
        await user.press('Tab');
        await user.press('Enter');
        await until('sent', received(1));
        assert.deepEqual(sent(), [{ subject: '', prompt: 'Write to {EMAIL}, {Ticket}.', email: '', action: 'draft' }]);
      }),
    );

    await t.test('masks of two fields are accepted one by one, and nothing is sent before all are', () =>
      withForm({}, async ({ sent, until, user, state }) => {
        await user.type('subject', 'For bob@example.com');
        await user.type('prompt', MASKED);
        await user.send();
        const shown = await until('alerts', ({ alerts }) => alerts.length === 2);
        assert.deepEqual([shown.buttons, shown.active], [['Replace', 'Replace'], 'subject']);
        await user.accept();
        const one = await until('one alert', ({ alerts }) => alerts.length === 1);
        assert.equal(one.fields.subject.value, 'For {EMAIL}');
        await user.accept();
        await until('no alert', ({ alerts }) => alerts.length === 0);
        assert.deepEqual([sent(), (await state()).active], [[], 'prompt']);
        await user.send();
        await until('sent', received(1));
        assert.deepEqual(sent(), [{ subject: 'For {EMAIL}', prompt: 'Write to {EMAIL}, {Ticket}.', email: '', action: 'send' }]);
      }),
    );

    await t.test('mask: replace and mask: block', async () => {
      await withForm({ options: { mask: 'replace' } }, async ({ sent, until, user }) => {
        await user.type('prompt', MASKED);
        await user.send();
        await until('sent', received(1));
        assert.equal(sent()[0].prompt, 'Write to {EMAIL}, {Ticket}.');
      });
      await withForm({ options: { mask: 'block' } }, async ({ sent, until, user }) => {
        await user.type('prompt', MASKED);
        await user.send();
        const { alerts, buttons } = await until('an alert', alerted);
        assert.match(alerts[0], /^This contains an email address and .*\. Please remove it\.$/);
        assert.deepEqual([buttons, sent()], [[], []]);
      });
    });

    await t.test('a submit waits for the engine, and what is typed meanwhile is checked', () =>
      withForm({ engine: 'late' }, async ({ call, sent, until, user }) => {
        await user.type('prompt', 'fine');
        await user.send();
        await user.draft();
        const waiting = await until('a status', ({ status }) => status.some(Boolean));
        assert.deepEqual([waiting.status, waiting.busy], [['Checking the text…'], 'true']);
        await user.type('prompt', `. ${BLOCKED}`);
        assert.deepEqual(sent(), []);
        await call('engineReady');
        const shown = await until('an alert', alerted);
        assert.deepEqual([sent(), shown.busy, shown.status], [[], null, []]);
        await user.clear('prompt');
        await user.type('prompt', 'fine again');
        await user.draft();
        await until('sent', received(1));
        assert.deepEqual(sent(), [{ subject: '', prompt: 'fine again', email: '', action: 'draft' }]);
      }),
    );

    await t.test('without an engine nothing is sent', async () => {
      await withForm({ engine: 'fails' }, async ({ sent, until, user }) => {
        await user.type('prompt', 'fine');
        await user.send();
        const { alerts } = await until('an alert', alerted);
        assert.deepEqual(alerts, ['The text could not be checked (bundle_not_a_bundle), so nothing was sent. Please try again.']);
        assert.deepEqual(sent(), []);
      });
      const opened = withForm({ engine: 'fails once' }, async ({ sent, until, user, opened }) => {
        await user.type('prompt', 'fine');
        await user.send();
        await until('an alert', alerted);
        assert.deepEqual(sent(), []);
        await user.send();
        await until('sent', received(1));
        // The page was answered 503, and both browsers may say so.
        opened.console.length = 0;
      });
      await opened;
    });

    await t.test('scripts of the page see the submit only after the check', () =>
      withForm({ app: true }, async ({ call, sent, until, user, state }) => {
        await user.type('prompt', BLOCKED);
        await user.send();
        await until('an alert', alerted);
        assert.deepEqual((await state()).seen, []);
        await call('submitByScript');
        await until('settled', settled);
        await until('an alert', alerted);
        assert.deepEqual((await state()).seen, []);
        await user.clear('prompt');
        await user.type('prompt', 'fine');
        await user.send();
        const { seen } = await until('seen', (now) => now.seen.length > 0);
        assert.deepEqual(seen, [[['subject', ''], ['prompt', 'fine'], ['email', ''], ['action', 'send']]]);
        // What a script writes is checked like what is typed.
        await call('edit', { change: 'script' });
        await user.send();
        await until('an alert', alerted);
        assert.deepEqual([(await state()).seen.length, sent()], [1, []]);
      }),
    );

    await t.test('fields that come, go and are disabled', () =>
      withForm({}, async ({ call, sent, until, user, state }) => {
        await user.type('prompt', BLOCKED);
        await call('edit', { change: 'disable' });
        await user.send();
        await until('sent', received(1));
        assert.deepEqual(sent(), [{ subject: '', email: '', action: 'send' }]);
        await call('edit', { change: 'enable' });
        await user.send();
        await until('an alert', alerted);
        assert.equal(sent().length, 1);
        await call('edit', { change: 'remove' });
        await user.send();
        await until('sent', received(2));
        // Only the texts of these types are looked at, unless asked for.
        assert.deepEqual([...new Set((await state()).decisions.map(([name]) => name))].sort(), ['prompt', 'subject']);
      }),
    );

    await t.test('a selector chooses fields; names of fields cannot hide the form from us', () =>
      withForm(
        {
          options: { fields: '[name=email], [name=elements]' },
          fields: '<p><label>a <input name="elements"></label><label>b <input name="requestSubmit"></label>' +
            '<label>c <input type="email" name="email"></label><button name="action" value="send">Send</button></p>',
        },
        async ({ sent, until, user }) => {
          await user.type('requestSubmit', BLOCKED);
          await user.send();
          await until('sent', received(1));
          await user.type('elements', BLOCKED);
          await user.send();
          await until('an alert', alerted);
          await user.clear('elements');
          await user.type('email', 'ana@example.com');
          await user.send();
          await until('an alert', alerted);
          assert.equal(sent().length, 1);
        },
      ),
    );

    await t.test('a button that is gone, a reset, and a guard that is destroyed submit nothing', () =>
      withForm({ engine: 'late' }, async ({ call, sent, until, user, state }) => {
        const before = (await state()).html;
        await user.type('prompt', 'fine');
        await user.send();
        await call('reset');
        await until('settled', settled);
        await user.type('prompt', 'fine');
        await user.send();
        await call('destroy');
        const after = await until('settled', settled);
        assert.equal(after.html, before);
        await call('engineReady');
        assert.deepEqual(sent(), []);
        // Without the guard, everything goes.
        await user.clear('prompt');
        await user.type('prompt', BLOCKED);
        await user.send();
        await until('sent', received(1));
        await call('guardIt', { engine: 'late', options: {} });
        await user.clear('prompt');
        await user.type('prompt', 'fine');
        await user.send();
        await call('edit', { change: 'removeButton' });
        await call('engineReady');
        const { alerts } = await until('an alert', alerted);
        assert.match(alerts[0], /the form has changed since/);
        assert.equal(sent().length, 1);
      }),
    );

    await t.test('arguments', () => withForm(undefined, ({ call }) => call('badArguments')));

    await t.test('other words', () =>
      withForm({ fields: '<label>Text <textarea name="prompt"></textarea></label><button value="send">Go</button>', options: { messages: { replaceAndSubmit: 'Ersetzen und senden' } } }, async ({ until, user }) => {
        await user.type('prompt', MASKED);
        await user.send();
        const { buttons, html } = await until('an alert', alerted);
        assert.deepEqual(buttons, ['Ersetzen und senden']);
        // Behind the label, so that the message is no part of the field's name.
        assert.match(html, /<\/label><div class="edgerail-message"/);
      }),
    );

    if (surface !== 'chromium') return;
    await t.test('trusted types', () =>
      withForm(
        undefined,
        async ({ call, sent, until, user }) => {
          await call('guardIt', { engine: 'worker', options: {} });
          await user.type('prompt', MASKED);
          await user.send();
          await until('an alert', alerted);
          await user.accept();
          await until('sent', received(1));
          assert.deepEqual(sent(), [{ prompt: 'Write to {EMAIL}, {Ticket}.', action: 'send' }]);
        },
        '/trusted',
      ),
    );
  });
}
