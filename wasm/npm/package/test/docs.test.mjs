// What docs/npm.md says of the package is so: its table of errors, its subpaths, and that its snippets fit the types.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const PACKAGE = fileURLToPath(new URL('..', import.meta.url));
const GUIDE = new URL('../../../../docs/npm.md', import.meta.url);
const run = promisify(execFile);

const guide = await readFile(GUIDE, 'utf8');
const manifest = JSON.parse(await readFile(join(PACKAGE, 'package.json'), 'utf8'));

/** What the snippets have around them: an application's own things. */
const AROUND = `
declare global {
  var engine: import('edgerail').Engine;
  var response: Response & { body: ReadableStream<Uint8Array<ArrayBuffer>> };
  var text: string;
  function showPolicyHelp(): void;
}
export {};
`;

test('the table of errors is that of src/errors.ts', async () => {
  const source = await readFile(join(PACKAGE, 'src/errors.ts'), 'utf8');
  const declared = [...source.matchAll(/\/\*\* (.*?) \*\/\s*\| '(\w+)'/g)].map(([, meaning, code]) => [code, meaning]);
  const table = guide.slice(guide.indexOf('<!-- errors:'));
  const listed = [...table.matchAll(/^\| `(\w+)` \| (.*?) \| (.*?) \|$/gm)].map(([, code, meaning, remedy]) => {
    assert.ok(remedy.length > 10, `${code} has no remedy`);
    return [code, meaning];
  });
  assert.ok(declared.length > 20, 'no codes were read from src/errors.ts');
  assert.deepEqual(listed, declared);
});

test('the tables of reasons are those of the sources', async () => {
  const tables = [
    ['<!-- reasons of the network', 'wasm/npm/package/src/sync-errors.ts', /\/\*\* (.*?) \*\/\s*\| '(\w+)'/g],
    ['<!-- reasons of refusals', 'core/trust/src/activation/refusal.rs', /\/\/\/ (.*)\n +(\w+),/g],
  ];
  const snake = (name) => name.replace(/(?<=[a-z])[A-Z]/g, (letter) => `_${letter}`).toLowerCase().replace(/^state$/, 'state_corrupt');
  for (const [comment, path, pattern] of tables) {
    const source = await readFile(new URL(`../../../../${path}`, import.meta.url), 'utf8');
    const declared = [...source.matchAll(pattern)].map(([, meaning, code]) => [snake(code), meaning]);
    const [table] = guide.slice(guide.indexOf(comment)).split('\n\n');
    const listed = [...table.matchAll(/^\| `(\w+)` \| (.*?) \|$/gm)].map(([, code, meaning]) => [code, meaning]).filter(([code]) => code !== 'sync_network' && code !== 'sync_target');
    assert.ok(declared.length >= 8, `nothing was read from ${path}`);
    assert.deepEqual(listed, declared);
  }
});

test('every reason for being degraded is in the guide', async () => {
  const source = await readFile(new URL('../../../../core/trust/src/activation/health.rs', import.meta.url), 'utf8');
  const codes = [...source.matchAll(/Degraded::\w+ => "(\w+)"/g)].map(([, code]) => code);
  const listed = [...guide.slice(guide.indexOf('| `degraded` |'), guide.indexOf('With `onExpired')).matchAll(/^\| `(\w+)` \|/gm)].map(([, code]) => code);
  assert.ok(codes.length > 8);
  assert.deepEqual(listed.filter((code) => code !== 'degraded').sort(), codes.sort());
});

test('every subpath of the guide is exported, and every one for applications stands in it', () => {
  const named = new Set([...guide.matchAll(/edgerail\/([\w.-]+)/g)].map(([, path]) => `./${path}`));
  const exported = new Set(Object.keys(manifest.exports));
  assert.deepEqual(
    [...named].filter((path) => !exported.has(path)),
    [],
  );
  const forTools = ['.', './package.json', './payload.wasm', './compile.wasm', './worker-script'];
  assert.deepEqual(
    [...exported].filter((path) => !forTools.includes(path) && !named.has(path)),
    [],
  );
});

test('every snippet of the guide fits the types', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'edgerail-docs-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const snippets = [...guide.matchAll(/^```(?:js|ts)\n(.*?)^```/gms)].map(([, code]) => code);
  assert.ok(snippets.length >= 8, 'no snippets were found');
  await mkdir(join(folder, 'node_modules'));
  await symlink(PACKAGE, join(folder, 'node_modules/edgerail'));
  await writeFile(join(folder, 'around.d.ts'), AROUND);
  // A snippet without an import is the body of a module all the same.
  await Promise.all(
    snippets.map((code, place) => writeFile(join(folder, `snippet-${place}.ts`), `${code}\nexport {};\n`)),
  );
  const options = {
    target: 'es2022',
    module: 'nodenext',
    lib: ['es2023', 'dom', 'dom.iterable', 'esnext.disposable'],
    strict: true,
    noEmit: true,
    types: ['node'],
    typeRoots: [join(PACKAGE, 'node_modules/@types')],
  };
  await writeFile(join(folder, 'package.json'), '{"type": "module"}');
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, include: ['.'] }));
  const compiler = join(PACKAGE, 'node_modules/typescript/bin/tsc');
  const { stdout, failed } = await run(process.execPath, [compiler, '-p', folder]).catch((error) => ({
    ...error,
    failed: true,
  }));
  assert.ok(!failed, stdout);
});
