//! Words in other letters: look-alikes, leetspeak, letters repeated.

use alloc::string::String;
use alloc::vec::Vec;

use super::glyph::{Glyphs, Reading, may_hit};
use super::scan::Chunk;
use super::tables::{Class, Tables};
use super::{Search, Unit, Units, ViewKind};
use crate::rules::rule;
use crate::text;
use crate::text::{CharClass, class, is_alphabetic, is_alphanumeric, is_uppercase};

/// How many readings of one run may count.
const READINGS: usize = 4;
/// How many letters that have two readings are tried both ways.
const AMBIGUOUS: usize = 3;
/// How far before a word the script of the text is looked at, in bytes.
const SCRIPT_CONTEXT: usize = 64;

/// Puts the readings of the words of `chunk` that the dictionary knows into `units`.
pub(super) fn words(chunk: &Chunk<'_>, search: Search<'_>, units: &mut Units) {
    let text = chunk.slice();
    if is_address(text) {
        return;
    }
    let mut at = 0;
    while let Some((start, end)) = next_run(text, at, search.tables) {
        at = end;
        let (start, end) = (
            chunk.start.saturating_add(start),
            chunk.start.saturating_add(end),
        );
        word(chunk.text, start, end, search, units);
    }
}

/// Links and mail addresses are read as they are.
pub(super) fn is_address(chunk: &str) -> bool {
    if text::contains(chunk, "://")
        || chunk
            .get(..4)
            .is_some_and(|start| start.eq_ignore_ascii_case("www."))
    {
        return true;
    }
    let Some((name, domain)) = chunk.split_once('@') else {
        return false;
    };
    let alphanumeric = |c: char| c.is_ascii_alphanumeric();
    let dot = domain.trim_end_matches(|c| !alphanumeric(c)).find('.');
    name.ends_with(alphanumeric) && dot.is_some_and(|dot| dot > 0)
}

/// The next run of letters, digits and the signs that stand for letters, without the signs at its ends
/// that are punctuation there.
fn next_run(text: &str, from: usize, tables: Tables<'_>) -> Option<(usize, usize)> {
    let rest = text.get(from..)?;
    let belongs = |c: char| {
        if c.is_ascii() {
            return c.is_ascii_alphanumeric() || tables.leet(c) != [0; 2];
        }
        matches!(class(c), CharClass::Spaced | CharClass::Mark)
            || tables.leet(c) != [0; 2]
            || tables
                .look_alike(c)
                .is_some_and(|(_, class)| class == Class::Odd)
    };
    let start = rest.find(belongs)?;
    let run = rest.get(start..)?;
    let length = run.find(|c| !belongs(c)).unwrap_or(run.len());
    let run = run.get(..length)?;
    // `@name` is somebody, `+1` a number.
    let front = run.trim_start_matches(['@', '+', '(']);
    let kept = front.trim_end_matches(['!', '+', '(', '|']);
    let start = from
        .saturating_add(start)
        .saturating_add(run.len().saturating_sub(front.len()));
    let end = start.saturating_add(kept.len());
    // An empty run has to lead on, too.
    Some((
        start,
        end.max(if kept.is_empty() {
            from.saturating_add(1).max(start)
        } else {
            end
        }),
    ))
}

/// What the characters of a run are, as far as their ranges tell.
#[derive(Clone, Copy, Debug, Default)]
struct Make {
    /// ASCII letters.
    letters: usize,
    /// Digits and signs that may stand for letters.
    signs: usize,
    /// Whether there is a combining mark.
    marks: bool,
    /// Whether there is a letter of a script other than Latin that has look-alikes.
    foreign: bool,
    /// Whether there is a sign that no alphabet has.
    odd: bool,
    /// Whether a letter stands three times in a row.
    triple: bool,
}

