// Runs every snippet of the package's README as it stands there, each by itself, in a folder where `guardrail.json`
// and `guardrail.bundle` lie:
//
// - `js` and `ts` in Node; those that name addresses of their own site (`'/guardrail.bundle'`), and all `jsx` and
//   `tsx`, in a page that Vite builds. A model's API is stood in for: it repeats what it was sent. So is a policy's repository.
// - `html` in a page of a plain static server. Forms are filled in with a text that is blocked, components with one
//   that is masked.
// - `sh` in a shell. `npm install` must name packages that are installed here; `edgerail` is this repository's.
//
// `console.log(…); // text` must print that text. TypeScript must have no type errors.

import { ok } from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

import { printed, snippets } from '../lib/snippets.mjs';

const HEAD =
  '<!doctype html><html lang="en"><head><meta charset="utf-8"><link rel="icon" href="data:,"><title>README</title></head>';

export const beside = {
  'guardrail.json': '../../../examples/demo/guardrail.json',
  'repository.mjs': '../../../wasm/npm/package/test/repository.mjs',
};

/** @param {import('../run.mjs').Tools} t */
export async function run(t) {
  const found = snippets(await t.read('node_modules/edgerail/README.md'));
  ok(found.length >= 8, `only ${found.length} snippets`);
  const programs = found.map((snippet) => ({ ...snippet, place: placeOf(snippet), name: `line${snippet.line}` }));
  const at = (place) => programs.filter((program) => program.place === place);
  for (const program of [...at('node'), ...at('page')]) await write(t, program);
  await typed(t, programs);
  for (const program of at('shell')) await named(program, () => shell(t, program));
  for (const program of at('node')) await named(program, () => node(t, program));
  await inPages(t, at('page'));
  for (const program of at('html')) await named(program, () => withoutBundler(t, program));
}

function placeOf({ language, code, line }) {
  if (language === 'sh') return 'shell';
  if (language === 'html') return 'html';
  if (language === 'jsx' || language === 'tsx') return 'page';
  if (language === 'js' || language === 'ts') return /['"`]\/\w/.test(code) ? 'page' : 'node';
  throw new Error(`README line ${line}: nobody knows how to run \`${language}\``);
}

async function named({ line }, work) {
  try {
    await work();
  } catch (error) {
    throw new Error(`README line ${line}: ${error.message}`);
  }
}

async function put(t, path, text) {
  await mkdir(dirname(`${t.folder}/${path}`), { recursive: true });
  await writeFile(`${t.folder}/${path}`, text);
}

function pathOf({ place, name, language }) {
  return place === 'page' ? `pages/${name}/snippet.${language}` : `${name}.${language}`;
}

async function write(t, program) {
  await put(t, pathOf(program), program.code);
  if (program.place !== 'page') return;
  const main = `import '../../stand-in.mjs';\nimport { report } from '../../report.jsx';\nreport(() => import('./snippet'));\n`;
  await put(t, `pages/${program.name}/main.jsx`, main);
  const body = '<pre id="report"></pre><script type="module" src="./main.jsx"></script>';
  await put(t, `pages/${program.name}/index.html`, `${HEAD}<body>${body}</body></html>\n`);
}

/** TypeScript snippets have no type errors either. */
async function typed(t, programs) {
  const files = programs.filter(({ language }) => language === 'ts' || language === 'tsx').map(pathOf);
  if (files.length === 0) return;
  const compilerOptions = {
    target: 'ES2022',
    module: 'ESNext',
    moduleResolution: 'Bundler',
    strict: true,
    jsx: 'react-jsx',
    types: ['node'],
    rootDir: '.',
    outDir: 'built',
  };
  await put(t, 'tsconfig.json', JSON.stringify({ compilerOptions, files }));
  await t.run([t.bin('tsc'), '--project', 'tsconfig.json']);
}

async function shell(t, { code }) {
  for (const line of code.split('\n').filter((text) => text.trim() && !text.startsWith('#'))) {
    const install = /^npm (?:install|i|add) (.+)$/.exec(line);
    if (install) {
      for (const name of install[1].split(/\s+/)) await t.read(`node_modules/${name}/package.json`);
    } else {
      const path = `${t.target}/debug:${t.folder}/node_modules/.bin:${process.env.PATH}`;
      await t.run(['sh', '-c', line], { env: { PATH: path } });
    }
  }
}

async function node(t, { name, code, language }) {
  const file = language === 'ts' ? `built/${name}.js` : `${name}.js`;
  const output = await t.run(['node', '--import', './stand-in.mjs', '--import', './repository-stand-in.mjs', file], { env: { NO_COLOR: '1' } });
  says(output.split('\n'), code);
}

async function inPages(t, pages) {
  if (pages.length === 0) return;
  await put(t, 'pages.json', JSON.stringify(pages.map(({ name }) => `pages/${name}/index.html`)));
  await t.run([t.bin('vite'), 'build']);
  await t.copy('guardrail.bundle', 'dist/guardrail.bundle');
  const server = await t.serveFolder('dist');
  for (const program of pages) {
    await named(program, async () => {
      const report = await t.report(`${server.url}pages/${program.name}/index.html`);
      says(report.printed, program.code);
    });
  }
  await server.stop();
}

/** The page as it stands in the README, on a server that has what its addresses name. */
async function withoutBundler(t, { name, code }) {
  const probe = '<pre id="report"></pre><script type="module" src="probe.mjs"></script>';
  await put(t, `${name}/index.html`, `${HEAD}<body>${code}${probe}</body></html>\n`);
  await t.copy('probe.mjs', `${name}/probe.mjs`);
  await t.copy('node_modules/edgerail', `${name}/node_modules/edgerail`);
  await t.copy('guardrail.bundle', `${name}/guardrail.bundle`);
  const server = await t.serveFolder(name);
  const report = await t.report(server.url);
  says(report.printed, code);
  await server.stop();
}

/** What the snippet says it prints is printed, in that order. */
function says(lines, code) {
  let from = 0;
  for (const text of printed(code)) {
    const index = lines.indexOf(text, from);
    ok(index >= 0, `printed ${JSON.stringify(lines.slice(from))} where it says ${JSON.stringify(text)}`);
    from = index + 1;
  }
}
