//! Letters one by one: `b a d`, `b.a.d`, `b-a-d`, `b_a_d`.

use alloc::string::String;
use alloc::vec::Vec;

use super::glyph::{Glyphs, Reading, may_hit};
use super::scan::Chunk;
use super::{Search, Unit, Units, ViewKind, spelling};
use crate::rules::rule;
use crate::text::{CharClass, class, is_alphanumeric, is_lowercase, is_uppercase};

/// The fewest letters that are read together.
const FEWEST: usize = 3;
/// The fewest with signs between blanks (`a + b + c` is a sum), or behind the pronoun `I`.
const FEWEST_DOUBTFUL: usize = 4;
/// The most; a longer row is cut.
const MOST: usize = 64;
/// The fewest digits that are read together.
const DIGITS: usize = 9;
/// The shortest and the longest word that a row of several words is taken apart into, in letters.
const WORD: core::ops::RangeInclusive<usize> = 3..=24;

/// Single letters that stand side by side, all with the same between them.
#[derive(Debug, Default)]
pub(super) struct Singles {
    places: Vec<(usize, usize)>,
}

impl Singles {
    /// Takes a chunk of one or two characters, or notes that it is no single letter.
    pub(super) fn chunk(&mut self, chunk: &Chunk<'_>, search: Search<'_>, units: &mut Units) {
        if let Some((start, end)) = single(chunk.slice()) {
            let place = (
                chunk.start.saturating_add(start),
                chunk.start.saturating_add(end),
            );
            self.push(chunk.text, place, search, units);
        }
    }

    fn push(&mut self, text: &str, place: (usize, usize), search: Search<'_>, units: &mut Units) {
        let gap = |a: (usize, usize), b: (usize, usize)| text.get(a.1..b.0);
        match *self.places.as_slice() {
            [] => {}
            [only] => {
                if !gap(only, place).is_some_and(is_gap) {
                    self.places.clear();
                }
            }
            [first, second, .., last] | [first, second @ last] => {
                if gap(first, second) != gap(last, place) || self.places.len() >= MOST {
                    self.flush(text, search, units);
                    if gap(last, place).is_some_and(is_gap) {
                        self.places.push(last);
                    }
                }
            }
        }
        self.places.push(place);
    }

    /// Ends the row.
    pub(super) fn flush(&mut self, text: &str, search: Search<'_>, units: &mut Units) {
        if self.places.len() >= FEWEST {
            read(text, &self.places, search, units);
        }
        self.places.clear();
    }
}

/// What may stand between two letters of a row: up to three blanks and signs.
fn is_gap(gap: &str) -> bool {
    let signs = gap.trim_matches(' ');
    gap.len() <= 3
        && !gap.is_empty()
        && (gap.starts_with(' ') || gap.ends_with(' '))
        && matches!(signs, "" | "." | "-" | "_" | "*" | "/" | "~" | "+" | "|")
}

/// The place of the single letter that `chunk` is, punctuation around it aside.
fn single(chunk: &str) -> Option<(usize, usize)> {
    if chunk.len() > 12 {
        return None;
    }
    let front = chunk.trim_start_matches(['(', '"', '\'', '[']);
    let inner = front.trim_end_matches(['.', ',', ';', ':', '?', '!', ')', '"', '\'', ']']);
    let inner = if inner.is_empty() { front } else { inner };
    let mut chars = inner.chars().filter(|c| class(*c) != CharClass::Mark);
    let only = chars.next()?;
    let letter = is_alphanumeric(only) || matches!(only, '$' | '@' | '!');
    if !letter || chars.next().is_some() {
        return None;
    }
    let start = chunk.len().saturating_sub(front.len());
    Some((start, start.saturating_add(inner.len())))
}

/// Rows inside a chunk: single letters with a sign between them.
pub(super) fn inside(chunk: &Chunk<'_>, search: Search<'_>, units: &mut Units) {
    let text = chunk.slice();
    if spelling::is_address(text) {
        return;
    }
    let is_sign = |c: char| matches!(c, '.' | '-' | '_' | '*' | '/' | '~' | '+' | '|');
    let start = text.len().saturating_sub(
        text.trim_start_matches(|c: char| !is_alphanumeric(c) && c != '$')
            .len(),
    );
    let inner = text.trim_end_matches(|c: char| !is_alphanumeric(c) && c != '$');
    let Some(inner) = inner.get(start..) else {
        return;
    };
    let mut row: Vec<(usize, usize)> = Vec::new();
    let (mut sign, mut joined) = ('\0', false);
    let mut at = chunk.start.saturating_add(start);
    let mut before = '\0';
    for piece in inner.split_inclusive(is_sign) {
        let letters = piece.trim_end_matches(is_sign);
        let after = piece
            .chars()
            .next_back()
            .filter(|c| is_sign(*c))
            .unwrap_or('\0');
        let place = (at, at.saturating_add(letters.len()));
        at = at.saturating_add(piece.len());
        let one = single(letters) == Some((0, letters.len()));
        if !one || (!row.is_empty() && before != sign) {
            end_row(
                chunk.text,
                &mut row,
                joined || (!one && before == sign),
                search,
                units,
            );
            // A longer piece on the left belongs to the row on its right.
            joined = !one && after != '\0';
        }
        if one {
            if row.is_empty() {
                sign = after;
            }
            row.push(place);
        }
        before = after;
    }
    end_row(chunk.text, &mut row, joined, search, units);
}

