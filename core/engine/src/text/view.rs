//! The view: the text that matchers read, and the way back from it to the original.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::mem::size_of;

use super::normalize::Normalizer;
use super::unicode::{self, Action, Info};

/// A view may always grow to this many bytes, whatever the growth limit: one ligature of Arabic names 18
/// characters, and a short text may be that one.
pub const MIN_VIEW_LIMIT: usize = 4096;

/// The longest original that one unit of the map may stand for. A longer run of dropped characters within
/// a segment ends the segment.
const MAX_UNIT: usize = 0xFFFF;

/// The normalised text and its map to the original.
///
/// The view is made in this order: default-ignorable characters (zero-width ones, soft hyphens, bidi
/// controls, variation selectors, tags), controls and interlinear annotation characters are left out;
/// every space separator becomes U+0020, and line tabulation, form feed, U+0085, U+2028 and U+2029 become
/// line feeds; the rest is put in NFKC, where a segment of more than 31 characters that all combine with
/// the first is cut, as in the Stream-Safe Text Format. Tabs, line feeds and carriage returns stay, as do
/// letter case and the length of runs of white space.
///
/// Text that has this form already is borrowed.
#[derive(Clone, Debug)]
pub struct View<'t> {
    text: Cow<'t, str>,
    original: &'t str,
    /// Sorted by `view`; empty for the identity.
    runs: Vec<Run>,
}

/// A run of units of equal size, each of which maps as a whole. Runs of single bytes map byte by byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run {
    view: u32,
    original: u32,
    view_unit: u16,
    original_unit: u16,
}

impl Run {
    /// A run of single bytes.
    pub(super) fn bytes(view: usize, original: usize) -> Run {
        Run {
            view: number(view),
            original: number(original),
            view_unit: 1,
            original_unit: 1,
        }
    }

    /// The run, `view` and `original` bytes further on.
    pub(super) fn after(self, view: usize, original: usize) -> Run {
        Run {
            view: self.view.saturating_add(number(view)),
            original: self.original.saturating_add(number(original)),
            ..self
        }
    }

    /// The part of the run, which ends at `end` of the view, that is left when the first `view` and
    /// `original` bytes of the texts go; both stand at an end of one of its units.
    pub(super) fn without(self, end: usize, view: usize, original: usize) -> Option<Run> {
        let (view, original) = (number(view), number(original));
        let inside = self.view < view;
        (number(end) > view).then(|| Run {
            view: if inside {
                0
            } else {
                self.view.saturating_sub(view)
            },
            original: if inside {
                0
            } else {
                self.original.saturating_sub(original)
            },
            ..self
        })
    }

    /// Where the run begins in the view.
    pub(super) fn view(self) -> usize {
        usize::try_from(self.view).unwrap_or(usize::MAX)
    }

    /// Whether byte `view` of the view, if of this run, is byte `original` of the original alone.
    pub(super) fn goes_on_bytewise(self, view: usize, original: usize) -> bool {
        let same =
            number(view).checked_sub(self.view) == number(original).checked_sub(self.original);
        self.view_unit == 1 && self.original_unit == 1 && same
    }
}

fn number(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

/// Why a text has no view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ViewError {
    /// The view would have more bytes than this limit.
    Growth(usize),
    /// The original has more than 2³² − 1 bytes.
    TooLong,
}

impl fmt::Display for ViewError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ViewError::Growth(limit) => {
                write!(f, "the normalised text has more than {limit} bytes")
            }
            ViewError::TooLong => f.write_str("the text has more than 4 GiB"),
        }
    }
}

impl core::error::Error for ViewError {}

impl<'t> View<'t> {
    /// The view of `original`, which may have at most `growth` times as many bytes, or
    /// [`MIN_VIEW_LIMIT`] if that is more.
    ///
    /// # Errors
    ///
    /// [`ViewError::Growth`] if it would have more; [`ViewError::TooLong`] if the original's offsets do
    /// not fit 32 bits.
    pub fn new(original: &'t str, growth: usize) -> Result<View<'t>, ViewError> {
        if u32::try_from(original.len()).is_err() {
            return Err(ViewError::TooLong);
        }
        let same = unchanged(original);
        if same == original.len() {
            return Ok(View {
                text: Cow::Borrowed(original),
                original,
                runs: Vec::new(),
            });
        }
        let limit = original.len().saturating_mul(growth).max(MIN_VIEW_LIMIT);
        let mut builder = Builder::new(original, limit);
        builder.copy(0, same);
        builder.build(same)?;
        let Output { text, runs, .. } = builder.output;
        Ok(View {
            text: Cow::Owned(text),
            original,
            runs,
        })
    }

    /// The view's text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text the view was made of.
    #[must_use]
    pub const fn original(&self) -> &'t str {
        self.original
    }

