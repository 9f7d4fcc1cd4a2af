// Bundles and what damages them: `core/engine/src/bundle/mod.rs` describes the file.

/** A generator of numbers that every run repeats (mulberry32). */
export function random(seed) {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** Fetches bytes. */
export async function bytesOf(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

/** Every place where a part of the bundle begins or ends: header, table entries, sections, hash. */
export function boundaries(bundle) {
  const view = new DataView(bundle.buffer, bundle.byteOffset, bundle.byteLength);
  const sections = view.getUint32(12, true);
  const places = [0, 8, 10, 12, 16, bundle.length - 32, bundle.length];
  for (let number = 0; number < sections; number += 1) {
    const entry = 16 + 16 * number;
    const [offset, length] = [view.getUint32(entry + 4, true), view.getUint32(entry + 8, true)];
    places.push(entry, entry + 16, offset, offset + length);
  }
  return { places, sections };
}

/** A copy with a two-byte number changed and the hash made right again, as another version would have written it. */
export async function rewritten(bundle, at, value) {
  const copy = bundle.slice();
  new DataView(copy.buffer).setUint16(at, value, true);
  return await rehashed(copy);
}

/** The same bytes with the hash that belongs to them. */
export async function rehashed(bundle) {
  const copy = bundle.slice();
  const hash = await crypto.subtle.digest('SHA-256', copy.subarray(0, -32));
  copy.set(new Uint8Array(hash), copy.length - 32);
  return copy;
}
