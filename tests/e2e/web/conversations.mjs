// The conversations of tests/corpus/reversible: masked messages, restored answers, and the map between two of them.

import { same } from './same.mjs';

const EVERYWHERE = { allow: { urls: true, links: true, attributes: true, toolArguments: true } };

/** Runs conversations; gives how many. */
export async function conversations(edgerail, engine, all, differences) {
  for (const conversation of all) {
    differences.at(conversation.name);
    let map = await edgerail.openPlaceholders(conversation.name);
    for (const [number, step] of conversation.steps.entries()) {
      const what = `step ${number + 1}`;
      if (step.restore !== undefined) {
        same(differences, what, map.restore(step.restore), step.output);
        same(differences, `${what} in pieces`, await inPieces(map, step.restore), step.output);
      } else {
        const text = step.mask ?? step.round;
        const masked = map.mask(text, engine.evaluate(text));
        same(differences, what, masked, step.output);
        if (step.round !== undefined) same(differences, `${what} and back`, map.restore(masked, EVERYWHERE), text);
      }
      const stored = map.toJSON();
      same(differences, `map after ${what}`, stored, step.map);
      // Between two messages the map is stored and read again.
      map.free();
      map = await edgerail.openPlaceholders(conversation.name, { stored });
    }
    map.free();
  }
  return all.length;
}

/** A text restored unit by unit, surrogates apart. */
async function inPieces(map, text) {
  const pieces = new ReadableStream({
    start(controller) {
      for (let at = 0; at < text.length; at += 1) controller.enqueue(text[at]);
      controller.close();
    },
  });
  const reader = pieces.pipeThrough(map.restoreStream()).getReader();
  let out = '';
  for (let next = await reader.read(); !next.done; next = await reader.read()) out += next.value;
  return out;
}
