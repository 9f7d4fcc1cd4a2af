// A row's texts as streams: the same pieces as the native engine got have to give the same outputs, piece by piece;
// and every other way of cutting them the same text.

import { same } from './same.mjs';

const encoder = new TextEncoder();

/** Runs the streams of a row; gives how many. */
export function streams(engine, row, differences) {
  const { stream: expected } = row;
  if (expected === undefined) return 0;
  const texts = row.request.content.map((block) => block.text);
  const { source, now } = row.request;
  const options = {
    source,
    now: now === undefined ? null : new Date(now * 1000),
    mode: expected.buffer ? 'buffer' : 'incremental',
    holdback: expected.holdback,
  };
  for (const cut of expected.cuts) {
    const have = drive(engine.stream(options), texts, CUTS[cut.name]);
    same(differences, `stream cut to ${cut.name}`, have.outputs, cut.outputs);
    end(have.end, JSON.parse(cut.result), row, `stream cut to ${cut.name}`, differences);
  }
  const [whole] = expected.cuts;
  const total = whole.outputs.join('');
  const others = { 'units of UTF-16': units, 'bytes of UTF-8': bytes, '7 bytes': (text) => byteChunks(text, 7) };
  for (const [name, cut] of Object.entries(others)) {
    const have = drive(engine.stream(options), texts, cut);
    const native = JSON.parse(whole.result);
    // Of what comes out early and what at the end, only the sum is the same for every way of cutting.
    same(
      differences,
      `stream cut to ${name}`,
      have.outputs.join('') + have.end.text,
      total + native.outputs.join('\n'),
    );
    same(differences, `reason of the stream cut to ${name}`, have.end.reason, native.actionReason);
    same(differences, `reason code of the stream cut to ${name}`, have.end.reasonCode, native.reasonCode);
  }
  return expected.cuts.length + Object.keys(others).length;
}

/** Pushes the pieces of all blocks; a piece is a string or bytes. */
function drive(stream, texts, cut) {
  const outputs = [];
  for (const [number, text] of texts.entries()) {
    if (number > 0) outputs.push(stream.nextBlock());
    for (const piece of cut(text)) {
      outputs.push(typeof piece === 'string' ? stream.push(piece) : stream.pushBytes(piece));
    }
  }
  const end = stream.finish();
  stream.free();
  return { outputs, end };
}

/** The end of a stream against the native one. */
function end(have, native, row, what, differences) {
  const outcomes = { 'No action.': 'pass', 'Guardrail masked.': 'mask', 'Guardrail blocked.': 'block' };
  const { actionReason: reason, outputs, ...rest } = native;
  const expected = { ...rest, reason, source: row.request.source, outcome: outcomes[reason], text: outputs.join('\n') };
  // How much is held back is not part of the end's JSON.
  const { stats: _, ...members } = have;
  for (const name of new Set([...Object.keys(expected), ...Object.keys(members)])) {
    same(differences, `${name} at the end of the ${what}`, members[name], expected[name]);
  }
}

function units(text) {
  return Array.from({ length: text.length }, (_, at) => text[at]);
}

function bytes(text) {
  return byteChunks(text, 1);
}

function byteChunks(text, most) {
  const all = encoder.encode(text);
  const chunks = [];
  for (let at = 0; at < all.length; at += most) chunks.push(all.subarray(at, at + most));
  return chunks;
}

/** As the exporter cuts. */
const CUTS = {
  whole: (text) => [text],
  characters: (text) => [...text],
  '16 bytes': (text) => {
    const pieces = [];
    let piece = '';
    let length = 0;
    for (const character of text) {
      const more = encoder.encode(character).length;
      if (length + more > 16) {
        pieces.push(piece);
        piece = '';
        length = 0;
      }
      piece += character;
      length += more;
    }
    return piece === '' ? pieces : [...pieces, piece];
  },
};
