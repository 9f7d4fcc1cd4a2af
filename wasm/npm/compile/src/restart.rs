//! A fresh start after a trap.

use wasm_bindgen::prelude::*;

/// Makes the next call start on a fresh instance of the module: what a trap leaves behind is in no defined
/// state. Handles of before are stale then, and freeing them does nothing.
#[wasm_bindgen]
pub fn restart() {
    wasm_bindgen::handler::schedule_reinit();
}