    /// Whether the view is the original itself.
    #[must_use]
    pub const fn is_identity(&self) -> bool {
        matches!(self.text, Cow::Borrowed(_))
    }

    /// The heap memory the view holds, in bytes.
    #[must_use]
    pub fn memory(&self) -> usize {
        let text = match &self.text {
            Cow::Borrowed(_) => 0,
            Cow::Owned(text) => text.capacity(),
        };
        text.saturating_add(self.runs.capacity().saturating_mul(size_of::<Run>()))
    }

    /// The bytes of the original that made the view's bytes `start..end`: from the first to the last
    /// character that contributed, with what was dropped between them but not around them. The ends are
    /// whole characters. Offsets past the view count as its end; an empty range gives an empty one.
    #[must_use]
    pub fn to_original(&self, start: usize, end: usize) -> (usize, usize) {
        to_original(&self.runs, self.text.len(), self.original, start, end)
    }

    /// The view's text and its map, for a text that grows by this one.
    pub(super) fn into_parts(self) -> (Cow<'t, str>, Vec<Run>) {
        (self.text, self.runs)
    }
}

/// What [`View::to_original`] says of a view of `view` bytes with the map `runs`.
pub(super) fn to_original(
    runs: &[Run],
    view: usize,
    original: &str,
    start: usize,
    end: usize,
) -> (usize, usize) {
    let end = end.min(view);
    let empty = start >= end;
    let (from, to) = if empty {
        let at = unit(runs, view, start).map_or(original.len(), |(from, _)| from);
        (at, at)
    } else {
        let from = unit(runs, view, start).map_or(0, |(from, _)| from);
        let last = unit(runs, view, end.saturating_sub(1));
        (from, last.map_or(original.len(), |(_, to)| to))
    };
    let from = original.floor_char_boundary(from);
    if empty {
        (from, from)
    } else {
        (from, original.ceil_char_boundary(to))
    }
}

/// The bytes of the original that made the view's byte `at`.
fn unit(runs: &[Run], view: usize, at: usize) -> Option<(usize, usize)> {
    if at >= view {
        return None;
    }
    if runs.is_empty() {
        return Some((at, at.saturating_add(1)));
    }
    let key = u32::try_from(at).ok()?;
    let index = runs.partition_point(|run| run.view <= key).checked_sub(1)?;
    let run = runs.get(index)?;
    let number = key
        .saturating_sub(run.view)
        .checked_div(u32::from(run.view_unit))?;
    let from = number
        .saturating_mul(u32::from(run.original_unit))
        .saturating_add(run.original);
    let from = usize::try_from(from).ok()?;
    Some((from, from.saturating_add(usize::from(run.original_unit))))
}

/// Where the last character of `text` starts that no later one changes the text before: what is before
/// it has the same view whatever follows. The start of the text if there is none.
pub(super) fn last_boundary(text: &str) -> usize {
    let mut chars = text.char_indices().rev();
    let begins = |c: char| {
        let info = unicode::info(c);
        if info.is_plain() {
            return true;
        }
        let mut first = None;
        unicode::decompose(c, |part| {
            first.get_or_insert(part);
        });
        let starter = first.is_some_and(|first| unicode::info(first).is_boundary());
        starter && info.action() != Action::Drop
    };
    chars.find(|&(_, c)| begins(c)).map_or(0, |(at, _)| at)
}

