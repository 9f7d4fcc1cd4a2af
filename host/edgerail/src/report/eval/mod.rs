//! How well a guardrail finds what is labelled.

mod data;
mod html;
mod text;

use crate::judge::{EntryKey, Example, Matching, Scores, Summary, Verdict};
use crate::report::table::{share, shortened};
use crate::report::{Offsets, hidden};

/// A judged data set.
#[derive(Debug)]
pub(crate) struct Evaluated<'a> {
    /// The bundle or definition.
    pub(crate) guardrail: String,
    /// The files.
    pub(crate) data: Vec<String>,
    /// What the engine ran as.
    pub(crate) engine: &'static str,
    /// How findings and labels are held to be the same.
    pub(crate) matching: Matching,
    /// Units of spans.
    pub(crate) offsets: Offsets,
    /// Whether texts may be quoted.
    pub(crate) show_text: bool,
    /// What it came to.
    pub(crate) summary: &'a Summary,
    /// The conditions.
    pub(crate) verdicts: &'a [Verdict],
}

impl Evaluated<'_> {
    /// The entries of a policy with their scores.
    fn entries_of<'s>(
        &'s self,
        policy: &'s str,
    ) -> impl Iterator<Item = (&'s EntryKey, &'s Scores)> {
        let entries = self.summary.entries.iter();
        entries.filter(move |(key, _)| key.policy == policy)
    }

    /// All entries added up.
    fn total(&self) -> Scores {
        self.summary.total(|_| true)
    }

    /// Labels that were found as something else, most frequent first.
    fn mistaken(&self) -> Vec<(&EntryKey, &EntryKey, u64)> {
        let all = self.summary.confusion.iter();
        let mut mistaken: Vec<_> = all
            .filter_map(|((label, found), count)| match (label, found) {
                (Some(label), Some(found)) if label != found => Some((label, found, *count)),
                _ => None,
            })
            .collect();
        mistaken.sort_by_key(|(_, _, count)| std::cmp::Reverse(*count));
        mistaken
    }

    /// What was found or missed, as far as it may be shown.
    fn value(&self, example: &Example) -> String {
        match &example.value {
            Some(value) if self.show_text => shortened(value, 80),
            _ if example.at.is_none() => String::new(),
            _ => hidden(example.chars),
        }
    }
}

/// Where an example is.
fn place(example: &Example) -> String {
    let at = example
        .at
        .map_or(String::new(), |(start, end)| format!(" {start}–{end}"));
    let id = shortened(&example.id, 40);
    format!("{}:{} (id {id}){at}", example.file, example.line)
}

/// A condition and what it came to.
pub(crate) fn verdict_text(verdict: &Verdict) -> String {
    let how = match (verdict.passed, verdict.value) {
        (_, None) => "there is nothing to compute it from",
        (true, _) => "met",
        (false, _) => "not met",
    };
    format!("{}: {} ({how})", verdict.gate, share(verdict.value))
}
