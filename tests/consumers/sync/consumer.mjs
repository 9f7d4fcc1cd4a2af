export const beside = { 'guardrail.json': '../../../examples/demo/guardrail.json' };

/** @param {import('../run.mjs').Tools} t */
export async function run(t) {
  await t.run(['sh', 'publish.sh'], { env: { PATH: `${t.target}/debug:${process.env.PATH}` } });
  const output = await t.run(['node', 'main.mjs']);
  if (output.trim() !== 'followed') throw new Error(`main.mjs said ${output}`);
}
