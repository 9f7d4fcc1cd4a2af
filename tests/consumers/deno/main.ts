import { EdgerailError, guardStream, loadEngine } from 'edgerail';

// @ts-types="./check.d.ts"
import { check } from './check.mjs';

const bundle = await Deno.readFile('guardrail.bundle');
console.log(JSON.stringify(await check({ loadEngine, guardStream, EdgerailError }, () => bundle)));
