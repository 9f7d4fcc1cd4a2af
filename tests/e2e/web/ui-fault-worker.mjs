// A worker of an application's own that fails where a test asks for it: it never comes back from one text and throws
// at another, as no text does to the engine itself.

const HANG = 'edgerail-fault-injection: hang';
const CRASH = 'edgerail-fault-injection: crash';

function textOf(message) {
  return message?.call?.input ?? message?.call?.text;
}

function hang(message) {
  if (textOf(message) === HANG) for (;;);
}

if (typeof WorkerGlobalScope === 'function') {
  addEventListener('message', (event) => {
    hang(event.data);
    if (textOf(event.data) !== CRASH) return;
    // So that the engine does not answer before the error is known.
    event.stopImmediatePropagation();
    throw new Error('injected crash');
  });
  await import('/package/dist/esm/worker-script.js');
} else {
  const { parentPort } = await import('node:worker_threads');
  parentPort.on('message', (message) => {
    hang(message);
    // What is not caught ends a thread of Node.
    if (textOf(message) === CRASH) throw new Error('injected crash');
  });
  await import('edgerail/worker-script');
}
