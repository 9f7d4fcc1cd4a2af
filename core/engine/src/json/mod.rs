//! JSON, as little as the engine needs: a total reader for documents we wrote ourselves or got from
//! outside, and a writer for canonical output.
//!
//! A general library costs more than the whole matcher in the browser module (`serde_json`: 16 KB brotli).

mod read;
mod write;

pub use read::{ParseError, Value, parse};
pub(crate) use write::write_number;
pub use write::{Writer, write_string};
