import { deepEqual, ok } from 'node:assert/strict';
import { readFile } from 'node:fs/promises';

/** TypeScript now, and the oldest that the package promises. */
const COMPILERS = ['typescript', 'typescript-5.4'];
/** Node's two module systems, and a bundler. All have TypeScript's DOM library, which is its default. */
const SETTINGS = ['node-esm.json', 'node-cjs.json', 'bundler.json'];
/** Bytes of the tarball. */
const TARBALL = 2_600_000;
const FILES = /^(package\.json|README\.md|NOTICE\.md|LICENSE-(MIT|APACHE)|dist\/[\w./-]+\.(m?js|d\.ts|wasm|json))$/;

/** @param {import('../run.mjs').Tools} t */
export async function run(t) {
  for (const compiler of COMPILERS) {
    const tsc = `node_modules/${compiler}/bin/tsc`;
    for (const settings of SETTINGS) await t.run(['node', tsc, '--project', `settings/${settings}`]);
    // The check checks: what is wrong is refused.
    const output = await t.run(['node', tsc, '--project', 'settings/wrong.json'], { fails: true });
    const places = [...output.matchAll(/wrong\.ts\((\d+),/g)].map(([, line]) => Number(line));
    const source = (await t.read('src/wrong.ts')).split('\n');
    const marked = source.flatMap((line, index) => (line.includes('// wrong') ? [index + 1] : []));
    deepEqual([...new Set(places)], marked, `${compiler} found other mistakes than the marked ones:\n${output}`);
  }
  await t.run([t.bin('publint'), 'node_modules/edgerail', '--strict', '--pack', 'false']);
  // Node 10's resolution knows no subpaths; `.wasm` files have no types; a worker's script is a module.
  const untyped = ['engine.wasm', 'payload.wasm', 'compile.wasm', 'trust.wasm', 'trust-p256.wasm', 'package.json', 'worker-script'];
  await t.run([t.bin('attw'), t.tarball, '--profile', 'node16', '--exclude-entrypoints', ...untyped]);
  await tarball(t);
}

/** What npm would publish is what users need, and no more. */
async function tarball(t) {
  const names = (await t.run(['tar', '-tzf', t.tarball])).trim().split('\n').map((name) => name.replace('package/', ''));
  const stray = names.filter((name) => !FILES.test(name));
  deepEqual(stray, [], 'files that do not belong into the package');
  for (const name of ['README.md', 'NOTICE.md', 'LICENSE-MIT', 'LICENSE-APACHE', 'dist/engine.wasm']) {
    ok(names.includes(name), `${name} is missing in the package`);
  }
  const { length } = await readFile(t.tarball);
  ok(length <= TARBALL, `the package is ${length} bytes, over ${TARBALL}`);
}