impl Make {
    fn of(run: &str) -> Make {
        let mut make = Make::default();
        let (mut before, mut last) = ('\0', '\0');
        for c in run.chars() {
            match c {
                'a'..='z' | 'A'..='Z' => make.letters = make.letters.saturating_add(1),
                '\0'..='\u{7f}' | '\u{a2}'..='\u{a7}' | '€' => {
                    make.signs = make.signs.saturating_add(1);
                }
                '\u{80}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}' => {}
                '\u{300}'..='\u{36f}'
                | '\u{1ab0}'..='\u{1aff}'
                | '\u{1dc0}'..='\u{1dff}'
                | '\u{20d0}'..='\u{20ff}'
                | '\u{488}'
                | '\u{489}' => make.marks = true,
                '\u{250}'..='\u{2ff}'
                | '\u{1d00}'..='\u{1dbf}'
                | '\u{2c60}'..='\u{2c7f}'
                | '\u{a720}'..='\u{a7ff}'
                | '\u{ab30}'..='\u{ab6f}'
                | '\u{1f100}'..='\u{1f1ff}' => {
                    make.odd = true;
                }
                // The scripts from CJK on have no look-alikes, but for those in other planes.
                '\u{2e80}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7ff}' => {}
                _ => make.foreign = true,
            }
            let lower = c.to_ascii_lowercase();
            make.triple |= lower == last && lower == before && is_alphabetic(c);
            (before, last) = (last, lower);
        }
        make
    }

    /// Whether a closer look may show something.
    fn is_suspicious(self, text: &str, start: usize) -> bool {
        let leet = self.signs > 0 && (self.letters > 0 || self.foreign);
        let foreign = self.foreign && (self.letters > 0 || is_latin_before(text, start));
        leet || self.triple || self.marks || self.odd || foreign
    }
}

fn word(text: &str, start: usize, end: usize, search: Search<'_>, units: &mut Units) {
    let run = text.get(start..end).filter(|run| run.len() > 2);
    let Some(run) = run.filter(|run| Make::of(run).is_suspicious(text, start)) else {
        return;
    };
    let mut reading = Reading {
        alike: true,
        leet: true,
    };
    let mut view = None;
    let full = Glyphs::of(run, search.tables, reading);
    let readable = full.is_some();
    let plain = Reading {
        alike: true,
        leet: false,
    };
    let Some(seen) = full.or_else(|| Glyphs::of(run, search.tables, plain)) else {
        return repeated(text, start, end, search, units);
    };
    reading.leet = readable && is_leet(text, start, end, &seen);
    reading.alike = false;
    if looks_foreign(text, start, &seen) && rule!("views.confusables") {
        (reading.alike, view) = (true, Some(ViewKind::Confusables));
    } else if is_marked(&seen) && rule!("views.marks") {
        (reading.alike, view) = (true, Some(ViewKind::Marks));
    }
    if reading.leet {
        view = Some(ViewKind::Leetspeak);
    }
    if view.is_none() && !has_triple(&seen.letters) {
        return;
    }
    if let Some(glyphs) = Glyphs::of(run, search.tables, reading)
        && (view.is_some() || has_triple(&glyphs.letters))
    {
        let view = view.unwrap_or(ViewKind::Repeated);
        readings(&glyphs, search, |text| {
            units.words.push(Unit::new(start, end, view, text));
        });
    }
}

/// The readings of a run that cannot be read as a whole, and only repeats letters.
fn repeated(text: &str, start: usize, end: usize, search: Search<'_>, units: &mut Units) {
    let reading = Reading {
        alike: false,
        leet: false,
    };
    let run = text.get(start..end).unwrap_or("");
    let glyphs = Glyphs::of(run, search.tables, reading);
    if let Some(glyphs) = glyphs.filter(|glyphs| has_triple(&glyphs.letters)) {
        readings(&glyphs, search, |text| {
            units
                .words
                .push(Unit::new(start, end, ViewKind::Repeated, text));
        });
    }
}

fn has_triple(letters: &[(char, char)]) -> bool {
    let mut triples = letters.windows(3);
    triples.any(|three| matches!(three, [a, b, c] if a == b && b == c && is_alphabetic(a.0)))
        && rule!("views.repeated")
}

