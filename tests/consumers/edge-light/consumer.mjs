/** @param {import('../run.mjs').Tools} t */
export async function run(t) {
  await t.run(['node', 'build.js']);
  t.expect('edge-runtime', await t.run(['node', 'serve.js']));
}
