//! Judges guardrails: how well one finds what is labelled, and what a new version would change.
//!
//! [`RowJudge`] holds labelled lines against the decisions on them, [`Summary`] adds them up; [`Changes`] compares
//! two versions, [`Comparer`] and [`Impact`] what they do to texts. [`data`] shows results as JSON. Nothing here
//! reads files, prints or looks at a clock: the command line and the npm package do.

#![forbid(unsafe_code)]

mod answer;
mod changes;
pub mod data;
mod date;
mod effect;
mod gate;
mod impact;
pub mod labels;
mod latency;
pub mod line;
mod metrics;
mod offsets;
mod row;
mod rows;
mod snapshot;
mod summary;
mod vocabulary;
mod words;

pub use answer::{
    Answer, Coverage, Deferred, Finding, Inactive, MaskPlace, Output, Own, OwnGuardrail,
};
pub use changes::{AttrChange, Change, Changes, Way, What};
pub use date::date;
pub use effect::{Effect, EntryKey, WORDS};
pub use gate::{Gate, Metric, Verdict};
pub use impact::{Affected, CompareOptions, Compared, Impact, Shift, compare};
pub use latency::Latency;
pub use metrics::{Counts, Span, interval, ratio};
pub use offsets::Offsets;
pub use row::{JudgeOptions, Judged, JudgedFinding, JudgedLabel, Truth, judge};
pub use rows::{Comparer, Decided, KnownIds, Row, RowJudge};
pub use snapshot::{Attr, Item, ItemKey, Kind, Nature, Part, Snapshot};
pub use summary::{Example, Flaw, Matching, Scores, Summary};
pub use vocabulary::{Named, POLICIES, Unjudgeable, Vocabulary};
pub use words::{exception_name, one_line, policy};
