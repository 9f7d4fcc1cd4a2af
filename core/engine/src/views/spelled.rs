//! Addresses spelled out: `jane (at) example (dot) com`.

use crate::text::is_alphanumeric;
use alloc::string::String;

use super::scan::Chunk;
use super::{Unit, Units, ViewKind};
use crate::rules::rule;
use crate::text;

/// How far before a plain `at` a word that announces an address counts, in bytes.
const ANNOUNCED: usize = 48;

/// Puts the bracketed signs of `chunk`, such as `(at)` and `[dot]`, into `units`.
pub(super) fn bracketed(chunk: &Chunk<'_>, units: &mut Units) {
    if !rule!("views.spelled-out") {
        return;
    }
    let text = chunk.slice();
    let mut at = 0;
    while let Some(next) = text
        .get(at..)
        .and_then(|rest| rest.find(['(', '[', '{', '<']))
    {
        let open = at.saturating_add(next);
        at = open.saturating_add(1);
        if let Some((length, sign)) = sign_at(text, open) {
            let start = chunk.start.saturating_add(open);
            push(chunk.text, start, start.saturating_add(length), sign, units);
            at = open.saturating_add(length);
        }
    }
}

/// The bracketed sign at `open`, with its length.
fn sign_at(text: &str, open: usize) -> Option<(usize, &'static str)> {
    let rest = text.get(open..)?;
    let close = match rest.as_bytes().first()? {
        b'(' => ')',
        b'[' => ']',
        b'{' => '}',
        _ => '>',
    };
    let end = rest
        .as_bytes()
        .iter()
        .take(5)
        .position(|byte| char::from(*byte) == close)?;
    let name = rest.get(1..end)?;
    let sign = [("at", "@"), ("@", "@"), ("dot", "."), (".", ".")]
        .into_iter()
        .find(|(known, _)| name.eq_ignore_ascii_case(known))?;
    Some((end.saturating_add(1), sign.1))
}

/// Puts a sign with the blanks around it into `units`, if it stands between parts of an address.
fn push(text: &str, start: usize, end: usize, sign: &str, units: &mut Units) {
    let before = text.get(..start).unwrap_or("");
    let after = text.get(end..).unwrap_or("");
    let from = before.trim_end_matches(' ');
    let to = after.trim_start_matches(' ');
    let blanks = before
        .len()
        .saturating_sub(from.len())
        .max(after.len().saturating_sub(to.len()));
    let joins = from.chars().next_back().is_some_and(is_alphanumeric)
        && to.chars().next().is_some_and(is_alphanumeric);
    if joins && blanks <= 2 {
        let end = text.len().saturating_sub(to.len());
        units.pii.push(Unit::new(
            from.len(),
            end,
            ViewKind::SpelledOut,
            String::from(sign),
        ));
    }
}

/// Puts the signs of `mail jane at example dot com`, at whose `at` the chunk is, into `units`: only where
/// something announces an address, as files and machines stand at places, too (`lib.rs at docs.rs`).
pub(super) fn plain(chunk: &Chunk<'_>, units: &mut Units) {
    let text = chunk.text;
    if !chunk.slice().eq_ignore_ascii_case("at") || !rule!("views.spelled-out") {
        return;
    }
    let before = text.get(..chunk.start).unwrap_or("").trim_end_matches(' ');
    let name = last_word(before);
    let ahead = before.len().saturating_sub(name.len());
    let ahead = text.get(text.floor_char_boundary(ahead.saturating_sub(ANNOUNCED))..ahead);
    if name.is_empty() || !ahead.is_some_and(announces) {
        return;
    }
    let mut at = chunk.end;
    let mut dots = 0_usize;
    let mut signs = [(0, 0); 4];
    loop {
        let word = word_after(text, at);
        let label = text.get(word.0..word.1).unwrap_or("");
        if label.is_empty()
            || !label
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.'))
        {
            return;
        }
        if label.trim_end_matches('.').contains('.') {
            break;
        }
        let sign = word_after(text, word.1);
        let dot = text
            .get(sign.0..sign.1)
            .is_some_and(|word| word.eq_ignore_ascii_case("dot"));
        let Some(slot) = signs.get_mut(dots).filter(|_| dot) else {
            break;
        };
        *slot = sign;
        dots = dots.saturating_add(1);
        at = sign.1;
    }
    let complete = dots > 0 || {
        let domain = word_after(text, chunk.end);
        text.get(domain.0..domain.1)
            .is_some_and(|word| word.trim_end_matches('.').contains('.'))
    };
    if complete {
        push(text, chunk.start, chunk.end, "@", units);
        for (start, end) in signs.into_iter().take(dots) {
            push(text, start, end, ".", units);
        }
    }
}

/// The word at the end of `text`: letters, digits and what a name in an address may hold.
fn last_word(text: &str) -> &str {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '+');
    let start = text.len().saturating_sub(
        text.bytes()
            .rev()
            .take(64)
            .take_while(|b| is_part(char::from(*b)))
            .count(),
    );
    text.get(start..).unwrap_or("")
}

/// The next word after `at` on the same line, as its place.
fn word_after(text: &str, at: usize) -> (usize, usize) {
    let rest = text.as_bytes().get(at..).unwrap_or(&[]);
    let blanks = rest
        .iter()
        .take(3)
        .take_while(|byte| **byte == b' ')
        .count();
    let start = at.saturating_add(blanks);
    let word = rest.iter().skip(blanks).take(64);
    let length = word
        .take_while(|byte| {
            !byte.is_ascii_whitespace() && !matches!(byte, b',' | b';' | b')' | b'?' | b'!')
        })
        .count();
    (start, start.saturating_add(length))
}

/// Whether `text` speaks of mail.
fn announces(text: &str) -> bool {
    text.as_bytes()
        .windows(4)
        .any(|word| word.eq_ignore_ascii_case(b"mail"))
}

/// Whether something that is being spelled out may go on past the end of `text`; where it begins.
pub(super) fn open_from(text: &str) -> Option<usize> {
    let tail = text.floor_char_boundary(text.len().saturating_sub(super::live::TAIL));
    let mut words = text.get(tail..)?.rsplit(' ').take(12);
    let mut end = text.len();
    let found = words.find(|word| {
        end = end.saturating_sub(word.len().saturating_add(1));
        let bare = word.trim_matches(|c: char| !c.is_ascii_alphabetic());
        bare.eq_ignore_ascii_case("at")
            || text::contains(word, "at)")
            || text::contains(word, "at]")
            || word.contains('@')
    });
    found?;
    let before = text.get(..end).unwrap_or("").trim_end_matches(' ');
    Some(before.len().saturating_sub(last_word(before).len()))
}
