//! Whole bodies. Nothing is kept between calls: a body is read again for what is written of it.

use alloc::string::String;
use alloc::vec::Vec;

use edgerail_core::json::Writer;
use edgerail_core::payload::{Payload, Replacement, Skipped};
use edgerail_core::{Qualifiers, Role};
use wasm_bindgen::prelude::*;

use crate::error::{argument, payload};
use crate::options::{self, Options};

/// What a body is and its texts, as JSON.
///
/// # Errors
/// A code that begins with `payload_`, or `invalid_argument`.
#[wasm_bindgen]
pub fn read(body: &[u8], options: &Options) -> Result<String, JsValue> {
    #[cfg(feature = "fault-injection")]
    assert!(
        !body
            .windows(24)
            .any(|part| part == b"edgerail-fault-injection"),
        "injected fault"
    );
    with(body, options, |payload| Ok(described(payload)))
}

/// The body with stretches of its texts replaced: three numbers for each, the content block and where the
/// stretch begins and ends in units of UTF-16.
///
/// # Errors
/// As `read`.
#[wasm_bindgen]
pub fn replace(
    body: &[u8],
    options: &Options,
    places: &[u32],
    texts: Vec<String>,
) -> Result<Vec<u8>, JsValue> {
    with(body, options, |payload| {
        let request = payload.request(payload.source());
        let mut replacements = Vec::with_capacity(texts.len());
        let mut at = Place::default();
        for (place, text) in places.chunks_exact(3).zip(&texts) {
            let &[block, start, end] = place else {
                continue;
            };
            let block = block as usize;
            let content = request.content.get(block);
            let content = content.ok_or_else(|| argument("replace: no such content block"))?;
            if at.block != block {
                at = Place {
                    block,
                    ..Place::default()
                };
            }
            let start = at.go(&content.text, start as usize);
            let end = at.go(&content.text, end as usize);
            replacements.push(Replacement {
                block,
                start,
                end,
                text,
            });
        }
        Ok(payload.replace(replacements))
    })
}

/// A response of the body's API whose text is the message; `framing` makes a stream of it.
///
/// # Errors
/// As `read`.
#[wasm_bindgen]
pub fn blocked(
    body: &[u8],
    options: &Options,
    message: &str,
    framing: Option<String>,
) -> Result<Vec<u8>, JsValue> {
    with(body, options, |payload| {
        Ok(match framing {
            None => payload.blocked(message),
            Some(framing) => payload.blocked_stream(options::framing(&framing)?, message),
        })
    })
}

fn with<T>(
    body: &[u8],
    options: &Options,
    then: impl FnOnce(&Payload<'_>) -> Result<T, JsValue>,
) -> Result<T, JsValue> {
    let (shape, options) = options::read(options)?;
    let read = Payload::read(body, shape, &options).map_err(|failure| payload(&failure))?;
    then(&read)
}

/// A place in a block's text, in both units. Stretches come in order, so that a text is gone through once.
#[derive(Default)]
struct Place {
    block: usize,
    bytes: usize,
    units: usize,
}

impl Place {
    /// Goes on to a place in units of UTF-16: the byte. The middle of a character counts as its beginning.
    fn go(&mut self, text: &str, units: usize) -> usize {
        if units < self.units {
            (self.bytes, self.units) = (0, 0);
        }
        for character in text.get(self.bytes..).unwrap_or("").chars() {
            let next = self.units + character.len_utf16();
            if next > units {
                break;
            }
            self.units = next;
            self.bytes += character.len_utf8();
        }
        self.bytes
    }
}

/// Members stand in the order of their names.
fn described(payload: &Payload<'_>) -> String {
    let mut writer = Writer::new();
    writer.object(|w| {
        w.name("also").array(|w| {
            for shape in payload.also() {
                w.string(shape.name());
            }
        });
        w.name("applies").bool(payload.applies());
        w.name("content").array(|w| content(payload, w));
        if let Some(model) = payload.model() {
            w.name("model").string(model);
        }
        w.name("shape").string(payload.shape().name());
        w.name("side").string(payload.side().name());
        w.name("skipped").object(|w| skipped(payload.skipped(), w));
        w.name("source").string(payload.source().name());
        w.name("stream").bool(payload.asks_for_stream());
    });
    writer.finish()
}

fn content(payload: &Payload<'_>, w: &mut Writer) {
    let request = payload.request(payload.source());
    for (number, block) in request.content.iter().enumerate() {
        w.object(|w| {
            w.name("place")
                .string(&payload.pointer(number).unwrap_or_default());
            w.name("qualifiers")
                .array(|w| qualifiers(block.qualifiers, w));
            if let Some(role) = block.role {
                w.name("role").string(match role {
                    Role::System => "system",
                    Role::User => "user",
                    Role::Assistant => "assistant",
                });
            }
            w.name("text").string(&block.text);
            w.name("tool").bool(payload.is_tool(number));
        });
    }
}

fn qualifiers(qualifiers: Qualifiers, w: &mut Writer) {
    for (name, is_set) in [
        ("grounding_source", qualifiers.grounding_source),
        ("query", qualifiers.query),
        ("guard_content", qualifiers.guard_content),
    ] {
        if is_set {
            w.string(name);
        }
    }
}

fn skipped(skipped: Skipped, w: &mut Writer) {
    for (name, count) in [
        ("media", skipped.media),
        ("reasoning", skipped.reasoning),
        ("tools", skipped.tools),
        ("untagged", skipped.untagged),
    ] {
        w.name(name).number(count as u64);
    }
}
