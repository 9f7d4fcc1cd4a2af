//! What many judged texts come to.

use std::collections::BTreeMap;

use super::effect::{Effect, EntryKey};
use super::latency::Latency;
use super::metrics::{Counts, Span};
use super::row::Judged;

/// How labels and findings are held to be the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "clap", derive(clap::ValueEnum))]
pub enum Matching {
    /// The same entry and the same span
    Exact,
    /// The same entry and at least one character in common
    Overlap,
}

impl Matching {
    /// The name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Matching::Exact => "exact",
            Matching::Overlap => "overlap",
        }
    }
}

/// Counts of one entry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scores {
    /// With the same span.
    pub exact: Counts,
    /// With a span that overlaps.
    pub overlap: Counts,
    /// Misses that are left to the cloud.
    pub deferred: u64,
}

impl Scores {
    /// The counts by one way of matching.
    pub const fn by(&self, matching: Matching) -> Counts {
        match matching {
            Matching::Exact => self.exact,
            Matching::Overlap => self.overlap,
        }
    }

    fn add(&mut self, other: &Scores) {
        self.exact += other.exact;
        self.overlap += other.overlap;
        self.deferred += other.deferred;
    }
}

/// What is wrong with a text's decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Flaw {
    /// A label was not found.
    Miss,
    /// Something was found that is not there.
    FalseAlarm,
}

/// A text to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// The file.
    pub file: String,
    /// Its line.
    pub line: u64,
    /// As the data set calls the text.
    pub id: String,
    /// Where in the text.
    pub at: Option<Span>,
    /// How many characters are there.
    pub chars: usize,
    /// What is there, if it may be shown.
    pub value: Option<String>,
    /// What was found instead; that the miss is left to the cloud; which action it should have been.
    pub note: Option<String>,
}

/// What a whole data set came to.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    /// Texts that were judged.
    pub rows: u64,
    /// Lines that were refused.
    pub refused: u64,
    /// Texts whose labels are listed.
    pub with_labels: u64,
    /// Texts that could not be evaluated, by reason code.
    pub failures: BTreeMap<String, u64>,
    /// Texts with more findings than the engine lists.
    pub truncated: u64,
    /// By entry.
    pub entries: BTreeMap<EntryKey, Scores>,
    /// Labels of entries that the guardrail does not evaluate in their direction.
    pub outside: BTreeMap<EntryKey, u64>,
    /// By label and finding; `None` for "nothing".
    pub confusion: BTreeMap<(Option<EntryKey>, Option<EntryKey>), u64>,
    /// By expected and actual effect.
    pub effects: [[u64; 3]; 3],
    /// How long evaluations took.
    pub latency: Latency,
    /// The first few of each kind.
    pub examples: BTreeMap<(Flaw, EntryKey), Vec<Example>>,
    /// The first few texts with a wrong action.
    pub wrong_actions: Vec<Example>,
}

impl Summary {
    /// Adds one text; keeps at most `keep` examples of a kind.
    pub fn add(&mut self, file: &str, row: Judged, keep: usize) {
        self.rows += 1;
        self.latency.add(row.time);
        if let Some(failure) = &row.failure {
            *self.failures.entry(failure.clone()).or_default() += 1;
        }
        self.truncated += u64::from(row.truncated);
        for key in &row.outside {
            *self.outside.entry(key.clone()).or_default() += 1;
        }
        if let Some(expected) = row.expected {
            self.effects[expected.index()][row.actual.index()] += 1;
            if expected != row.actual && self.wrong_actions.len() < keep {
                let note = format!("should {}, does {}", expected.word(), row.actual.word());
                self.wrong_actions.push(Example {
                    file: file.to_owned(),
                    line: row.line,
                    id: row.id.clone(),
                    at: None,
                    chars: 0,
                    value: None,
                    note: Some(note),
                });
            }
        }
        if row.labels.is_some() {
            self.with_labels += 1;
            self.labels(file, &row, keep);
            self.findings(file, &row, keep);
        }
    }

