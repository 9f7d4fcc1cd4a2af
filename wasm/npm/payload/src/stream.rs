//! Streamed answers.
//!
//! Decisions may come from a worker, so they cannot be had while events are being read. Bytes are
//! therefore read twice: first by a reframer that only notes what it would ask, which does not depend on the
//! answers before the one that blocks; then, with the answers, by the one that writes.

use alloc::string::String;
use alloc::vec::{self, Vec};

use edgerail_core::json::Writer;
use edgerail_core::payload::PayloadError;
use edgerail_core::payload::stream::{Reframer, TextFilter};
use wasm_bindgen::prelude::*;

use crate::error::{argument, payload};
use crate::options::{self, Options};

/// One streamed answer.
#[wasm_bindgen]
#[derive(Debug)]
pub struct EventStream {
    asker: Reframer,
    writer: Reframer,
    /// What was asked about and not yet written.
    bytes: Vec<u8>,
    ended: bool,
    /// What was asked: the block, and whether it was a piece of text.
    asked: Vec<(usize, bool)>,
    /// The blocks that hold text back, as was answered last.
    holding: Vec<usize>,
    blocked: bool,
    failure: Option<PayloadError>,
}

#[wasm_bindgen]
impl EventStream {
    /// Begins a stream; the options name its shape.
    ///
    /// # Errors
    /// `invalid_argument`.
    #[wasm_bindgen(constructor)]
    pub fn new(framing: &str, options: &Options) -> Result<EventStream, JsValue> {
        let framing = options::framing(framing)?;
        let (shape, options) = options::read(options)?;
        let shape = shape.ok_or_else(|| argument("shape: a stream does not tell whose it is"))?;
        Ok(EventStream {
            asker: Reframer::new(shape, framing, &options),
            writer: Reframer::new(shape, framing, &options),
            bytes: Vec::new(),
            ended: false,
            asked: Vec::new(),
            holding: Vec::new(),
            blocked: false,
            failure: None,
        })
    }

    /// Takes bytes, cut anywhere, or the end: what is to be decided, as a JSON list. `{block, tool}` says
    /// that a block is an input of a tool, `{block, text}` is a piece of its text, `{block}` its end.
    /// `answer` has to be called next.
    pub fn ask(&mut self, bytes: Option<Vec<u8>>) -> String {
        self.ended = bytes.is_none();
        self.bytes = bytes.unwrap_or_default();
        self.asked.clear();
        let mut json = Writer::new();
        let mut sink = Vec::new();
        json.array(|writer| {
            let mut asks = Asks {
                writer,
                asked: &mut self.asked,
            };
            // What is wrong with the bytes is said when they are written.
            let _ = if self.ended {
                self.asker.finish(&mut asks, &mut sink)
            } else {
                self.asker.push(&self.bytes, &mut asks, &mut sink)
            };
        });
        json.finish()
    }

    /// The answers, in the order of the questions without those about tools: texts, and with 1 for a block
    /// that holds text back and 2 for an answer that blocks. Gives the bytes that may go on.
    pub fn answer(&mut self, texts: Vec<String>, flags: &[u8]) -> Vec<u8> {
        let mut answers = Answers {
            asked: self.asked.iter(),
            answers: texts.into_iter().zip(flags),
            holding: &mut self.holding,
            blocked: &mut self.blocked,
        };
        let mut out = Vec::new();
        let written = if self.ended {
            self.writer.finish(&mut answers, &mut out)
        } else {
            self.writer.push(&self.bytes, &mut answers, &mut out)
        };
        self.failure = written.err();
        out
    }

    /// Why the stream cannot go on after the bytes that `answer` gave last.
    #[wasm_bindgen(getter)]
    #[must_use]
    pub fn failure(&self) -> Option<JsValue> {
        let failure = self.failure.as_ref()?;
        Some(payload(failure))
    }

    /// Whether something was blocked: what still comes is swallowed.
    #[wasm_bindgen(getter, js_name = isBlocked)]
    #[must_use]
    pub fn is_blocked(&self) -> bool {
        self.writer.is_blocked()
    }
}

/// Notes what is asked, and lets all pass.
struct Asks<'a> {
    writer: &'a mut Writer,
    asked: &'a mut Vec<(usize, bool)>,
}

impl Asks<'_> {
    fn ask(&mut self, block: usize, text: Option<&str>, tool: bool) {
        self.writer.object(|w| {
            w.name("block").number(block as u64);
            if let Some(text) = text {
                w.name("text").string(text);
            }
            if tool {
                w.name("tool").bool(true);
            }
        });
        if !tool {
            self.asked.push((block, text.is_some()));
        }
    }
}

impl TextFilter for Asks<'_> {
    fn tool(&mut self, block: usize) {
        self.ask(block, None, true);
    }

    fn push(&mut self, block: usize, text: &str) -> String {
        self.ask(block, Some(text), false);
        text.into()
    }

    fn finish(&mut self, block: usize) -> String {
        self.ask(block, None, false);
        String::new()
    }

    fn holds(&self, _: usize) -> bool {
        false
    }

    fn is_blocked(&self) -> bool {
        false
    }
}

const HOLDS: u8 = 1;
const BLOCKS: u8 = 2;

/// Gives the answers.
struct Answers<'a> {
    asked: core::slice::Iter<'a, (usize, bool)>,
    answers: core::iter::Zip<vec::IntoIter<String>, core::slice::Iter<'a, u8>>,
    holding: &'a mut Vec<usize>,
    blocked: &'a mut bool,
}

impl Answers<'_> {
    /// The next answer. One to another question, or none, lets nothing pass.
    fn next(&mut self, block: usize, is_piece: bool) -> String {
        let is_next = self.asked.next() == Some(&(block, is_piece));
        let (text, flags) = match self.answers.next() {
            Some((text, &flags)) if is_next => (text, flags),
            _ => (String::new(), BLOCKS),
        };
        self.holding.retain(|&other| other != block);
        if flags & HOLDS != 0 {
            self.holding.push(block);
        }
        *self.blocked |= flags & BLOCKS != 0;
        text
    }
}

impl TextFilter for Answers<'_> {
    fn push(&mut self, block: usize, text: &str) -> String {
        let _ = text;
        self.next(block, true)
    }

    fn finish(&mut self, block: usize) -> String {
        self.next(block, false)
    }

    fn holds(&self, block: usize) -> bool {
        self.holding.contains(&block)
    }

    fn is_blocked(&self) -> bool {
        *self.blocked
    }
}
