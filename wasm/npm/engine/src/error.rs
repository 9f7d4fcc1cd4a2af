//! Errors as JavaScript sees them: an `Error` with a stable `code`.

use edgerail_core::bundle::BundleError;
use js_sys::{Error, Reflect};
use wasm_bindgen::JsValue;

/// An `Error` whose member `code` is `code`. The TypeScript makes its own class of it.
pub(crate) fn error(code: &str, message: &str) -> JsValue {
    let error = Error::new(message);
    // A fresh ordinary object takes any member.
    let _ = Reflect::set(&error, &JsValue::from_str("code"), &JsValue::from_str(code));
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
    error(code, &failure.message())
}

/// A value of JavaScript that is not what the function takes.
pub(crate) fn argument(message: &str) -> JsValue {
    error("invalid_argument", message)
}