    fn labels(&mut self, file: &str, row: &Judged, keep: usize) {
        for label in row.labels.iter().flatten() {
            let scores = self.entries.entry(label.key.clone()).or_default();
            count(&mut scores.exact, label.exact);
            count(&mut scores.overlap, label.overlap);
            let found = if label.overlap {
                Some(label.key.clone())
            } else {
                label.instead.clone()
            };
            let pair = (Some(label.key.clone()), found);
            *self.confusion.entry(pair).or_default() += 1;
            if label.overlap {
                continue;
            }
            scores.deferred += u64::from(label.deferred);
            let note = match (&label.instead, label.deferred) {
                (Some(other), _) => Some(format!("found as {}", other.shown())),
                (None, true) => Some("left to the cloud".to_owned()),
                (None, false) => None,
            };
            self.example(Flaw::Miss, &label.key, keep, || Example {
                file: file.to_owned(),
                line: row.line,
                id: row.id.clone(),
                at: label.at,
                chars: label.chars,
                value: label.value.clone(),
                note,
            });
        }
    }

    fn findings(&mut self, file: &str, row: &Judged, keep: usize) {
        for finding in &row.found {
            let scores = self.entries.entry(finding.key.clone()).or_default();
            scores.exact.false_alarms += u64::from(!finding.exact);
            scores.overlap.false_alarms += u64::from(!finding.overlap);
            if finding.overlap {
                continue;
            }
            if !finding.instead {
                let pair = (None, Some(finding.key.clone()));
                *self.confusion.entry(pair).or_default() += 1;
            }
            self.example(Flaw::FalseAlarm, &finding.key, keep, || Example {
                file: file.to_owned(),
                line: row.line,
                id: row.id.clone(),
                at: finding.at,
                chars: finding.chars,
                value: finding.value.clone(),
                note: finding
                    .instead
                    .then(|| "labelled as something else".to_owned()),
            });
        }
    }

    fn example(&mut self, flaw: Flaw, key: &EntryKey, keep: usize, make: impl FnOnce() -> Example) {
        let list = self.examples.entry((flaw, key.clone())).or_default();
        if list.len() < keep {
            list.push(make());
        }
    }

    /// The examples of a kind, with their entries.
    pub fn listed(&self, flaw: Flaw) -> impl Iterator<Item = (&EntryKey, &Example)> {
        let kinds = self.examples.iter();
        let kinds = kinds.filter(move |((own, _), _)| *own == flaw);
        kinds.flat_map(|((_, key), list)| list.iter().map(move |example| (key, example)))
    }

    /// All entries that `belongs` holds for, added up.
    pub fn total(&self, belongs: impl Fn(&EntryKey) -> bool) -> Scores {
        let mut total = Scores::default();
        let own = self.entries.iter().filter(|(key, _)| belongs(key));
        own.for_each(|(_, scores)| total.add(scores));
        total
    }

    /// Policies that have labels or findings.
    pub fn policies(&self) -> Vec<&str> {
        let mut policies: Vec<&str> = self.entries.keys().map(|key| key.policy.as_str()).collect();
        policies.dedup();
        policies
    }

    /// The mean of the entries' F1, each entry counting the same; `None` if no entry has one.
    pub fn macro_f1(&self, matching: Matching) -> Option<f64> {
        let all = self.entries.values().filter_map(|s| s.by(matching).f1());
        let all: Vec<f64> = all.collect();
        (!all.is_empty()).then(|| all.iter().sum::<f64>() / all.len() as f64)
    }

    /// Texts with an expected action, and those that got it.
    pub fn accuracy(&self) -> (u64, u64) {
        let all = self.effects.iter().flatten().sum();
        let right = Effect::ALL.map(|e| self.effects[e.index()][e.index()]);
        (right.iter().sum(), all)
    }
}

