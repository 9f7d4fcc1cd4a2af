/** @param {import('../run.mjs').Tools} t */
export async function run(t) {
  await t.run(['node', 'build.js']);
  await t.copy('public/index.html', 'dist/index.html');
  await t.copy('guardrail.bundle', 'dist/guardrail.bundle');
  const server = await t.serveFolder('dist');
  await t.page(server.url);
  await server.stop();
}
