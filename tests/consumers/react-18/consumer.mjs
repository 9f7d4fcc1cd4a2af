import { deepEqual } from 'node:assert/strict';

/** The same application as with React 19. */
export const beside = {
  'src/app.jsx': '../react-19/src/app.jsx',
  'src/main.jsx': '../react-19/src/main.jsx',
  'index.html': '../react-19/index.html',
};

/** @param {import('../run.mjs').Tools} t */
export async function run(t) {
  const options = ['--bundle', '--format=esm', '--jsx=automatic', '--define:process.env.NODE_ENV="production"'];
  await t.run([t.bin('esbuild'), 'src/main.jsx', ...options, '--outfile=dist/src/main.jsx']);
  await t.copy('index.html', 'dist/index.html');
  await t.copy('guardrail.bundle', 'dist/guardrail.bundle');
  // From `dist/src/main.jsx` the engine's file is sought two folders up: the top folder.
  await t.copy('node_modules/edgerail/dist/engine.wasm', 'dist/engine.wasm');
  const server = await t.serveFolder('dist', { types: { '.jsx': 'text/javascript' } });
  const { version, typed, report } = await t.report(server.url);
  deepEqual({ version, typed }, { version: '18', typed: 'Write to {EMAIL}' });
  t.expect('react-18', report);
  await server.stop();
}
