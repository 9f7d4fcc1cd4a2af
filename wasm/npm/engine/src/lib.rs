//! The engine for JavaScript: it translates between values of JavaScript and the engine's types, and
//! decides nothing itself. The TypeScript beside it is what applications see.
//!
//! For targets other than WebAssembly the crate is empty.

#[cfg(target_arch = "wasm32")]
mod engine;
#[cfg(target_arch = "wasm32")]
mod error;
#[cfg(target_arch = "wasm32")]
mod restart;
#[cfg(target_arch = "wasm32")]
mod reversible;
#[cfg(target_arch = "wasm32")]
mod stream;
#[cfg(target_arch = "wasm32")]
mod values;

#[cfg(target_arch = "wasm32")]
pub use restart::{restart, restarted};
