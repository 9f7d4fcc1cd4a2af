export const beside = { 'repository.mjs': '../../../wasm/npm/package/test/repository.mjs' };

/** @param {import('../run.mjs').Tools} t */
export async function run(t) {
  const deno = await t.program('deno');
  const env = { DENO_NO_UPDATE_CHECK: '1', DENO_DIR: `${t.folder}/.deno` };
  // Offline, and with leave to read files only: no network, no environment, no programs.
  const command = [deno, 'run', '--cached-only', '--no-prompt', '--allow-read=.', 'main.ts'];
  t.expect('deno run', await t.run(command, { env }));
  const followed = await t.run([deno, 'run', '--cached-only', '--no-prompt', '--allow-read=.', 'sync.mjs'], { env });
  if (followed.trim() !== '{"trust":"verified","lastError":null,"degraded":[]}') throw new Error(`createSync gave ${followed}`);
  await t.run([deno, 'check', '--cached-only', 'main.ts'], { env });
}
