// What the verifying client costs above the signatures it checks, in the same WebAssembly.

const PINS = { target: 'aws~o-exampleorgid~ou-ab12-cdef3456~us-east-1.browser.bundle', audience: 'browser', ring: 'general', instance: 'bench' };
const [DONE, LOAD, FETCH] = [0, 1, 2];

let state;

function bytesOf(text) {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

/** Starts the module; `glue` is the package's border to it. `files` are the repository's metadata, `roots` two that differ in their threshold, all as base64. */
export async function prepare({ wasm, glue, files, roots, pinned, now }) {
  const { TrustInstance } = await import(glue);
  state = {
    instance: new TrustInstance(await WebAssembly.compile(bytesOf(wasm))),
    now,
    pinned,
    files: new Map(Object.entries(files).map(([name, text]) => [name, bytesOf(text)])),
    roots: Object.fromEntries(Object.entries(roots).map(([name, text]) => [name, bytesOf(text)])),
  };
}

/** Everything from the pinned root to the target. */
function verifyAll() {
  const session = state.instance.open(state.files.get(state.pinned), PINS);
  session.refresh(state.now);
  for (const find of [undefined, false]) {
    if (find !== undefined) session.find(find);
    for (;;) {
      const { step, file } = session.step();
      if (step === DONE) break;
      const bytes = step === FETCH ? state.files.get(file) : undefined;
      if (bytes) session.bytes(bytes);
      else if (step === LOAD || step === FETCH) session.absent();
      else session.done();
    }
  }
  if (session.choose() !== 2) throw new Error('the bundle is not taken');
  const { length } = session.candidate().sha256;
  session.free();
  return length;
}

function readRoot(name) {
  state.instance.open(state.roots[name], PINS).free();
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
