//! Streamed answers: events are cut out of the bytes, their texts go through a [`TextFilter`], and they
//! are written again with the texts that came back, everything else byte for byte as it was.
//!
//! A filter may hold text back. The event whose text it holds then waits, and all behind it, so that the
//! order stays; when the text comes it is put into the event that waited. No event is invented unless a
//! filter gives text at the end of a block of which no event waits.

mod answer;
mod base64;
mod blocks;
mod ending;
mod event;
mod frames;
mod incremental;
mod sse;
#[cfg(test)]
mod tests;
mod whole;

use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::vec::Vec;

use super::error::{PayloadError, Problem};
use super::json::{Document, NodeId};
use super::options::GuardOptions;
use super::shape::Shape;
use super::tables;
use super::walk::{self, Found, Key, What};
use blocks::Blocks;
use event::{Event, Frame, Leaf};
use frames::MessageParser;
use sse::SseParser;

pub(super) use answer::answer;
pub use incremental::EngineFilter;
pub use whole::{Verdict, WholeBlocks};

/// The longest event that is read, in bytes: AWS's messages have at most 16 MiB.
pub const MAX_EVENT_BYTES: usize = 16 << 20;

/// What guards the texts of a stream. Blocks are numbered by the caller, and their texts may alternate.
pub trait TextFilter {
    /// Says that the texts of a block are inputs of a tool, before any of them comes.
    fn tool(&mut self, block: usize) {
        let _ = block;
    }
    /// Takes a piece of a block's text; gives what of the block may go on.
    fn push(&mut self, block: usize, text: &str) -> String;
    /// The block has ended; gives what is left of it.
    fn finish(&mut self, block: usize) -> String;
    /// Whether text of the block is held back.
    fn holds(&self, block: usize) -> bool;
    /// Whether the answer is blocked: what was given last then ends with the guardrail's message, and
    /// nothing more may follow.
    fn is_blocked(&self) -> bool;
}

/// How events are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// Server-sent events (`text/event-stream`).
    Sse,
    /// AWS's binary messages (`application/vnd.amazon.eventstream`), which ConverseStream and
    /// InvokeModelWithResponseStream use.
    EventStream,
}

impl Framing {
    /// How the beginning of a stream is framed; `None` if it is no stream. No JSON document begins like
    /// one.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Option<Framing> {
        if frames::begins_message(bytes) {
            return Some(Framing::EventStream);
        }
        let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let fields = [&b":"[..], b"data:", b"event:", b"id:", b"retry:"];
        let field = fields.iter().any(|field| text.starts_with(field));
        field.then_some(Framing::Sse)
    }
}

#[derive(Debug)]
enum Parser {
    Sse(SseParser),
    Messages(MessageParser),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Open,
    /// The filter blocked: the API's own ending is written, what still comes is swallowed.
    Blocked,
    /// An event could not be guarded: nothing more goes out.
    Failed,
    Finished,
    /// The same after a block.
    FinishedBlocked,
}

/// One streamed answer on its way.
#[derive(Debug)]
pub struct Reframer {
    shape: Shape,
    framing: Framing,
    parser: Parser,
    tools: bool,
    applies: bool,
    blocks: Blocks,
    queue: VecDeque<Event>,
    /// The number of the first event in the queue.
    first: u64,
    /// Whether the newest event in the queue is the one being read.
    reading: bool,
    /// The number of the event that the guardrail's message is in.
    message: Option<u64>,
    /// What of the response's first event its last one repeats.
    origin: String,
    state: State,
}

impl Reframer {
    /// Begins a stream. An SSE stream of ConverseStream does not exist; whatever comes is guarded by the
    /// same tables.
    #[must_use]
    pub fn new(shape: Shape, framing: Framing, options: &GuardOptions) -> Reframer {
        let parser = match framing {
            Framing::Sse => Parser::Sse(SseParser::default()),
            Framing::EventStream => Parser::Messages(MessageParser::default()),
        };
        let repeats = matches!(shape, Shape::OpenAiResponses | Shape::InvokeCohere);
        Reframer {
            shape,
            framing,
            parser,
            tools: options.tools,
            applies: options.models.applies_to(options.model.as_deref()),
            blocks: Blocks::new(repeats),
            queue: VecDeque::new(),
            first: 0,
            reading: false,
            message: None,
            origin: String::from("{}"),
            state: State::Open,
        }
    }

    /// Whether the filter blocked the answer.
    #[must_use]
    pub fn is_blocked(&self) -> bool {
        matches!(self.state, State::Blocked | State::FinishedBlocked)
    }

