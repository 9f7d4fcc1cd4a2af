//! What a recogniser sees of the text, and where it puts what it found.

use alloc::vec::Vec;
use core::cell::Cell;

use super::{Lexicon, LexiconHit, PiiType};
use crate::text::eight;

/// How far before a value, in bytes, a context word still counts.
pub const CONTEXT_BEFORE: usize = 96;

/// How far after a value, in bytes, a context word still counts. A stream waits for this many bytes
/// before it may release a value, hence the lower number.
pub const CONTEXT_AFTER: usize = 64;

/// The text under evaluation and the context words found in it.
///
/// Offsets are bytes of the *view text*: compatibility-normalised (NFKC), zero-width and control
/// characters dropped except for line feeds and tabs, letter case kept. All reads are total: outside
/// the text a byte is 0 and a slice is empty.
///
/// A text may still grow, as that of a stream does. A read that another text behind this one could have
/// answered differently is noted then ([`Scan::looked_beyond`]), so that the stream knows which answers
/// of a recogniser are final. The text of a request is whole, and nobody asks.
#[derive(Clone, Debug)]
pub struct Scan<'t> {
    text: &'t str,
    hits: &'t [LexiconHit],
    present: Present,
    /// All hits that start before this are known, even if what follows makes longer ones.
    open: usize,
    beyond: Cell<bool>,
    /// Where the last search in the hits ended. The next one nearly always ends close by, as places come in
    /// the order of the text.
    last: Cell<usize>,
}

/// How many hits are tried beside the last one before all are searched.
const NEAR_BY: usize = 6;

/// Bit by lexicon number: whether the lexicon has any hit. Most have none in most texts.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Present([u64; 4]);

impl Present {
    /// Notes the lexicons of `hits`.
    pub(crate) fn add(&mut self, hits: &[LexiconHit]) {
        for hit in hits {
            let (word, bit) = presence(hit.lexicon);
            if let Some(word) = self.0.get_mut(word) {
                *word |= bit;
            }
        }
    }

    #[inline]
    fn has(self, lexicon: Lexicon) -> bool {
        let (word, bit) = presence(lexicon);
        self.0.get(word).is_some_and(|word| word & bit != 0)
    }
}

