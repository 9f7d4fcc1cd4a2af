// What importing the package does to a page: nothing.

/** Imports subpaths; gives the names of globals, storage entries and elements that came with them. */
export async function imports({ subpaths }) {
  const snapshot = () => new Set([
    ...Reflect.ownKeys(globalThis).map(String),
    ...Object.keys(localStorage).map((name) => `localStorage.${name}`),
    ...Object.keys(sessionStorage).map((name) => `sessionStorage.${name}`),
    `elements: ${document.querySelectorAll('*').length}`,
  ]);
  const before = snapshot();
  for (const subpath of subpaths) await import(subpath);
  // What a timer would do later counts too.
  await new Promise((done) => setTimeout(done, 100));
  return [...snapshot()].filter((name) => !before.has(name));
}
