// The package on a server: every subpath can be imported without a DOM, and nothing happens then. No global, timer,
// listener or open handle is left behind, and the process ends by itself.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test from 'node:test';

import { resolve } from '../lib/importmap.mjs';
import { CORPUS, E2E, PACKAGE } from '../lib/paths.mjs';

const run = promisify(execFile);
const PROBE = fileURLToPath(new URL('../lib/import-probe.mjs', import.meta.url));
/** A process that does not end by itself has left something open. */
const LIMIT = { cwd: E2E, timeout: 60_000 };

const { exports } = JSON.parse(await readFile(`${PACKAGE}/package.json`, 'utf8'));
const specifiers = Object.entries(exports)
  .map(([path, target]) => [`edgerail${path.slice(1)}`, target])
  .filter(([, target]) => /\.m?js$/.test(resolve(target, ['node', 'import', 'default'])));

test('there are subpaths', () => {
  const names = specifiers.map(([name]) => name);
  for (const name of ['', '/stream', '/react', '/worker', '/ai', '/inline', '/compile', '/sync']) {
    assert.ok(names.includes(`edgerail${name}`), `edgerail${name} is not exported`);
  }
});

for (const [specifier, target] of specifiers) {
  // A worker's script is a module always.
  const kinds = 'require' in target ? ['esm', 'cjs'] : ['esm'];
  for (const kind of kinds) {
    test(`${specifier} as ${kind}`, async () => {
      const { stdout, stderr } = await run(process.execPath, [PROBE, kind, specifier], LIMIT);
      const { added, exports } = JSON.parse(stdout);
      assert.deepEqual(added, { globals: [], resources: [], listeners: [] });
      assert.equal(stderr, '');
      // The script of a worker exports nothing.
      if (specifier !== 'edgerail/worker-script') assert.ok(exports.length > 0, 'nothing is exported');
    });
  }
}

test('the intrinsics may be frozen', async () => {
  const frozen = fileURLToPath(new URL('../lib/frozen.mjs', import.meta.url));
  const bundle = `${CORPUS}/audience-browser.bundle`;
  const { stdout } = await run(process.execPath, ['--frozen-intrinsics', '--no-warnings', frozen, bundle], LIMIT);
  assert.equal(stdout.trim(), '{EMAIL} {EMAIL} now');
});
