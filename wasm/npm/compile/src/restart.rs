//! A fresh start after a trap.

use wasm_bindgen::prelude::*;

/// Schedules a fresh instance of the module: what a trap leaves behind is in no defined state. Handles of
/// before are stale then, and freeing them does nothing. [`restarted`] must be called next.
#[wasm_bindgen]
pub fn restart() {
    wasm_bindgen::handler::schedule_reinit();
}

/// Makes the instance that is scheduled. The glue replaces the instance after it has put a call's arguments
/// into the old one, so that the first call must be one without any.
#[wasm_bindgen]
pub fn restarted() {}
