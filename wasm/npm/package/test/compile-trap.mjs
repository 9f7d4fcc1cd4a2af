// Run by compile.test.mjs in a process of its own: the first call decides which module is used. Its argument is the
// compiler with an injected fault.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { isEdgerailError } from 'edgerail';
import { compile, diff, evaluateRows } from 'edgerail/compile';

const wasm = await readFile(process.argv[2]);
const definition = {
  name: 'g',
  blockedInputMessaging: 'No.',
  blockedOutputsMessaging: 'No.',
  wordPolicyConfig: { wordsConfig: [{ text: 'Kestrel' }] },
};
const isTrap = (error) => isEdgerailError(error) && error.code === 'trap' && error.cause instanceof Error;
const rows = '{"text": "Kestrel", "expect": "BLOCK"}\n'.repeat(20_000);

const first = await compile(definition, { wasm });
for (let round = 0; round < 3; round++) {
  // A panic, as a defect would cause it.
  await assert.rejects(compile('edgerail-fault-injection: panic'), isTrap);
  globalThis.gc();
  assert.deepEqual((await compile(definition)).bundle, first.bundle);
}

// What was under way when another call trapped has lost its state, and says so; handles of before are collected.
const underWay = evaluateRows({ definition }, rows);
const compared = diff({ definition }, { definition }, { corpus: rows });
const trapped = compile('edgerail-fault-injection: panic');
await assert.rejects(trapped, isTrap);
for (const lost of [underWay, compared]) {
  await assert.rejects(lost, (error) => isEdgerailError(error) && error.code === 'trap');
}
for (let round = 0; round < 5; round++) {
  globalThis.gc();
  await new Promise((resolve) => setTimeout(resolve, 1));
}
assert.equal((await evaluateRows({ definition }, rows)).texts, 20_000);

// An exception that comes through the module leaves it in no better state than a panic.
const { now } = performance;
performance.now = () => {
  throw new Error('no clock');
};
await assert.rejects(evaluateRows({ definition }, rows), isTrap);
performance.now = now;
assert.equal((await evaluateRows({ definition }, rows)).texts, 20_000);

console.log('survived');
