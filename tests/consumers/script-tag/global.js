/* global edgerail */
import('./check.mjs')
  .then(({ check }) => check(edgerail, () => fetch('guardrail.bundle')))
  .catch((error) => ({ failed: String(error) }))
  .then((report) => {
    document.querySelector('#report').textContent = JSON.stringify(report);
  });
