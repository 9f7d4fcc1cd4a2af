//! Masks that can be taken back.

use alloc::string::String;
use alloc::vec::Vec;

use edgerail_core::decision::Mask;
use edgerail_core::reversible::{self as core, Destination, MapError, Origin, RestoreOptions};
use wasm_bindgen::prelude::*;

use crate::error::error;
use crate::values;

/// The placeholders of one conversation and what they stand for.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Placeholders(core::Placeholders);

/// Puts values back into a text that comes in pieces.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Restorer(core::Restorer<'static>);

/// A mask of a decision, with offsets in bytes.
struct Stretch {
    start: usize,
    end: usize,
    label: String,
    built_in: bool,
}

#[wasm_bindgen]
impl Placeholders {
    /// A map without entries, bound to a conversation.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new(conversation: &str) -> Placeholders {
        Placeholders(core::Placeholders::new(conversation))
    }

    /// Reads what `toJson` wrote.
    ///
    /// # Errors
    /// `placeholders_invalid`.
    #[wasm_bindgen(js_name = fromJson)]
    pub fn from_json(json: &str, conversation: &str) -> Result<Placeholders, JsValue> {
        let read = core::Placeholders::from_json(json, conversation);
        read.map(Placeholders)
            .map_err(|failure: MapError| error("placeholders_invalid", &failure.message()))
    }

    /// Masks a text. `masks` are a decision's, with offsets in bytes; `reply` says that a model wrote the
    /// text, so that placeholders in it are meant.
    ///
    /// # Errors
    /// `invalid_argument` if `masks` are none.
    pub fn mask(&mut self, text: &str, masks: JsValue, reply: bool) -> Result<String, JsValue> {
        let stretches = values::elements(&masks)?.map(|mask| Stretch::read(&mask));
        let stretches = stretches.collect::<Result<Vec<_>, _>>()?;
        let masks: Vec<Mask<'_>> = stretches.iter().map(Stretch::mask).collect();
        let origin = if reply {
            Origin::Reply
        } else {
            Origin::Original
        };
        Ok(self.0.mask_from(origin, text, &masks))
    }

    /// Puts the values back into a text.
    ///
    /// # Errors
    /// `invalid_argument` if the options are none.
    pub fn restore(&self, text: &str, options: JsValue) -> Result<String, JsValue> {
        Ok(self.0.restore(text, restoring(options)?))
    }

    /// Puts the values back into a text that comes in pieces. What is issued later is not restored.
    ///
    /// # Errors
    /// `invalid_argument` if the options are none.
    pub fn restorer(&self, options: JsValue) -> Result<Restorer, JsValue> {
        let options = restoring(options)?;
        Ok(Restorer(core::Restorer::owning(self.0.clone(), options)))
    }

    /// How many values and literals there are.
    #[wasm_bindgen(getter)]
    #[must_use]
    pub fn size(&self) -> usize {
        self.0.len()
    }

    /// The map as canonical JSON. It holds the values.
    #[wasm_bindgen(js_name = toJson)]
    #[must_use]
    pub fn to_json(&self) -> String {
        self.0.to_json()
    }
}

#[wasm_bindgen]
impl Restorer {
    /// More of the text; what is decided comes back.
    pub fn push(&mut self, text: &str) -> String {
        self.0.push(text)
    }

    /// The end of the text; the rest of the output.
    pub fn finish(&mut self) -> String {
        self.0.finish()
    }

    /// How many placeholders were left as they are because of where they stand.
    #[wasm_bindgen(getter)]
    #[must_use]
    pub fn withheld(&self) -> usize {
        self.0.withheld()
    }
}

impl Stretch {
    fn read(mask: &JsValue) -> Result<Stretch, JsValue> {
        Ok(Stretch {
            start: values::offset(mask, "start")?,
            end: values::offset(mask, "end")?,
            label: values::text(mask, "label")?,
            built_in: values::flag(mask, "builtIn")?,
        })
    }

    fn mask(&self) -> Mask<'_> {
        Mask {
            start: self.start,
            end: self.end,
            label: &self.label,
            built_in: self.built_in,
        }
    }
}

fn restoring(options: JsValue) -> Result<RestoreOptions, JsValue> {
    let tool_arguments = values::flag(&options, "toolArguments")?;
    let allow = values::optional(&options, "allow")?;
    let allowed = |name| {
        allow
            .as_ref()
            .map_or(Ok(false), |allow| values::flag(allow, name))
    };
    Ok(RestoreOptions {
        destination: if tool_arguments {
            Destination::ToolArguments
        } else {
            Destination::Text
        },
        allow: core::Allow {
            urls: allowed("urls")?,
            links: allowed("links")?,
            attributes: allowed("attributes")?,
            tool_arguments: allowed("toolArguments")?,
        },
    })
}
