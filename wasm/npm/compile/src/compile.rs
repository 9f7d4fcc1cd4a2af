//! Definitions to bundles, and what is in both.

use edgerail_compile::CompileOptions;
use edgerail_compile::topics::explain;
use edgerail_core::{Engine, LoadOptions};
use edgerail_judge::data::{Inspection, topic_json};
use js_sys::{Object, Reflect, Uint8Array};
use serde_json::{Value, json};
use wasm_bindgen::prelude::*;

use crate::error;
use crate::source::Source;
use crate::values::{self, Choice, Compile};

/// Compiles a definition and the overlay beside it: `{bundle, diagnostics, guardrails}`.
///
/// # Errors
/// An `Error` with the code `definition_invalid` and all `diagnostics`, or `invalid_argument`.
#[wasm_bindgen]
pub fn compile(
    definition: &[u8],
    overlay: Option<Vec<u8>>,
    choice: JsValue,
    options: JsValue,
) -> Result<JsValue, JsValue> {
    let choice: Choice = values::read(choice)?;
    let options: Compile = values::read(options)?;
    let options = CompileOptions {
        audience: options.audience()?,
        scope: options.scope,
        ..CompileOptions::default()
    };
    let source = Source::read(definition, overlay.as_deref(), &choice);
    let mut source = source.map_err(|said| error::definition(&said))?;
    let bundle = source.compile(&options);
    let bundle = bundle.map_err(|said| error::definition(&said))?;
    let names = source.guardrails.iter();
    let names: Vec<&str> = names.map(|guardrail| guardrail.name.as_str()).collect();
    let result = values::write(&json!({
        "diagnostics": source.said.json(),
        "guardrails": names,
    }));
    let bytes = Uint8Array::from(bundle.as_slice());
    // A fresh ordinary object takes any member.
    let _ = Reflect::set(&Object::from(result.clone()), &"bundle".into(), &bytes);
    Ok(result)
}

/// What a bundle holds, as `edgerail inspect --format json` prints it.
///
/// # Errors
/// An `Error` with a `code` that begins with `bundle_`.
#[wasm_bindgen]
pub fn inspect(bundle: Vec<u8>) -> Result<JsValue, JsValue> {
    let engine = Engine::load(bundle, LoadOptions::default());
    let engine = engine.map_err(|failure| error::bundle(&failure))?;
    Ok(values::write(&Inspection::of(&engine).json()))
}

/// What is looked for because of each topic of a definition, as `edgerail topics explain --format json` prints it.
///
/// # Errors
/// As [`compile`].
#[wasm_bindgen(js_name = explainTopics)]
pub fn explain_topics(
    definition: &[u8],
    overlay: Option<Vec<u8>>,
    choice: JsValue,
) -> Result<JsValue, JsValue> {
    let choice: Choice = values::read(choice)?;
    let source = Source::read(definition, overlay.as_deref(), &choice);
    let mut source = source.map_err(|said| error::definition(&said))?;
    // What does not compile has no effect, whatever its topics are.
    let compiled = source.compile(&CompileOptions::default());
    compiled.map_err(|said| error::definition(&said))?;
    let topics: Vec<Value> = source
        .guardrails
        .iter()
        .flat_map(|guardrail| {
            let explained = explain(guardrail, &source.overlay);
            let explained = explained.into_iter();
            explained.map(|topic| topic_json(&guardrail.name, &topic))
        })
        .collect();
    Ok(values::write(&topics))
}
