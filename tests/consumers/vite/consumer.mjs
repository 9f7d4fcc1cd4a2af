/** @param {import('../run.mjs').Tools} t */
export async function run(t) {
  await t.copy('guardrail.bundle', 'public/guardrail.bundle');
  const vite = t.bin('vite');
  const ready = /Local:\s+(http:\S+)/;
  // The development server, which bundles dependencies beforehand in its own way.
  const dev = await t.serve([vite, '--host', '127.0.0.1', '--port', '0', '--strictPort'], { ready });
  await t.page(dev.match[1]);
  await dev.stop();
  await t.run([vite, 'build']);
  const [port] = await t.freePorts(1);
  const preview = await t.serve([vite, 'preview', '--host', '127.0.0.1', '--port', String(port)], { ready });
  await t.page(preview.match[1]);
  await preview.stop();
}
