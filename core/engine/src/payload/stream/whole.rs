use alloc::collections::BTreeMap;
use alloc::string::String;

use super::TextFilter;
use crate::decision::{Decision, Reason};

/// What was decided on a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It may go on as it is.
    Pass,
    /// It may go on with these masks.
    Masked(String),
    /// It may not; this is said instead.
    Blocked(String),
}

impl Verdict {
    /// What a decision on a single text comes to.
    #[must_use]
    pub fn of(decision: &Decision<'_>) -> Verdict {
        let output = decision.outputs().first().cloned().unwrap_or_default();
        match decision.reason() {
            Reason::NoAction => Verdict::Pass,
            Reason::Masked => Verdict::Masked(output),
            Reason::Blocked => Verdict::Blocked(output),
        }
    }
}

/// A filter that holds every block back until it has ended and decides it as a whole: of a text that is
/// blocked nothing was out before.
#[derive(Debug)]
pub struct WholeBlocks<F> {
    decide: F,
    texts: BTreeMap<usize, String>,
    masked: bool,
    blocked: bool,
}

impl<F: FnMut(&str) -> Verdict> WholeBlocks<F> {
    /// A filter that asks `decide`.
    #[must_use]
    pub const fn new(decide: F) -> WholeBlocks<F> {
        WholeBlocks {
            decide,
            texts: BTreeMap::new(),
            masked: false,
            blocked: false,
        }
    }

    /// What was done so far.
    #[must_use]
    pub const fn reason(&self) -> Reason {
        match (self.blocked, self.masked) {
            (true, _) => Reason::Blocked,
            (false, true) => Reason::Masked,
            (false, false) => Reason::NoAction,
        }
    }
}

impl<F: FnMut(&str) -> Verdict> TextFilter for WholeBlocks<F> {
    fn push(&mut self, block: usize, text: &str) -> String {
        self.texts.entry(block).or_default().push_str(text);
        String::new()
    }

    fn finish(&mut self, block: usize) -> String {
        let Some(text) = self.texts.remove(&block) else {
            return String::new();
        };
        match (self.decide)(&text) {
            Verdict::Pass => text,
            Verdict::Masked(masked) => {
                self.masked = true;
                masked
            }
            Verdict::Blocked(message) => {
                self.blocked = true;
                message
            }
        }
    }

    fn holds(&self, block: usize) -> bool {
        self.texts.get(&block).is_some_and(|text| !text.is_empty())
    }

    fn is_blocked(&self) -> bool {
        self.blocked
    }
}