fn end_row(
    text: &str,
    row: &mut Vec<(usize, usize)>,
    joined: bool,
    search: Search<'_>,
    units: &mut Units,
) {
    let free = !joined || !rule!("views.separated.joined");
    if (FEWEST..=MOST).contains(&row.len()) && free {
        read(text, row, search, units);
    }
    row.clear();
}

/// Whether a row of words of one letter begins with the pronoun: `I a m`.
fn is_sentence(letters: &str, gap: &str) -> bool {
    let rest = letters.strip_prefix('I').unwrap_or("");
    gap == " " && !rest.is_empty() && rest.chars().all(is_lowercase)
}

/// Reads the row of single letters at `places`.
fn read(text: &str, places: &[(usize, usize)], search: Search<'_>, units: &mut Units) {
    if !rule!("views.separated") {
        return;
    }
    let (Some(&(start, first_end)), Some(&(second, _)), Some(&(_, end))) =
        (places.first(), places.get(1), places.last())
    else {
        return;
    };
    let letters: String = places
        .iter()
        .filter_map(|&(start, end)| text.get(start..end))
        .collect();
    let digits = letters.bytes().filter(u8::is_ascii_digit).count();
    if search.pii && digits >= DIGITS && letters.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        units
            .pii
            .push(Unit::new(start, end, ViewKind::Separated, letters.clone()));
    }
    let gap = text.get(first_end..second).unwrap_or("");
    let doubtful = (gap.len() > 1 && !gap.trim().is_empty()) || is_sentence(&letters, gap);
    let few = places.len() < FEWEST_DOUBTFUL && rule!("views.separated.doubtful");
    if !search.words || is_initials(&letters, gap) || (doubtful && few) {
        return;
    }
    let full = Reading {
        alike: true,
        leet: true,
    };
    let plain = Reading {
        alike: false,
        leet: false,
    };
    let glyphs = Glyphs::of(&letters, search.tables, full)
        .filter(|glyphs| glyphs.unmistakable == 0)
        .or_else(|| Glyphs::of(&letters, search.tables, plain));
    let Some(glyphs) = glyphs.filter(|glyphs| {
        let count = glyphs.letter_count();
        count >= 2 && count.saturating_mul(2) >= places.len()
    }) else {
        return;
    };
    let before = units.words.len();
    let mut push = |from: usize, to: usize, word: String| {
        let (Some(&(start, _)), Some(&(_, end))) =
            (places.get(from), places.get(to.saturating_sub(1)))
        else {
            return;
        };
        units
            .words
            .push(Unit::new(start, end, ViewKind::Separated, word));
    };
    let count = places.len();
    spelling::readings(&glyphs, search, |word| push(0, count, word));
    let uneven = glyphs.letters.len() != count;
    if uneven || search.substrings || units.words.len() > before {
        return;
    }
    let letters: Vec<char> = glyphs.letters.iter().map(|(letter, _)| *letter).collect();
    // "a b a d day": an article or a pronoun may stand before the word.
    let article = letters
        .first()
        .is_some_and(|c| matches!(c, 'a' | 'i' | 'o' | 'y' | 'e'));
    for from in 0..if article { 2 } else { 1 } {
        if let Some(words) = apart(letters.get(from..).unwrap_or(&[]), search) {
            let mut push = |from: usize, to: usize, word: String| {
                let (Some(&(start, _)), Some(&(_, end))) =
                    (places.get(from), places.get(to.saturating_sub(1)))
                else {
                    return;
                };
                units
                    .words
                    .push(Unit::new(start, end, ViewKind::Separated, word));
            };
            push(from, count, words);
            return;
        }
    }
}

/// Initials and abbreviations: `J. R. R.`, `U.S.A.`, the chords `F A G`.
fn is_initials(letters: &str, gap: &str) -> bool {
    let capitals = letters.chars().filter(|c| is_uppercase(*c)).count();
    let all = capitals == letters.chars().count();
    let dotted = gap.starts_with('.') && gap.len() > 1 && capitals > 0;
    (dotted || (all && letters.chars().count() <= FEWEST)) && rule!("views.separated.initials")
}

/// `letters` as words that the dictionary knows, with blanks between them; `None` if they are none.
fn apart(letters: &[char], search: Search<'_>) -> Option<String> {
    // Per place, where the last word of the best way to it begins.
    let mut from: Vec<Option<usize>> = Vec::new();
    from.resize(letters.len().saturating_add(1), None);
    for start in 0..letters.len() {
        if start > 0 && from.get(start) == Some(&None) {
            continue;
        }
        for length in WORD {
            let end = start.saturating_add(length);
            let Some(word) = letters.get(start..end) else {
                break;
            };
            let word: String = word.iter().collect();
            if let Some(slot) = from.get_mut(end).filter(|slot| slot.is_none())
                && may_hit(&word, search)
            {
                *slot = Some(start);
            }
        }
    }
    let mut end = letters.len();
    let mut words: Vec<String> = Vec::new();
    while end > 0 {
        let start = (*from.get(end)?)?;
        words.push(letters.get(start..end)?.iter().collect());
        end = start;
    }
    words.reverse();
    Some(words.join(" "))
}
