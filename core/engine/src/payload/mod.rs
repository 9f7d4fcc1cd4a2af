//! The bodies of the APIs that models are asked by: where their texts are, and how masks get back.
//!
//! [`Payload::read`] finds the texts of a request or response of Bedrock's Converse and InvokeModel, of
//! OpenAI's and Anthropic's APIs, and of MCP's `tools/call`. [`Payload::request`] gives them to the engine,
//! [`Payload::write`] puts the decision's masks back: bytes outside of masked stretches are copied, other
//! escapes in the same string included, because the scanner keeps spans instead of building values.
//!
//! [`stream`] does the same for streamed answers.
//!
//! What an API's table does not list inside of a conversation is guarded as text, so that a new kind of
//! content is not let through unseen; a block of an unknown kind without any text is refused. A member
//! that occurs twice is guarded twice: which one a server reads is not known.

mod answer;
mod error;
mod grammar;
mod json;
mod options;
mod shape;
pub mod stream;

mod tables;
mod tags;
#[cfg(test)]
mod tests;
mod text;
mod walk;

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Range;

use crate::decision::{Decision, Reason};
use crate::request::{ContentBlock, OutputScope, Qualifiers, Request, Role, Source};

pub use error::{PayloadError, Problem};
pub use json::MAX_DEPTH;
pub use options::{Enforced, GuardOptions, Guarding, ModelScope};
pub use shape::{Shape, Side};
pub use walk::Skipped;

use grammar::Rule;
use json::{Document, Kind, NodeId};
use shape::{Known, Recognized};
use tags::Tags;
use text::Piece;
use walk::{Found, Walked, What};

/// A body with its texts.
#[derive(Debug)]
pub struct Payload<'b> {
    text: &'b str,
    document: Document<'b>,
    shape: Shape,
    side: Side,
    also: Vec<Shape>,
    model: Option<String>,
    parts: Vec<Part<'b>>,
    echoes: Vec<NodeId>,
    skipped: Skipped,
    applies: bool,
}

/// One text to evaluate.
#[derive(Debug)]
struct Part<'b> {
    text: Cow<'b, str>,
    pieces: Vec<Piece>,
    node: NodeId,
    role: Option<Role>,
    qualifiers: Qualifiers,
    number: bool,
    /// Whether it stands in JSON that is itself a string of the body.
    nested: bool,
    /// Whether it is an input or result of a tool.
    tool: bool,
}

/// A stretch of a content block to be replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replacement<'r> {
    /// The content block's number in [`Payload::request`].
    pub block: usize,
    /// Byte offset in the block's text.
    pub start: usize,
    /// Byte offset just past the stretch.
    pub end: usize,
    /// What stands there instead.
    pub text: &'r str,
}

