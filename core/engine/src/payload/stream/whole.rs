use alloc::collections::BTreeMap;
use alloc::string::String;

use super::TextFilter;
use crate::decision::Reason;
use crate::engine::Engine;
use crate::request::{Request, Source};

/// A filter that holds every block back until it has ended and evaluates it whole: nothing of an answer is
/// out before all of its block was seen.
#[derive(Debug)]
pub struct WholeBlocks<'e> {
    engine: &'e Engine,
    source: Source,
    now: Option<u64>,
    texts: BTreeMap<usize, String>,
    intervened: bool,
    blocked: bool,
}

impl<'e> WholeBlocks<'e> {
    /// A filter by an engine. `now` is that of [`Request`].
    #[must_use]
    pub const fn new(engine: &'e Engine, source: Source, now: Option<u64>) -> WholeBlocks<'e> {
        WholeBlocks {
            engine,
            source,
            now,
            texts: BTreeMap::new(),
            intervened: false,
            blocked: false,
        }
    }

    /// Whether something was masked or blocked.
    #[must_use]
    pub const fn intervened(&self) -> bool {
        self.intervened
    }
}

impl TextFilter for WholeBlocks<'_> {
    fn push(&mut self, block: usize, text: &str) -> String {
        self.texts.entry(block).or_default().push_str(text);
        String::new()
    }

    fn finish(&mut self, block: usize) -> String {
        let Some(text) = self.texts.remove(&block) else {
            return String::new();
        };
        let request = Request {
            now: self.now,
            ..Request::text(self.source, &text)
        };
        let decision = self.engine.evaluate(&request);
        let outputs = decision.outputs().first().cloned();
        self.intervened |= decision.reason() != Reason::NoAction;
        self.blocked |= decision.reason() == Reason::Blocked;
        match decision.reason() {
            Reason::NoAction => text,
            Reason::Masked | Reason::Blocked => outputs.unwrap_or_default(),
        }
    }

    fn holds(&self, block: usize) -> bool {
        self.texts.get(&block).is_some_and(|text| !text.is_empty())
    }

    fn is_blocked(&self) -> bool {
        self.blocked
    }
}
