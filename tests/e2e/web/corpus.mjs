// The corpus on the npm package: every row against the bytes of the native engine, and what the package adds to a
// decision against the decision. Plain web JavaScript, so that it runs in Node, browsers and workerd alike.

import { conversations } from './conversations.mjs';
import { streams } from './streams.mjs';
import { Differences, same } from './same.mjs';

const UNITS = ['utf16', 'bytes', 'chars'];
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * Runs rows. `load(number)` gives the bytes of a bundle; `options` are passed to `loadEngine`.
 * Gives how many rows, streams and steps were compared, and what differs.
 */
export async function run({ edgerail, rows, talks, load, options = {} }) {
  const engines = new Map();
  const engine = async (number) => {
    if (!engines.has(number)) {
      engines.set(number, await edgerail.loadEngine(await load(number), { trust: 'local', audience: 'any', ...options }));
    }
    return engines.get(number);
  };
  const differences = new Differences();
  const counts = { rows: 0, knownMisses: 0, findings: 0, masks: 0, streams: 0, conversations: 0 };
  for (const row of rows) {
    differences.at(row.name);
    // What throws is a difference of its row, not the end of the run.
    try {
      const loaded = await engine(row.bundle);
      decisions(loaded, row, counts, differences);
      counts.streams += streams(loaded, row, differences);
    } catch (error) {
      differences.add(`throws ${error?.code ?? ''} ${error?.message ?? error}`);
    }
    counts.rows += 1;
    counts.knownMisses += row.knownMiss === undefined ? 0 : 1;
  }
  if (talks !== undefined) {
    counts.conversations = await conversations(edgerail, await engine(talks.bundle), talks.all, differences);
  }
  for (const loaded of engines.values()) loaded.free();
  return { counts, differences: differences.list, more: differences.more };
}

/** How a row's request is evaluated. */
export function evaluateOptions(row) {
  const { source, outputScope, now } = row.request;
  const options = { source, now: now === undefined ? null : new Date(now * 1000) };
  return outputScope === undefined ? options : { ...options, outputScope };
}

function decisions(engine, row, counts, differences) {
  const { content, model } = row.request;
  const request = model === undefined ? { content } : { content, model };
  const options = evaluateOptions(row);
  const native = JSON.parse(row.decision);
  const bytes = content.map((block) => encoder.encode(block.text));
  const plain = content.length === 1 && content[0].qualifiers === undefined && model === undefined;
  for (const offsets of UNITS) {
    const decision = engine.evaluate(request, { ...options, offsets });
    same(differences, 'json', decision.json, row.decision);
    members(decision, native, row, differences);
    places(decision, native, offsets, bytes, differences);
    if (offsets === 'utf16') {
      counts.findings += decision.findings.length;
      counts.masks += decision.masks.length;
      texts(decision, content, differences);
    }
  }
  if (plain) {
    // A text alone is the same request; and what nobody sets is INPUT and UTF-16.
    const { source, ...rest } = options;
    const alone = engine.evaluate(content[0].text, source === 'INPUT' ? rest : options);
    same(differences, 'json of the text alone', alone.json, row.decision);
    same(differences, 'default offsets', alone.offsets, 'utf16');
  }
}

function members(decision, native, row, differences) {
  const { edgerail: own, ...response } = native;
  same(differences, 'response', decision.response, response);
  same(differences, 'action', decision.action, native.action);
  same(differences, 'reason', decision.reason, native.actionReason);
  same(differences, 'reasonCode', decision.reasonCode, own.reasonCode);
  same(differences, 'source', decision.source, row.request.source);
  same(differences, 'found', decision.found, own.found);
  same(differences, 'deferred', decision.deferred, own.deferred);
  same(differences, 'trust', decision.trust, own.trust);
  same(differences, 'bundle', decision.bundle, own.bundle.sha256);
  same(differences, 'findings listed', decision.findings.length, own.findings.length);
  for (const [number, finding] of decision.findings.entries()) {
    const { start: _, end: __, explanation: ___, ...rest } = own.findings[number];
    const { start: _s, end: _e, explanation: _x, ...have } = finding;
    same(differences, `finding ${number}`, have, rest);
  }
  const masks = decision.outcome === 'mask' ? (own.masks ?? []) : [];
  const without = ({ start: _, end: __, ...rest }) => rest;
  same(differences, 'masks', decision.masks.map(without), masks.map(without));
}

/** The start and end of everything, in any unit, against those in bytes of the JSON. */
function places(decision, native, offsets, bytes, differences) {
  same(differences, 'offsets', decision.offsets, offsets);
  const convert = (block, at) => {
    if (offsets === 'bytes') return at;
    const before = decoder.decode(bytes[block].subarray(0, at));
    return offsets === 'utf16' ? before.length : [...before].length;
  };
  for (const list of ['findings', 'masks']) {
    for (const [number, place] of decision[list].entries()) {
      const { block, start, end } = native.edgerail[list][number];
      const expected = [block, convert(block, start), convert(block, end)];
      same(differences, `${list} ${number} in ${offsets}`, [place.block, place.start, place.end], expected);
    }
  }
}

/** What an application does with a decision: slices of its own text, and the text that takes the text's place. */
function texts(decision, content, differences) {
  for (const [number, finding] of decision.findings.entries()) {
    // Topics and prompt attacks have no match.
    if (finding.match === '') continue;
    const slice = content[finding.block].text.slice(finding.start, finding.end);
    same(differences, `text.slice of finding ${number}`, slice, finding.match);
  }
  const outcomes = { 'No action.': 'pass', 'Guardrail masked.': 'mask', 'Guardrail blocked.': 'block' };
  same(differences, 'outcome', decision.outcome, outcomes[decision.reason]);
  const outputs = decision.response.outputs.map((output) => output.text);
  const expected = {
    pass: () => content.map((block) => block.text),
    mask: () => content.map((block, number) => masked(block.text, decision.masks.filter((m) => m.block === number))),
    block: () => outputs,
  };
  const instead = expected[decision.outcome]?.();
  same(differences, 'texts', decision.texts, instead);
  if (decision.outcome === 'mask') same(differences, 'outputs', outputs, instead);
  if (instead?.length === 1) same(differences, 'text', decision.text, instead[0]);
}

function masked(text, masks) {
  let out = '';
  let at = 0;
  for (const mask of masks) {
    out += `${text.slice(at, mask.start)}{${mask.label}}`;
    at = mask.end;
  }
  return out + text.slice(at);
}
