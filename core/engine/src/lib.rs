//! The Edgerail engine: it loads a compiled Amazon Bedrock guardrail and decides text.
//!
//! A *bundle* is compiled from guardrail definitions by `edgerail-compile`, all matching tables
//! included. [`Engine::load`] validates it and builds nothing; [`Engine::evaluate`] gives a
//! [`Decision`]: what `ApplyGuardrail` would answer for words, profanity and sensitive information, and
//! what is left to the cloud.
//!
//! # Untrusted input
//!
//! Both texts and bundles may be hostile. The crate forbids unsafe code and, by lints, panics, unchecked
//! indexing and unchecked arithmetic. Time is linear in the text, but for custom regexes whose matches
//! overlap in unusual ways; memory is bounded by [`Limits`]. Content never raises an error: what cannot
//! be decided gives a decision that blocks.
//!
//! The crate is `no_std` and needs `alloc`.
#![no_std]
#![forbid(unsafe_code)]
// Content is hostile: nothing in this crate may panic, index unchecked or overflow.
#![deny(
    clippy::panic,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    clippy::unreachable,
    clippy::as_conversions
)]
#![cfg_attr(
    test,
    allow(
        clippy::panic,
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::string_slice,
        clippy::arithmetic_side_effects,
        clippy::as_conversions
    )
)]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod bundle;
pub mod decision;
pub mod dictionary;
mod engine;
mod evaluate;
pub mod json;
mod limits;
mod message;
#[cfg(feature = "payload")]
pub mod payload;
pub mod pii;
pub mod policy;
pub mod regex;
mod request;
pub mod reversible;
#[cfg(not(feature = "mutate"))]
mod rules;
#[cfg(feature = "mutate")]
pub mod rules;
mod selftest;
mod sort;
pub mod stream;
mod substring;
pub mod text;
pub mod topics;
pub mod views;
mod words;

pub use decision::{Decision, DecisionRecord};
pub use engine::{Engine, LoadOptions, Trust};
pub use limits::Limits;
pub use request::{ContentBlock, OutputScope, Qualifiers, Request, Role, Source};
