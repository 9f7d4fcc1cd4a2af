// The snippets of a README: what they are, and what they say they print.

/**
 * @typedef {object} Snippet
 * @property {string} language `js`, `ts`, `tsx`, `html`, `sh`, …
 * @property {string} code
 * @property {number} line its first line in the file
 */

/**
 * Finds all fenced snippets of a Markdown text.
 *
 * @param {string} markdown
 * @returns {Snippet[]}
 */
export function snippets(markdown) {
  const found = [];
  let open;
  for (const [index, text] of markdown.split('\n').entries()) {
    const fence = /^(\s*)```\s*(\S*)/.exec(text);
    if (open && fence && fence[2] === '') {
      found.push({ ...open.snippet, code: open.lines.join('\n') + '\n' });
      open = undefined;
    } else if (open) {
      open.lines.push(text.startsWith(open.indent) ? text.slice(open.indent.length) : text);
    } else if (fence) {
      open = { indent: fence[1], lines: [], snippet: { language: fence[2], line: index + 2 } };
    }
  }
  if (open) throw new Error(`the snippet of line ${open.snippet.line} does not end`);
  return found;
}

/**
 * What a snippet says it prints: the comment behind a `console.log(…);`.
 *
 * @param {string} code
 * @returns {string[]}
 */
export function printed(code) {
  return [...code.matchAll(/console\.log\(.*\);?[ ]*\/\/ (.*)$/gm)].map(([, text]) => text.trim());
}
