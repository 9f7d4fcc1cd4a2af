//! The verifying client for JavaScript: TUF metadata in, the bundle to enforce out. It asks for files and is
//! given bytes; the TypeScript beside it fetches, stores and loads, and decides nothing.
//!
//! The module imports nothing: it cannot do anything but compute. `border.rs` says how it is called.
//!
//! For targets other than WebAssembly the crate is empty.

#![cfg_attr(target_arch = "wasm32", no_std)]

#[cfg(target_arch = "wasm32")]
extern crate alloc;

#[cfg(target_arch = "wasm32")]
mod activation;
#[cfg(target_arch = "wasm32")]
mod border;
#[cfg(target_arch = "wasm32")]
mod error;
#[cfg(target_arch = "wasm32")]
mod pins;
#[cfg(target_arch = "wasm32")]
mod session;

/// A quarter of the code of the allocator that the standard library has in WebAssembly.
#[cfg(all(target_arch = "wasm32", not(target_feature = "atomics")))]
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

/// A panic is a trap: what it would say, nobody could read.
#[cfg(target_arch = "wasm32")]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}
