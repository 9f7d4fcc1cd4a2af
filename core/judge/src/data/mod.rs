//! Results as JSON: what the command line prints with `--format json`, and the npm package gives.

mod diff;
mod eval;
mod inspect;
mod topics;

pub use diff::DiffData;
pub use eval::{EvalData, row_json};
pub use inspect::{Inspection, mode, on_error, verdict};
pub use topics::{keyword_source, topic_json};
