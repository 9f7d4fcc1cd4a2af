//! Reads runs of words that have the shape of a name.

use super::others::STOP;
use super::words::PARTICLES;
use crate::pii::Scan;
use crate::pii::lexicon::{AMBIGUOUS_NAME, GIVEN_NAME, SURNAME};
use crate::pii::shape::{Script, is_exactly_one_of, is_one_of, script, word_end};
use crate::rules::rule;
use crate::text::{is_lowercase, is_numeric, is_uppercase};
use crate::words::words;

/// A run of words that has the shape of a name.
pub(super) struct Run {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) words: u32,
    /// Words of it that are known given names, ambiguous given names, family names.
    pub(super) given: u32,
    pub(super) ambiguous: u32,
    pub(super) family: u32,
    /// The last word is a known family name.
    pub(super) ends_in_family: bool,
    pub(super) capitals: bool,
}

impl Run {
    /// Whether a word of it is a known name.
    pub(super) fn knows(&self) -> bool {
        self.given
            .saturating_add(self.family)
            .saturating_add(self.ambiguous)
            > 0
    }
}

/// Reads the run of capitalised words at `start`.
pub(super) fn run(scan: &Scan<'_>, start: usize) -> Option<Run> {
    let mut run = Run {
        start,
        end: start,
        words: 0,
        given: 0,
        ambiguous: 0,
        family: 0,
        ends_in_family: false,
        capitals: true,
    };
    let mut at = start;
    while run.words < 6 {
        let from = skip_particles(scan, at, run.words);
        let Some(end) = capitalised(scan, from) else {
            break;
        };
        let word = scan.slice(from, end);
        if is_exactly_one_of(word, STOP) && !(run.words == 0 && word == "Will")
            || word.len() > 1 && is_one_of(word, words!["I", "II", "III", "IV"]) && run.words == 0
        {
            break;
        }
        // "Jane Doe Email: …": the last word is the next label.
        if rule!("pii.name.next-label")
            && scan.byte(end) == b':'
            && run.words >= 1
            && scan.byte(end.saturating_add(1)) != b'\n'
        {
            break;
        }
        count(scan, &mut run, from);
        run.capitals &= word.chars().all(|c| !is_lowercase(c)) && word.len() > 2;
        run.words = run.words.saturating_add(1);
        let initial = word.chars().count() == 1;
        run.end = end;
        at = end;
        if scan.byte(at) == b'.' && (initial || is_one_of(word, words!["Jr", "Sr"])) {
            at = at.saturating_add(1);
            if !initial {
                run.end = at;
            }
        }
        if scan.byte(at) == b',' && suffix_follows(scan, at) {
            at = at.saturating_add(1);
        }
        if scan.byte(at) != b' ' {
            if !(initial && capitalised(scan, at).is_some()) {
                break;
            }
            continue;
        }
        at = at.saturating_add(1);
    }
    (run.words > 0 && run.end.saturating_sub(start) > 1).then_some(run)
}

fn count(scan: &Scan<'_>, run: &mut Run, at: usize) {
    let one = |hit: bool| u32::from(hit);
    run.given = run
        .given
        .saturating_add(one(scan.hit_at(GIVEN_NAME, at).is_some()));
    run.ambiguous = run
        .ambiguous
        .saturating_add(one(scan.hit_at(AMBIGUOUS_NAME, at).is_some()));
    let short = matches!(scan.byte(at.saturating_add(1)), b'\'');
    let family = scan.hit_at(SURNAME, at).is_some() || short;
    run.ends_in_family = family;
    // The first word is the given name, a family name too or not.
    run.family = run.family.saturating_add(one(
        family && (run.words > 0 || run.given.saturating_add(run.ambiguous) == 0)
    ));
}

/// Past the particles at `at`, if a capitalised word follows them.
fn skip_particles(scan: &Scan<'_>, at: usize, words: u32) -> usize {
    let mut from = at;
    if words == 0 {
        return from;
    }
    for _ in 0..3 {
        let end = word_end(scan, from);
        let word = scan.slice(from, end);
        if !is_exactly_one_of(word, PARTICLES) {
            break;
        }
        let gap = usize::from(matches!(scan.byte(end), b' ' | b'\''));
        from = end.saturating_add(gap);
    }
    if capitalised(scan, from).is_some() {
        from
    } else {
        at
    }
}

fn suffix_follows(scan: &Scan<'_>, comma: usize) -> bool {
    let from = comma.saturating_add(2);
    let word = scan.slice(from, word_end(scan, from));
    scan.byte(comma.saturating_add(1)) == b' ' && matches!(word, "Jr" | "Sr" | "II" | "III" | "IV")
}

/// The end of the capitalised word at `at`, its hyphenated and apostrophe parts included.
pub(super) fn capitalised(scan: &Scan<'_>, at: usize) -> Option<usize> {
    let mut from = at;
    for part in 0..4 {
        let first = scan.char_at(from)?;
        let end = word_end(scan, from);
        let word = scan.slice(from, end);
        let fits = is_uppercase(first)
            && script(first) != Script::Unspaced
            && !word.contains(|c: char| is_numeric(c));
        if !fits {
            return if part == 0 {
                None
            } else {
                Some(from.saturating_sub(1))
            };
        }
        let mark = scan.char_at(end).filter(|c| matches!(c, '\'' | '’' | '-'));
        let next = mark.map(|c| end.saturating_add(c.len_utf8()));
        match next.filter(|n| scan.char_at(*n).is_some_and(is_uppercase)) {
            // "O'NEIL", "O'Neil", "Jean-Luc"; not "JANE'S".
            Some(next) if scan.slice(next, word_end(scan, next)) != "S" => from = next,
            _ => return Some(end),
        }
    }
    Some(word_end(scan, from))
}

/// `jane doe` in lower case, where only a name can follow: known words only.
pub(super) fn lower_run(scan: &Scan<'_>, start: usize, strong: bool) -> Option<Run> {
    if !strong {
        return None;
    }
    let first = scan.hit_at(GIVEN_NAME, start)?;
    let next = first.end.saturating_add(1);
    let family = scan
        .hit_at(SURNAME, next)
        .filter(|_| scan.byte(first.end) == b' ');
    let end = family.map_or(first.end, |hit| hit.end);
    let words = if family.is_some() { 2 } else { 1 };
    Some(Run {
        start,
        end,
        words,
        given: 1,
        ambiguous: 0,
        family: u32::from(family.is_some()),
        ends_in_family: family.is_some(),
        capitals: false,
    })
}
