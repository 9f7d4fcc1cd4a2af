// The compiler in WebAssembly gives what the native one gives, member for member as its types say, and survives
// everything that it is given. `cargo xtask npm` builds what is tested and writes what it is held against.
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { isEdgerailError, loadEngine } from 'edgerail';
import { DefinitionError, compile, diff, evaluateRows, explainTopics, inspect } from 'edgerail/compile';

const root = fileURLToPath(new URL('..', import.meta.url));
const repository = join(root, '../../..');
const built = process.env.CARGO_TARGET_DIR ?? join(repository, 'target');
const data = (name) => readFile(join(root, 'test/data', name));
const reference = JSON.parse(await readFile(join(built, 'npm/reference.json'), 'utf8'));
const NOW = new Date(1_893_456_000_000);

const [oldBytes, newBytes, overlay, corpus, rows] = await Promise.all(
  ['old.json', 'new.json', 'overlay.toml', 'corpus.jsonl', 'rows.jsonl'].map(data),
);
const before = { definition: oldBytes, overlay };
const after = { definition: newBytes };

/** The error a promise is rejected with, which is one of ours. */
async function failure(promise, code) {
  const error = await promise.then(
    () => assert.fail('nothing was thrown'),
    (thrown) => thrown,
  );
  assert.ok(isEdgerailError(error), `${error?.stack}`);
  assert.equal(error.code, code, error.message);
  return error;
}

/** What is said about a definition that is refused. */
async function refused(definition, options) {
  const error = await failure(compile(definition, options), 'definition_invalid');
  assert.ok(error instanceof DefinitionError);
  const errors = error.diagnostics.filter(({ severity }) => severity === 'error');
  assert.ok(errors.length > 0);
  assert.ok(error.message.includes(errors[0].message), error.message);
  return errors;
}

const definition = (members = {}) => ({
  name: 'g',
  blockedInputMessaging: 'No.',
  blockedOutputsMessaging: 'No.',
  wordPolicyConfig: { wordsConfig: [{ text: 'Kestrel' }] },
  ...members,
});

test('every collected definition gives the bytes and diagnostics it gives natively', async () => {
  let bundles = 0;
  for (const { file, audience, sha256, diagnostics } of reference.bundles) {
    const bytes = await readFile(join(repository, 'tests/guardrails', file));
    const compiled = await compile(bytes, { audience }).catch((error) => error);
    const said = compiled.diagnostics.map(({ code, message, path, severity }) => ({ code, message, path, severity }));
    assert.deepEqual(said, diagnostics, `${file} for ${audience}`);
    if (sha256 === null) {
      assert.ok(compiled instanceof DefinitionError, file);
      continue;
    }
    bundles += 1;
    const body = compiled.bundle.subarray(0, -32);
    assert.equal(Buffer.from(compiled.bundle.subarray(-32)).toString('hex'), sha256, `${file} for ${audience}`);
    assert.equal(createHash('sha256').update(body).digest('hex'), sha256, `${file} for ${audience}`);
  }
  assert.ok(bundles >= 40, `${bundles} bundles`);
});

test('inspection, topics, differences and judgements are those of the native code', async () => {
  const { bundle } = await compile(oldBytes, { overlay, audience: 'server' });
  assert.deepEqual(await inspect(bundle), reference.inspect);
  assert.deepEqual(await explainTopics(oldBytes, { overlay }), reference.topics);
  assert.deepEqual(await diff(before, after, { corpus, now: NOW }), reference.diff);
  const judged = [];
  const evaluation = await evaluateRows(before, rows, { now: NOW, onRow: (row) => judged.push(row) });
  assert.deepEqual(judged, reference.eval.rows);
  // Only the time it takes is its own.
  const { latencyMicros: own, ...rest } = evaluation;
  const { latencyMicros: native, ...expected } = reference.eval.document;
  assert.deepEqual(rest, expected);
  assert.equal(own.texts, native.texts);
});

