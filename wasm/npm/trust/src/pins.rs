//! What the application pins.

use alloc::string::String;

use edgerail_trust::activation::{Audience, OnExpired, Pins, Ring};
use wasm_bindgen::prelude::*;

use crate::error::argument;

#[wasm_bindgen]
extern "C" {
    /// The pins of `SyncOptions` in the TypeScript.
    pub type Options;

    #[wasm_bindgen(method, getter, structural)]
    fn target(this: &Options) -> String;
    #[wasm_bindgen(method, getter, structural)]
    fn audience(this: &Options) -> String;
    #[wasm_bindgen(method, getter, structural)]
    fn ring(this: &Options) -> String;
    #[wasm_bindgen(method, getter, structural)]
    fn instance(this: &Options) -> String;
    /// Seconds; absent to keep enforcing.
    #[wasm_bindgen(method, getter, structural)]
    fn grace(this: &Options) -> Option<f64>;
}

/// The pins of this release of the engine.
pub(crate) fn read(options: &Options) -> Result<Pins, JsValue> {
    let audience = Audience::from_name(&options.audience());
    let ring = Ring::from_name(&options.ring());
    let pins = Pins {
        target: options.target(),
        audience: audience.ok_or_else(|| argument("audience: browser or server"))?,
        ring: ring.ok_or_else(|| argument("ring: canary, early or general"))?,
        instance: options.instance(),
        engine_abi: u64::from(edgerail_core::bundle::ABI),
        engine_build: String::from(env!("CARGO_PKG_VERSION")),
        on_expired: match options.grace() {
            None => OnExpired::Keep,
            // Negative numbers and NaN are 0: the strictest.
            Some(seconds) => OnExpired::Deny {
                grace_seconds: seconds as u64,
            },
        },
    };
    if pins.scope().is_none() {
        return Err(argument(
            "target: the name of a bundle for the pinned audience, SCOPE.browser.bundle for browsers and SCOPE.bundle for servers",
        ));
    }
    Ok(pins)
}
