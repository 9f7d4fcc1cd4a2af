//! The `edgerail` program: Amazon Bedrock guardrails decided on this machine.
//!
//! [`runtime`] runs the engine — as a WebAssembly component under wasmtime, or natively — and turns
//! whatever goes wrong in it into the fail-closed decision. [`cli`] is the command line over it.

#![deny(unsafe_code)]

pub mod cli;
mod report;
pub mod runtime;

use edgerail_judge as judge;