test('the types are those of the values', async (t) => {
  const options = { corpus, now: NOW };
  const compiled = await compile(oldBytes, { overlay });
  const judged = [];
  const refusal = await failure(compile({ ...definition(), nam: 1, name: '' }), 'definition_invalid');
  const values = {
    Compiled: [{ ...compiled, bundle: '@bundle' }],
    Diagnostic: [...compiled.diagnostics, ...refusal.diagnostics],
    Diff: [await diff(before, after, options), await diff(before, { bundle: compiled.bundle }), await diff(after, after)],
    Evaluation: [
      await evaluateRows(before, rows, { onRow: (row) => judged.push(row), failUnder: ['f1=0.5', 'recall.EMAIL=1'] }),
      await evaluateRows(before, ''),
    ],
    Inspection: [await inspect(compiled.bundle), await inspect((await compile(oldBytes, { overlay, audience: 'server' })).bundle)],
    JudgedRow: judged,
    TopicExplanation: await explainTopics(oldBytes, { overlay }),
  };
  assert.ok(values.Diff[0].impact.examples.length > 0 && judged.some((row) => row.labels?.some((label) => label.foundAs || label.deferred)));
  // An object literal may have no member that its type does not have, and must have all that it does.
  const lines = Object.entries(values).map(([type, list]) => {
    assert.ok(list.length > 0, type);
    const text = JSON.stringify(list, null, 1).replaceAll('"@bundle"', 'new Uint8Array()');
    return `export const all${type}: import('edgerail/compile').${type}[] = ${text};`;
  });
  const folder = await mkdtemp(join(root, 'dist/types-'));
  t.after(() => rm(folder, { recursive: true }));
  const config = { compilerOptions: { strict: true, exactOptionalPropertyTypes: true, noEmit: true, module: 'NodeNext', lib: ['ES2022', 'ESNext.Disposable', 'DOM'], types: [] }, files: ['values.ts'] };
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(config));
  const check = async (source) => {
    await writeFile(join(folder, 'values.ts'), source);
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    return await promisify(execFile)(process.execPath, [tsc, '-p', folder]).then(() => '', ({ stdout }) => stdout);
  };
  assert.equal(await check(lines.join('\n')), '');
  // The check itself finds a member that is too much, and one that is missing.
  assert.match(await check(lines.join('\n').replace('"code":', '"cod":')), /"cod"' does not exist|'code' is missing/);
});

test('errors stand at their line', async () => {
  const cases = [
    ['{"name": "g",\n "blockedInputMessaging" "No."}', 'definition', 2],
    ['name: g\nwordPolicyConfig:\n  - a\n b: [', 'definition', 4],
    ['<!DOCTYPE html>\n<title>502 Bad Gateway</title>', 'definition', null, /HTML/],
    ['', 'definition', null, /empty/],
    [Uint8Array.of(0xff, 0xfe, 0x7b, 0), 'definition', null, /UTF-16/],
    [Uint8Array.of(0x7b, 0x0a, 0x22, 0xff), 'definition', 2, /UTF-8/],
    ['[1, 2]', 'definition', 1],
    ['"a string"', 'definition', 1],
    ['{"a": '.repeat(5000), 'definition', 1],
    [JSON.stringify(definition({ sensitiveInformationPolicyConfig: { regexesConfig: [{ name: 'r', pattern: 'a(?=b)', action: 'BLOCK' }] } }), null, 1), 'definition', 14, /look-around/],
    // Half of a surrogate pair, as a character and as an escape.
    ['{"name": "g",\n "blockedInputMessaging": "a\ud800b"}', 'definition', 2, /UTF-8/],
    ['{"name": "g",\n "blockedInputMessaging": "a\\ud800b"}', 'definition', 2, /surrogate/],
  ];
  for (const [text, file, line, part] of cases) {
    const [first] = await refused(text);
    assert.deepEqual([first.file, first.line], [file, line], `${first.message}`);
    assert.match(first.message, part ?? /./);
  }
  const overlays = [
    ['on_error = ', 1],
    ['\n[words]\nmach = "substring"', 3, /mach/],
    ['[guardrail."other"]\nmode = "observe"', null, /no guardrail has this name/],
    ['[[allow]]\ntype = "EMAIL"', 1],
    ['{"words": {"match":\n "nothing"}}', 2],
    ['a = "\udfff"', 1, /UTF-8/],
  ];
  for (const [text, line, part] of overlays) {
    const [first] = await refused(JSON.stringify(definition()), { overlay: text });
    assert.deepEqual([first.file, first.line], ['overlay', line], first.message);
    assert.match(first.message, part ?? /./);
  }
});

