//! The objects that cross the border.

use std::collections::BTreeMap;

use edgerail_compile::Audience;
use edgerail_compile::definition::ReadOptions;
use edgerail_core::Source;
use edgerail_judge::{Matching, Offsets};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use wasm_bindgen::JsValue;

use crate::error::argument;

/// Which guardrails of a definition are meant.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Choice {
    name: Option<String>,
    parameters: BTreeMap<String, String>,
    /// What results call the definition or bundle.
    pub(crate) label: String,
    /// What results call the overlay.
    pub(crate) overlay_label: Option<String>,
}

impl Choice {
    pub(crate) fn read_options(&self) -> ReadOptions {
        ReadOptions {
            parameters: self.parameters.clone(),
            name: self.name.clone(),
        }
    }
}

/// How a bundle is compiled.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Compile {
    pub(crate) audience: String,
    #[serde(default)]
    pub(crate) scope: Option<String>,
}

impl Compile {
    pub(crate) fn audience(&self) -> Result<Audience, JsValue> {
        let all = [Audience::Server, Audience::Browser];
        let mut named = all.into_iter();
        named
            .find(|audience| audience.name() == self.audience)
            .ok_or_else(|| argument("audience is neither browser nor server"))
    }
}

/// How lines of data are evaluated.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Data {
    source: String,
    #[serde(default)]
    now: Option<f64>,
    /// How many examples of a kind are kept.
    pub(crate) examples: u32,
    /// What results call the data.
    pub(crate) label: String,
}

impl Data {
    pub(crate) fn source(&self) -> Result<Source, JsValue> {
        Source::from_name(&self.source)
            .ok_or_else(|| argument("source is neither INPUT nor OUTPUT"))
    }

    /// Whole seconds; what is no time after 1970 is none.
    #[allow(
        clippy::as_conversions,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a float saturates"
    )]
    pub(crate) fn now(&self) -> Option<u64> {
        self.now.filter(|now| *now >= 0.0).map(|now| now as u64)
    }

    pub(crate) fn examples(&self) -> usize {
        usize::try_from(self.examples).unwrap_or(usize::MAX)
    }
}

/// How versions are compared.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Compare {
    /// Whether lines are objects of JSON and not bare texts.
    pub(crate) jsonl: bool,
    pub(crate) as_enforced: bool,
    /// Whether there is a corpus at all.
    pub(crate) corpus: bool,
}

/// How labelled rows are judged.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Judge {
    offsets: String,
    matching: String,
    #[serde(default)]
    pub(crate) fail_under: Vec<String>,
}

impl Judge {
    pub(crate) fn offsets(&self) -> Result<Offsets, JsValue> {
        let mut all = [Offsets::Bytes, Offsets::Chars, Offsets::Utf16].into_iter();
        all.find(|offsets| offsets.name() == self.offsets)
            .ok_or_else(|| argument("offsets is neither utf16, chars nor bytes"))
    }

    pub(crate) fn matching(&self) -> Result<Matching, JsValue> {
        let mut all = [Matching::Exact, Matching::Overlap].into_iter();
        all.find(|matching| matching.name() == self.matching)
            .ok_or_else(|| argument("match is neither exact nor overlap"))
    }
}

/// Reads an object of JavaScript.
pub(crate) fn read<T: DeserializeOwned>(value: JsValue) -> Result<T, JsValue> {
    serde_wasm_bindgen::from_value(value).map_err(|error| argument(&error.to_string()))
}

/// Makes an object of JavaScript.
pub(crate) fn write(value: &impl Serialize) -> JsValue {
    let serializer = serde_wasm_bindgen::Serializer::json_compatible();
    // Documents of JSON always have an object's form.
    value.serialize(&serializer).unwrap_or(JsValue::UNDEFINED)
}
