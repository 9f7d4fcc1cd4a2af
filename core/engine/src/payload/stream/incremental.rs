use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use super::TextFilter;
use crate::decision::Reason;
use crate::engine::Engine;
use crate::stream::{Stream, StreamEnd, StreamError, StreamOptions};

/// A filter that lets text go on as soon as the engine's [`Stream`] says it is safe. Every block has a
/// stream of its own, so that blocks may alternate; a block in one of them ends the answer.
#[derive(Debug)]
pub struct EngineFilter<'e> {
    engine: &'e Engine,
    options: StreamOptions,
    streams: BTreeMap<usize, Stream>,
    ends: Vec<(usize, StreamEnd)>,
    blocked: bool,
}

impl<'e> EngineFilter<'e> {
    /// A filter by an engine.
    #[must_use]
    pub const fn new(engine: &'e Engine, options: StreamOptions) -> EngineFilter<'e> {
        EngineFilter {
            engine,
            options,
            streams: BTreeMap::new(),
            ends: Vec::new(),
            blocked: false,
        }
    }

    /// What the blocks came to that have ended, by number and in the order in which they ended; places in
    /// a block's findings are those of its own text. What was blocked before its block ended is there too.
    #[must_use]
    pub fn ends(&self) -> &[(usize, StreamEnd)] {
        &self.ends
    }

    /// What was done so far, in blocks that have ended.
    #[must_use]
    pub fn reason(&self) -> Reason {
        let reasons = self.ends.iter().map(|(_, end)| end.reason);
        let most = reasons.max().unwrap_or(Reason::NoAction);
        if self.blocked { Reason::Blocked } else { most }
    }

    /// Ends a block's stream: the rest of its text.
    fn end(&mut self, block: usize) -> String {
        let Some(mut stream) = self.streams.remove(&block) else {
            return String::new();
        };
        match stream.finish(self.engine) {
            Ok(end) => {
                let rest = end.outputs.concat();
                self.blocked |= end.reason == Reason::Blocked;
                self.ends.push((block, end));
                rest
            }
            Err(error) => self.refuse(error),
        }
    }

    /// A stream of ours always takes text; were it otherwise, none may pass.
    fn refuse(&mut self, _: StreamError) -> String {
        self.blocked = true;
        String::new()
    }
}

impl TextFilter for EngineFilter<'_> {
    fn push(&mut self, block: usize, text: &str) -> String {
        let (engine, options) = (self.engine, self.options);
        let stream = self.streams.entry(block);
        let stream = stream.or_insert_with(|| Stream::new(engine, options));
        let pushed = stream.push(engine, text.as_bytes()).map(String::from);
        let blocked = stream.is_blocked();
        let mut out = match pushed {
            Ok(out) => out,
            Err(error) => return self.refuse(error),
        };
        if blocked {
            out.push_str(&self.end(block));
            self.blocked = true;
        }
        out
    }

    fn finish(&mut self, block: usize) -> String {
        self.end(block)
    }

    fn holds(&self, block: usize) -> bool {
        let stream = self.streams.get(&block);
        stream.is_some_and(|stream| stream.stats().held > 0)
    }

    fn is_blocked(&self) -> bool {
        self.blocked
    }
}
