//! Errors as JavaScript sees them: an `Error` with a stable `code`.

use edgerail_core::bundle::BundleError;
use js_sys::{Error, Reflect};
use wasm_bindgen::JsValue;

use crate::source::Said;
use crate::values;

/// An `Error` whose member `code` is `code`. The TypeScript makes its own class of it.
fn error(code: &str, message: &str) -> Error {
    let error = Error::new(message);
    set(&error, "code", &JsValue::from_str(code));
    error
}

fn set(error: &Error, member: &str, value: &JsValue) {
    // A fresh ordinary object takes any member.
    let _ = Reflect::set(error, &JsValue::from_str(member), value);
}

/// A definition or overlay with errors; the error's `diagnostics` are all that was said about them.
pub(crate) fn definition(said: &Said) -> JsValue {
    let error = error(
        "definition_invalid",
        "the definition or its overlay has errors",
    );
    set(&error, "diagnostics", &values::write(&said.json()));
    error.into()
}

/// A bundle that cannot be loaded.
pub(crate) fn bundle(failure: &BundleError) -> JsValue {
    let code = match failure {
        BundleError::NotABundle => "bundle_not_a_bundle",
        BundleError::TooLarge(_) => "bundle_too_large",
        BundleError::Format(_)
        | BundleError::Abi(_)
        | BundleError::UnknownSection(_)
        | BundleError::SectionVersion(..) => "bundle_abi",
        BundleError::SelfTest(_) => "bundle_self_test",
        _ => "bundle_damaged",
    };
    error(code, &failure.to_string()).into()
}

/// A value of JavaScript that is not what the function takes.
pub(crate) fn argument(message: &str) -> JsValue {
    error("invalid_argument", message).into()
}
