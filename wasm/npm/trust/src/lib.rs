//! The verifying client for JavaScript: TUF metadata in, the bundle to enforce out. It asks for files and is
//! given bytes; the TypeScript beside it fetches, stores and loads, and decides nothing.
//!
//! For targets other than WebAssembly the crate is empty.

#![cfg_attr(target_arch = "wasm32", no_std)]

#[cfg(target_arch = "wasm32")]
extern crate alloc;

#[cfg(target_arch = "wasm32")]
mod activation;
#[cfg(target_arch = "wasm32")]
mod error;
#[cfg(target_arch = "wasm32")]
mod pins;
#[cfg(target_arch = "wasm32")]
mod session;

#[cfg(target_arch = "wasm32")]
pub use pins::Options;
#[cfg(target_arch = "wasm32")]
pub use session::Session;

/// The allocator that the standard library has in WebAssembly.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;

/// A panic is a trap: what it would say, nobody could read.
#[cfg(target_arch = "wasm32")]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}

/// Schedules a fresh instance of the module: what a trap leaves behind is in no defined state. Sessions of
/// before are stale then. [`restarted`] must be called next.
#[cfg(target_arch = "wasm32")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn restart() {
    wasm_bindgen::handler::schedule_reinit();
}

/// Makes the instance that is scheduled. The glue replaces the instance after it has put a call's arguments
/// into the old one, so that the first call must be one without any.
#[cfg(target_arch = "wasm32")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn restarted() {}
