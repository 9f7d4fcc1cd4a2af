import { deepEqual } from 'node:assert/strict';

/** @param {import('../run.mjs').Tools} t */
export async function run(t) {
  await t.copy('guardrail.bundle', 'public/guardrail.bundle');
  const ready = /Local:\s+(http:\S+)/;
  const vite = t.bin('vite');
  // While developing, React mounts everything twice.
  const dev = await t.serve([vite, '--host', '127.0.0.1', '--port', '0'], { ready });
  await page(t, dev.match[1]);
  await dev.stop();
  await t.run([vite, 'build']);
  const server = await t.serveFolder('dist');
  await page(t, server.url);
  await server.stop();
}

async function page(t, url) {
  const { version, typed, report } = await t.report(url);
  deepEqual({ version, typed }, { version: '19', typed: 'Write to {EMAIL}' });
  t.expect(url, report);
}
