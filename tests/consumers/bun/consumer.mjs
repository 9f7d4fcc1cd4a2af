/** @param {import('../run.mjs').Tools} t */
export async function run(t) {
  const bun = await t.program('bun');
  const env = { DO_NOT_TRACK: '1' };
  t.expect('bun run', await t.run([bun, 'main.ts'], { env }));
  await t.run([bun, 'build', 'main.ts', '--target=bun', '--outdir=dist'], { env });
  t.expect('bun build', await t.run([bun, 'dist/main.js'], { env }));
  // The bundle's code alone, elsewhere: what it needs is in the folder.
  await t.copy('guardrail.bundle', 'public/guardrail.bundle');
  await t.run([bun, 'build', 'index.html', '--outdir=public'], { env });
  const server = await t.serveFolder('public');
  await t.page(server.url);
  await server.stop();
}
