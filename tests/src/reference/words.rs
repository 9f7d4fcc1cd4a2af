//! Words and phrases: every entry is tried at every token.

use super::text::{self, Kind, View};

/// The entries as tokens.
#[derive(Debug)]
pub(super) struct Words {
    entries: Vec<Vec<(String, bool)>>,
}

/// Articles and pronouns that lose a vowel before an apostrophe.
const ELISIONS: &[&str] = &[
    "l", "d", "j", "m", "t", "s", "n", "c", "qu", "jusqu", "lorsqu", "puisqu", "dell", "nell",
    "sull", "all",
];

impl Words {
    pub(super) fn new(entries: &[String]) -> Words {
        let tokens = |entry: &String| {
            let view = View::new(entry);
            let tokens = view.tokens.into_iter();
            tokens.map(|token| (token.folded, token.spaced)).collect()
        };
        Words {
            entries: entries.iter().map(tokens).collect(),
        }
    }

    /// The number of the entry and the bytes of the original, for every occurrence.
    pub(super) fn find(&self, view: &View) -> Vec<(usize, usize, usize)> {
        let mut found = Vec::new();
        for (entry, first, last) in self.occurrences(view) {
            let (start, end) = view.span(first, last);
            found.push((entry, start, end));
        }
        found
    }

    /// The number of the entry and its first and last token, for every occurrence, by the last token.
    pub(super) fn occurrences(&self, view: &View) -> Vec<(usize, usize, usize)> {
        let mut found = Vec::new();
        for first in 0..view.tokens.len() {
            for (number, entry) in self.entries.iter().enumerate() {
                let Some(window) = view.tokens.get(first..first + entry.len()) else {
                    continue;
                };
                let same = window
                    .iter()
                    .zip(entry)
                    .enumerate()
                    .all(|(place, (have, want))| {
                        have.folded == want.0 && (place == 0 || have.spaced == want.1)
                    });
                let last = first + entry.len() - 1;
                if same && is_bounded(view, first, last) {
                    found.push((number, first, last));
                }
            }
        }
        found.sort_by_key(|&(number, first, last)| (last, first, number));
        found
    }
}

/// Whether the tokens `first..=last` are not a part of a longer number or of a word with an apostrophe.
fn is_bounded(view: &View, first: usize, last: usize) -> bool {
    let char_at = |place: usize| view.chars.get(place).map(|part| part.c);
    let (start, end) = (view.tokens[first].start, view.tokens[last].end);
    let inner = (char_at(start), char_at(end - 1));
    let before = start.checked_sub(1).and_then(char_at);
    let beyond = start.checked_sub(2).and_then(char_at);
    if let (Some(joint), Some(beyond), Some(inner)) = (before, beyond, inner.0) {
        let digits = beyond.is_ascii_digit() && inner.is_ascii_digit();
        if matches!(joint, '.' | ',') && digits {
            return false;
        }
        if is_apostrophe(joint) && is_letter(beyond) && is_letter(inner) {
            // What stands before the apostrophe must be elided, as a whole.
            let at = view.tokens.iter().position(|token| token.end == start - 1);
            let word = at.map(|at| view.tokens[at].folded.as_str());
            if !word.is_some_and(|word| ELISIONS.contains(&word)) {
                return false;
            }
        }
    }
    if let (Some(inner), Some(joint), Some(beyond)) = (inner.1, char_at(end), char_at(end + 1)) {
        let digits = beyond.is_ascii_digit() && inner.is_ascii_digit();
        if matches!(joint, '.' | ',') && digits {
            return false;
        }
        if is_apostrophe(joint) && is_letter(beyond) && is_letter(inner) {
            let next = view.tokens.iter().find(|token| token.start == end + 1);
            return next.is_some_and(|token| token.folded == "s" && token.kind == Kind::Word);
        }
    }
    true
}

fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '\u{2019}')
}

/// Whether a character belongs to a word of a script with spaces: an apostrophe joins no others.
fn is_letter(c: char) -> bool {
    let kind = text::kind(c);
    kind == Kind::Word || unicode_normalization::char::is_combining_mark(c)
}
