import { EdgerailError, guardStream, loadEngine } from 'edgerail';

import { check } from './check.mjs';

const bundle = () => Bun.file('guardrail.bundle').arrayBuffer();
console.log(JSON.stringify(await check({ loadEngine, guardStream, EdgerailError }, bundle)));
