const { readFileSync } = require('node:fs');
const { EdgerailError, guardStream, loadEngine } = require('edgerail');

const bundle = readFileSync('guardrail.bundle');
import('./check.mjs')
  .then(({ check }) => check({ loadEngine, guardStream, EdgerailError }, () => bundle))
  .then((report) => console.log(JSON.stringify(report)));