test('both files are read before anything is refused', async () => {
  const errors = await refused('{"name": "g"}', { overlay: 'x = 1' });
  assert.deepEqual([...new Set(errors.map(({ file }) => file))], ['definition', 'overlay']);
  // Of a comparison, the error says which side is meant.
  const error = await failure(diff({ definition: definition() }, { definition: '{}', label: 'next.json' }), 'definition_invalid');
  assert.equal(error.label, 'next.json');
  assert.match(error.message, /^next\.json: definition, /);
});

test('objects have no lines', async () => {
  const [first] = await refused({ name: 'g' });
  assert.deepEqual([first.line, first.column], [null, null]);
  const { bundle, guardrails } = await compile(definition());
  assert.deepEqual(guardrails, ['g']);
  assert.deepEqual(bundle, (await compile(JSON.stringify(definition()))).bundle);
});

test('messages hold no secret', async () => {
  const secret = 'hunter2-kestrel';
  const errors = await refused(
    definition({
      wordPolicyConfig: { wordsConfig: [{ text: `${secret} a b c d e` }] },
      sensitiveInformationPolicyConfig: { regexesConfig: [{ name: 'r', pattern: `(${secret}`, action: 'BLOCK' }] },
    }),
  );
  assert.ok(!JSON.stringify(errors).includes(secret));
});

test('a compiled bundle decides', async () => {
  const { bundle, diagnostics } = await compile(before.definition, { overlay, scope: 'shop' });
  assert.ok(diagnostics.every(({ severity }) => severity !== 'error'));
  const engine = await loadEngine(bundle, { trust: 'local' });
  assert.equal(engine.info.audience, 'browser');
  assert.equal(engine.info.scope, 'shop');
  assert.equal(engine.evaluate('My social security number is 536-90-4399', { source: 'OUTPUT' }).outcome, 'block');
  // The word is confidential: not in a browser's bundle, and said so.
  const decision = engine.evaluate('Project Kestrel');
  assert.equal(decision.outcome, 'pass');
  assert.ok(decision.deferred.some(({ reason }) => reason === 'confidential'));
  engine.free();
});

test('names and parameters choose', async () => {
  const template = await readFile(join(repository, 'tests/guardrails/cfn-docs-mortgage.json'), 'utf8');
  const named = await compile(template, { name: 'AWSDocsTutorial-MortgageGuardrail' });
  assert.deepEqual(named.guardrails, ['AWSDocsTutorial-MortgageGuardrail']);
  const [error] = await refused(template, { name: 'Mortgage' });
  assert.equal(error.code, 'no-such-guardrail');
  const parametric = {
    Parameters: { Name: { Type: 'String' } },
    Resources: {
      G: {
        Type: 'AWS::Bedrock::Guardrail',
        Properties: {
          Name: { Ref: 'Name' },
          BlockedInputMessaging: 'No.',
          BlockedOutputsMessaging: 'No.',
          WordPolicyConfig: { WordsConfig: [{ Text: 'Kestrel' }] },
        },
      },
    },
  };
  assert.deepEqual((await compile(parametric, { parameters: { Name: 'shop' } })).guardrails, ['shop']);
  await refused(parametric);
});

