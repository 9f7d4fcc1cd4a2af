import { readFile } from 'node:fs/promises';
import { EdgerailError, guardStream, loadEngine } from 'edgerail';

import { check } from './check.mjs';

const bundle = await readFile('guardrail.bundle');
console.log(JSON.stringify(await check({ loadEngine, guardStream, EdgerailError }, () => bundle)));