impl<'b> Payload<'b> {
    /// Finds the texts of a body. Without a shape the one is taken that the members of the body fit best;
    /// [`Payload::shape`] and [`Payload::also`] say which.
    ///
    /// # Errors
    /// [`PayloadError`] if the body is no JSON object in UTF-8, is of no known shape, or has at a place
    /// that the API defines something that cannot be there. Nothing of it was evaluated then: a caller that
    /// guards a connection has to refuse the body.
    pub fn read(
        body: &'b [u8],
        shape: Option<Shape>,
        options: &GuardOptions,
    ) -> Result<Payload<'b>, PayloadError> {
        if body.len() > options.max_bytes {
            return Err(PayloadError::new(Problem::TooLong, "the body".into()));
        }
        let text = core::str::from_utf8(body).map_err(|error| {
            let mut place = String::from("byte ");
            push_number(&mut place, error.valid_up_to());
            PayloadError::new(Problem::NotUtf8, place)
        })?;
        let document = Document::scan(text)?;
        if document.kind(0) != Kind::Object {
            return Err(PayloadError::new(Problem::NoObject, "the body".into()));
        }
        let problem = match shape {
            Some(_) => Problem::OtherShape,
            None => Problem::UnknownShape,
        };
        let known = Known {
            shape,
            side: options.side,
        };
        let taken = shape::recognize(&document, known)
            .ok_or_else(|| PayloadError::new(problem, "the body".into()))?;
        let walked = walk_all(&document, &taken, known)?;
        let model = options.model.clone().or_else(|| model(&document));
        let applies = options.models.applies_to(model.as_deref());
        let mut payload = Payload {
            text,
            document,
            shape: taken.shape,
            side: taken.side,
            also: taken.also,
            model,
            parts: Vec::new(),
            echoes: Vec::new(),
            skipped: walked.skipped,
            applies,
        };
        payload.select(walked, options)?;
        Ok(payload)
    }

    /// Chooses what is evaluated.
    fn select(&mut self, walked: Walked, options: &GuardOptions) -> Result<(), PayloadError> {
        let tags = match self.side {
            Side::Request => Tags::of(&self.document)?,
            Side::Response => None,
        };
        self.echoes = walked.echoes;
        let mut selection = Selection {
            document: &self.document,
            text: self.text,
            tags,
            parts: Vec::new(),
            tagged: [false; 2],
        };
        for found in &walked.found {
            if found.what != What::Tool {
                selection.add(found, options)?;
            } else if options.tools {
                selection.add_tool(found);
            }
        }
        if options.tools {
            self.skipped.tools = 0;
        }
        let guarding = [options.messages, options.system];
        let tagged = selection.tagged;
        for candidate in selection.parts {
            let system = candidate.part.role == Some(Role::System);
            let area = usize::from(system);
            let selective = guarding.get(area) == Some(&Guarding::Selective)
                && options.enforced.is_none()
                && self.side == Side::Request
                && !candidate.part.tool
                && (system || tagged.get(area) == Some(&true));
            if !self.applies {
                continue;
            }
            if selective && !candidate.tagged {
                self.skipped.untagged = self.skipped.untagged.saturating_add(1);
                continue;
            }
            self.parts.push(candidate.part);
        }
        Ok(())
    }

    /// What the body was taken for.
    #[must_use]
    pub const fn shape(&self) -> Shape {
        self.shape
    }

    /// Whether it asks or answers.
    #[must_use]
    pub const fn side(&self) -> Side {
        self.side
    }

    /// The other shapes whose members fit as well. The texts are at the same places in them, but a blocked
    /// answer would look different.
    #[must_use]
    pub fn also(&self) -> &[Shape] {
        &self.also
    }

    /// The source of its texts: a request is INPUT and a response OUTPUT, of a model. With MCP it is the
    /// other way round: a call is what a model said, its result is what a model is told.
    #[must_use]
    pub fn source(&self) -> Source {
        let asks = self.side == Side::Request;
        if asks == (self.shape == Shape::Mcp) {
            Source::Output
        } else {
            Source::Input
        }
    }

    /// The model that the caller or the body names.
    #[must_use]
    pub fn model(&self) -> Option<&str> {
        self.model.as_deref()
    }

    /// Whether the guardrail is enforced for the model. If not, there is nothing to evaluate.
    #[must_use]
    pub const fn applies(&self) -> bool {
        self.applies
    }

    /// What is not evaluated.
    #[must_use]
    pub const fn skipped(&self) -> Skipped {
        self.skipped
    }

    /// The JSON pointer of a content block of [`Payload::request`].
    #[must_use]
    pub fn pointer(&self, block: usize) -> Option<String> {
        Some(self.document.pointer(self.parts.get(block)?.node))
    }

    /// Whether a content block of [`Payload::request`] is an input or result of a tool.
    #[must_use]
    pub fn is_tool(&self, block: usize) -> bool {
        self.parts.get(block).is_some_and(|part| part.tool)
    }

    /// Whether the body asks for the answer as a stream. Bedrock says so in the path instead.
    #[must_use]
    pub fn asks_for_stream(&self) -> bool {
        let asks = |node| self.document.kind(node) == Kind::Bool(true);
        self.document.members(0, "stream").any(asks)
    }

    /// What the engine is to decide: the texts in the order of the body.
    #[must_use]
    pub fn request(&self, source: Source) -> Request<'_> {
        let content = self.parts.iter().map(|part| ContentBlock {
            text: Cow::Borrowed(&*part.text),
            qualifiers: part.qualifiers,
            role: part.role,
        });
        Request {
            source,
            content: content.collect(),
            model: self.model.as_deref().map(Cow::Borrowed),
            output_scope: OutputScope::default(),
            now: None,
        }
    }

    /// What to go on with: the body with the decision's masks, its own bytes if there are none, or after a
    /// block [`Payload::blocked`] with the guardrail's message, which is for whoever asked and not for the
    /// model.
    #[must_use]
    pub fn write(&self, decision: &Decision<'_>) -> Vec<u8> {
        match decision.reason() {
            Reason::NoAction => return self.text.into(),
            Reason::Blocked => {
                let message = decision.outputs().first();
                return self.blocked(message.map_or("", String::as_str));
            }
            Reason::Masked => {}
        }
        let blocks = 0..self.parts.len();
        let masks: Vec<_> = blocks
            .flat_map(|block| decision.masks(block).iter().map(move |mask| (block, mask)))
            .map(|(block, mask)| (block, mask, ["{", mask.label, "}"].concat()))
            .collect();
        let replacements = masks.iter().map(|(block, mask, text)| Replacement {
            block: *block,
            start: mask.start,
            end: mask.end,
            text,
        });
        self.replace(replacements)
    }

    /// The body with stretches of its texts replaced; every other byte is as it was. What repeats texts in
    /// pieces (log probabilities, traces) is emptied if anything is replaced. Stretches that are not in the
    /// texts are left out; of overlapping ones the first gives the text for all of them.
    #[must_use]
    pub fn replace<'r>(&self, replacements: impl IntoIterator<Item = Replacement<'r>>) -> Vec<u8> {
        let mut edits = Edits::default();
        for replacement in replacements {
            if let Some(part) = self.parts.get(replacement.block) {
                part.edit(&replacement, &mut edits);
            }
        }
        if !edits.is_empty() {
            for &echo in &self.echoes {
                edits.empty(&self.document, echo);
            }
        }
        edits.apply(self.text).into_bytes()
    }

    /// What to answer instead of the model after a block: a response of the body's API whose text is the
    /// guardrail's message.
    #[must_use]
    pub fn blocked(&self, message: &str) -> Vec<u8> {
        answer::body(self.shape, &self.document, message).into_bytes()
    }

    /// The same as a whole stream, for a caller that asked for one.
    #[must_use]
    pub fn blocked_stream(&self, framing: stream::Framing, message: &str) -> Vec<u8> {
        stream::answer(self.shape, framing, &self.document, message)
    }
}

