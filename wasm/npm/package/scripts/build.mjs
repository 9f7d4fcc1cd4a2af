// Builds dist/ from src/ and the generated glue: ESM, CommonJS for Node, and one file for a script tag.
// `cargo xtask npm` runs it after it made src/generated and dist/*.wasm.
import { execFileSync } from 'node:child_process';
import { cp, mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, transform } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const at = (...parts) => join(root, ...parts);
const manifest = JSON.parse(await readFile(at('package.json'), 'utf8'));

await inlineModule();
await rm(at('dist/esm'), { recursive: true, force: true });
await rm(at('dist/cjs'), { recursive: true, force: true });
compile('tsconfig.json');
await copyGlue('dist/esm', (code) => code);
await commonJs();
await workerScript();
await scriptTag();

/** The engine as text, for `edgerail/inline`. */
async function inlineModule() {
  const base64 = (await readFile(at('dist/engine.wasm'))).toString('base64');
  await writeFile(at('src/generated/engine-inline.js'), `export const engineBase64 =\n  '${base64}';\n`);
  await writeFile(at('src/generated/engine-inline.d.ts'), 'export declare const engineBase64: string;\n');
}

function compile(project) {
  execFileSync(process.execPath, [at('node_modules/typescript/bin/tsc'), '-p', at(project)], { stdio: 'inherit' });
}

/** Glue is JavaScript already: the compiler reads its types only. */
async function copyGlue(to, change) {
  await mkdir(at(to, 'generated'), { recursive: true });
  for (const name of await readdir(at('src/generated'))) {
    if (name.endsWith('.d.ts')) await cp(at('src/generated', name), at(to, 'generated', name));
    else if (name.endsWith('.js')) {
      await writeFile(at(to, 'generated', name), await change(await readFile(at('src/generated', name), 'utf8')));
    }
  }
}

/** CommonJS is for Node alone, so its modules are found by fixed paths. */
async function commonJs() {
  compile('tsconfig.cjs.json');
  await copyGlue('dist/cjs', async (code) => (await transform(code, { format: 'cjs', target: 'node20' })).code);
  const imports = Object.fromEntries(
    Object.keys(manifest.imports).map((name) => [name, `./source/${name.slice(1).replace(/-wasm$/, '')}.cjs`]),
  );
  await mkdir(at('dist/cjs/source'), { recursive: true });
  for (const [name, path] of Object.entries(imports)) {
    if (!name.endsWith('-wasm')) continue;
    const wasm = `${name.slice(1).replace(/-wasm$/, '')}.wasm`;
    const camel = name.slice(1).replace(/-(\w)/g, (_, letter) => letter.toUpperCase());
    await writeFile(
      at('dist/cjs', path),
      `'use strict';\nconst { readFile } = require('node:fs/promises');\nconst { join } = require('node:path');\n` +
        `exports.${camel} = () => readFile(join(__dirname, '../../${wasm}'));\n`,
    );
  }
  await writeFile(
    at('dist/cjs', imports['#worker-script']),
    `'use strict';\nconst { join } = require('node:path');\nconst { pathToFileURL } = require('node:url');\n` +
      `exports.workerScript = () => pathToFileURL(join(__dirname, '../../esm/worker-script.js'));\n`,
  );
  await writeFile(at('dist/cjs/package.json'), JSON.stringify({ type: 'commonjs', sideEffects: false, imports }, null, 2) + '\n');
}

/** `<script src="…/edgerail.global.js">` defines `edgerail`; `engine.wasm` lies beside it. */
async function scriptTag() {
  await build({
    absWorkingDir: root,
    entryPoints: ['src/index.ts'],
    outfile: 'dist/edgerail.global.js',
    bundle: true,
    minify: true,
    format: 'iife',
    globalName: 'edgerail',
    target: 'es2022',
    legalComments: 'none',
    alias: { '#engine-wasm': at('src/source/engine.global.js') },
    logLevel: 'warning',
  });
}

/**
 * The worker's script as one file that needs no other: bundlers may copy it as it is, applications without one may
 * serve it from anywhere, and its URL is the only one that has to be trusted. The engine's module is sent to it.
 */
async function workerScript() {
  await build({
    absWorkingDir: root,
    entryPoints: ['src/worker-script.ts'],
    outfile: 'dist/esm/worker-script.js',
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    legalComments: 'none',
    alias: { '#engine-wasm': at('src/source/engine.worker.js') },
    logLevel: 'warning',
  });
}
