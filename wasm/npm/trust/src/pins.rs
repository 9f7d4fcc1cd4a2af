//! What the application pins.

use alloc::string::String;

use edgerail_trust::activation::{Audience, OnExpired, Pins, Ring};

use crate::error::Failure;

/// The pins of this release of the engine. `texts` are the target's name, the audience, the ring and the instance, a
/// zero byte between them; the instance may have some. `grace` is in seconds; nothing to keep enforcing.
pub(crate) fn read(texts: &str, grace: Option<u64>) -> Result<Pins, Failure> {
    let mut texts = texts.splitn(4, '\0');
    let mut text = || texts.next().unwrap_or_default();
    let (target, audience, ring, instance) = (text(), text(), text(), text());
    let audience = Audience::from_name(audience);
    let ring = Ring::from_name(ring);
    let pins = Pins {
        target: String::from(target),
        audience: audience.ok_or(Failure::Argument("audience: browser or server"))?,
        ring: ring.ok_or(Failure::Argument("ring: canary, early or general"))?,
        instance: String::from(instance),
        engine_abi: u64::from(edgerail_core::bundle::ABI),
        engine_build: String::from(env!("CARGO_PKG_VERSION")),
        on_expired: match grace {
            None => OnExpired::Keep,
            Some(grace_seconds) => OnExpired::Deny { grace_seconds },
        },
    };
    if pins.scope().is_none() {
        return Err(Failure::Argument(
            "target: the name of a bundle for the pinned audience, SCOPE.browser.bundle for browsers and SCOPE.bundle for servers",
        ));
    }
    Ok(pins)
}