/// Finds what the body's table lists, and what else may be content.
fn walk_all(
    document: &Document<'_>,
    taken: &Recognized,
    known: Known,
) -> Result<Walked, PayloadError> {
    let unread = shape::unread(document, taken, known);
    if !unread.ambiguous.is_empty() {
        let places: Vec<String> = unread.ambiguous.iter().map(|n| ["/", n].concat()).collect();
        return Err(PayloadError::new(Problem::Ambiguous, places.join(", ")));
    }
    let table = shape::table(taken.shape, taken.side);
    let mut walked = walk::walk(document, Rule::Object(table.body), 0)?;
    for &node in &unread.other_side {
        let mut other = walk::walk(document, Rule::Any, node)?;
        walked.found.append(&mut other.found);
    }
    if !unread.other_side.is_empty() {
        crate::sort::by_key(&mut walked.found, |found| found.node);
    }
    Ok(walked)
}

/// The model that the body names; none if it names several.
fn model(document: &Document<'_>) -> Option<String> {
    let mut names = document
        .members(0, "model")
        .map(|node| document.string(node));
    let name = names.next()??;
    let same = names.all(|other| other.as_ref() == Some(&name));
    same.then(|| name.into_owned())
}

struct Candidate<'b> {
    part: Part<'b>,
    tagged: bool,
}

