import { deepEqual, match, ok } from 'node:assert/strict';
import { readFileSync } from 'node:fs';

/** What of the package may be in a bundle that only guards streams. */
const STREAM_ONLY = 6 * 1024;

/** @param {import('../run.mjs').Tools} t */
export async function run(t) {
  await build(t, 'main', '--loader:.wasm=file');
  await build(t, 'inline', '--loader:.bundle=binary');
  await build(t, 'forgotten');
  await pages(t);
  await shaken(t);
}

async function build(t, name, ...options) {
  const esbuild = [t.bin('esbuild'), `src/${name}.js`, '--bundle', '--format=esm', '--minify', '--log-limit=0'];
  await t.run([...esbuild, `--outfile=dist/${name}/main.js`, `--metafile=dist/${name}.json`, ...options]);
  await t.copy('public/index.html', `dist/${name}/index.html`);
  await t.copy('guardrail.bundle', `dist/${name}/guardrail.bundle`);
}

async function pages(t) {
  const main = await t.serveFolder('dist/main');
  await t.page(main.url);
  await main.stop();
  // The page may fetch nothing at all: the engine and the bundle are in the script.
  const csp = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; img-src data:; connect-src 'none'";
  const inline = await t.serveFolder('dist/inline', { headers: { 'content-security-policy': csp } });
  await t.page(inline.url);
  await inline.stop();
  const forgotten = await t.serveFolder('dist/forgotten');
  const report = await t.report(forgotten.url, /404/);
  ok(report.code === 'wasm_fetch', `code ${report.code}`);
  match(report.message, /option wasm/);
  await forgotten.stop();
}

/** Bundlers leave out what is not used. */
async function shaken(t) {
  await build(t, 'small');
  const meta = JSON.parse(await t.read('dist/small.json'));
  const [output] = Object.values(meta.outputs);
  const sources = Object.entries(output.inputs).filter(([, { bytesInOutput }]) => bytesInOutput > 0);
  const names = sources.map(([path]) => path.split('/').pop());
  for (const foreign of ['react.js', 'ai.js', 'aws.js', 'fetch.js', 'form.js', 'worker.js', 'compile.js', 'engine.js']) {
    ok(!names.includes(foreign), `guardStream alone brings ${foreign} (${names.join(', ')})`);
  }
  ok(output.bytes <= STREAM_ONLY, `guardStream alone is ${output.bytes} bytes of script, over ${STREAM_ONLY}`);
  await build(t, 'nothing');
  deepEqual(readFileSync(`${t.folder}/dist/nothing/main.js`, 'utf8').trim(), '', 'imports without use leave code');
}
