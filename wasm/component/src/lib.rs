//! The engine as a component of the world `edgerail:guardrail/engine`: it translates between the
//! interface's types and the engine's, and decides nothing itself.
//!
//! For targets other than WebAssembly the crate is empty.

#[cfg(target_arch = "wasm32")]
mod guest;
