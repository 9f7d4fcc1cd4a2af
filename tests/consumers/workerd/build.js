import { copyFile, mkdir } from 'node:fs/promises';
import { basename } from 'node:path';
import { build } from 'esbuild';

await mkdir('dist', { recursive: true });

/** Leaves `.wasm` files to the platform, which compiles them when the worker is deployed. */
const wasmModules = {
  name: 'wasm-modules',
  setup(building) {
    building.onResolve({ filter: /\.wasm$/ }, async ({ path, pluginData, ...options }) => {
      if (pluginData === 'seen') return undefined;
      const found = await building.resolve(path, { ...options, pluginData: 'seen' });
      if (found.errors.length > 0) return found;
      await copyFile(found.path, `dist/${basename(found.path)}`);
      return { path: `./${basename(found.path)}`, external: true };
    });
  },
};

await build({
  entryPoints: ['src/worker.js'],
  outfile: 'dist/worker.js',
  bundle: true,
  format: 'esm',
  target: 'es2022',
  conditions: ['workerd', 'worker', 'browser'],
  loader: { '.bundle': 'binary' },
  plugins: [wasmModules],
});
