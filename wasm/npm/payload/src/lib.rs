//! Bodies and streamed answers of model APIs for JavaScript: where their texts are, and how masks get back.
//! Texts are decided outside, by the engine's own module; this one decides nothing.
//!
//! For targets other than WebAssembly the crate is empty.

#![cfg_attr(target_arch = "wasm32", no_std)]

#[cfg(target_arch = "wasm32")]
extern crate alloc;

#[cfg(target_arch = "wasm32")]
mod body;
#[cfg(target_arch = "wasm32")]
mod error;
#[cfg(target_arch = "wasm32")]
mod options;
#[cfg(target_arch = "wasm32")]
mod stream;

#[cfg(target_arch = "wasm32")]
pub use body::{blocked, read, replace};
#[cfg(target_arch = "wasm32")]
pub use options::Options;
#[cfg(target_arch = "wasm32")]
pub use stream::EventStream;

/// Smaller than the allocator that the standard library has in WebAssembly: docs/size.md.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

/// A panic is a trap: what it would say, nobody could read.
#[cfg(target_arch = "wasm32")]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}

/// Schedules a fresh instance of the module: what a trap leaves behind is in no defined state. Streams of
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
