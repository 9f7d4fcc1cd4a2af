//! The compiler for JavaScript, and what judges guardrails: it translates between values of JavaScript and the
//! types of `edgerail-compile` and `edgerail-judge`, and decides nothing itself. The TypeScript beside it is what
//! applications see.
//!
//! For targets other than WebAssembly the crate is empty.

#[cfg(target_arch = "wasm32")]
mod comparison;
#[cfg(target_arch = "wasm32")]
mod compile;
#[cfg(target_arch = "wasm32")]
mod data;
#[cfg(target_arch = "wasm32")]
mod error;
#[cfg(target_arch = "wasm32")]
mod evaluation;
#[cfg(target_arch = "wasm32")]
mod restart;
#[cfg(target_arch = "wasm32")]
mod source;
#[cfg(target_arch = "wasm32")]
mod values;
#[cfg(target_arch = "wasm32")]
mod version;

#[cfg(target_arch = "wasm32")]
pub use {
    comparison::Comparison,
    compile::{compile, explain_topics, inspect},
    evaluation::Evaluation,
    restart::{restart, restarted},
    version::Version,
};
