// A consumer's project: copied out of the clone, with the packed package installed as a user would.

import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';

import { run } from './process.mjs';

/** Seconds an installation may take. */
const INSTALL_LIMIT = 240;
const INSTALL = [
  'install',
  // npm's registry may not be the one that wrote the lock.
  '--omit-lockfile-registry-resolved',
  '--ignore-scripts',
  '--prefer-offline',
  '--no-audit',
  '--no-fund',
];
/** Kept from run to run: what npm installed, and for what. */
const KEPT = new Set(['node_modules', '.installed']);

/**
 * Copies a project and installs its dependencies and the tarball. An installation of before is kept if it is of the
 * same lock and the same tarball.
 *
 * @param {string} source the project in the clone
 * @param {string} folder where the copy goes
 * @param {{ tarball: string, cache: string, beside?: Record<string, string> }} options `beside`: files that are put
 *   into the project, by the name they get there
 */
export async function prepare(source, folder, { tarball, cache, beside = {} }) {
  await mkdir(folder, { recursive: true });
  for (const name of await readdir(folder)) {
    if (!KEPT.has(name)) await rm(join(folder, name), { recursive: true });
  }
  const ours = (path) => !relative(source, path).split(sep).includes('node_modules');
  await cp(source, folder, { recursive: true, filter: ours });
  for (const [name, path] of Object.entries(beside)) await cp(path, join(folder, name), { recursive: true });
  const wanted = await fingerprint([join(folder, 'package.json'), join(folder, 'package-lock.json'), tarball]);
  const mark = join(folder, '.installed');
  if (existsSync(mark) && (await readFile(mark, 'utf8')) === wanted) return;
  await rm(mark, { force: true });
  await rm(join(folder, 'node_modules', 'edgerail'), { recursive: true, force: true });
  const env = { npm_config_cache: cache, npm_config_update_notifier: 'false' };
  await run(['npm', ...INSTALL, tarball], { cwd: folder, limit: INSTALL_LIMIT, env });
  await writeFile(mark, wanted);
}

async function fingerprint(paths) {
  const hash = createHash('sha256');
  for (const path of paths) {
    if (existsSync(path)) hash.update(await readFile(path));
    hash.update('\0');
  }
  return hash.digest('hex');
}
