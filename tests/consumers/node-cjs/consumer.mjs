/** @param {import('../run.mjs').Tools} t */
export async function run(t) {
  t.expect('node main.js', await t.run(['node', 'main.js']));
  // The first releases of Node 20 cannot require ECMAScript modules.
  t.expect('node without require(esm)', await t.run(['node', '--no-experimental-require-module', 'main.js']));
  await t.run(['node', 'subpaths.js']);
}
