// Runs every snippet of the package's README, in a folder where `guardrail.json` and `guardrail.bundle` lie. What stands
// behind the language says where: nothing (Node), `page` (a page built by Vite), `script` (a page without a bundler).
// The snippets of one section with the same place are one program, in their order; where a snippet uses an `engine`
// that it does not load, it is given one.
//
// `console.log(…); // text` must print that text. `html` is put into the page of its section. In `sh`, `npm install`
// must name packages that are installed here, and `edgerail` is the command line that this repository builds.

import { deepEqual, ok } from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

import { printed, snippets } from '../lib/snippets.mjs';

export const beside = { 'guardrail.json': '../../../examples/demo/guardrail.json' };

const SCRIPTS = new Map([
  ['js', 'js'],
  ['jsx', 'jsx'],
  ['ts', 'ts'],
  ['tsx', 'tsx'],
]);
const ENGINE = {
  node: `import { readFile } from 'node:fs/promises';
import { loadEngine } from 'edgerail';
const engine = await loadEngine(await readFile('guardrail.bundle'));
`,
  page: `import { loadEngine } from 'edgerail';
const engine = await loadEngine('/guardrail.bundle');
`,
};

/** @param {import('../run.mjs').Tools} t */
export async function run(t) {
  const found = snippets(await t.read('node_modules/edgerail/README.md'));
  ok(found.length >= 8, `only ${found.length} snippets`);
  const programs = grouped(found);
  for (const program of programs) await write(t, program);
  await typed(t, programs);
  for (const program of programs.filter(({ place }) => place === 'sh')) await shell(t, program);
  for (const program of programs.filter(({ place }) => place === 'node')) await node(t, program);
  const pages = programs.filter(({ place }) => place === 'page');
  await inPages(t, pages);
  const scripts = programs.filter(({ place }) => place === 'script');
  for (const program of scripts) await withoutBundler(t, program);
}

/** One program for all snippets of a section that run in one place. */
function grouped(found) {
  const programs = new Map();
  for (const snippet of found) {
    const place = placeOf(snippet);
    const key = `${place} ${snippet.section}`;
    if (!programs.has(key)) programs.set(key, { place, name: `p${programs.size}`, snippets: [], html: '' });
    const program = programs.get(key);
    program.section = snippet.section;
    if (snippet.language === 'html' && place === 'page') program.html += snippet.code;
    else program.snippets.push(snippet);
  }
  return [...programs.values()].map((program) => ({ ...program, ...joined(program) }));
}

function placeOf({ language, words: [word], line }) {
  if (language === 'sh' && word === undefined) return 'sh';
  if (language === 'html' && (word === 'page' || word === 'script')) return word;
  if (SCRIPTS.has(language) && (word === undefined || word === 'page')) return word ?? 'node';
  throw new Error(`README line ${line}: nobody knows how to run \`${[language, word].join(' ')}\``);
}

function joined({ place, snippets }) {
  const code = snippets.map((snippet) => snippet.code).join('\n');
  const languages = snippets.map(({ language }) => SCRIPTS.get(language) ?? language);
  const extension = ['tsx', 'jsx', 'ts', 'js'].find((name) => languages.includes(name)) ?? languages[0] ?? 'js';
  const lacksEngine = /\bengine\b/.test(code) && !/\b(const|let|function)\s+(\{[^}]*)?\bengine\b/.test(code);
  const given = lacksEngine && (place === 'node' || place === 'page') ? ENGINE[place] : '';
  return { code: given + code, extension, lines: snippets.map(({ line }) => line) };
}

async function put(t, path, text) {
  await mkdir(dirname(`${t.folder}/${path}`), { recursive: true });
  await writeFile(`${t.folder}/${path}`, text);
}

async function write(t, { place, name, code, extension, html }) {
  if (place === 'node') await put(t, `${name}.${extension}`, code);
  if (place !== 'page') return;
  await put(t, `pages/${name}/snippet.${extension}`, code);
  await put(t, `pages/${name}/main.jsx`, `import { report } from '../../report.jsx';\nreport(() => import('./snippet'));\n`);
  const body = `${html}\n<pre id="report"></pre>\n<script type="module" src="./main.jsx"></script>`;
  const head = '<meta charset="utf-8"><link rel="icon" href="data:,"><title>README</title>';
  await put(t, `pages/${name}/index.html`, `<!doctype html><html lang="en"><head>${head}</head><body>${body}</body></html>\n`);
}

