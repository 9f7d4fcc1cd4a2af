//! Judging a guardrail: how well it finds what is labelled, and what a new version would change.
//!
//! Nothing here reads files or prints; [`crate::cli`] feeds it and [`crate::report`] shows it.

mod changes;
mod effect;
mod gate;
mod impact;
mod latency;
mod metrics;
mod row;
mod snapshot;
mod summary;
mod vocabulary;

pub(crate) use changes::{AttrChange, Change, Changes, Way, What};
pub(crate) use effect::{Effect, EntryKey};
pub(crate) use gate::{Gate, Verdict};
pub(crate) use impact::{Affected, CompareOptions, Compared, Impact, Shift, compare};
pub(crate) use metrics::{Counts, Span, interval, ratio};
pub(crate) use row::{JudgeOptions, Judged, JudgedFinding, JudgedLabel, Truth, judge};
pub(crate) use snapshot::{Kind, Snapshot};
pub(crate) use summary::{Example, Flaw, Matching, Scores, Summary};
pub(crate) use vocabulary::{Named, POLICIES, Unjudgeable, Vocabulary};
