import type { OffsetUnit } from './types.js';

/** A stretch of a text. */
export interface Place {
  start: number;
  end: number;
}

/** Turns byte offsets into offsets of another unit, in place. A place comes with the number of its text. */
export function convertOffsets(places: readonly [number, Place][], texts: readonly string[], unit: OffsetUnit): void {
  if (unit === 'bytes') return;
  const byText = new Map<number, Place[]>();
  for (const [text, place] of places) {
    const own = byText.get(text);
    if (own) own.push(place);
    else byText.set(text, [place]);
  }
  for (const [text, own] of byText) convertIn(texts[text] ?? '', own, unit);
}

function convertIn(text: string, places: readonly Place[], unit: 'utf16' | 'chars'): void {
  const offsets = [...new Set(places.flatMap((place) => [place.start, place.end]))].sort((a, b) => a - b);
  const converted = new Map<number, number>();
  let bytes = 0;
  let units = 0;
  let at = 0;
  for (const offset of offsets) {
    while (bytes < offset && at < text.length) {
      const code = text.codePointAt(at) as number;
      bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
      const length = code < 0x10000 ? 1 : 2;
      at += length;
      units += unit === 'utf16' ? length : 1;
    }
    converted.set(offset, units);
  }
  for (const place of places) {
    place.start = converted.get(place.start) as number;
    place.end = converted.get(place.end) as number;
  }
}

/** Whether a text has no surrogate without its other half. */
export function isWellFormed(text: string): boolean {
  const native = (text as { isWellFormed?: () => boolean }).isWellFormed;
  if (native) return native.call(text);
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit < 0xd800 || unit > 0xdfff) continue;
    const next = text.charCodeAt(at + 1);
    if (unit > 0xdbff || !(next >= 0xdc00 && next <= 0xdfff)) return false;
    at += 1;
  }
  return true;
}