    /// Takes bytes as they come, cut anywhere; appends to `out` what may go on.
    ///
    /// # Errors
    /// [`PayloadError`] if the bytes are no stream of the shape, or came after the end. The connection
    /// should then be cut: what was appended before is safe, and nothing is appended any more.
    pub fn push(
        &mut self,
        mut bytes: &[u8],
        filter: &mut dyn TextFilter,
        out: &mut Vec<u8>,
    ) -> Result<(), PayloadError> {
        if !matches!(self.state, State::Open | State::Blocked) {
            return Err(PayloadError::new(Problem::Ended, "the stream".into()));
        }
        if !self.applies {
            out.extend_from_slice(bytes);
            return Ok(());
        }
        while !bytes.is_empty() && self.state == State::Open {
            let cut = match &mut self.parser {
                Parser::Sse(parser) => parser
                    .push(bytes)
                    .map(|(used, event)| (used, event.map(Frame::Sse))),
                Parser::Messages(parser) => parser.push(bytes).and_then(|(used, message)| {
                    Ok((used, message.map(Frame::message).transpose()?))
                }),
            };
            let (used, frame) = cut.map_err(|error| self.fail(error))?;
            bytes = bytes.get(used..).unwrap_or(&[]);
            if let Some(frame) = frame {
                self.event(frame, filter, out)
                    .map_err(|error| self.fail(error))?;
            }
        }
        Ok(())
    }

    /// The stream has ended: appends to `out` what was held back.
    ///
    /// # Errors
    /// [`PayloadError`] if it ended inside of a message; what is complete is appended nevertheless.
    pub fn finish(
        &mut self,
        filter: &mut dyn TextFilter,
        out: &mut Vec<u8>,
    ) -> Result<(), PayloadError> {
        match self.state {
            State::Open => {}
            State::Blocked => {
                self.state = State::FinishedBlocked;
                return Ok(());
            }
            State::Finished | State::FinishedBlocked | State::Failed => {
                return Err(PayloadError::new(Problem::Ended, "the stream".into()));
            }
        }
        let mut result = Ok(());
        match &mut self.parser {
            Parser::Sse(parser) => {
                let last = parser.finish().map_err(|error| self.fail(error))?;
                if let Some(last) = last {
                    self.event(Frame::Sse(last), filter, out)
                        .map_err(|error| self.fail(error))?;
                }
            }
            Parser::Messages(parser) => result = parser.finish(),
        }
        if self.state == State::Open {
            self.reading = false;
            self.finish_blocks(&Key::default(), filter);
            self.state = State::Finished;
            self.settle(&Document::scan("{}")?, filter, out);
        }
        if self.state == State::Blocked {
            // What was held back last, or the last event, may be what blocked.
            self.state = State::FinishedBlocked;
        }
        result
    }

    fn fail(&mut self, error: PayloadError) -> PayloadError {
        self.state = State::Failed;
        error
    }

    fn event(
        &mut self,
        frame: Frame,
        filter: &mut dyn TextFilter,
        out: &mut Vec<u8>,
    ) -> Result<(), PayloadError> {
        self.reading = true;
        let Some(json) = frame.json().map(String::from) else {
            // Comments, and the mark that OpenAI ends a stream with.
            let ends = frame.ends_stream();
            self.queue.push_back(Event::plain(frame));
            if ends {
                self.finish_blocks(&Key::default(), filter);
            }
            self.settle(&Document::scan("{}")?, filter, out);
            return Ok(());
        };
        let document = Document::scan(&json)?;
        let rule = frame.rule(tables::api(self.shape).events);
        let walked = walk::walk(&document, rule, 0)?;
        if let Some(response) = document.members(0, "response").next()
            && self.shape == Shape::OpenAiResponses
        {
            self.origin = ending::origin(&document, response);
        }
        let mut event = Event::plain(frame);
        let echoes = walked.echoes.iter();
        event
            .echoes
            .extend(echoes.map(|&node| (document.span(node), document.kind(node))));
        self.queue.push_back(event);
        for (place, found) in walked.found.iter().enumerate() {
            let seen = self.leaf(&document, found, filter)?;
            if filter.is_blocked() {
                let unseen = place.saturating_add(usize::from(seen));
                self.drop_unseen(&document, walked.found.get(unseen..).unwrap_or(&[]));
                break;
            }
        }
        let newest = self.newest();
        if let Some(event) = self.queue.back() {
            self.blocks.share(newest, event);
        }
        if !filter.is_blocked() {
            for key in &walked.finished {
                self.finish_blocks(key, filter);
            }
        }
        self.settle(&document, filter, out);
        Ok(())
    }

    /// Writes what can be written; after a block, the ending too. `document` is the newest event.
    fn settle(&mut self, document: &Document<'_>, filter: &dyn TextFilter, out: &mut Vec<u8>) {
        self.release(filter, out);
        if filter.is_blocked() {
            self.queue.clear();
            let (key, told) = self.blocks.last();
            ending::write(
                self.shape,
                self.framing,
                document,
                &self.origin,
                &key,
                told,
                out,
            );
            self.state = State::Blocked;
        }
    }

