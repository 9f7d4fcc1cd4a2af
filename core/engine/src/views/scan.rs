//! The one scan that finds what may be an evasion.

use super::separated::Singles;
use super::{Search, Units, decode, escape, glance, separated, spelled, spelling};

const LOWER: u16 = 1;
const UPPER: u16 = 2;
const DIGIT: u16 = 4;
/// What may stand between separated letters.
const SEPARATOR: u16 = 8;
/// What may stand for a letter.
const SIGN: u16 = 16;
/// What begins an escape.
const ESCAPE: u16 = 32;
/// Brackets around a spelled-out sign, and the sign itself.
const BRACKET: u16 = 64;
const BEYOND_ASCII: u16 = 128;
const SPACE: u16 = 256;

static CLASSES: [u16; 256] = classes();

#[allow(
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::arithmetic_side_effects,
    reason = "const, and a byte is in range"
)]
const fn classes() -> [u16; 256] {
    let mut classes = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        classes[byte] = match byte as u8 {
            b'a'..=b'z' => LOWER,
            b'A'..=b'Z' => UPPER,
            b'0'..=b'9' => DIGIT,
            b' ' | b'\t' | b'\n' | b'\r' => SPACE,
            b'.' | b'-' | b'_' | b'*' | b'/' | b'~' => SEPARATOR,
            b'+' => SEPARATOR | SIGN,
            b'|' => SEPARATOR | SIGN,
            b'$' | b'@' | b'!' => SIGN,
            b'%' | b'&' | b'\\' => ESCAPE,
            b'(' | b'[' | b'{' | b'<' => BRACKET,
            128..=255 => BEYOND_ASCII,
            _ => 0,
        };
        byte += 1;
    }
    classes
}

/// A stretch without blanks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chunk<'t> {
    /// The whole text.
    pub(super) text: &'t str,
    pub(super) start: usize,
    pub(super) end: usize,
    bits: u16,
    /// Whether a byte stands three times in a row, case aside.
    pub(super) repeated: bool,
}

impl<'t> Chunk<'t> {
    pub(super) fn slice(&self) -> &'t str {
        self.text.get(self.start..self.end).unwrap_or("")
    }

    fn has(&self, bits: u16) -> bool {
        self.bits & bits != 0
    }

    fn len(&self) -> usize {
        self.end.saturating_sub(self.start)
    }
}

/// Puts the suspicious parts of `text` into `units`.
pub(super) fn scan(text: &str, search: Search<'_>, units: &mut Units) {
    let mut from = 0;
    while let Some((start, end)) = glance::next(text, from, search.pii) {
        let mut singles = Singles::default();
        for chunk in Chunks::within(text, start, end) {
            look(&chunk, &mut singles, search, units);
        }
        singles.flush(text, search, units);
        from = end;
    }
}

fn look(chunk: &Chunk<'_>, singles: &mut Singles, search: Search<'_>, units: &mut Units) {
    // Most chunks even of a suspicious stretch are letters with punctuation around them.
    let plain = chunk.bits & !(LOWER | UPPER) == 0 && !chunk.repeated;
    if !plain || chunk.len() == 1 {
        singles.chunk(chunk, search, units);
        suspect(chunk, search, units);
    } else if chunk.len() == 2 && search.pii {
        spelled::plain(chunk, units);
    } else {
        encoded(chunk, search, units);
    }
}

fn suspect(chunk: &Chunk<'_>, search: Search<'_>, units: &mut Units) {
    encoded(chunk, search, units);
    if chunk.has(ESCAPE) {
        escape::find(chunk, search, units);
    }
    if search.pii && chunk.has(BRACKET) {
        spelled::bracketed(chunk, units);
    }
    if search.pii && chunk.has(BEYOND_ASCII) {
        spelling::signs(chunk, search, units);
    }
    let letters = chunk.has(LOWER | UPPER | BEYOND_ASCII);
    if !letters {
        return;
    }
    if chunk.has(SEPARATOR) && chunk.len() >= 5 {
        separated::inside(chunk, search, units);
    }
    if search.words && (chunk.repeated || chunk.has(DIGIT | SIGN | BEYOND_ASCII)) {
        spelling::words(chunk, search, units);
    }
}

