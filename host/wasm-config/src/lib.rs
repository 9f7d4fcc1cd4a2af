//! How Edgerail compiles and runs its WebAssembly component.
//!
//! Precompiled code is accepted only by an engine whose settings match those it was compiled with, so
//! both the precompiler and the runtime start from [`config`]. What does not change the code — the
//! pooling allocator, the memory limit, the deadline's length — is the runtime's own matter.

use wasmtime::{Config, Result};

/// Bytes of address space reserved for the engine's linear memory: all that a 32-bit memory can ever
/// have, so that it never moves and compiled code needs no bounds checks.
pub const MEMORY_RESERVATION: u64 = 4 << 30;

/// Bytes of unmapped address space behind the linear memory, which catch constant offsets past its end.
pub const MEMORY_GUARD: u64 = 32 << 20;

/// The settings that compiled code depends on, for the machine at hand.
///
/// Epochs interrupt the engine at its deadline; fuel is off, because it costs time in every loop.
#[must_use]
pub fn config() -> Config {
    let mut config = Config::new();
    config
        .wasm_component_model(true)
        .epoch_interruption(true)
        .consume_fuel(false)
        .memory_reservation(MEMORY_RESERVATION)
        .memory_guard_size(MEMORY_GUARD)
        .memory_may_move(false)
        .max_wasm_stack(512 << 10);
    config
}

/// The same for compiling ahead of time: for the baseline processor of a target such as
/// `x86_64-unknown-linux-gnu`, so that the code runs on each of its kind, however old.
///
/// # Errors
/// If this build of the compiler does not know the target.
pub fn baseline(target: &str) -> Result<Config> {
    let mut config = config();
    config.target(target)?;
    Ok(config)
}