test('arguments that are none', async () => {
  const circular = definition();
  circular.self = circular;
  for (const bad of [undefined, null, 7, true, Symbol('x'), () => '', Promise.resolve('{}'), new Response('{}'), new Map(), circular, { a: 1n }]) {
    await failure(compile(bad), 'invalid_argument');
  }
  await failure(compile(definition(), { overlay: 7 }), 'invalid_argument');
  await failure(compile(definition(), { audience: 'everybody' }), 'invalid_argument');
  await failure(compile(definition(), { parameters: { A: 1 } }), 'invalid_argument');
  await failure(compile(definition(), { scope: 7 }), 'invalid_argument');
  for (const bad of [undefined, null, 'a', {}, definition()]) await failure(diff(bad, after), 'invalid_argument');
  await failure(diff(before, after, { corpus: '', corpusFormat: 'csv' }), 'invalid_argument');
  await failure(diff(before, after, { corpus: [] }), 'invalid_argument');
  await failure(diff(before, after, { source: 'BOTH' }), 'invalid_argument');
  await failure(evaluateRows(before, rows, { now: new Date(NaN) }), 'invalid_argument');
  await failure(evaluateRows(before, rows, { now: 5 }), 'invalid_argument');
  await failure(evaluateRows(before, rows, { examples: -1 }), 'invalid_argument');
  await failure(evaluateRows(before, rows, { offsets: 'words' }), 'invalid_argument');
  await failure(evaluateRows(before, rows, { match: 'fuzzy' }), 'invalid_argument');
  await failure(evaluateRows(before, rows, { failUnder: ['f2=1'] }), 'invalid_argument');
  await failure(evaluateRows(before, rows, { failUnder: ['f1.PHONE=1'] }), 'invalid_argument');
});

test('bundles that are none', async () => {
  const { bundle } = await compile(definition());
  await failure(inspect(new TextEncoder().encode('<!DOCTYPE html>')), 'bundle_not_a_bundle');
  await failure(inspect(new Uint8Array()), 'bundle_not_a_bundle');
  await failure(inspect(bundle.subarray(0, -1)), 'bundle_damaged');
  await failure(inspect(new Uint8Array(9 << 20)), 'bundle_too_large');
  await failure(diff({ bundle: oldBytes }, after), 'bundle_not_a_bundle');
  const other = bundle.slice();
  other[other.length - 40] ^= 0x40;
  await failure(evaluateRows({ bundle: other }, rows), 'bundle_damaged');
  other[10] ^= 0x40;
  await failure(evaluateRows({ bundle: other }, rows), 'bundle_abi');
});

test('large files', async () => {
  const pad = (length) => ({ ...definition(), description: 'x'.repeat(length) });
  const [long] = await refused(pad(10 << 20));
  assert.match(long.path, /description/);
  const { guardrails } = await compile(JSON.stringify(definition()) + ' '.repeat(10 << 20));
  assert.deepEqual(guardrails, ['g']);
  const [error] = await refused(pad(17 << 20));
  assert.equal(error.code, 'file-too-large');
  const [overlayError] = await refused(definition(), { overlay: `# ${'x'.repeat(17 << 20)}` });
  assert.deepEqual([overlayError.file, overlayError.code], ['overlay', 'file-too-large']);
});

test('lines that are refused are listed up to fifty', async () => {
  const lines = Array.from({ length: 60 }, (_, number) => (number === 30 ? '{"text": "Kestrel", "spans": []}' : '{}'));
  const evaluation = await evaluateRows({ definition: definition() }, `\ufeff${lines.join('\r\n')}`);
  assert.deepEqual([evaluation.texts, evaluation.refused, evaluation.refusedLines.length], [1, 59, 50]);
  assert.deepEqual(evaluation.refusedLines[30].line, 32);
  const text = await diff(before, after, { corpus: 'Project Merlin\n\n\r\nhalf \ud800\nx', corpusFormat: 'text' });
  assert.deepEqual([text.impact.texts, text.impact.refused, text.refusedLines[0].line], [2, 1, 4]);
  assert.equal(text.impact.shifts.newlyBlocked, 1);
});