impl<'t> Scan<'t> {
    /// A scan of `text` with the lexicon hits in it, sorted by their start.
    #[must_use]
    pub fn new(text: &'t str, hits: &'t [LexiconHit]) -> Scan<'t> {
        let mut present = Present::default();
        present.add(hits);
        Scan {
            text,
            hits,
            present,
            open: usize::MAX,
            beyond: Cell::new(false),
            last: Cell::new(0),
        }
    }

    /// A scan of a text that may still grow: all hits that end in it are in `hits`, and all that start
    /// before `open`, now or later.
    pub(crate) fn growing(
        text: &'t str,
        hits: &'t [LexiconHit],
        present: Present,
        open: usize,
    ) -> Scan<'t> {
        Scan {
            text,
            hits,
            present,
            open,
            beyond: Cell::new(false),
            last: Cell::new(0),
        }
    }

    /// Whether anything was read since the last call that more text could change.
    pub(crate) fn looked_beyond(&self) -> bool {
        self.beyond.replace(false)
    }

    /// Notes that an answer depends on what follows the text.
    #[cold]
    fn note(&self) {
        self.beyond.set(true);
    }

    /// Notes it if a read as far as `end` leaves the text.
    #[inline]
    fn upto(&self, end: usize) {
        if end > self.text.len() {
            self.note();
        }
    }

    /// Whether `lexicon` has a hit anywhere in the text.
    #[inline]
    fn has(&self, lexicon: Lexicon) -> bool {
        self.present.has(lexicon)
    }

    /// The byte at `at`, 0 outside the text.
    #[must_use]
    #[inline]
    pub fn byte(&self, at: usize) -> u8 {
        match self.text.as_bytes().get(at) {
            Some(byte) => *byte,
            None => {
                self.note();
                0
            }
        }
    }

    /// The byte just before `at`, 0 at the start of the text.
    #[must_use]
    #[inline]
    pub fn byte_before(&self, at: usize) -> u8 {
        at.checked_sub(1).map_or(0, |i| self.byte(i))
    }

    /// The eight bytes from `at`, little-endian, with zeros for those behind the text. That they are behind
    /// it is not noted: who takes a zero for an end has to read the byte there.
    #[inline]
    pub(crate) fn eight(&self, at: usize) -> u64 {
        eight(self.text.as_bytes().get(at..).unwrap_or(&[]))
    }

    /// The eight bytes that end at `at`, little-endian; zeros if there are not so many.
    #[inline]
    pub(crate) fn eight_before(&self, at: usize) -> u64 {
        let first = at.saturating_sub(8);
        eight(self.text.as_bytes().get(first..at).unwrap_or(&[]))
    }

    /// The character that starts at `at`.
    #[must_use]
    pub fn char_at(&self, at: usize) -> Option<char> {
        self.upto(at.saturating_add(1));
        self.text.get(at..)?.chars().next()
    }

    /// The character that ends at `at`.
    #[must_use]
    pub fn char_before(&self, at: usize) -> Option<char> {
        self.text.get(..at)?.chars().next_back()
    }

    /// The text of `start..end`, empty if that is no valid range of whole characters.
    #[must_use]
    #[inline]
    pub fn slice(&self, start: usize, end: usize) -> &'t str {
        self.upto(end);
        self.text.get(start..end).unwrap_or("")
    }

    /// At most `most` bytes of whole characters from `at`.
    #[must_use]
    pub fn following(&self, at: usize, most: usize) -> &'t str {
        let end = at.saturating_add(most);
        self.upto(end);
        let end = self.text.floor_char_boundary(end);
        self.text.get(at..end).unwrap_or("")
    }

    /// The nearest hit of `lexicon` that ends at or before `at` and starts at most `window` bytes before it.
    #[must_use]
    pub fn hit_before(&self, lexicon: Lexicon, at: usize, window: usize) -> Option<LexiconHit> {
        self.upto(at);
        if !self.has(lexicon) {
            return None;
        }
        let first = at.saturating_sub(window);
        let upto = self.first_from(at);
        let hits = self.hits.get(..upto)?;
        hits.iter()
            .rev()
            .take_while(|hit| hit.start >= first)
            .find(|hit| hit.lexicon == lexicon && hit.end <= at)
            .copied()
    }

    /// The nearest hit of `lexicon` that starts at or after `at` and ends at most `window` bytes after it.
    #[must_use]
    pub fn hit_after(&self, lexicon: Lexicon, at: usize, window: usize) -> Option<LexiconHit> {
        let last = at.saturating_add(window);
        let hit = self.first_hit(lexicon, at, last);
        // A hit before all that may still come is the nearest whatever follows.
        if hit.is_none_or(|hit| hit.start > self.open) {
            self.upto(last);
        }
        hit
    }

    /// Whether a hit of `lexicon` may start in the `window` bytes from `at`. While more text may bring one
    /// the answer is yes, so that nothing has to wait for it.
    #[must_use]
    pub fn may_follow(&self, lexicon: Lexicon, at: usize, window: usize) -> bool {
        let last = at.saturating_add(window);
        let known = self.open == usize::MAX || last < self.open;
        !known || self.first_hit(lexicon, at, last).is_some()
    }

    /// The number of the first hit that starts at or after `at`.
    fn first_from(&self, at: usize) -> usize {
        let before = |number: usize| self.hits.get(number).is_some_and(|hit| hit.start < at);
        let mut number = self.last.get();
        for _ in 0..NEAR_BY {
            if before(number) {
                number = number.saturating_add(1);
            } else if number > 0 && !before(number.saturating_sub(1)) {
                number = number.saturating_sub(1);
            } else {
                self.last.set(number);
                return number;
            }
        }
        let number = self.hits.partition_point(|hit| hit.start < at);
        self.last.set(number);
        number
    }

    fn first_hit(&self, lexicon: Lexicon, at: usize, last: usize) -> Option<LexiconHit> {
        if !self.has(lexicon) {
            return None;
        }
        let from = self.first_from(at);
        let hits = self.hits.get(from..)?;
        hits.iter()
            .take_while(|hit| hit.start <= last)
            .find(|hit| hit.lexicon == lexicon && hit.end <= last)
            .copied()
    }

    /// The hit of `lexicon` that starts exactly at `at`, the longest if there are several.
    #[must_use]
    pub fn hit_at(&self, lexicon: Lexicon, at: usize) -> Option<LexiconHit> {
        if at >= self.open {
            self.note();
        }
        if !self.has(lexicon) {
            return None;
        }
        let from = self.first_from(at);
        let hits = self.hits.get(from..)?;
        hits.iter()
            .take_while(|hit| hit.start == at)
            .filter(|hit| hit.lexicon == lexicon)
            .max_by_key(|hit| hit.end)
            .copied()
    }

    /// How many bytes lie between the value `start..end` and the nearest hit of `lexicon` around it,
    /// within [`CONTEXT_BEFORE`] and [`CONTEXT_AFTER`].
    #[must_use]
    pub fn near(&self, lexicon: Lexicon, start: usize, end: usize) -> Option<usize> {
        let before = self.hit_before(lexicon, start, CONTEXT_BEFORE);
        let after = self.hit_after(lexicon, end, CONTEXT_AFTER);
        let before = before.map(|hit| start.saturating_sub(hit.end));
        let after = after.map(|hit| hit.start.saturating_sub(end));
        before.into_iter().chain(after).min()
    }
}

