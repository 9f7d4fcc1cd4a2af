// Builds dist/ from src/ and the generated glue: ESM, CommonJS for Node, and one file each for script tags of both kinds.
// `cargo xtask npm` runs it after it made src/generated and dist/*.wasm.
import { execFileSync } from 'node:child_process';
import { cp, mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build, transform } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const at = (...parts) => join(root, ...parts);
const manifest = JSON.parse(await readFile(at('package.json'), 'utf8'));

await inlineModule();
await sampleBundle();
await rm(at('dist/esm'), { recursive: true, force: true });
await rm(at('dist/cjs'), { recursive: true, force: true });
compile('tsconfig.json');
await copyGlue('dist/esm', (code) => code);
await commonJs();
await workerScript();
await scriptTags();
await licences();

/** The engine, the payload module and the verifying client as text, for `edgerail/inline`. */
async function inlineModule() {
  const names = ['engine', 'payload', 'trust'];
  const texts = await Promise.all(names.map(async (name) => (await readFile(at(`dist/${name}.wasm`))).toString('base64')));
  const code = names.map((name, place) => `export const ${name}Base64 =\n  '${texts[place]}';\n`);
  const types = names.map((name) => `export declare const ${name}Base64: string;\n`);
  await writeFile(at('src/generated/inline.js'), code.join(''));
  await writeFile(at('src/generated/inline.d.ts'), types.join(''));
}

/**
 * The tiny bundle that `src/warm-up.ts` loads before there is another. The compiler of this build makes it, so that it is
 * of the format that the engine reads.
 */
async function sampleBundle() {
  const compiler = await import(pathToFileURL(at('src/generated/compile.js')));
  compiler.initSync({ module: await readFile(at('dist/compile.wasm')) });
  const definition = await readFile(at('scripts/sample.json'));
  const { bundle } = compiler.compile(definition, undefined, { parameters: {} }, { audience: 'browser' });
  const text = Buffer.from(bundle).toString('base64');
  await writeFile(at('src/generated/sample.js'), `export const sampleBase64 =\n  '${text}';\n`);
  await writeFile(at('src/generated/sample.d.ts'), 'export declare const sampleBase64: string;\n');
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
      const code = await readFile(at('src/generated', name), 'utf8');
      if (code.includes('import.meta')) throw new Error(`${name} names a file of its own: set omit-default-module-path`);
      await writeFile(at(to, 'generated', name), await change(code));
    }
  }
}

/**
 * CommonJS is for Node, so its files are read from fixed paths. Bundlers take it too, where a page's code requires the
 * package; for them there is a module that they understand, by the field `browser`.
 */
async function commonJs() {
  compile('tsconfig.cjs.json');
  await copyGlue('dist/cjs', async (code) => (await transform(code, { format: 'cjs', target: 'node20' })).code);
  await mkdir(at('dist/cjs/source'), { recursive: true });
  const browser = {};
  for (const name of Object.keys(manifest.imports)) {
    const { path, code, page } = sourceOf(name);
    browser[`${path}.js`] = `${path}.mjs`;
    await writeFile(at('dist/cjs', `${path}.js`), code);
    await writeFile(at('dist/cjs', `${path}.mjs`), page);
  }
  for (const name of await readdir(at('dist/cjs'))) {
    if (!name.endsWith('.js')) continue;
    const code = await readFile(at('dist/cjs', name), 'utf8');
    await writeFile(at('dist/cjs', name), code.replace(/require\("(#[\w-]+)"\)/g, (_, name) => `require("${sourceOf(name).path}.js")`));
  }
  await writeFile(at('dist/cjs/package.json'), JSON.stringify({ type: 'commonjs', sideEffects: false, browser }, null, 2) + '\n');
}

/** What stands for `#engine-wasm` and its sisters in CommonJS: for Node, and for pages. */
function sourceOf(name) {
  const base = name.slice(1).replace(/-(wasm|script)$/, '');
  const isScript = name.endsWith('-script');
  const file = isScript ? '../../esm/worker-script.js' : `../../${base}.wasm`;
  const found = isScript ? 'pathToFileURL(join(__dirname, file))' : 'readFile(join(__dirname, file))';
  const camel = name.slice(1).replace(/-(\w)/g, (_, letter) => letter.toUpperCase());
  return {
    path: `./source/${base}`,
    page: `export const ${camel} = () => new URL('${file}', import.meta.url);\n`,
    code:
      `'use strict';\nconst { readFile } = require('node:fs/promises');\nconst { join } = require('node:path');\n` +
      `const { pathToFileURL } = require('node:url');\nconst file = '${file}';\nexports.${camel} = () => ${found};\n`,
  };
}

/**
 * For pages without a bundler, with `engine.wasm` (and `payload.wasm`, `trust.wasm`) beside them: `<script src="…/edgerail.global.js">` defines
 * `edgerail`; `edgerail.js` is imported by modules, since browsers do not read the package's `imports`.
 */
async function scriptTags() {
  const forms = [
    { outfile: 'dist/edgerail.global.js', format: 'iife', globalName: 'edgerail', platform: 'global' },
    { outfile: 'dist/edgerail.js', format: 'esm', platform: 'script' },
  ];
  for (const { platform, ...form } of forms) {
    await build({
      absWorkingDir: root,
      entryPoints: ['src/index.ts'],
      bundle: true,
      minify: true,
      target: 'es2022',
      legalComments: 'none',
      alias: Object.fromEntries(
        ['engine', 'payload', 'trust', 'trust-p256'].map((name) => [`#${name}-wasm`, at('src/source', `${name}.${platform}.js`)]),
      ),
      logLevel: 'warning',
      ...form,
    });
  }
}

/** npm packs what lies in the package's folder only. */
async function licences() {
  for (const name of ['LICENSE-APACHE', 'LICENSE-MIT']) await cp(at('../../..', name), at(name));
  const data = ['core/engine/src/text/unicode', ...['lexicon', 'profanity', 'prompt-attack', 'topics', 'views'].map((name) => `core/compile/data/${name}`)];
  const notices = await Promise.all(data.map((folder) => readFile(at('../../..', folder, 'README.md'), 'utf8')));
  const head = '# Data in this package\n\nThe WebAssembly modules hold data that has its own licences; where it is from, and what they ask for:\n\n';
  await writeFile(at('NOTICE.md'), head + notices.map((text) => text.replace(/^#/gm, '##')).join('\n'));
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
