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
pub use options::{GuardOptions, Guarding, ModelScope};
pub use shape::{Shape, Side};
pub use walk::Skipped;

use grammar::Rule;
use json::{Document, Kind, NodeId};
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
        let taken = shape::recognize(&document, shape)
            .ok_or_else(|| PayloadError::new(problem, "the body".into()))?;
        let api = tables::api(taken.shape);
        let table = match taken.side {
            Side::Request => &api.request,
            Side::Response => &api.response,
        };
        let walked = walk::walk(&document, Rule::Object(table.body), 0)?;
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
            if found.what != What::Tool || options.tools || self.shape == Shape::Mcp {
                selection.add(found, options)?;
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
                && self.side == Side::Request
                && !candidate.tool
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

    /// The body with the decision's masks. Without masks these are the body's own bytes; what to send
    /// after a block, [`Payload::blocked`] says.
    #[must_use]
    pub fn write(&self, decision: &Decision<'_>) -> Vec<u8> {
        if decision.reason() != Reason::Masked {
            return self.text.into();
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
    /// texts are left out, of overlapping ones the first counts.
    #[must_use]
    pub fn replace<'r>(&self, replacements: impl IntoIterator<Item = Replacement<'r>>) -> Vec<u8> {
        let mut edits = Edits::default();
        for replacement in replacements {
            if let Some(part) = self.parts.get(replacement.block) {
                part.edit(&self.document, &replacement, &mut edits);
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
    tool: bool,
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
        let tool = found.what == What::Tool;
        let (text, pieces) = self.decode(found.node);
        let split = match &self.tags {
            Some(tags) if !tool => tags
                .split(&text)
                .map_err(|problem| PayloadError::new(problem, self.document.pointer(found.node)))?,
            _ => None,
        };
        let mut qualifiers = found.tagged.unwrap_or_default();
        if guarding == Guarding::Comprehensive && found.tagged.is_some() {
            // Otherwise a caller could take a text out of an enforced guardrail by a qualifier.
            qualifiers.guard_content = true;
        }
        // Blocks for grounding only do not make the rest untagged.
        let mut tagged = found.tagged.is_some_and(Qualifiers::are_guarded);
        if (split.is_some() || tagged)
            && let Some(of) = self.tagged.get_mut(area)
        {
            *of = true;
        }
        let mut push = |(text, pieces): (Cow<'b, str>, Vec<Piece>), tagged| {
            self.parts.push(Candidate {
                part: Part {
                    text,
                    pieces,
                    node: found.node,
                    role: found.role,
                    qualifiers,
                },
                tagged,
                tool,
            });
        };
        let Some(split) = split else {
            tagged = tagged || found.tagged.is_some();
            push((text, pieces), tagged);
            return Ok(());
        };
        let join = |parts: &[Range<usize>]| {
            let (text, pieces) = tags::join(&text, &pieces, parts);
            (Cow::Owned(text), pieces)
        };
        if guarding == Guarding::Comprehensive {
            push(join(&split.plain), true);
            return Ok(());
        }
        for inside in split.inside {
            push(join(&[inside]), true);
        }
        Ok(())
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
    fn edit(&self, document: &Document<'_>, replacement: &Replacement<'_>, edits: &mut Edits) {
        let Replacement { start, end, .. } = *replacement;
        if start >= end || self.text.get(start..end).is_none() {
            return;
        }
        let ranges = text::ranges(&self.pieces, &(start..end));
        for (number, range) in ranges.into_iter().enumerate() {
            // The rest of a stretch that tags cut in two has nothing to say any more.
            edits.replace(range, if number == 0 { replacement.text } else { "" });
        }
        if document.kind(self.node) == Kind::Number {
            edits.quote(document.span(self.node));
        }
    }
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

    /// A stretch inside of a string becomes `text`.
    fn replace(&mut self, range: Range<usize>, text: &str) {
        let mut escaped = String::with_capacity(text.len().saturating_add(2));
        crate::json::write_string(&mut escaped, text);
        let inside = escaped.get(1..escaped.len().saturating_sub(1));
        self.edits.push((range, inside.unwrap_or("").into()));
    }

    /// A number becomes a string, since part of it is no digits any more.
    fn quote(&mut self, number: Range<usize>) {
        for place in [number.start, number.end] {
            self.edits.push((place..place, String::from("\"")));
        }
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
        self.edits
            .sort_by_key(|(range, _)| (range.start, range.end));
        // A number with two replacements is quoted once.
        self.edits.dedup();
        let mut out = String::with_capacity(text.len());
        let mut copied = 0;
        for (range, new) in &self.edits {
            if range.start < copied {
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

/// Appends a number; the formatting machinery is large.
fn push_number(out: &mut String, number: usize) {
    let mut writer = crate::json::Writer::new();
    writer.number(u64::try_from(number).unwrap_or(u64::MAX));
    out.push_str(&writer.finish());
}