/// How many bytes of `text`, from its start, stand in the view as they are whatever follows them.
fn unchanged(text: &str) -> usize {
    let mut at = 0;
    // Where the last segment starts: if a later character changes it, the copy must end before it.
    let mut segment = 0;
    let mut before: Option<(char, Info)> = None;
    loop {
        let run = clean_ascii(text.as_bytes().get(at..).unwrap_or(&[]));
        if run > 0 {
            at = at.saturating_add(run);
            segment = at.saturating_sub(1);
            before = None;
        }
        let Some(c) = text.get(at..).and_then(|rest| rest.chars().next()) else {
            return text.len();
        };
        let info = unicode::info(c);
        if info.action() != Action::Keep {
            return segment;
        }
        if info.is_plain() {
            segment = at;
        } else {
            let previous = before.or_else(|| char_before(text, at).map(|c| (c, unicode::info(c))));
            if !stays(previous, c, info) || at.saturating_sub(segment) > MAX_SEGMENT {
                return segment;
            }
        }
        before = Some((c, info));
        at = at.saturating_add(c.len_utf8());
    }
}

/// A segment of more bytes than this goes through the normaliser, which knows where to cut it.
const MAX_SEGMENT: usize = 30;

fn char_before(text: &str, at: usize) -> Option<char> {
    text.get(..at)?.chars().next_back()
}

/// Whether `c`, which is not plain, stays as it is after `previous`: a character that NFKC keeps, in
/// canonical order, that does not compose. False if that takes a longer look back.
fn stays(previous: Option<(char, Info)>, c: char, info: Info) -> bool {
    if info.is_nfkc() {
        return previous.is_none_or(|(_, last)| {
            // A composite before a mark may have to be taken apart for it.
            last.ccc <= info.ccc && (last.ccc != 0 || !previous.is_some_and(|(p, _)| decomposes(p)))
        });
    }
    match previous {
        Some((last, last_info)) if last_info.ccc == 0 && info.is_maybe() => {
            !decomposes(last) && unicode::compose(last, c, info).is_none()
        }
        _ => false,
    }
}

fn decomposes(c: char) -> bool {
    let mut count = 0_usize;
    unicode::decompose(c, |_| count = count.saturating_add(1));
    count > 1
}

/// How many bytes at the start of `bytes` are ASCII but no controls, except tab, line feed and carriage
/// return.
fn clean_ascii(bytes: &[u8]) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let clean = |byte: u8| matches!(byte, b' '..=b'~' | b'\t' | b'\n' | b'\r');
    let mut length = 0_usize;
    let (words, rest) = bytes.as_chunks::<8>();
    for chunk in words {
        let word = u64::from_le_bytes(*chunk);
        // The high bit of each byte: set in the byte itself, after adding one (DEL), or borrowed from it
        // by subtracting a space. Which byte it is does not matter, only whether there is one.
        let below_space = word.wrapping_sub(ONES.wrapping_mul(0x20)) & !word;
        let odd = (word | word.wrapping_add(ONES) | below_space) & HIGH;
        if odd != 0 && !chunk.iter().all(|byte| clean(*byte)) {
            return length.saturating_add(chunk.iter().take_while(|byte| clean(**byte)).count());
        }
        length = length.saturating_add(8);
    }
    length.saturating_add(rest.iter().take_while(|byte| clean(**byte)).count())
}

/// Text and map under construction.
struct Output {
    text: String,
    runs: Vec<Run>,
    limit: usize,
    too_long: bool,
}

impl Output {
    /// Notes that `view` bytes, about to be appended, stand for `from..to` of the original, as one unit,
    /// or byte by byte if `bytewise`.
    fn map(&mut self, view: usize, from: usize, to: usize, bytewise: bool) {
        let length = to.saturating_sub(from);
        let unit = |size: usize| {
            if bytewise {
                1
            } else {
                u16::try_from(size).unwrap_or(u16::MAX)
            }
        };
        let (view_unit, original_unit) = (unit(view), unit(length));
        if self.text.len().saturating_add(view) > self.limit {
            self.too_long = true;
        }
        let (Ok(at), Ok(original)) = (u32::try_from(self.text.len()), u32::try_from(from)) else {
            self.too_long = true;
            return;
        };
        let goes_on = self.runs.last().is_some_and(|run| {
            let units = at
                .saturating_sub(run.view)
                .checked_div(u32::from(run.view_unit))
                .unwrap_or(0);
            let reached = units
                .saturating_mul(u32::from(run.original_unit))
                .saturating_add(run.original);
            run.view_unit == view_unit && run.original_unit == original_unit && reached == original
        });
        if !goes_on {
            self.runs.push(Run {
                view: at,
                original,
                view_unit,
                original_unit,
            });
        }
    }