    /// Lets the filter see one text of the newest event: whether it did, or need not.
    fn leaf(
        &mut self,
        document: &Document<'_>,
        found: &Found,
        filter: &mut dyn TextFilter,
    ) -> Result<bool, PayloadError> {
        let text = text_of(document, found.node);
        let (new, block) = match found.what {
            What::Tool | What::ToolDelta(_) | What::ToolFull(_) if !self.tools => return Ok(true),
            What::Delta(channel) | What::ToolDelta(channel) => {
                let block = self.blocks.open(found.key, channel);
                let block = block.ok_or_else(|| {
                    PayloadError::new(Problem::TooManyBlocks, document.pointer(found.node))
                })?;
                if matches!(found.what, What::ToolDelta(_)) {
                    filter.tool(block);
                }
                let new = filter.push(block, &text);
                self.blocks.told(block, &text, &new);
                (new, Some(block))
            }
            _ if text.is_empty() => return Ok(true),
            What::Full(channel) | What::ToolFull(channel) => {
                self.finish_channel(found.key, channel, filter);
                if filter.is_blocked() {
                    return Ok(false);
                }
                match self.blocks.repeated(&found.key, channel, &text) {
                    Some(new) => (new, None),
                    None => (self.whole(&text, found, filter), None),
                }
            }
            What::Text | What::Tool => (self.whole(&text, found, filter), None),
        };
        let leaf = Leaf {
            span: document.span(found.node),
            block,
            old: text,
            new,
        };
        let number = self.newest();
        if filter.is_blocked() {
            self.message = Some(number);
        }
        let Some(event) = self.queue.back_mut() else {
            return Ok(true);
        };
        event.leaves.push(leaf);
        if let Some(block) = block.and_then(|block| self.blocks.get_mut(block)) {
            block.event = Some(number);
        }
        Ok(true)
    }

    /// Guards a text that comes in one piece.
    fn whole(&mut self, text: &str, found: &Found, filter: &mut dyn TextFilter) -> String {
        let block = self.blocks.once(found.key);
        if matches!(found.what, What::Tool | What::ToolFull(_)) {
            filter.tool(block);
        }
        let mut new = filter.push(block, text);
        if !filter.is_blocked() {
            new.push_str(&filter.finish(block));
        }
        self.blocks.told(block, text, &new);
        self.blocks.end(block);
        new
    }

    /// A text that was not looked at because another one blocked must not go out.
    fn drop_unseen(&mut self, document: &Document<'_>, found: &[Found]) {
        let Some(event) = self.queue.back_mut() else {
            return;
        };
        for found in found {
            let tool = matches!(
                found.what,
                What::Tool | What::ToolDelta(_) | What::ToolFull(_)
            );
            let old = text_of(document, found.node);
            if old.is_empty() || (tool && !self.tools) {
                continue;
            }
            event.leaves.push(Leaf {
                span: document.span(found.node),
                block: None,
                old,
                new: String::new(),
            });
        }
    }

    /// The number of the newest event.
    fn newest(&self) -> u64 {
        let count = u64::try_from(self.queue.len()).unwrap_or(u64::MAX);
        self.first.saturating_add(count).saturating_sub(1)
    }

    fn finish_channel(&mut self, key: Key, channel: u8, filter: &mut dyn TextFilter) {
        if let Some(number) = self.blocks.find(&key, channel) {
            self.flush(number, filter);
        }
    }

    fn finish_blocks(&mut self, key: &Key, filter: &mut dyn TextFilter) {
        for number in self.blocks.inside(key) {
            self.flush(number, filter);
            if filter.is_blocked() {
                return;
            }
        }
    }

    /// Puts what is left of a block into its last event.
    fn flush(&mut self, number: usize, filter: &mut dyn TextFilter) {
        let rest = filter.finish(number);
        self.blocks.told(number, "", &rest);
        let Some(block) = self.blocks.get_mut(number) else {
            return;
        };
        let event = block.event.filter(|&event| event >= self.first);
        let place = event.map(|event| event.saturating_sub(self.first));
        let place = place.and_then(|place| usize::try_from(place).ok());
        let waiting = place.and_then(|place| self.queue.get_mut(place));
        let mut at = event;
        if let Some(leaf) = waiting.and_then(|event| event.last_leaf(number)) {
            leaf.new.push_str(&rest);
        } else if !rest.is_empty()
            && let Some(again) = block.again(rest)
        {
            at = Some(self.insert(again));
        }
        if filter.is_blocked() {
            self.message = at;
        }
        self.blocks.end(number);
    }

    /// Puts an event before the one that is being read: its number.
    fn insert(&mut self, event: Event) -> u64 {
        let place = self.queue.len().saturating_sub(usize::from(self.reading));
        let number = u64::try_from(place).unwrap_or(u64::MAX);
        let number = self.first.saturating_add(number);
        self.blocks.moved(number);
        self.queue.insert(place, event);
        number
    }

    /// Writes the events that wait for nothing.
    fn release(&mut self, filter: &dyn TextFilter, out: &mut Vec<u8>) {
        let blocked = filter.is_blocked();
        while let Some(event) = self.queue.front() {
            let stays = if blocked {
                // Nothing may follow the message.
                self.message.is_none_or(|message| self.first > message)
            } else {
                let mut waiting = self.blocks.waiting(|block| filter.holds(block));
                waiting.any(|number| number == self.first)
            };
            if stays {
                return;
            }
            event.write(out);
            self.queue.pop_front();
            self.first = self.first.saturating_add(1);
        }
    }
}

/// A string's value, a number as written.
fn text_of(document: &Document<'_>, node: NodeId) -> String {
    match document.string(node) {
        Some(text) => text.into_owned(),
        None => document.raw(node).into(),
    }
}
