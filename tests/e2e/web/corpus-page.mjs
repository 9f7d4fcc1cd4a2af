// The corpus over the network: what `run` needs is fetched from the server of the tests.

import * as edgerail from 'edgerail';

import { run } from './corpus.mjs';

/** Runs the rows from `from` up to `to`, with all conversations if they begin at the first. */
export async function corpus({ origin, from = 0, to = Infinity }) {
  const { rows, conversations } = await (await fetch(`${origin}/corpus/corpus.json`)).json();
  const load = async (number) => await (await fetch(`${origin}/corpus/${number}.bundle`)).arrayBuffer();
  const talks = from === 0 ? conversations : undefined;
  return await run({ edgerail, rows: rows.slice(from, to), talks, load });
}
