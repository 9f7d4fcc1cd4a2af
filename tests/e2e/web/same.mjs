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
  if (!equal(have, expected)) {
    differences.add(`${what}: have ${JSON.stringify(have)}, expected ${JSON.stringify(expected)}`);
  }
}

/** Whether two values are deeply equal; members that are undefined count as absent. */
export function equal(a, b) {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const names = (value) => Object.keys(value).filter((name) => value[name] !== undefined);
  const [ours, theirs] = [names(a), names(b)];
  return ours.length === theirs.length && ours.every((name) => equal(a[name], b[name]));
}

/** Throws unless both values are deeply equal. */
export function assertEqual(have, expected, what) {
  if (!equal(have, expected)) {
    throw new Error(`${what}: have ${JSON.stringify(have)}, expected ${JSON.stringify(expected)}`);
  }
}

/** Throws unless `holds`. */
export function assert(holds, what) {
  if (!holds) throw new Error(what);
}