/// Whether a run is letters with some of them written as digits and signs: not a price, a version, a part
/// number, a variable.
fn is_leet(text: &str, start: usize, end: usize, seen: &Glyphs) -> bool {
    if seen.digits.saturating_add(seen.signs) == 0 || !rule!("views.leetspeak") {
        return false;
    }
    let run = text.get(start..end).unwrap_or("");
    let letters = seen.letter_count();
    if letters == 0 || seen.letters.len() < 3 || is_joined(text, start, end) {
        return false;
    }
    if run.starts_with('$') && (is_variable(text, start, end) || seen.capitals == letters) {
        return false;
    }
    if seen.digits == 0 || !rule!("views.leetspeak.numbers") {
        return true;
    }
    // `item5` counts items; `pen15` does not.
    let trailing = run.bytes().rev().take_while(u8::is_ascii_digit).count();
    let counts = trailing == 1 && seen.digits == 1 && seen.signs == 0;
    // Part numbers are in capitals, and so are `A4` and `B2B`.
    let part_number = seen.capitals == letters && seen.digits >= letters;
    // `a5s` is a telephone, `s3x` is none.
    let short = seen.letters.len() == 3;
    let vowel = run
        .as_bytes()
        .get(1)
        .is_some_and(|digit| matches!(digit, b'0' | b'1' | b'3' | b'4'));
    letters >= 2 && !counts && !part_number && (!short || (vowel && seen.capitals == 0))
}

/// Whether a run is a part of something longer: a path, a version, an identifier.
fn is_joined(text: &str, start: usize, end: usize) -> bool {
    let before = text.get(..start).unwrap_or("");
    let after = text.get(end..).unwrap_or("").chars();
    // `#1ee7` is a colour or an abbreviated commit, `#sh1t` is none.
    let run = text.get(start..end).unwrap_or("");
    let colour = before.ends_with('#') && run.bytes().all(|byte| byte.is_ascii_hexdigit());
    (joins(before.chars().rev()) || joins(after) || colour) && rule!("views.leetspeak.joined")
}

/// Whether the first of `chars` joins what follows it to the run. Hyphens join digits and capitals only:
/// `sh1t-head` is two words.
fn joins(mut chars: impl Iterator<Item = char>) -> bool {
    let (Some(joint), Some(beyond)) = (chars.next(), chars.next()) else {
        return false;
    };
    match joint {
        '.' | '_' | '/' | '\\' | ':' | '=' | '&' | '%' | '@' | '~' => is_alphanumeric(beyond),
        '-' => beyond.is_ascii_digit() || is_uppercase(beyond),
        _ => false,
    }
}

/// Whether the `$` at the start of a run is a sign of code.
fn is_variable(text: &str, start: usize, end: usize) -> bool {
    let before = text
        .get(..start)
        .and_then(|before| before.chars().next_back());
    let after = text
        .get(end..)
        .unwrap_or("")
        .trim_start_matches([' ', '\t']);
    before.is_some_and(|c| matches!(c, '(' | '[' | '{' | '=' | '>' | '&' | '@'))
        || after.starts_with(['=', ';', '[', '>', '{', '-', '+', '<', '*'])
}

/// Whether the letters of a word come from two scripts, or from one that the text is not written in.
fn looks_foreign(text: &str, start: usize, seen: &Glyphs) -> bool {
    let alike = seen.foreign.saturating_add(seen.by_capital);
    if seen.odd > 0 {
        return seen.letters.len() >= 3 && seen.unmistakable == 0;
    }
    if alike == 0 || seen.unmistakable > 0 || seen.letters.len() < 3 {
        return false;
    }
    if seen.ascii > 0 || seen.digits > 0 {
        return seen.ascii > 0 || is_latin_before(text, start);
    }
    seen.by_capital == 0 && alike >= 3 && is_latin_before(text, start)
}

/// Whether the text before `start` is in Latin letters only.
fn is_latin_before(text: &str, start: usize) -> bool {
    let from = text.ceil_char_boundary(start.saturating_sub(SCRIPT_CONTEXT));
    let before = text.get(from..start).unwrap_or("");
    let letters = before.chars().any(|c| c.is_ascii_alphabetic());
    let other = before
        .chars()
        .any(|c| is_alphabetic(c) && u32::from(c) >= 0x370);
    (letters && !other) || !rule!("views.confusables.script")
}

/// Whether marks are heaped upon the letters of a word, or strike them through.
fn is_marked(seen: &Glyphs) -> bool {
    let heaped = seen.marks >= 2 && seen.marks.saturating_mul(2) >= seen.letter_count();
    (seen.struck || heaped) && seen.unmistakable == 0 && seen.letters.len() >= 3
}