struct Selection<'d, 'b> {
    document: &'d Document<'b>,
    text: &'b str,
    tags: Option<Tags>,
    parts: Vec<Candidate<'b>>,
    /// Whether something is tagged: in the messages, in the system prompt.
    tagged: [bool; 2],
}

impl<'b> Selection<'_, 'b> {
    fn add(&mut self, found: &Found, options: &GuardOptions) -> Result<(), PayloadError> {
        let area = usize::from(found.role == Some(Role::System));
        let guarding = if area == 1 {
            options.system
        } else {
            options.messages
        };
        let (text, pieces) = self.decode(found.node);
        let split = match &self.tags {
            Some(tags) => tags.split(&text),
            None => Ok(None),
        };
        let split = split
            .map_err(|problem| PayloadError::new(problem, self.document.pointer(found.node)))?;
        if let Some(enforced) = options.enforced {
            let selective = enforced.selective.get(area) == Some(&true);
            self.add_for_all(found, (text, pieces), split, selective);
            return Ok(());
        }
        let mut qualifiers = found.tagged.unwrap_or_default();
        // Blocks for grounding only do not make the rest untagged.
        let tagged = found.tagged.is_some_and(Qualifiers::are_guarded);
        if guarding == Guarding::Comprehensive && found.tagged.is_some() {
            // Otherwise a caller could take a text out of an enforced guardrail by a qualifier.
            qualifiers.guard_content = true;
        }
        if (split.is_some() || tagged)
            && let Some(of) = self.tagged.get_mut(area)
        {
            *of = true;
        }
        let Some(split) = split else {
            self.push(found, (text, pieces), qualifiers, found.tagged.is_some());
            return Ok(());
        };
        let join = |parts: &[Range<usize>]| {
            let (text, pieces) = tags::join(&text, &pieces, parts);
            (Cow::Owned(text), pieces)
        };
        if guarding == Guarding::Comprehensive {
            // An engine whose guardrails are selective has to see that something of this is tagged.
            qualifiers.guard_content |= !split.inside.is_empty();
            self.push(found, join(&split.plain), qualifiers, true);
            return Ok(());
        }
        for inside in split.inside {
            self.push(found, join(&[inside]), qualifiers, true);
        }
        Ok(())
    }

    /// Adds a text for guardrails of which each looks at what it asks for: all of it without its tags and, if
    /// some look at tagged parts only, those parts by themselves, marked as tagged.
    fn add_for_all(
        &mut self,
        found: &Found,
        (text, pieces): (Cow<'b, str>, Vec<Piece>),
        split: Option<tags::Split>,
        selective: bool,
    ) {
        let mut qualifiers = found.tagged.unwrap_or_default();
        // The block itself is the tag: its qualifiers are optional.
        qualifiers.guard_content |= found.tagged.is_some_and(Qualifiers::are_guarded);
        let Some(split) = split else {
            self.push(found, (text, pieces), qualifiers, true);
            return;
        };
        let join = |parts: &[Range<usize>]| {
            let (text, pieces) = tags::join(&text, &pieces, parts);
            (Cow::Owned(text), pieces)
        };
        self.push(found, join(&split.plain), qualifiers, true);
        let tagged = Qualifiers {
            guard_content: true,
            ..qualifiers
        };
        for inside in split.inside.into_iter().filter(|_| selective) {
            self.push(found, join(&[inside]), tagged, true);
        }
    }

    fn push(
        &mut self,
        found: &Found,
        (text, pieces): (Cow<'b, str>, Vec<Piece>),
        qualifiers: Qualifiers,
        tagged: bool,
    ) {
        let part = Part {
            text,
            pieces,
            node: found.node,
            role: found.role,
            qualifiers,
            number: self.document.kind(found.node) == Kind::Number,
            nested: false,
            tool: found.what == What::Tool,
        };
        self.parts.push(Candidate { part, tagged });
    }

    /// Tool data is often JSON written into a string, whose own escapes would hide what it says.
    fn add_tool(&mut self, found: &Found) {
        let (text, pieces) = self.decode(found.node);
        let inner = match self.document.kind(found.node) {
            Kind::String if text.trim_start().starts_with(['{', '[']) => Document::scan(&text).ok(),
            _ => None,
        };
        let Some(inner) = inner else {
            self.push(found, (text, pieces), Qualifiers::default(), false);
            return;
        };
        for node in inner.below(0) {
            let span = match inner.kind(node) {
                Kind::String => inner.inside(node),
                Kind::Number => inner.span(node),
                _ => continue,
            };
            let raw = text.get(span.clone()).unwrap_or("");
            let (value, own) = text::decode_with_pieces(raw, span.start);
            if value.is_empty() {
                continue;
            }
            let part = Part {
                text: Cow::Owned(value.into_owned()),
                pieces: text::compose(&own, &pieces),
                node: found.node,
                role: found.role,
                qualifiers: Qualifiers::default(),
                number: inner.kind(node) == Kind::Number,
                nested: true,
                tool: true,
            };
            self.parts.push(Candidate {
                part,
                tagged: false,
            });
        }
    }

    fn decode(&self, node: NodeId) -> (Cow<'b, str>, Vec<Piece>) {
        let span = match self.document.kind(node) {
            Kind::String => self.document.inside(node),
            _ => self.document.span(node),
        };
        let raw = self.text.get(span.clone()).unwrap_or("");
        text::decode_with_pieces(raw, span.start)
    }
}

impl Part<'_> {
    fn edit(&self, replacement: &Replacement<'_>, edits: &mut Edits) {
        let Replacement { start, end, .. } = *replacement;
        if start >= end || self.text.get(start..end).is_none() {
            return;
        }
        let mut new = escaped(replacement.text);
        let mut quote = String::from("\"");
        if self.nested {
            new = escaped(&new);
            quote = escaped(&quote);
        }
        let ranges = text::ranges(&self.pieces, &(start..end));
        for (number, range) in ranges.into_iter().enumerate() {
            // The rest of a stretch that tags cut in two has nothing to say any more.
            let new = if number == 0 {
                new.clone()
            } else {
                String::new()
            };
            edits.edits.push((range, new));
        }
        if self.number
            && let (Some(first), Some(last)) = (self.pieces.first(), self.pieces.last())
        {
            // It becomes a string, since part of it is no digits any more.
            let end = last.raw.saturating_add(last.raw_bytes);
            edits.edits.push((first.raw..first.raw, quote.clone()));
            edits.edits.push((end..end, quote));
        }
    }
}

