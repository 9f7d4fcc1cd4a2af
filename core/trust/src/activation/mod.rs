//! What a client does with the targets that the TUF client verified: which bundle it takes, when that bundle
//! counts as active, what it never tries again, and what it reports when it cannot be fresh.
//!
//! Pure functions over owned values: the caller downloads, loads, stores and knows the time, so that a server
//! and a browser keep the same rules. Metadata and activation are two states: what is here moves only after
//! a bundle was loaded and has passed its self-test, and no failure here takes back verified metadata.
//!
//! One activation, in order; a process may end between any two steps:
//!
//! 1. [`choose`] names the bundle; it is downloaded and verified against its target.
//! 2. The bundle is stored together with the metadata that lists it, so that it can be verified again from
//!    the pinned root without a network.
//! 3. [`Activation::started`] marks it; the state is stored.
//! 4. The bundle is loaded and tests itself.
//! 5. [`Activation::activated`] or [`Activation::failed`]; the state is stored; only then is the engine swapped.
//!
//! A mark that is found by [`Activation::boot`] was left by a process that died in step 4. It may have been the bundle,
//! or the power: after [`CRASH_LIMIT`] of them in a row the bundle is poisoned.

mod choose;
mod custom;
mod health;
mod pins;
mod refusal;
mod state;

pub use choose::{Candidate, Choice, Chosen, choose, targets_wanted};
pub use custom::{Custom, Rollout};
pub use health::{CLOCK_SLACK, CLOCKLESS_STARTS, Degraded, Facts, Health, health};
pub use pins::{Audience, OnExpired, Pins, Ring};
pub use refusal::Refusal;
pub use state::{
    Activation, Active, Boot, CRASH_LIMIT, Crash, Etag, LOADING_LIMIT, POISONED_LIMIT, Poisoned,
};