/// The word and the bit of a lexicon in [`Present`].
#[inline]
fn presence(lexicon: Lexicon) -> (usize, u64) {
    let number = lexicon.number();
    (usize::from(number >> 6), 1 << (number & 63))
}

/// A value a recogniser found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The type.
    pub ty: PiiType,
    /// Byte offset of the first byte of the value in the view text.
    pub start: usize,
    /// Byte offset just past the value.
    pub end: usize,
    /// Confidence, 0 to 1000.
    pub score: u16,
}

/// Collects what the recognisers find in one text.
#[derive(Debug, Default)]
pub struct Found {
    findings: Vec<Finding>,
    /// The last URL found: those in its parameters are part of it.
    url: Option<Finding>,
}

impl Found {
    /// Reports a value. Empty ranges are ignored; scores above 1000 count as 1000.
    pub fn push(&mut self, ty: PiiType, start: usize, end: usize, score: u16) {
        if start < end {
            let finding = Finding {
                ty,
                start,
                end,
                score: score.min(1000),
            };
            if ty == PiiType::Url {
                self.url = Some(finding);
            }
            self.findings.push(finding);
        }
    }

    /// The URL that was found last.
    #[must_use]
    pub const fn last_url(&self) -> Option<Finding> {
        self.url
    }

    /// Takes the findings out; which URL was the last stays known.
    pub(crate) fn drain(&mut self) -> impl Iterator<Item = Finding> + '_ {
        self.findings.drain(..)
    }

    /// Forgets what was found since there were `count` findings and the last URL was `url`.
    pub(crate) fn undo(&mut self, count: usize, url: Option<Finding>) {
        self.findings.truncate(count);
        self.url = url;
    }

    /// Forgets the first `bytes` of the text.
    pub(crate) fn trim(&mut self, bytes: usize) {
        self.url = self
            .url
            .map(|url| Finding {
                start: url.start.saturating_sub(bytes),
                end: url.end.saturating_sub(bytes),
                ..url
            })
            .filter(|url| url.end > 0);
    }

    /// What was found so far, in the order of reporting.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Gives the findings away.
    #[must_use]
    pub fn into_findings(self) -> Vec<Finding> {
        self.findings
    }
}
