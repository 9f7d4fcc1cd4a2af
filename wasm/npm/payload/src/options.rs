//! How a body is read.

use alloc::string::String;
use alloc::vec::Vec;

use edgerail_core::payload::stream::Framing;
use edgerail_core::payload::{GuardOptions, Guarding, ModelScope, Shape, Side};
use wasm_bindgen::prelude::*;

use crate::error::argument;

#[wasm_bindgen]
extern "C" {
    /// `PayloadOptions` of the TypeScript, and what the caller knows of the body.
    pub type Options;

    #[wasm_bindgen(method, getter, structural)]
    fn shape(this: &Options) -> Option<String>;
    #[wasm_bindgen(method, getter, structural)]
    fn side(this: &Options) -> Option<String>;
    #[wasm_bindgen(method, getter, structural)]
    fn model(this: &Options) -> Option<String>;
    #[wasm_bindgen(method, getter, structural)]
    fn system(this: &Options) -> Option<String>;
    #[wasm_bindgen(method, getter, structural)]
    fn messages(this: &Options) -> Option<String>;
    #[wasm_bindgen(method, getter, structural)]
    fn tools(this: &Options) -> Option<bool>;
    #[wasm_bindgen(method, getter, structural)]
    fn included(this: &Options) -> Option<Vec<String>>;
    #[wasm_bindgen(method, getter, structural)]
    fn excluded(this: &Options) -> Option<Vec<String>>;
    #[wasm_bindgen(method, getter, structural, js_name = maxBytes)]
    fn max_bytes(this: &Options) -> Option<f64>;
}

/// What the options say; the shape apart.
pub(crate) fn read(options: &Options) -> Result<(Option<Shape>, GuardOptions), JsValue> {
    let usual = GuardOptions::default();
    let shape = options.shape().map(|name| {
        Shape::from_name(&name)
            .ok_or_else(|| argument("shape: not the name of an API that is known"))
    });
    let side = options
        .side()
        .map(|name| Side::from_name(&name).ok_or_else(|| argument("side: request or response")));
    let options = GuardOptions {
        system: guarding(options.system(), "system")?,
        messages: guarding(options.messages(), "messages")?,
        tools: options.tools().unwrap_or(false),
        models: ModelScope {
            included: options.included().unwrap_or_default(),
            excluded: options.excluded().unwrap_or_default(),
        },
        model: options.model(),
        side: side.transpose()?,
        // Longer than memory is unlimited, too; NaN and negative numbers are 0.
        max_bytes: options
            .max_bytes()
            .map_or(usual.max_bytes, |bytes| bytes as usize),
        ..usual
    };
    Ok((shape.transpose()?, options))
}

fn guarding(name: Option<String>, option: &str) -> Result<Guarding, JsValue> {
    match name.as_deref() {
        None | Some("comprehensive") => Ok(Guarding::Comprehensive),
        Some("selective") => Ok(Guarding::Selective),
        _ => Err(argument(&[option, ": comprehensive or selective"].concat())),
    }
}

/// How a stream is framed.
pub(crate) fn framing(name: &str) -> Result<Framing, JsValue> {
    match name {
        "sse" => Ok(Framing::Sse),
        "eventstream" => Ok(Framing::EventStream),
        _ => Err(argument("framing: sse or eventstream")),
    }
}
