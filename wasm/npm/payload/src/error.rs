//! Errors as JavaScript sees them: an `Error` with a `code`. The TypeScript makes its own class of it.

use edgerail_core::payload::{PayloadError, Problem};
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
    fn set_recognized(this: &Error, recognized: bool);
}

/// A body that cannot be guarded. `recognized` says that it is of a known API nevertheless.
pub(crate) fn payload(failure: &PayloadError) -> JsValue {
    let recognized = matches!(
        failure.problem,
        Problem::Ambiguous
            | Problem::UnknownBlock
            | Problem::TagSuffix
            | Problem::TagUnbalanced
            | Problem::TagNested
    );
    error(failure.code(), &failure.message(), recognized)
}

/// A value of JavaScript that is not what the function takes.
pub(crate) fn argument(message: &str) -> JsValue {
    error("invalid_argument", message, false)
}

fn error(code: &str, message: &str, recognized: bool) -> JsValue {
    let error = Error::new(message);
    error.set_code(code);
    error.set_recognized(recognized);
    error.into()
}
