use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Range;

use super::super::error::{PayloadError, Problem};
use super::super::grammar::Rule;
use super::super::json::{Document, Kind};
use super::super::text;
use super::base64;
use super::frames::{self, Message};
use super::sse::SseEvent;

/// An event in its frame.
#[derive(Clone, Debug)]
pub(super) enum Frame {
    Sse(SseEvent),
    /// An event of ConverseStream, or what is no event.
    Message(Message, String),
    /// InvokeModelWithResponseStream's `chunk`: the vendor's event as base64 in a JSON payload.
    Chunk {
        message: Message,
        /// The payload.
        payload: String,
        /// Where the base64 stands in it, quotes included.
        place: Range<usize>,
        /// What it says.
        json: String,
    },
}

impl Frame {
    pub(super) fn message(mut message: Message) -> Result<Frame, PayloadError> {
        let not_utf8 = |_| PayloadError::new(Problem::NotUtf8, "an event".into());
        let payload = core::mem::take(&mut message.payload);
        let payload = String::from_utf8(payload).map_err(|error| not_utf8(error.utf8_error()))?;
        if message.event_type.as_deref() != Some("chunk") {
            return Ok(Frame::Message(message, payload));
        }
        let wrong = || {
            let what = Problem::Frame("a chunk has no one member bytes with base64");
            PayloadError::new(what, "the event stream".into())
        };
        let document = Document::scan(&payload)?;
        let mut members = document.members(0, "bytes");
        let (Some(node), None) = (members.next(), members.next()) else {
            return Err(wrong());
        };
        let bytes = document.string(node).and_then(|text| base64::decode(&text));
        let json = String::from_utf8(bytes.ok_or_else(wrong)?);
        let json = json.map_err(|error| not_utf8(error.utf8_error()))?;
        let place = document.span(node);
        drop(members);
        drop(document);
        Ok(Frame::Chunk {
            message,
            payload,
            place,
            json,
        })
    }

    /// The event as JSON, if it is one.
    pub(super) fn json(&self) -> Option<&str> {
        let (json, is_event) = match self {
            Frame::Sse(event) => (&event.data, !self.ends_stream()),
            Frame::Message(message, payload) => (payload, message.event_type.is_some()),
            Frame::Chunk { json, .. } => (json, true),
        };
        let blank = json.bytes().all(|b| b.is_ascii_whitespace());
        (is_event && !blank).then_some(json)
    }

    /// Whether it is OpenAI's last event, which is no JSON.
    pub(super) fn ends_stream(&self) -> bool {
        matches!(self, Frame::Sse(event) if event.data.trim() == "[DONE]")
    }

    /// What the event is. Where the frame names its type, the table lists events by type.
    pub(super) fn rule(&self, events: Rule) -> Rule {
        let (Frame::Message(message, _), Rule::Object(object)) = (self, events) else {
            return events;
        };
        let name = message.event_type.as_deref().unwrap_or("");
        let listed = object.members.iter().find(|(listed, _)| *listed == name);
        listed.map_or(object.rest, |&(_, rule)| rule)
    }

    /// The frame with stretches of its JSON replaced.
    fn write(&self, edits: &[(Range<usize>, String)], out: &mut Vec<u8>) {
        match self {
            Frame::Sse(event) => {
                let mut raw = Vec::new();
                for (range, new) in edits {
                    let ranges = text::ranges(&event.pieces, range).into_iter().enumerate();
                    raw.extend(
                        ranges.map(|(n, range)| (range, if n == 0 { new.as_str() } else { "" })),
                    );
                }
                let mut copied = 0;
                for (range, new) in raw {
                    out.extend_from_slice(event.raw.get(copied..range.start).unwrap_or(&[]));
                    out.extend_from_slice(new.as_bytes());
                    copied = range.end;
                }
                out.extend_from_slice(event.raw.get(copied..).unwrap_or(&[]));
            }
            Frame::Message(message, payload) => {
                let payload = edited(payload, edits);
                out.extend_from_slice(&frames::write(&message.headers, payload.as_bytes()));
            }
            Frame::Chunk {
                message,
                payload,
                place,
                json,
            } => {
                let mut outer = Vec::new();
                if !edits.is_empty() {
                    let coded = base64::encode(edited(json, edits).as_bytes());
                    outer.push((place.clone(), ["\"", &coded, "\""].concat()));
                }
                let payload = edited(payload, &outer);
                out.extend_from_slice(&frames::write(&message.headers, payload.as_bytes()));
            }
        }
    }
}

fn edited(text: &str, edits: &[(Range<usize>, String)]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut copied = 0;
    for (range, new) in edits {
        out.push_str(text.get(copied..range.start).unwrap_or(""));
        out.push_str(new);
        copied = range.end;
    }
    out.push_str(text.get(copied..).unwrap_or(""));
    out
}

/// A text of an event.
#[derive(Clone, Debug)]
pub(super) struct Leaf {
    /// Where the value stands in the JSON, quotes included.
    pub(super) span: Range<usize>,
    /// The block that it is a piece of.
    pub(super) block: Option<usize>,
    pub(super) old: String,
    pub(super) new: String,
}

/// An event that is on its way.
#[derive(Clone, Debug)]
pub(super) struct Event {
    frame: Frame,
    pub(super) leaves: Vec<Leaf>,
    /// What repeats texts, and goes if one of them changes.
    pub(super) echoes: Vec<(Range<usize>, Kind)>,
}

impl Event {
    pub(super) const fn plain(frame: Frame) -> Event {
        Event {
            frame,
            leaves: Vec::new(),
            echoes: Vec::new(),
        }
    }

    /// The last piece of a block.
    pub(super) fn last_leaf(&mut self, block: usize) -> Option<&mut Leaf> {
        let mut leaves = self.leaves.iter_mut().rev();
        leaves.find(|leaf| leaf.block == Some(block))
    }

    /// Appends the event. Texts that did not change stay as they were written.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        let changed = self.leaves.iter().filter(|leaf| leaf.old != leaf.new);
        let mut edits: Vec<_> = changed
            .map(|leaf| {
                let mut quoted = String::with_capacity(leaf.new.len().saturating_add(2));
                crate::json::write_string(&mut quoted, &leaf.new);
                (leaf.span.clone(), quoted)
            })
            .collect();
        if !edits.is_empty() {
            let empty = |kind| if kind == Kind::Array { "[]" } else { "null" };
            let echoes = self.echoes.iter();
            edits.extend(echoes.map(|(span, kind)| (span.clone(), empty(*kind).into())));
            crate::sort::by_key(&mut edits, |(span, _)| span.start);
        }
        self.frame.write(&edits, out);
    }
}