test('others have their turn while data is judged, and can stop it', async () => {
  const many = '{"text": "Mail ana@example.com and call 202-555-0143", "expect": "NONE"}\n'.repeat(4000);
  let turns = 0;
  const timer = setInterval(() => (turns += 1), 1);
  const told = [];
  const evaluation = await evaluateRows(before, many, { onProgress: (done, total) => told.push([done, total]) });
  clearInterval(timer);
  assert.equal(evaluation.texts, 4000);
  assert.ok(turns > 2, `${turns} turns`);
  assert.ok(told.length > 2);
  assert.deepEqual(told.at(-1), [many.length, many.length]);
  assert.ok(told.every(([done], place) => place === 0 || done > told[place - 1][0]));
  const controller = new AbortController();
  const stopped = evaluateRows(before, many, { signal: controller.signal, onProgress: () => controller.abort('enough') });
  assert.equal((await failure(stopped, 'aborted')).cause, 'enough');
  await failure(diff(before, after, { corpus: many, signal: AbortSignal.abort() }), 'aborted');
  await assert.rejects(evaluateRows(before, many, { onRow: () => assert.fail('mine') }), /mine/);
});

test('calls do not disturb each other', async () => {
  const all = await Promise.all([
    evaluateRows(before, rows, { now: NOW }),
    diff(before, after, { corpus, now: NOW }),
    compile(oldBytes),
    evaluateRows(before, rows, { now: NOW }),
  ]);
  assert.deepEqual(all[1], reference.diff);
  assert.deepEqual({ ...all[0], latencyMicros: 0 }, { ...all[3], latencyMicros: 0 });
});

test('a trap costs one call', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', join(root, 'test/compile-trap.mjs'), join(built, 'npm/fault/compile.wasm')]);
  assert.equal(stdout.trim(), 'survived');
});

test('importing it does nothing, in both forms', async () => {
  const watch = 'for (const name of ["compile", "instantiate", "compileStreaming", "instantiateStreaming"]) WebAssembly[name] = () => { throw new Error(name) }; WebAssembly.Module = WebAssembly.Instance = undefined; globalThis.fetch = undefined;';
  execFileSync(process.execPath, ['--input-type=module', '-e', `${watch} await import('edgerail/compile');`], { cwd: root });
  execFileSync(process.execPath, ['--input-type=commonjs', '-e', `${watch} require('edgerail/compile');`], { cwd: root });
});

test('CommonJS has the same', async () => {
  const required = createRequire(import.meta.url)('edgerail/compile');
  assert.deepEqual((await required.compile(definition())).bundle, (await compile(definition())).bundle);
  await assert.rejects(required.compile('{}'), (error) => error instanceof required.DefinitionError && isEdgerailError(error));
});

test('the module is said to be missing or damaged', async () => {
  const script = (wasm) => `import { compile } from 'edgerail/compile';
    const wasm = ${wasm};
    await compile({}, { wasm }).catch((error) => console.log(error.code));
    await compile({}).catch((error) => console.log(error.code));`;
  for (const [wasm, code] of [
    ['new Uint8Array(8)', 'wasm_invalid'],
    ['new Response("<html>", { headers: { "content-type": "text/html" } })', 'wasm_fetch'],
    ['new Response("", { status: 404 })', 'wasm_fetch'],
    ['await WebAssembly.compile(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0))', 'wasm_invalid'],
  ]) {
    const said = execFileSync(process.execPath, ['--input-type=module', '-e', script(wasm)], { cwd: root, encoding: 'utf8' });
    // The next call begins anew.
    assert.deepEqual(said.trim().split('\n'), [code, 'definition_invalid']);
  }
});
