//! Judging a guardrail: how well it finds what is labelled, and what a new version would change.
//!
//! Nothing here reads files or prints; [`crate::cli`] feeds it and [`crate::report`] shows it.

mod effect;
mod gate;
mod latency;
mod metrics;
mod row;
mod summary;
mod vocabulary;

pub(crate) use effect::{Effect, EntryKey};
pub(crate) use gate::{Gate, Verdict};
pub(crate) use metrics::{Counts, Span, interval, ratio};
pub(crate) use row::{JudgeOptions, Judged, JudgedFinding, JudgedLabel, Truth, judge};
pub(crate) use summary::{Example, Flaw, Matching, Scores, Summary};
pub(crate) use vocabulary::{Named, POLICIES, Unjudgeable, Vocabulary};
