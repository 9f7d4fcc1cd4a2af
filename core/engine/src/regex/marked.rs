//! What has to be searched of a text for marked patterns: the words around its markers.

use alloc::vec::Vec;
use core::ops::Range;

use crate::text::{Block, eight};

/// Whether a byte makes the text around it worth a search for a [marked](super::CompiledRegex::gaps) pattern:
/// an ASCII digit or a symbol that is rare in prose.
#[inline]
#[must_use]
pub const fn is_marker(byte: u8) -> bool {
    matches!(byte, b'#'..=b'&' | b'-' | b'/'..=b':' | b'<'..=b'>' | b'@' | b'['..=b'`' | b'{'..=b'~')
}

/// Whether a byte is ASCII white space, which no match of a marked pattern contains.
#[inline]
#[must_use]
pub const fn is_space(byte: u8) -> bool {
    matches!(byte, b'\t'..=b'\r' | b' ')
}

/// How many gaps a marked pattern may have: with more, hardly anything of a text would be left out.
pub const MAX_GAPS: u8 = 2;

/// How many numbers of gaps there are.
pub(super) const LEVELS: usize = 3;

/// Spans closer than this are searched as one: to start a search costs about as much as this many bytes.
const NEAR: usize = 16;

/// The words, runs without white space, that contain a marker.
pub(super) fn marked_words(text: &str) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let mut words = Vec::with_capacity(ROOM);
    let mut at = 0;
    while let Some(marker) = next_marker(bytes, at) {
        let start = word_start(bytes, at, marker);
        let end = word_end(bytes, marker);
        words.push(start..end);
        at = end;
    }
    words
}

/// How many marked words a text may have before their list has to grow.
const ROOM: usize = 32;

/// The `words` with `count` more on both sides, white space between included; what comes near to one
/// another is joined.
pub(super) fn with_neighbours(
    text: &str,
    words: &[Range<usize>],
    count: usize,
) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let mut spans: Vec<Range<usize>> = Vec::with_capacity(words.len());
    for word in words {
        let (mut start, mut end) = (word.start, word.end);
        // What lies before the end of the last span is in that span already.
        let floor = spans.last().map_or(0, |last| last.end);
        for _ in 0..count {
            if start > floor {
                start = word_start(bytes, floor, space_start(bytes, floor, start));
            }
            end = word_end(bytes, space_end(bytes, end));
        }
        match spans.last_mut() {
            Some(last) if start.saturating_sub(last.end) < NEAR => last.end = last.end.max(end),
            _ => spans.push(start..end),
        }
    }
    spans
}

/// The start of the bytes before `at`, down to `floor`, for which `belongs` holds.
#[inline]
fn run_start(bytes: &[u8], floor: usize, at: usize, belongs: impl Fn(u8) -> bool) -> usize {
    let before = bytes.get(floor..at).unwrap_or(&[]);
    let length = before
        .iter()
        .rev()
        .take_while(|byte| belongs(**byte))
        .count();
    at.saturating_sub(length)
}

/// The end of the bytes from `at` for which `belongs` holds.
#[inline]
fn run_end(bytes: &[u8], at: usize, belongs: impl Fn(u8) -> bool) -> usize {
    let after = bytes.get(at..).unwrap_or(&[]);
    let length = after.iter().take_while(|byte| belongs(**byte)).count();
    at.saturating_add(length)
}

fn word_start(bytes: &[u8], floor: usize, at: usize) -> usize {
    run_start(bytes, floor, at, |byte| !is_space(byte))
}

fn word_end(bytes: &[u8], at: usize) -> usize {
    run_end(bytes, at, |byte| !is_space(byte))
}

fn space_start(bytes: &[u8], floor: usize, at: usize) -> usize {
    run_start(bytes, floor, at, is_space)
}

fn space_end(bytes: &[u8], at: usize) -> usize {
    run_end(bytes, at, is_space)
}

/// The first marker at or after `at`.
fn next_marker(bytes: &[u8], mut at: usize) -> Option<usize> {
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        // Letters and spaces, of which most text is, are passed eight at a time.
        let mut odd = Block::new(eight(rest)).odd;
        while odd != 0 {
            let place = usize::try_from(odd.trailing_zeros() >> 3).unwrap_or(0);
            if rest.get(place).is_some_and(|&byte| is_marker(byte)) {
                return at.checked_add(place);
            }
            odd &= odd.wrapping_sub(1);
        }
        at = at.saturating_add(8);
    }
    None
}
