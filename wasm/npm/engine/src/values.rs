//! The objects that cross the border.

use std::borrow::Cow;

use edgerail_core::{ContentBlock, OutputScope, Qualifiers, Request, Role, Source, Trust};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use wasm_bindgen::JsValue;

use crate::error::argument;

/// `LoadOptions` of the TypeScript, as far as the engine reads them.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Load {
    trust: String,
    pub(crate) check_hash: bool,
}

/// A request; `source` and the rest of the options stand beside it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Content {
    text: String,
    #[serde(default)]
    qualifiers: Vec<String>,
    #[serde(default)]
    role: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Ask {
    source: String,
    content: Vec<Content>,
    #[serde(default)]
    model: Option<String>,
    #[serde(default)]
    output_scope: Option<String>,
    #[serde(default)]
    now: Option<f64>,
}

/// How a stream is decided.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Begin {
    pub(crate) source: String,
    #[serde(default)]
    pub(crate) buffer: bool,
    #[serde(default)]
    pub(crate) holdback: Option<u32>,
    #[serde(default)]
    pub(crate) now: Option<f64>,
}

/// What a bundle is, for whom, and what it holds.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Info<'e> {
    pub(crate) audience: &'e str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) scope: Option<&'e str>,
    pub(crate) trust: &'e str,
    pub(crate) bytes: usize,
    pub(crate) guardrails: Vec<InfoGuardrail<'e>>,
    /// How texts of each source are streamed.
    pub(crate) stream: InfoStream,
}

#[derive(Serialize)]
pub(crate) struct InfoStream {
    pub(crate) input: &'static str,
    pub(crate) output: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InfoGuardrail<'e> {
    pub(crate) name: &'e str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<&'e str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) version: Option<&'e str>,
    pub(crate) mode: &'static str,
}

/// What the hold-back of a stream comes to.
#[derive(Serialize)]
pub(crate) struct Stats {
    pub(crate) held: usize,
    pub(crate) max: usize,
    pub(crate) median: usize,
    pub(crate) pushes: u64,
    pub(crate) mode: &'static str,
}

/// Reads an object of JavaScript.
pub(crate) fn read<T: DeserializeOwned>(value: JsValue) -> Result<T, JsValue> {
    serde_wasm_bindgen::from_value(value).map_err(|error| argument(&error.to_string()))
}

/// Makes an object of JavaScript.
pub(crate) fn write(value: &impl Serialize) -> JsValue {
    let serializer = serde_wasm_bindgen::Serializer::json_compatible();
    // Structures of strings and numbers always have an object's form.
    value.serialize(&serializer).unwrap_or(JsValue::UNDEFINED)
}

impl Load {
    pub(crate) fn trust(&self) -> Result<Trust, JsValue> {
        Trust::from_name(&self.trust)
            .ok_or_else(|| argument("trust is neither verified, local nor unverified"))
    }
}

impl Ask {
    /// The engine's request.
    pub(crate) fn into_request(self) -> Result<Request<'static>, JsValue> {
        let content = self.content.into_iter().map(Content::into_block);
        Ok(Request {
            source: source(&self.source)?,
            content: content.collect::<Result<_, _>>()?,
            model: self.model.map(Cow::Owned),
            output_scope: match self.output_scope.as_deref() {
                None | Some("INTERVENTIONS") => OutputScope::Interventions,
                Some("FULL") => OutputScope::Full,
                Some(_) => return Err(argument("outputScope is neither INTERVENTIONS nor FULL")),
            },
            now: seconds(self.now),
        })
    }
}

impl Content {
    fn into_block(self) -> Result<ContentBlock<'static>, JsValue> {
        let mut qualifiers = Qualifiers::default();
        for name in &self.qualifiers {
            match name.as_str() {
                "grounding_source" => qualifiers.grounding_source = true,
                "query" => qualifiers.query = true,
                "guard_content" => qualifiers.guard_content = true,
                _ => {
                    return Err(argument(
                        "a qualifier is neither grounding_source, query nor guard_content",
                    ));
                }
            }
        }
        Ok(ContentBlock {
            text: Cow::Owned(self.text),
            qualifiers,
            role: match self.role.as_deref() {
                None => None,
                Some("system") => Some(Role::System),
                Some("user") => Some(Role::User),
                Some("assistant") => Some(Role::Assistant),
                Some(_) => return Err(argument("role is neither system, user nor assistant")),
            },
        })
    }
}

/// The source with this name.
pub(crate) fn source(name: &str) -> Result<Source, JsValue> {
    Source::from_name(name).ok_or_else(|| argument("source is neither INPUT nor OUTPUT"))
}

/// Whole seconds; what is no time after 1970 is none.
#[allow(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a float saturates"
)]
pub(crate) fn seconds(now: Option<f64>) -> Option<u64> {
    now.filter(|now| *now >= 0.0).map(|now| now as u64)
}
