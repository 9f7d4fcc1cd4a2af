/** @param {import('../run.mjs').Tools} t */
export async function run(t) {
  await t.run([t.bin('rollup'), '--config']);
  await t.copy('public/index.html', 'dist/index.html');
  await t.copy('guardrail.bundle', 'dist/guardrail.bundle');
  await t.copy('node_modules/edgerail/dist/engine.wasm', 'dist/assets/engine.wasm');
  const server = await t.serveFolder('dist');
  await t.page(server.url);
  await server.stop();
}