/// A text as it stands in a string.
fn escaped(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len().saturating_add(2));
    crate::json::write_string(&mut quoted, text);
    let inside = quoted.get(1..quoted.len().saturating_sub(1));
    inside.unwrap_or("").into()
}

/// Changes of a document, by bytes.
#[derive(Debug, Default)]
struct Edits {
    edits: Vec<(Range<usize>, String)>,
}

impl Edits {
    fn is_empty(&self) -> bool {
        self.edits.is_empty()
    }

    /// A value becomes an empty one.
    fn empty(&mut self, document: &Document<'_>, node: NodeId) {
        let empty = match document.kind(node) {
            Kind::Array => "[]",
            _ => "null",
        };
        self.edits.push((document.span(node), empty.into()));
    }

    fn apply(mut self, text: &str) -> String {
        crate::sort::by_key(&mut self.edits, |(range, _)| (range.start, range.end));
        // A number with two replacements is quoted once.
        self.edits.dedup();
        let mut out = String::with_capacity(text.len());
        let mut copied = 0;
        for (range, new) in &self.edits {
            if range.start < copied {
                // A part that is evaluated twice, with and without its tags, may be masked differently.
                copied = copied.max(range.end);
                continue;
            }
            out.push_str(text.get(copied..range.start).unwrap_or(""));
            out.push_str(new);
            copied = range.end;
        }
        out.push_str(text.get(copied..).unwrap_or(""));
        out
    }
}

/// Appends a number.
fn push_number(out: &mut String, number: usize) {
    crate::json::write_number(out, u64::try_from(number).unwrap_or(u64::MAX));
}