fn count(counts: &mut Counts, hit: bool) {
    counts.hits += u64::from(hit);
    counts.misses += u64::from(!hit);
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::row::{JudgedFinding, JudgedLabel};
    use super::*;

    const PII: &str = "sensitiveInformationPolicy";

    fn key(entry: &str) -> EntryKey {
        EntryKey::new(PII, entry)
    }

    fn label(entry: &str, exact: bool, overlap: bool, instead: Option<&str>) -> JudgedLabel {
        JudgedLabel {
            key: key(entry),
            at: Some((0, 1)),
            exact,
            overlap,
            instead: instead.map(key),
            deferred: !overlap && entry == "NAME",
            value: None,
            chars: 1,
        }
    }

    fn finding(entry: &str, exact: bool, overlap: bool, instead: bool) -> JudgedFinding {
        JudgedFinding {
            key: key(entry),
            at: Some((0, 1)),
            exact,
            overlap,
            instead,
            value: None,
            chars: 1,
        }
    }

    fn row(labels: Vec<JudgedLabel>, found: Vec<JudgedFinding>) -> Judged {
        Judged {
            line: 1,
            id: "a".to_owned(),
            expected: Some(Effect::Block),
            actual: Effect::Mask,
            labels: Some(labels),
            found,
            outside: Vec::new(),
            time: Duration::from_micros(5),
            failure: None,
            truncated: false,
        }
    }

    /// On paper. EMAIL: one label of the same span, one that overlaps only, one finding of nothing: exact
    /// 1 hit, 2 false alarms, 1 miss (P 1/3, R 1/2, F1 2/5); overlap 2 hits, 1 false alarm (P 2/3, R 1,
    /// F1 4/5). NAME: one label missed, taken for PHONE: F1 0. PHONE: one false alarm: F1 0.
    #[test]
    fn scores_as_on_paper() {
        let mut summary = Summary::default();
        let labels = vec![
            label("EMAIL", true, true, None),
            label("EMAIL", false, true, None),
        ];
        let found = vec![
            finding("EMAIL", true, true, false),
            finding("EMAIL", false, true, false),
            finding("EMAIL", false, false, false),
        ];
        summary.add("f", row(labels, found), 9);
        let labels = vec![label("NAME", false, false, Some("PHONE"))];
        summary.add(
            "f",
            row(labels, vec![finding("PHONE", false, false, true)]),
            9,
        );
        let email = summary.entries[&key("EMAIL")];
        assert_eq!(
            (
                email.exact.hits,
                email.exact.false_alarms,
                email.exact.misses
            ),
            (1, 2, 1)
        );
        assert_eq!(
            (
                email.overlap.hits,
                email.overlap.false_alarms,
                email.overlap.misses
            ),
            (2, 1, 0)
        );
        let total = summary.total(|_| true);
        // Micro: 2 hits of 4 findings and 3 labels: 4 / (4 + 2 + 1).
        assert_eq!(total.overlap.f1(), Some(4.0 / 7.0));
        assert_eq!(total.exact.f1(), Some(2.0 / 7.0));
        assert_eq!(summary.macro_f1(Matching::Overlap), Some(0.8 / 3.0));
        assert_eq!(total.deferred, 1);
        let count = |label: Option<&str>, found: Option<&str>| {
            let pair = (label.map(key), found.map(key));
            summary.confusion.get(&pair).copied().unwrap_or(0)
        };
        assert_eq!(count(Some("EMAIL"), Some("EMAIL")), 2);
        assert_eq!(count(Some("NAME"), Some("PHONE")), 1);
        assert_eq!(count(None, Some("EMAIL")), 1);
        assert_eq!(count(None, Some("PHONE")), 0);
        assert_eq!(summary.accuracy(), (0, 2));
        assert_eq!(summary.effects[2][1], 2);
        assert_eq!(summary.policies(), [PII]);
    }

    #[test]
    fn only_the_first_examples_are_kept() {
        let mut summary = Summary::default();
        for _ in 0..20 {
            summary.add(
                "f",
                row(vec![label("NAME", false, false, None)], Vec::new()),
                3,
            );
        }
        assert_eq!(summary.examples[&(Flaw::Miss, key("NAME"))].len(), 3);
        assert_eq!(summary.wrong_actions.len(), 3);
        assert_eq!(summary.rows, 20);
    }
}
