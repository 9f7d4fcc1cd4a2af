import { el } from '../ui/dom.js';

/** A stretch of a text, in UTF-16 units. */
export interface Stretch {
  start: number;
  end: number;
  /** The class of the mark, without its prefix: `block`, `mask`, `missed` … */
  look: string;
  /** What it is, said on hover and to screen readers. */
  title: string;
}

/** The text with its stretches marked. Where several meet, the mark says all of them. */
export function marked(text: string, stretches: readonly Stretch[]): HTMLElement {
  const inside = stretches.filter((one) => one.start < one.end && one.start >= 0 && one.end <= text.length);
  const cuts = [...new Set([0, text.length, ...inside.flatMap((one) => [one.start, one.end])])].sort((a, b) => a - b);
  const line = el('p', { class: 'marked' });
  for (let place = 0; place + 1 < cuts.length; place += 1) {
    const start = cuts[place] ?? 0;
    const end = cuts[place + 1] ?? text.length;
    const piece = text.slice(start, end);
    const over = inside.filter((one) => one.start <= start && one.end >= end);
    if (over.length === 0) {
      line.append(piece);
      continue;
    }
    const looks = [...new Set(over.map((one) => `hit-${one.look}`))].join(' ');
    const title = [...new Set(over.map((one) => one.title))].join('; ');
    line.append(el('mark', { class: looks, title }, piece, el('span', { class: 'visually-hidden' }, ` (${title}) `)));
  }
  if (text === '') line.append(el('em', {}, 'empty text'));
  return line;
}

const UTF8 = new TextEncoder();

/** The place in UTF-16 units of an offset that counts characters (code points), bytes of UTF-8, or those units. */
export function utf16Offset(text: string, offset: number, unit: 'utf16' | 'chars' | 'bytes'): number {
  if (unit === 'utf16') return offset;
  let units = 0;
  let left = offset;
  for (const char of text) {
    if (left <= 0) break;
    units += char.length;
    left -= unit === 'chars' ? 1 : UTF8.encode(char).length;
  }
  return units;
}
