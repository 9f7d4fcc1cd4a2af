// What the verifying client costs above the signatures it checks, in the same WebAssembly.

const PINS = { target: 'aws~o-exampleorgid~ou-ab12-cdef3456~us-east-1.browser.bundle', audience: 'browser', ring: 'general', instance: 'bench' };
const [DONE, LOAD, FETCH] = [0, 1, 2];

let state;

function bytesOf(text) {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

/** Starts the module. `files` are the repository's metadata, `roots` two that differ in their threshold, all as base64. */
export async function prepare({ wasm, glue, files, roots, pinned, now }) {
  const { initSync, Session } = await import(glue);
  initSync({ module: await WebAssembly.compile(bytesOf(wasm)) });
  state = {
    Session,
    now,
    pinned,
    files: new Map(Object.entries(files).map(([name, text]) => [name, bytesOf(text)])),
    roots: Object.fromEntries(Object.entries(roots).map(([name, text]) => [name, bytesOf(text)])),
  };
}

/** Everything from the pinned root to the target. */
function verifyAll() {
  const session = new state.Session(state.files.get(state.pinned), PINS);
  session.refresh(state.now);
  for (const find of [undefined, false]) {
    if (find !== undefined) session.find(find);
    for (let step = session.step(); step !== DONE; step = session.step()) {
      const bytes = step === FETCH ? state.files.get(session.file()) : undefined;
      if (bytes) session.bytes(bytes);
      else if (step === LOAD || step === FETCH) session.absent();
      else session.done();
    }
  }
  if (session.choose() !== 2) throw new Error('the bundle is not taken');
  const { length } = session.sha256();
  session.free();
  return length;
}

function readRoot(name) {
  new state.Session(state.roots[name], PINS).free();
  return 1;
}

/** Passes for at least `turn` milliseconds: how many, and how long. */
export function turn({ who, turn }) {
  const pass = who === 'all' ? verifyAll : () => readRoot(who);
  const begin = performance.now();
  let passes = 0;
  let length = 0;
  while (performance.now() - begin < turn) {
    length = pass();
    passes += 1;
  }
  return { passes, wall: (performance.now() - begin) * 1e6, length };
}