    /// Appends a segment made of `from..to` of the original.
    fn segment(&mut self, segment: &[(char, Info)], original: &str, from: usize, to: usize) {
        let view = segment.iter().map(|(c, _)| c.len_utf8()).sum::<usize>();
        if self.too_long || view == 0 {
            return;
        }
        let source = original.get(from..to).unwrap_or("");
        let same = source.len() == view && source.chars().eq(segment.iter().map(|(c, _)| *c));
        self.map(view, from, to, same);
        self.text.extend(segment.iter().map(|(c, _)| *c));
    }
}

struct Builder<'t> {
    original: &'t str,
    normalizer: Normalizer,
    output: Output,
    /// The bytes of the original that the normaliser's segment comes from.
    from: usize,
    to: usize,
}

impl<'t> Builder<'t> {
    fn new(original: &'t str, limit: usize) -> Builder<'t> {
        let text = String::with_capacity(original.len().min(limit));
        let output = Output {
            text,
            runs: Vec::new(),
            limit,
            too_long: false,
        };
        Builder {
            original,
            normalizer: Normalizer::default(),
            output,
            from: 0,
            to: 0,
        }
    }

    /// Appends bytes of the original that stay as they are.
    fn copy(&mut self, from: usize, to: usize) {
        if let Some(text) = self.original.get(from..to).filter(|text| !text.is_empty()) {
            self.output.map(text.len(), from, to, true);
            self.output.text.push_str(text);
        }
    }

    /// Appends the view of the original from `at` on.
    fn build(&mut self, mut at: usize) -> Result<(), ViewError> {
        // A plain character that is not in the normaliser yet, as nothing has combined with it so far.
        let mut held: Option<(usize, char)> = None;
        while let Some(c) = self.original.get(at..).and_then(|rest| rest.chars().next()) {
            if self.output.too_long {
                return Err(ViewError::Growth(self.output.limit));
            }
            let ascii = clean_ascii(self.original.as_bytes().get(at..).unwrap_or(&[]));
            if ascii > 1 {
                self.release(held.take());
                let last = at.saturating_add(ascii).saturating_sub(1);
                self.copy(at, last);
                at = last;
                continue;
            }
            let next = at.saturating_add(c.len_utf8());
            let info = unicode::info(c);
            match info.action() {
                Action::Drop => {}
                Action::Keep if info.is_plain() => {
                    self.release(held.replace((at, c)));
                }
                action => {
                    if let Some((start, c)) = held.take() {
                        self.push(c, start, start.saturating_add(c.len_utf8()));
                    }
                    let c = match action {
                        Action::Space => ' ',
                        Action::Line => '\n',
                        Action::Keep | Action::Drop => c,
                    };
                    self.push(c, at, next);
                }
            }
            at = next;
        }
        self.release(held);
        self.finish();
        if self.output.too_long {
            Err(ViewError::Growth(self.output.limit))
        } else {
            Ok(())
        }
    }

    /// Ends the normaliser's segment and appends the held character, which nothing combines with.
    fn release(&mut self, held: Option<(usize, char)>) {
        self.finish();
        if let Some((start, c)) = held {
            self.copy(start, start.saturating_add(c.len_utf8()));
        }
    }

    fn push(&mut self, c: char, from: usize, to: usize) {
        if to.saturating_sub(self.from) > MAX_UNIT {
            self.finish();
        }
        if self.normalizer.is_empty() {
            self.from = from;
        }
        let Builder {
            original,
            normalizer,
            output,
            from: start,
            to: end,
        } = self;
        normalizer.push(c, |segment, within| {
            output.segment(segment, original, *start, if within { to } else { *end });
            *start = from;
        });
        self.to = to;
    }

    fn finish(&mut self) {
        if !self.normalizer.is_empty() {
            let segment = self.normalizer.finish();
            self.output
                .segment(segment, self.original, self.from, self.to);
        }
    }
}
