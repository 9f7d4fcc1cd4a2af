use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

use edgerail_core::decision::{Decision, Failure};
use edgerail_core::{Engine, LoadOptions, Request, Trust};

use super::{Evaluation, RuntimeError};

/// A bundle in the engine as native code. A panic gives the fail-closed decision; there is no deadline,
/// because native code cannot be interrupted.
#[derive(Debug)]
pub struct Native {
    engine: Engine,
    /// Whether every request is blocked without a look.
    denied: bool,
}

impl Native {
    /// Loads a bundle.
    ///
    /// # Errors
    /// [`RuntimeError`] saying what is wrong with the bundle.
    pub fn load(bundle: &[u8], trust: Trust) -> Result<Native, RuntimeError> {
        let options = LoadOptions {
            trust,
            ..LoadOptions::default()
        };
        Native::load_with(bundle, options)
    }

    /// Loads a bundle with limits of one's own.
    ///
    /// # Errors
    /// [`RuntimeError`] saying what is wrong with the bundle.
    pub fn load_with(bundle: &[u8], options: LoadOptions) -> Result<Native, RuntimeError> {
        let loaded = quietly(|| Engine::load(bundle.to_vec(), options));
        let loaded = loaded.ok_or_else(|| RuntimeError("the engine failed to load it".into()))?;
        Ok(Native {
            engine: loaded?,
            denied: false,
        })
    }

    /// The engine.
    #[must_use]
    pub const fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Where the bundle came from.
    #[must_use]
    pub const fn trust(&self) -> Trust {
        self.engine.trust()
    }

    /// The same, but it evaluates nothing and blocks every request with the reason `policy_stale`: for a policy
    /// that is staler than its application allows.
    #[must_use]
    pub fn denying(self) -> Native {
        Native {
            denied: true,
            ..self
        }
    }

    /// Decides a request. Never fails.
    #[must_use]
    pub fn evaluate(&self, request: &Request<'_>, with_record: bool) -> Evaluation {
        if self.denied {
            return answer(
                &self.engine.fail(request, Failure::PolicyStale),
                with_record,
            );
        }
        let answer = quietly(|| {
            #[cfg(test)]
            inject_fault(request);
            answer(&self.engine.evaluate(request), with_record)
        });
        answer.unwrap_or_else(|| self.fail(request, Failure::Trap, with_record))
    }

    /// The fail-closed decision.
    pub(super) fn fail(
        &self,
        request: &Request<'_>,
        failure: Failure,
        with_record: bool,
    ) -> Evaluation {
        let mut failed = answer(&self.engine.fail(request, failure), with_record);
        failed.fault = Some(failure);
        failed
    }
}

fn answer(decision: &Decision<'_>, with_record: bool) -> Evaluation {
    Evaluation {
        json: decision.to_json(),
        record: with_record.then(|| decision.record().to_json()),
        fault: None,
    }
}

thread_local! {
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Runs `body`; `None` if it panics. The panic's message is not printed: it may quote the text.
fn quietly<T>(body: impl FnOnce() -> T) -> Option<T> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let others = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if !QUIET.get() {
                others(panic);
            }
        }));
    });
    let before = QUIET.replace(true);
    // The engine is immutable and what the body builds is dropped, so nothing half-made is seen.
    let result = catch_unwind(AssertUnwindSafe(body));
    QUIET.set(before);
    result.ok()
}

/// The text that makes the native engine of the tests panic, as it does the fault-injecting component.
#[cfg(test)]
pub(super) const FAULT_TEXT: &str = "edgerail-fault-injection: panic";

#[cfg(test)]
fn inject_fault(request: &Request<'_>) {
    let harmless = request.content.iter().all(|block| block.text != FAULT_TEXT);
    assert!(harmless, "injected fault");
}
