//! Compiles Amazon Bedrock guardrail definitions and overlays to Edgerail bundles.
//!
//! [`definition::read`] reads guardrails from every form AWS gives them in, [`overlay::Overlay::read`]
//! the small file that stands beside them, [`compile`] makes the bundle that an engine loads. The same
//! inputs give the same bytes, on every machine.

mod bundle;
pub mod definition;
pub mod diagnostic;
mod dictionary;
pub mod document;
pub mod lexicon;
mod nearest;
pub mod org;
pub mod overlay;
mod policy;
pub mod profanity;
mod regex;
mod selftest;
mod strings;
pub mod topics;
mod views;

pub use bundle::{Audience, Binding, CompileOptions, Compiled, compile};
