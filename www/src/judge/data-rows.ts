import type { Source } from 'edgerail';

/** What a line of data says, as far as the page shows it. */
export interface DataRow {
  text: string;
  source: Source | undefined;
}

/** Reads single lines of JSONL again, for the rows that are shown. The judge has read and checked them all. */
export function dataRows(data: string): (line: number) => DataRow {
  let lines: string[] | undefined;
  return (line) => {
    lines ??= data.split('\n');
    try {
      // A byte order mark is passed over at the beginning of a file, as the judge does.
      const row: unknown = JSON.parse((lines[line - 1] ?? '').replace(/^\ufeff/, ''));
      if (typeof row === 'object' && row !== null && 'text' in row && typeof row.text === 'string') {
        const source = 'source' in row && (row.source === 'INPUT' || row.source === 'OUTPUT') ? row.source : undefined;
        return { text: row.text, source };
      }
    } catch {
      // What the judge reads and JavaScript does not is listed without its text.
    }
    return { text: '', source: undefined };
  };
}

/** `jsonl` if the first line that is not blank looks like an object, otherwise a text a line. */
export function guessFormat(data: string): 'jsonl' | 'text' {
  return /^\s*\{/.test(data.slice(0, 4096).replace(/^\ufeff/, '')) ? 'jsonl' : 'text';
}
