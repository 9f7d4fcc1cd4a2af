//! How far back from its end a text may still change what views find in it.

use super::scan::Chunks;
use super::window::CONTEXT;
use super::{Search, Units, spelled};
use crate::dictionary::{Pass, Place};

/// How far back from the end anything that is being spelled out is looked for, in bytes.
pub(super) const TAIL: usize = 160;

/// From where on `text`, a view's text, must be held while more of it may come: what views find before
/// this offset stays what it is whatever follows. Reads all of `text`; give the part that is not released
/// yet, with [`CONTEXT`] bytes before it.
///
/// Values of built-in types may begin long before the part that makes them an evasion, so with them
/// [`CONTEXT`] bytes are always held; for words only what may go on is.
pub(crate) fn live_from(text: &str, search: Search<'_>) -> usize {
    let trimmed = text.trim_end_matches([' ', '\t', '\n', '\r']);
    let mut live = text.len();
    // The last stretch without blanks may go on; if it has a sign of code, so may what follows.
    let last = last_blank(trimmed);
    let open = trimmed.len() == text.len();
    if open || trimmed.get(last..).is_some_and(|chunk| chunk.contains('$')) {
        live = last;
    }
    live = live.min(row(trimmed));
    if search.pii {
        live = live.min(text.len().saturating_sub(CONTEXT));
        live = live.min(spelled::open_from(trimmed).unwrap_or(live));
    }
    if search.words {
        live = live.min(phrase(text, if open { last } else { text.len() }, search));
    }
    let units = Units::of(text, search);
    let both = units.words.iter().chain(&units.pii);
    let near = both.filter(|unit| unit.end.saturating_add(CONTEXT) >= text.len());
    for unit in near {
        live = live.min(unit.start.saturating_sub(CONTEXT));
    }
    text.floor_char_boundary(live)
}

/// Where the oldest phrase begins that is still open at `end`: its next word may be an evasion.
fn phrase(text: &str, end: usize, search: Search<'_>) -> usize {
    let mut place = Place::default();
    place.walk(text, end, search.dictionary, 0, Pass::default());
    place.open(search.dictionary, |_| true)
}

fn last_blank(text: &str) -> usize {
    text.rfind([' ', '\t', '\n', '\r'])
        .map_or(0, |blank| blank.saturating_add(1))
}

/// Where the row of single characters at the end of `text` begins, blanks before it aside.
fn row(text: &str) -> usize {
    let mut start = text.len();
    for chunk in text.rsplit(' ') {
        let single = chunk.chars().count() <= 2;
        if !single {
            break;
        }
        start = start.saturating_sub(chunk.len().saturating_add(1));
    }
    // What is one character now may be a longer word's beginning, and the row end before it.
    let chunks = Chunks::new(text.get(start..).unwrap_or("")).count();
    if chunks == 0 { text.len() } else { start }
}
