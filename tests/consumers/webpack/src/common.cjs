// A page's code that still requires its packages.
const { EdgerailError, guardStream, loadEngine } = require('edgerail');

const { check } = require('../check.mjs');

check({ loadEngine, guardStream, EdgerailError }, () => fetch('guardrail.bundle'))
  .catch((error) => ({ failed: String(error) }))
  .then((report) => {
    document.querySelector('#report').textContent = JSON.stringify(report);
  });
