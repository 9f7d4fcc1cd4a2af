//! NFKC, one segment at a time.

use alloc::string::String;
use alloc::vec::Vec;

use crate::sort;

use super::unicode::{self, Info};

/// How many characters that are no segment boundary may stand in a row before the segment is cut. The
/// Stream-Safe Text Format (UAX 15, section 13) allows 30 marks, of which real text never has more.
const MAX_MARKS: usize = 30;

/// Decomposes, orders and composes text into segments: a starter with all that may combine with it.
#[derive(Debug, Default)]
pub(super) struct Normalizer {
    segment: Vec<(char, Info)>,
    composed: Vec<(char, Info)>,
}

impl Normalizer {
    /// Whether no character waits to be written.
    pub(super) fn is_empty(&self) -> bool {
        self.segment.is_empty()
    }

    /// Takes one character. Calls `finished` with each segment that ended before or within it: whatever
    /// is written then comes from earlier characters and, when the flag is set, from `c` too.
    pub(super) fn push(&mut self, c: char, mut finished: impl FnMut(&[(char, Info)], bool)) {
        let mut within = false;
        unicode::decompose(c, |part| {
            let info = unicode::info(part);
            let full = self.segment.len() > MAX_MARKS;
            if !self.segment.is_empty() && (info.is_boundary() || full) {
                finished(self.compose(), within);
                self.segment.clear();
            }
            self.segment.push((part, info));
            within = true;
        });
    }

    /// Ends the segment and gives what it came to.
    pub(super) fn finish(&mut self) -> &[(char, Info)] {
        self.compose();
        self.segment.clear();
        &self.composed
    }

    /// The segment in canonical order with its composites.
    fn compose(&mut self) -> &[(char, Info)] {
        let mut runs = self.segment.as_mut_slice();
        while !runs.is_empty() {
            let marks = runs.iter().take_while(|(_, info)| info.ccc != 0).count();
            let (head, tail) = runs.split_at_mut_checked(marks).unwrap_or_default();
            sort::by_key(head, |(_, info)| info.ccc);
            runs = tail.get_mut(1..).unwrap_or_default();
        }
        self.composed.clear();
        let mut starter: Option<usize> = None;
        for &(c, info) in &self.segment {
            if let Some(at) = starter {
                let adjacent = self.composed.len() == at.saturating_add(1);
                let before = self.composed.last().map_or(0, |(_, last)| last.ccc);
                let open = adjacent || before < info.ccc;
                if let Some((base, slot)) = self.composed.get_mut(at).filter(|_| open)
                    && let Some(composite) = unicode::compose(*base, c, info)
                {
                    (*base, *slot) = (composite, unicode::info(composite));
                    continue;
                }
            }
            if info.ccc == 0 {
                starter = Some(self.composed.len());
            }
            self.composed.push((c, info));
        }
        &self.composed
    }
}

/// Appends the NFKC of `text`, without the view's filter, to `out`.
pub(super) fn nfkc_into(text: &str, out: &mut String) {
    let mut normalizer = Normalizer::default();
    for c in text.chars() {
        normalizer.push(c, |segment, _| out.extend(segment.iter().map(|(c, _)| *c)));
    }
    out.extend(normalizer.finish().iter().map(|(c, _)| *c));
}
