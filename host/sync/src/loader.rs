//! Makes an engine of a verified bundle.

use std::panic::{AssertUnwindSafe, catch_unwind};

use edgerail_core::{Engine, Limits, LoadOptions, Trust};
use edgerail_trust::activation::{Pins, Refusal};

/// Why a verified bundle cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// [`Refusal::LoadFailed`] or [`Refusal::SelfTest`], or what of the bundle's own header differs from its target.
    pub refusal: Refusal,
    /// What the engine said.
    pub message: String,
}

impl Rejection {
    /// A rejection in words of the engine.
    pub fn new(refusal: Refusal, message: impl Into<String>) -> Rejection {
        Rejection {
            refusal,
            message: message.into(),
        }
    }
}

/// Makes an engine of bytes that were verified a moment ago, and tests it. It is called for the last-known-good
/// bundle, for the baseline and for every new bundle; what it makes is swapped in only when the state is stored.
pub trait Loader: Send + Sync {
    /// What is made.
    type Engine: Send + Sync + 'static;

    /// Loads and tests.
    ///
    /// # Errors
    /// [`Rejection`]: these bytes are never tried again.
    fn load(&self, bytes: &[u8], pins: &Pins) -> Result<Self::Engine, Rejection>;
}

/// A panic in the loader is a rejection like another: it must not end the process that enforces the previous
/// bundle.
pub(crate) fn load<L: Loader>(
    loader: &L,
    bytes: &[u8],
    pins: &Pins,
) -> Result<L::Engine, Rejection> {
    catch_unwind(AssertUnwindSafe(|| loader.load(bytes, pins))).unwrap_or_else(|_| {
        Err(Rejection::new(
            Refusal::LoadFailed,
            "the engine panicked while it loaded the bundle; please report it",
        ))
    })
}

/// Loads bundles natively: trust `verified`, hash not checked a second time, self-test run.
#[derive(Clone, Copy, Debug, Default)]
pub struct EngineLoader {
    /// What the engine takes on.
    pub limits: Limits,
}

impl Loader for EngineLoader {
    type Engine = Engine;

    fn load(&self, bytes: &[u8], pins: &Pins) -> Result<Engine, Rejection> {
        let options = LoadOptions {
            trust: Trust::Verified,
            check_hash: false,
            limits: self.limits,
        };
        let engine = Engine::load(bytes.to_vec(), options)
            .map_err(|error| Rejection::new(Refusal::LoadFailed, error.to_string()))?;
        if engine.policy().audience != pins.audience.name() {
            let message = "the bundle was compiled for another audience than its target says";
            return Err(Rejection::new(Refusal::TargetAudience, message));
        }
        engine
            .self_test()
            .map_err(|error| Rejection::new(Refusal::SelfTest, error.to_string()))?;
        Ok(engine)
    }
}
