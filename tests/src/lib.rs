//! The corpus, its loader and its checker: one for all surfaces.
//!
//! A *surface* is anything that takes a bundle and a request and gives the decision's canonical JSON.
//! [`run`] holds it to every row.

mod check;
mod conversations;
mod corpus;
mod native;
mod random;
pub mod reference;
pub mod stream;

use edgerail_core::Request;

pub use check::check;
pub use conversations::{Conversation, Conversations, Step};
pub use corpus::{Corpus, Row, bundle_of};
pub use native::NativeSurface;
pub use random::Random;

/// By how much the property tests try more than usual: `EDGERAIL_ROUNDS`, 1 without it.
///
/// # Panics
/// If the variable is no number.
#[must_use]
pub fn rounds() -> usize {
    std::env::var("EDGERAIL_ROUNDS").map_or(1, |rounds| {
        rounds.parse().expect("EDGERAIL_ROUNDS is a number")
    })
}

/// A place the engine runs, through its public interface.
pub trait Surface {
    /// The decision on `request` by `bundle`, as JSON.
    fn decide(&self, bundle: &[u8], request: &Request<'_>) -> String;
}

/// What a run of the corpus came to.
#[derive(Debug, Default)]
pub struct Report {
    /// Rows that hold.
    pub passed: usize,
    /// Rows that are expected to fail, and do.
    pub known_misses: Vec<String>,
    /// Rows that do not hold, with what differs.
    pub failures: Vec<String>,
}

/// Runs the rows for which `wanted` holds on a surface.
pub fn run(corpus: &Corpus, surface: &dyn Surface, wanted: impl Fn(&Row) -> bool) -> Report {
    let mut report = Report::default();
    for row in corpus.rows.iter().filter(|row| wanted(row)) {
        match judge(corpus, surface, row) {
            Judgement::Holds => report.passed += 1,
            Judgement::KnownMiss(reason) => report.known_misses.push(reason),
            Judgement::Fails(difference) => report.failures.push(difference),
        }
    }
    report
}

/// The first of the rows for which `wanted` holds that fails on a surface; no row after it is run.
pub fn first_failure<'c>(
    corpus: &'c Corpus,
    surface: &dyn Surface,
    wanted: impl Fn(&Row) -> bool,
) -> Option<&'c Row> {
    let mut rows = corpus.rows.iter().filter(|row| wanted(row));
    rows.find(|row| matches!(judge(corpus, surface, row), Judgement::Fails(_)))
}

enum Judgement {
    Holds,
    KnownMiss(String),
    Fails(String),
}

fn judge(corpus: &Corpus, surface: &dyn Surface, row: &Row) -> Judgement {
    let decision = surface.decide(corpus.bundle(row), &row.request());
    let wrong = check(row, &decision);
    match (&row.known_miss, wrong.is_empty()) {
        (None, true) => Judgement::Holds,
        (None, false) => Judgement::Fails(format!(
            "{} ({}: {})\n    {}",
            row.name,
            row.rule,
            row.why,
            wrong.join("\n    ")
        )),
        (Some(reason), false) => Judgement::KnownMiss(format!("{}: {reason}", row.name)),
        (Some(_), true) => Judgement::Fails(format!(
            "{} is a known miss and passes: take the mark away",
            row.name
        )),
    }
}

/// The examples of the guide run.
#[cfg(doctest)]
#[doc = include_str!("../../docs/streaming.md")]
struct Streaming;
