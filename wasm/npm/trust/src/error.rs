//! Errors as JavaScript sees them: an `Error` with a `reason`. The TypeScript makes its own class of it.

use alloc::string::String;

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// JavaScript's own.
    #[derive(Debug)]
    pub(crate) type Error;

    #[wasm_bindgen(constructor)]
    fn new(message: &str) -> Error;
    #[wasm_bindgen(method, setter, structural)]
    fn set_code(this: &Error, code: &str);
    #[wasm_bindgen(method, setter, structural)]
    fn set_reason(this: &Error, reason: &str);
}

/// Metadata, or a bundle's bytes, that were refused.
pub(crate) fn trust(failure: &edgerail_trust::Error) -> JsValue {
    let part = |text: &str| {
        if text.is_empty() {
            String::new()
        } else {
            [text, ": "].concat()
        }
    };
    let message = [
        &part(&failure.role)[..],
        &part(&failure.place),
        failure.message(),
    ]
    .concat();
    error("sync_metadata", failure.code(), &message)
}

/// A verified target that is not taken.
pub(crate) fn refusal(refusal: edgerail_trust::activation::Refusal) -> JsValue {
    error("sync_target", refusal.code(), "")
}

/// A value of JavaScript that is not what the function takes.
pub(crate) fn argument(message: &str) -> JsValue {
    error("invalid_argument", "invalid_argument", message)
}

fn error(code: &str, reason: &str, message: &str) -> JsValue {
    let error = Error::new(message);
    error.set_code(code);
    error.set_reason(reason);
    error.into()
}