/// Calls `report` with the readings of `glyphs` that may hit, the likeliest first.
pub(super) fn readings(glyphs: &Glyphs, search: Search<'_>, mut report: impl FnMut(String)) {
    let ambiguous = glyphs.letters.iter().filter(|(a, b)| a != b).count();
    let ways = 1_u32.wrapping_shl(u32::try_from(ambiguous.min(AMBIGUOUS)).unwrap_or(0));
    let mut found: Vec<String> = Vec::new();
    for way in 0..ways {
        let mut place = 0_u32;
        let letters: Vec<char> = glyphs
            .letters
            .iter()
            .map(|&(first, second)| {
                if first == second {
                    return first;
                }
                // With more ambiguous letters than are tried, the last choice holds for the rest.
                let other = way.wrapping_shr(place) & 1 == 1;
                place = place
                    .saturating_add(1)
                    .min(u32::try_from(AMBIGUOUS).unwrap_or(0).saturating_sub(1));
                if other { second } else { first }
            })
            .collect();
        collapsed(&letters, search, |word| {
            if found.len() < READINGS && !found.contains(&word) {
                found.push(word);
            }
        });
    }
    found.into_iter().for_each(&mut report);
}

/// Calls `report` with `letters` and with what they come to when the runs of three and more are one letter
/// or two, as far as that may hit.
fn collapsed(letters: &[char], search: Search<'_>, mut report: impl FnMut(String)) {
    let runs: Vec<&[char]> = letters.chunk_by(|a, b| a == b).collect();
    let long = runs.iter().filter(|run| run.len() >= 3).count();
    if long == 0 || !rule!("views.repeated") {
        let word: String = letters.iter().collect();
        if may_hit(&word, search) {
            report(word);
        }
        return;
    }
    // Which of the long runs become two letters: each way for two runs, one way for more.
    let ways: &[u32] = if long <= 2 {
        &[0, 1, 2, 3]
    } else {
        &[0, u32::MAX]
    };
    let ways = ways
        .get(..if long == 1 { 2 } else { ways.len() })
        .unwrap_or(&[]);
    for &way in ways {
        let word = with_runs(&runs, way, false);
        if !may_hit(&word, search) {
            continue;
        }
        // "goood" is good, not god.
        let drawn_out = |place: u32| {
            let doubled = with_runs(&runs, way | 1_u32.wrapping_shl(place), false);
            doubled != word && search.tables.is_double(&doubled)
        };
        let places = u32::try_from(long).unwrap_or(0).min(8);
        if !(0..places).any(drawn_out) || !rule!("views.repeated.double") {
            report(word);
        }
    }
    let single = with_runs(&runs, 0, true);
    if single != with_runs(&runs, 0, false) && may_hit(&single, search) {
        report(single);
    }
}

/// The word with its long runs as two letters where `way` has their bit, else as one; with `all`, every
/// run is one letter.
fn with_runs(runs: &[&[char]], way: u32, all: bool) -> String {
    let mut word = String::new();
    let mut place = 0_u32;
    for run in runs {
        let mut length = run.len();
        if length >= 3 {
            length = if way.wrapping_shr(place) & 1 == 1 {
                2
            } else {
                1
            };
            place = place.saturating_add(1).min(31);
        }
        let length = if all { 1 } else { length };
        word.extend(run.iter().take(length));
    }
    word
}

/// Puts single letters, digits and signs beyond ASCII that look like ASCII ones into `units`, where
/// recognisers may read a value.
pub(super) fn signs(chunk: &Chunk<'_>, search: Search<'_>, units: &mut Units) {
    let text = chunk.slice();
    let letters = |c: char| is_alphabetic(c) && !c.is_ascii();
    let unmistakable = text
        .chars()
        .filter(|c| letters(*c))
        .any(|c| search.tables.look_alike(c).is_none());
    let ascii = text.bytes().any(|byte| byte.is_ascii_alphanumeric());
    let address = text.contains('@');
    for (at, c) in text.char_indices().filter(|(_, c)| !c.is_ascii()) {
        let Some((target, class)) = search.tables.look_alike(c) else {
            continue;
        };
        let wanted = match class {
            Class::Digit => rule!("views.confusables.digits"),
            Class::Sign => address && rule!("views.confusables.signs"),
            Class::Alphabet => false,
            _ => ascii && !unmistakable && rule!("views.confusables"),
        };
        if wanted {
            let start = chunk.start.saturating_add(at);
            let end = start.saturating_add(c.len_utf8());
            let target = if is_uppercase(c) {
                target.to_ascii_uppercase()
            } else {
                String::from(target)
            };
            units
                .pii
                .push(Unit::new(start, end, ViewKind::Confusables, target));
        }
    }
}
