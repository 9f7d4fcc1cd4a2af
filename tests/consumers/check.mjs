// What every consumer does with the package. It is copied beside the consumer's own entry, which imports
// `edgerail` in its own way and hands the functions in; the report must be the same everywhere.

/** Two UTF-16 units, four bytes, one character: offsets that count anything but UTF-16 show. */
const WIDE = '😀';
const MASKED = `${WIDE} write to ann@example.com about TCK-123456`;
const BLOCKED = 'What does project halcyon mean?';
const STREAMED = `Hello ${WIDE}, write to ann@example.com or call +1 202-555-0143.`;

/**
 * @param {{ loadEngine: Function, guardStream: Function, EdgerailError: Function }} api
 * @param {() => unknown} bundle gives the bundle's source anew for each load: a Response is read once
 * @returns {Promise<object>} the report
 */
export async function check({ loadEngine, guardStream, EdgerailError }, bundle) {
  const engine = await loadEngine(bundle());
  const report = {
    bundle: { audience: engine.info.audience, trust: engine.info.trust, sha256: engine.info.sha256.length },
    pass: short(engine.evaluate('Where is my parcel?'), 'Where is my parcel?'),
    mask: short(engine.evaluate(MASKED), MASKED),
    block: short(engine.evaluate(BLOCKED, { source: 'OUTPUT' }), BLOCKED),
    stream: streamed(engine),
    guarded: await guarded(engine, guardStream),
    refused: await refused(loadEngine, EdgerailError, bundle),
  };
  engine.free();
  return report;
}

function short(decision, text) {
  return {
    action: decision.action,
    outcome: decision.outcome,
    text: decision.text,
    findings: decision.findings.map(({ type, name, action, start, end, match }) => {
      return { entry: type ?? name, action, start, end, same: text.slice(start, end) === match };
    }),
    masks: decision.masks.map(({ start, end, label }) => [start, end, label]),
  };
}

/** One unit of UTF-16 at a time, so that the emoji is cut in two as well. */
function streamed(engine) {
  const stream = engine.stream();
  const pieces = STREAMED.split('').map((unit) => stream.push(unit));
  const end = stream.finish();
  stream.free();
  return { text: pieces.join('') + end.text, outcome: end.outcome, found: end.found };
}

async function guarded(engine, guardStream) {
  const source = new ReadableStream({
    start(controller) {
      for (const word of STREAMED.split(/(?<= )/)) controller.enqueue(word);
      controller.close();
    },
  });
  const reader = source.pipeThrough(guardStream(engine)).getReader();
  let text = '';
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) text += piece.value;
  return text;
}

/** Bad bundles: each gives an `EdgerailError` of the package that was imported, with a code. */
async function refused(loadEngine, EdgerailError, bundle) {
  const page = new TextEncoder().encode('<!doctype html><title>404 Not Found</title>');
  const codes = {};
  for (const [name, source, options] of [
    ['page', page],
    ['empty', new Uint8Array(0)],
    ['argument', null],
    ['unverified', bundle(), { require: 'verified' }],
  ]) {
    try {
      await loadEngine(source, options);
      codes[name] = 'no error';
    } catch (error) {
      codes[name] = error instanceof EdgerailError && error instanceof Error ? error.code : String(error);
    }
  }
  return codes;
}