/// Runs of base64 and hexadecimal digits are long and hold digits or letters of both cases.
fn encoded(chunk: &Chunk<'_>, search: Search<'_>, units: &mut Units) {
    let mixed = chunk.has(DIGIT) || (chunk.has(UPPER) && chunk.has(LOWER));
    if mixed && chunk.len() >= decode::SHORTEST {
        decode::find(chunk, search, units);
    }
}

/// The chunks of a text.
pub(super) struct Chunks<'t> {
    text: &'t str,
    at: usize,
    end: usize,
}

impl<'t> Chunks<'t> {
    pub(super) const fn new(text: &'t str) -> Chunks<'t> {
        Chunks {
            text,
            at: 0,
            end: text.len(),
        }
    }

    /// Those between two places, at each of which a blank or an end of the text stands.
    const fn within(text: &'t str, at: usize, end: usize) -> Chunks<'t> {
        Chunks { text, at, end }
    }
}

impl<'t> Iterator for Chunks<'t> {
    type Item = Chunk<'t>;

    #[inline]
    fn next(&mut self) -> Option<Chunk<'t>> {
        let rest = self.text.as_bytes().get(self.at..self.end)?;
        let class = |byte: u8| CLASSES.get(usize::from(byte)).copied().unwrap_or(0);
        let blanks = rest
            .iter()
            .take_while(|byte| class(**byte) == SPACE)
            .count();
        let start = self.at.saturating_add(blanks);
        let (mut bits, mut length) = (0, 0_usize);
        let (mut before, mut last) = (0, 0);
        let mut repeated = false;
        for &byte in rest.get(blanks..)? {
            let class = class(byte);
            if class == SPACE {
                break;
            }
            bits |= class;
            let folded = byte | 0x20;
            repeated |= folded == last && folded == before;
            before = last;
            last = folded;
            length = length.wrapping_add(1);
        }
        if length == 0 {
            return None;
        }
        let end = start.saturating_add(length);
        self.at = end;
        Some(Chunk {
            text: self.text,
            start,
            end,
            bits,
            repeated,
        })
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::String;

    use super::*;
    use crate::dictionary::Dictionary;
    use crate::views::testing::section;
    use crate::views::{Layout, Tables};

    const PIECES: &[&str] = &[
        "b4d",
        "b a d",
        "b.a.d",
        " ",
        " ",
        "\n",
        "plain",
        "words",
        "and more of them",
        "a",
        "I",
        "baaad",
        "диоt",
        "слово",
        "é",
        "UHJvamVjdCBLZXN0cmVs",
        "73686974",
        "%62",
        "&#98;",
        "\\x62",
        "jane",
        " (at) ",
        "[dot]",
        "example.com",
        "my mail ",
        " at ",
        " dot ",
        "4",
        "1 1 1 1 1 1 1 1 1 1",
        ".",
        "-",
        "!",
        "$hit",
        "fu(k",
        "i|",
        "3 weeks",
        "(brackets)",
        "it's",
        "x . y . z",
        "well-known",
        "b\u{337}",
        "🅰",
        "end.",
        "!diot",
        "CamelCase",
        "s. p. o. r. t",
    ];

    /// The glance must lead the scan to all that a scan of the whole text finds.
    #[test]
    fn the_glance_overlooks_nothing() {
        let bytes = section(&[]);
        let layout = Layout::read(&bytes).unwrap().unwrap();
        let search = Search {
            tables: Tables::reopen(&bytes, &layout),
            dictionary: Dictionary::read(&[]).unwrap(),
            substrings: true,
            words: true,
            pii: true,
            depth: 2,
        };
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut below = |most: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 16) as usize % most
        };
        let mut found = 0;
        for _ in 0..3_000 {
            let text: String = (0..below(60))
                .map(|_| PIECES[below(PIECES.len())])
                .collect();
            let mut all = Units::default();
            let mut singles = Singles::default();
            for chunk in Chunks::new(&text) {
                look(&chunk, &mut singles, search, &mut all);
            }
            singles.flush(&text, search, &mut all);
            let mut glanced = Units::default();
            scan(&text, search, &mut glanced);
            found += all.words.len();
            assert_eq!(all.pii, glanced.pii, "{text:?}");
            for units in [&mut all.words, &mut glanced.words] {
                units.sort_by_key(|unit| (unit.start, unit.end, unit.text.clone()));
            }
            assert_eq!(all.words, glanced.words, "{text:?}");
        }
        assert!(found > 10_000, "{found}");
    }
}
