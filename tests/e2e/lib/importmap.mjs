// The package without a bundler: an import map made of its package.json, as a browser needs it.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The package's specifiers as a page resolves them, below `base`. */
export async function importMap(folder, base, conditions = ['browser', 'import', 'default']) {
  const manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  const imports = {};
  for (const [specifier, target] of Object.entries({ ...prefixed(manifest.exports), ...manifest.imports })) {
    const path = resolve(target, conditions);
    if (path !== undefined) imports[specifier] = `${base}/${path.slice(2)}`;
  }
  return { imports };
}

function prefixed(exports) {
  return Object.fromEntries(Object.entries(exports).map(([path, target]) => [`edgerail${path.slice(1)}`, target]));
}

/** The first condition that holds, as Node defines it. */
export function resolve(target, conditions) {
  if (typeof target === 'string' || target === null) return target ?? undefined;
  for (const [condition, inner] of Object.entries(target)) {
    const found = conditions.includes(condition) ? resolve(inner, conditions) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}
