/** @param {import('../run.mjs').Tools} t */
export async function run(t) {
  t.expect('node main.js', await t.run(['node', 'main.js']));
  await t.run(['node', 'server-imports.js']);
}
