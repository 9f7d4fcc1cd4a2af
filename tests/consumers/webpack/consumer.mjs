/** @param {import('../run.mjs').Tools} t */
export async function run(t) {
  await t.run(['node', 'build.js']);
  const folders = ['dist', 'dist/common'];
  for (const folder of folders) {
    await t.copy('public/index.html', `${folder}/index.html`);
    await t.copy('guardrail.bundle', `${folder}/guardrail.bundle`);
  }
  for (const folder of folders) {
    const server = await t.serveFolder(folder);
    await t.page(server.url);
    await server.stop();
  }
}
