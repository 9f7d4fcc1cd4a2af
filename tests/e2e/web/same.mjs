// Comparison of values as JSON knows them, and a list of what differs.

/** At most this many differences are kept: a broken engine fails in every row. */
const MOST = 50;

/** What differs, each with the row that was run. */
export class Differences {
  list = [];
  more = 0;
  #row = '';

  /** What is reported from now on is about this row. */
  at(row) {
    this.#row = row;
  }

  add(difference) {
    if (this.list.length < MOST) this.list.push(`${this.#row}: ${difference}`);
    else this.more += 1;
  }
}

/** Adds a difference unless both values are deeply equal; members that are undefined count as absent. */
export function same(differences, what, have, expected) {
  const difference = firstDifference(have, expected);
  if (difference !== undefined) differences.add(`${what}${difference}`);
}

/** Throws unless both values are deeply equal. */
export function assertEqual(have, expected, what) {
  const difference = firstDifference(have, expected);
  if (difference !== undefined) throw new Error(`${what}${difference}`);
}

/** Throws unless `holds`. */
export function assert(holds, what) {
  if (!holds) throw new Error(what);
}

/** Where two values first differ, as `.path: have …, expected …`; of long texts, from where they do. */
function firstDifference(have, expected, path = '') {
  if (Object.is(have, expected)) return undefined;
  const objects = [have, expected].every((value) => typeof value === 'object' && value !== null);
  if (objects && Array.isArray(have) === Array.isArray(expected)) {
    for (const name of new Set([...Object.keys(have), ...Object.keys(expected)])) {
      const difference = firstDifference(have[name], expected[name], `${path}.${name}`);
      if (difference !== undefined) return difference;
    }
    return undefined;
  }
  let from = 0;
  if (typeof have === 'string' && typeof expected === 'string') {
    while (have[from] === expected[from]) from += 1;
    from = Math.max(0, from - 40);
  }
  const shown = (value) => (typeof value === 'string' ? JSON.stringify(value.slice(from, from + 200)) : JSON.stringify(value)?.slice(0, 200));
  return `${path}${from > 0 ? `, from ${from}` : ''}: have ${shown(have)}, expected ${shown(expected)}`;
}
