import { copyFile, mkdir } from 'node:fs/promises';
import { basename } from 'node:path';
import { build } from 'esbuild';

await mkdir('dist', { recursive: true });

/** What edge platforms do with `x.wasm?module`: the module is compiled at deployment and bound to a global. */
const wasmModules = {
  name: 'wasm-modules',
  setup(building) {
    building.onResolve({ filter: /\.wasm\?module$/ }, async ({ path, ...options }) => {
      const found = await building.resolve(path.replace('?module', ''), options);
      if (found.errors.length > 0) return found;
      const name = basename(found.path, '.wasm');
      await copyFile(found.path, `dist/${name}.wasm`);
      return { path: `wasm_${name}`, namespace: 'bound' };
    });
    building.onLoad({ filter: /.*/, namespace: 'bound' }, ({ path }) => ({ contents: `export default ${path};` }));
  },
};

await build({
  entryPoints: ['src/handler.js'],
  outfile: 'dist/handler.js',
  bundle: true,
  format: 'iife',
  target: 'es2022',
  conditions: ['edge-light', 'worker', 'browser'],
  loader: { '.bundle': 'binary' },
  plugins: [wasmModules],
});