/** TypeScript snippets have no type errors either. */
async function typed(t, programs) {
  const files = programs
    .filter(({ extension }) => extension === 'ts' || extension === 'tsx')
    .map(({ place, name, extension }) => (place === 'page' ? `pages/${name}/snippet.${extension}` : `${name}.${extension}`));
  if (files.length === 0) return;
  const compilerOptions = { target: 'ES2022', module: 'ESNext', moduleResolution: 'Bundler', strict: true, noEmit: true, jsx: 'react-jsx' };
  await put(t, 'tsconfig.json', JSON.stringify({ compilerOptions: { ...compilerOptions, types: ['node'] }, files }));
  await t.run([t.bin('tsc'), '--project', 'tsconfig.json']);
}

async function shell(t, { code, lines }) {
  for (const line of code.split('\n').filter((text) => text.trim() && !text.startsWith('#'))) {
    const install = /^npm (install|i|add) (?<names>.+)$/.exec(line);
    if (install) {
      for (const name of install.groups.names.split(/\s+/)) await t.read(`node_modules/${name}/package.json`);
      continue;
    }
    const path = `${t.target}/debug:${t.folder}/node_modules/.bin:${process.env.PATH}`;
    await t.run(['sh', '-c', line], { env: { PATH: path } }).catch((error) => {
      throw new Error(`README line ${lines[0]}: ${error.message}`);
    });
  }
}

async function node(t, { name, code, extension, lines }) {
  let file = `${name}.${extension}`;
  if (extension === 'ts') {
    const options = ['--target', 'ES2022', '--module', 'ESNext', '--moduleResolution', 'Bundler', '--types', 'node'];
    await t.run([t.bin('tsc'), file, '--ignoreConfig', ...options, '--outDir', 'built']);
    file = `built/${name}.js`;
  }
  const command = ['node', '--import', './stand-in.mjs', file];
  const output = await t.run(command, { env: { OPENAI_API_KEY: 'unused', NO_COLOR: '1' } }).catch((error) => {
    throw new Error(`README line ${lines[0]}: ${error.message}`);
  });
  same(lines, output.trimEnd().split('\n').filter(Boolean), printed(code));
}

async function inPages(t, pages) {
  if (pages.length === 0) return;
  await put(t, 'pages.json', JSON.stringify(pages.map(({ name }) => `pages/${name}/index.html`)));
  await t.run([t.bin('vite'), 'build']);
  await t.copy('guardrail.bundle', 'dist/guardrail.bundle');
  const server = await t.serveFolder('dist', { answers });
  for (const { name, code, lines } of pages) {
    const report = await t.report(`${server.url}pages/${name}/index.html`).catch((error) => {
      throw new Error(`README line ${lines[0]}: ${error.message}`);
    });
    same(lines, report.printed, printed(code));
  }
  await server.stop();
}

/** What the example applications' own servers would answer. */
function answers(path, body) {
  if (path === '/api/chat') return { type: 'text/plain', body: `You wrote: ${body}` };
  return undefined;
}

/** The page as it stands in the README, beside what its addresses name. */
async function withoutBundler(t, { name, code, lines }) {
  const report = `<pre id="report"></pre>
<script type="module">
  const said = [];
  const log = console.log;
  console.log = (...values) => { log(...values); said.push(values.join(' ')); document.querySelector('#report').textContent = JSON.stringify({ printed: said }); };
</script>`;
  const head = '<!doctype html><html lang="en"><head><meta charset="utf-8"><link rel="icon" href="data:,"><title>README</title></head>';
  await put(t, `${name}/index.html`, `${head}<body>${report}${code}</body></html>`);
  await t.copy('node_modules/edgerail/dist', `${name}/edgerail`);
  await t.copy('guardrail.bundle', `${name}/guardrail.bundle`);
  const server = await t.serveFolder(name);
  const { printed: said } = await t.report(server.url);
  same(lines, said, printed(code));
  await server.stop();
}

function same(lines, said, expected) {
  deepEqual(said, expected, `README line ${lines[0]}: printed ${JSON.stringify(said)}, not ${JSON.stringify(expected)}`);
}
