//! Words that match inside tokens (overlay `words.match = "substring"`): a multi-string automaton over
//! the folded text, out of the bundle's section `strings`.

use alloc::string::String;
use alloc::vec::Vec;

use daachorse::DoubleArrayAhoCorasick;

use crate::bundle::BundleError;
use crate::text::fold_into;

/// The automaton, loaded; its values are the numbers of custom words.
pub(crate) struct Substrings {
    automaton: DoubleArrayAhoCorasick<u32>,
    /// The longest word, in bytes of a view.
    reach: usize,
}

impl core::fmt::Debug for Substrings {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Substrings").finish_non_exhaustive()
    }
}

impl Substrings {
    /// Loads the section; `None` if it is empty.
    ///
    /// `longest` tells the length of the longest word, folded.
    pub(crate) fn load(
        section: &[u8],
        longest: impl Fn() -> usize,
    ) -> Result<Option<Substrings>, BundleError> {
        let wrong = |what| BundleError::Section("strings", what);
        if section.is_empty() {
            return Ok(None);
        }
        let (automaton, rest) = DoubleArrayAhoCorasick::deserialize(section)
            .map_err(|_| wrong("has a malformed automaton"))?;
        if !rest.is_empty() {
            return Err(wrong("has bytes left over"));
        }
        Ok(Some(Substrings {
            automaton,
            // A character has at most one and a half times the bytes of its folding.
            reach: longest().saturating_mul(2),
        }))
    }

    /// How many bytes of a view a word has at most.
    pub(crate) const fn reach(&self) -> usize {
        self.reach
    }

    /// Reports every occurrence of every word as (word, start, end) in bytes of the view text.
    pub(crate) fn find(&self, text: &str, mut report: impl FnMut(usize, usize, usize)) {
        let folded = Folded::new(text);
        for found in self.automaton.find_overlapping_iter(folded.text.as_bytes()) {
            let word = usize::try_from(found.value()).unwrap_or(usize::MAX);
            report(word, folded.start(found.start()), folded.end(found.end()));
        }
    }
}

/// A case-folded text and the places where its characters are not as long as the original's.
struct Folded {
    text: String,
    /// Per such character its range in the folded text and in the original, in order.
    uneven: Vec<Uneven>,
}

#[derive(Clone, Copy)]
struct Uneven {
    folded: (usize, usize),
    original: (usize, usize),
}

impl Folded {
    fn new(original: &str) -> Folded {
        if original.is_ascii() {
            return Folded {
                text: original.to_ascii_lowercase(),
                uneven: Vec::new(),
            };
        }
        let mut text = String::with_capacity(original.len());
        let mut uneven = Vec::new();
        let mut at: usize = 0;
        for c in original.chars() {
            let before = text.len();
            fold_into(c.encode_utf8(&mut [0; 4]), &mut text);
            let next = at.saturating_add(c.len_utf8());
            if text.len().saturating_sub(before) != c.len_utf8() {
                uneven.push(Uneven {
                    folded: (before, text.len()),
                    original: (at, next),
                });
            }
            at = next;
        }
        Folded { text, uneven }
    }

    /// The original offset of a match's start; inside an uneven character that is the character's start.
    fn start(&self, folded: usize) -> usize {
        self.original(folded, |uneven| uneven.original.0)
    }

    /// The original offset of a match's end; inside an uneven character that is the character's end.
    fn end(&self, folded: usize) -> usize {
        self.original(folded, |uneven| uneven.original.1)
    }

    fn original(&self, folded: usize, inside: impl Fn(&Uneven) -> usize) -> usize {
        let before = self
            .uneven
            .partition_point(|uneven| uneven.folded.0 < folded);
        match before.checked_sub(1).and_then(|last| self.uneven.get(last)) {
            None => folded,
            Some(uneven) if folded < uneven.folded.1 => inside(uneven),
            Some(uneven) => uneven
                .original
                .1
                .saturating_add(folded.saturating_sub(uneven.folded.1)),
        }
    }
}
