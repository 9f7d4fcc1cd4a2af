//! Texts that come in pieces.

use alloc::borrow::ToOwned;
use alloc::rc::Rc;
use alloc::string::String;

use edgerail_core as core;
use edgerail_core::stream::{StreamError, StreamOptions};
use wasm_bindgen::prelude::*;

use crate::error::error;
use crate::values::{self, Member};

/// A text, or several content blocks, decided piece by piece.
#[wasm_bindgen]
#[derive(Debug)]
pub struct TextStream {
    engine: Rc<core::Engine>,
    stream: core::stream::Stream,
}

impl TextStream {
    pub(crate) fn new(engine: &Rc<core::Engine>, options: StreamOptions) -> TextStream {
        TextStream {
            stream: core::stream::Stream::new(engine, options),
            engine: Rc::clone(engine),
        }
    }
}

#[wasm_bindgen]
impl TextStream {
    /// Takes well-formed text; gives the text that is safe now.
    ///
    /// # Errors
    /// `stream_finished`.
    pub fn push(&mut self, text: &str) -> Result<String, JsValue> {
        #[cfg(feature = "fault-injection")]
        assert!(text != crate::engine::FAULT_TEXT, "injected fault");
        let output = self.stream.push(&self.engine, text.as_bytes());
        output.map(str::to_owned).map_err(finished)
    }

    /// Takes units of UTF-16; otherwise as `push`.
    ///
    /// # Errors
    /// `stream_finished`.
    #[wasm_bindgen(js_name = pushUtf16)]
    pub fn push_utf16(&mut self, units: &[u16]) -> Result<String, JsValue> {
        let output = self.stream.push_utf16(&self.engine, units);
        output.map(str::to_owned).map_err(finished)
    }

    /// Takes bytes of UTF-8, cut anywhere; otherwise as `push`.
    ///
    /// # Errors
    /// `stream_finished`.
    #[wasm_bindgen(js_name = pushBytes)]
    pub fn push_bytes(&mut self, bytes: &[u8]) -> Result<String, JsValue> {
        let output = self.stream.push(&self.engine, bytes);
        output.map(str::to_owned).map_err(finished)
    }

    /// Ends a content block and begins the next; gives the rest of the one that ended.
    ///
    /// # Errors
    /// `stream_finished`.
    #[wasm_bindgen(js_name = nextBlock)]
    pub fn next_block(&mut self) -> Result<String, JsValue> {
        let output = self.stream.next_block(&self.engine);
        output.map(str::to_owned).map_err(finished)
    }

    /// Ends the text: what was decided, as canonical JSON with byte offsets; the last of the output stands
    /// under `outputs`.
    ///
    /// # Errors
    /// `stream_finished`.
    pub fn finish(&mut self) -> Result<String, JsValue> {
        let end = self.stream.finish(&self.engine).map_err(finished)?;
        Ok(end.to_json(&self.engine))
    }

    /// Whether something was blocked, so that what follows is swallowed.
    #[wasm_bindgen(getter, js_name = isBlocked)]
    #[must_use]
    pub fn is_blocked(&self) -> bool {
        self.stream.is_blocked()
    }

    /// What the hold-back came to so far.
    #[must_use]
    pub fn stats(&self) -> JsValue {
        let stats = self.stream.stats();
        let number = |bytes: u64| usize::try_from(bytes).unwrap_or(usize::MAX);
        values::object(&[
            ("held", Member::Number(stats.held)),
            ("max", Member::Number(stats.max)),
            ("median", Member::Number(stats.all.median())),
            ("pushes", Member::Number(number(stats.pushes))),
            ("mode", Member::Text(self.stream.mode().name())),
        ])
    }
}

fn finished(failure: StreamError) -> JsValue {
    error("stream_finished", failure.message())
}
