import { loadEngine } from 'edgerail';

// The engine's file was not copied: the page learns what to do.
const error = await loadEngine(fetch('guardrail.bundle')).catch((error) => error);
document.querySelector('#report').textContent = JSON.stringify({ code: error.code, message: error.message });
