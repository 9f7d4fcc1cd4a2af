// The real packages take what this one gives, by their own types.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const PACKAGE = fileURLToPath(new URL('..', import.meta.url));
const run = promisify(execFile);

const USE = `
import { BedrockRuntimeClient } from '@aws-sdk/client-bedrock-runtime';
import Anthropic from '@anthropic-ai/sdk';
import { wrapLanguageModel } from 'ai';
import type { LanguageModelMiddleware } from 'ai';
import { MockLanguageModelV4 } from 'ai/test';
import { guardFetch, loadEngine } from 'edgerail';
import { guardMiddleware } from 'edgerail/ai';
import { edgerailPlugin } from 'edgerail/aws';
import OpenAI from 'openai';

const engine = loadEngine('/guardrail.bundle');
export const middleware: LanguageModelMiddleware = guardMiddleware({ engine });
export const model = wrapLanguageModel({ model: new MockLanguageModelV4(), middleware });
export const openai = new OpenAI({ fetch: guardFetch(fetch, { engine }) });
export const anthropic = new Anthropic({ fetch: guardFetch(fetch, { engine }) });
export const bedrock = new BedrockRuntimeClient({});
bedrock.middlewareStack.use(edgerailPlugin({ engine }));
`;

const WRONG = `
import { guardFetch } from 'edgerail';
import { guardMiddleware } from 'edgerail/ai';
import { edgerailPlugin } from 'edgerail/aws';

guardMiddleware({});
edgerailPlugin({ engine: 5 });
guardFetch(fetch, { engine: 'x', shape: 'open-ai' });
`;

test('clients take what is made for them', async (t) => {
  const folder = await mkdtemp(join(PACKAGE, 'test', '.types-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const check = async (name, code) => {
    const file = join(folder, `${name}.ts`);
    await writeFile(file, code);
    const options = [
      '--ignoreConfig',
      '--noEmit',
      '--strict',
      '--skipLibCheck',
      '--target',
      'es2022',
      '--module',
      'nodenext',
      '--types',
      'node',
    ];
    const tsc = join(PACKAGE, 'node_modules/typescript/bin/tsc');
    return await run(process.execPath, [tsc, ...options, file], { cwd: PACKAGE }).then(
      () => '',
      (error) => error.stdout,
    );
  };
  assert.equal(await check('use', USE), '');
  const wrong = await check('wrong', WRONG);
  assert.equal(wrong.match(/error TS/g)?.length, 4, wrong);
});
