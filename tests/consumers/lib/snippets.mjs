// The snippets of a README: what they are, where they run, and what they say they print.

/**
 * @typedef {object} Snippet
 * @property {string} language `js`, `ts`, `tsx`, `html`, `sh`, …
 * @property {string[]} words what stands behind the language: where it runs
 * @property {string} code
 * @property {number} line its first line in the file
 * @property {string} section the heading it stands under
 */

/**
 * Finds all fenced snippets of a Markdown text.
 *
 * @param {string} markdown
 * @returns {Snippet[]}
 */
export function snippets(markdown) {
  const found = [];
  let section = '';
  let open;
  for (const [index, text] of markdown.split('\n').entries()) {
    const fence = /^(\s*)```\s*(\S*)\s*(.*)$/.exec(text);
    if (open && fence && fence[2] === '') {
      found.push({ ...open.snippet, code: open.lines.join('\n') + '\n' });
      open = undefined;
    } else if (open) {
      open.lines.push(text.startsWith(open.indent) ? text.slice(open.indent.length) : text);
    } else if (fence) {
      const words = fence[3].split(/\s+/).filter(Boolean);
      open = { indent: fence[1], lines: [], snippet: { language: fence[2], words, line: index + 2, section } };
    } else if (/^#{1,3} /.test(text)) {
      section = text.replace(/^#+ /, '');
    }
  }
  if (open) throw new Error(`the snippet of line ${open.snippet.line} does not end`);
  return found;
}

/**
 * What a snippet says it prints: the comment behind each `console.log(…);`, or alone in the line after it.
 *
 * @param {string} code
 * @returns {string[]}
 */
export function printed(code) {
  const lines = code.split('\n');
  return lines.flatMap((line, index) => {
    const [, same] = /console\.log\(.*\);?\s*\/\/ (.*)$/.exec(line) ?? [];
    if (same !== undefined) return [same];
    const [, next] = /console\.log\(.*\);?\s*$/.test(line) ? (/^\s*\/\/ (.*)$/.exec(lines[index + 1] ?? '') ?? []) : [];
    return next === undefined ? [] : [next];
  });
}
