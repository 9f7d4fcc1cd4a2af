//! One labelled text against the decision on it.

use std::collections::BTreeMap;
use std::time::Duration;

use super::effect::{Effect, EntryKey};
use super::metrics::{Pairs, Span, common, pair};
use crate::answer::{Answer, Deferred, Finding};
use crate::offsets::Offsets;

/// What is in a text, as its author says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Truth {
    /// What it is.
    pub key: EntryKey,
    /// Where, in bytes; nowhere for what is said of the whole text.
    pub bytes: Option<Span>,
    /// Where, as the data set counts.
    pub given: Option<Span>,
}

/// A label and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JudgedLabel {
    /// What it is.
    pub key: EntryKey,
    /// Where, as the data set counts.
    pub at: Option<Span>,
    /// Found by the same span.
    pub exact: bool,
    /// Found by a span that overlaps.
    pub overlap: bool,
    /// What was found there instead.
    pub instead: Option<EntryKey>,
    /// Not found, and left to the cloud.
    pub deferred: bool,
    /// The text there, if it may be shown.
    pub value: Option<String>,
    /// How many characters it has.
    pub chars: usize,
}

/// A finding and whether it should have been.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JudgedFinding {
    /// What it is.
    pub key: EntryKey,
    /// Where, as the data set counts.
    pub at: Option<Span>,
    /// A label has the same span.
    pub exact: bool,
    /// A label overlaps.
    pub overlap: bool,
    /// A label of another entry was taken for this.
    pub instead: bool,
    /// The text found, if it may be shown.
    pub value: Option<String>,
    /// How many characters it has.
    pub chars: usize,
}

/// A text and how it was decided.
#[derive(Clone, Debug)]
pub struct Judged {
    /// Of the file, counted from 1.
    pub line: u64,
    /// As the data set calls it.
    pub id: String,
    /// What should happen; `None` if neither the line nor its labels say.
    pub expected: Option<Effect>,
    /// What happened.
    pub actual: Effect,
    /// The labels that can be judged; `None` if the line has no list of them.
    pub labels: Option<Vec<JudgedLabel>>,
    /// The findings; empty if there are no labels to hold them against.
    pub found: Vec<JudgedFinding>,
    /// Labels of entries that the guardrail does not evaluate here.
    pub outside: Vec<EntryKey>,
    /// How long the evaluation took.
    pub time: Duration,
    /// Why it was not evaluated, if it was not.
    pub failure: Option<String>,
    /// There were more findings than the engine lists.
    pub truncated: bool,
}

/// How rows are judged.
#[derive(Clone, Copy, Debug)]
pub struct JudgeOptions {
    /// Units of spans.
    pub offsets: Offsets,
    /// Whether examples may quote the text.
    pub show_text: bool,
}

/// A finding of the decision: each entry and place once, although several guardrails may have it.
struct Seen {
    key: EntryKey,
    bytes: Span,
}

fn seen(findings: &[Finding<'_>]) -> Vec<Seen> {
    let mut all: Vec<Seen> = Vec::new();
    let mut known = std::collections::BTreeSet::new();
    for finding in findings {
        let key = EntryKey::of(finding);
        let bytes = (finding.start, finding.end);
        let place = if key.is_placed() { bytes } else { (0, 0) };
        if known.insert((key.clone(), place)) {
            all.push(Seen { key, bytes });
        }
    }
    all
}

/// Pairs, for every entry, its labels with its findings; then what is left of a policy with the labels that
/// name the policy only. Numbers of findings are those in `seen`.
fn pairs(truths: &[Truth], seen: &[Seen]) -> Pairs {
    let mut pairs = Pairs {
        exact: vec![None; truths.len()],
        overlap: vec![None; truths.len()],
    };
    let mut groups: BTreeMap<&EntryKey, Vec<usize>> = BTreeMap::new();
    for (place, truth) in truths.iter().enumerate() {
        groups.entry(&truth.key).or_default().push(place);
    }
    // Labels that name an entry come first: one that names a policy only takes what they leave.
    for specific in [true, false] {
        for (key, places) in &groups {
            if key.entry.is_some() != specific {
                continue;
            }
            let free: Vec<usize> = (0..seen.len())
                .filter(|&number| {
                    let own = if specific {
                        seen[number].key == **key
                    } else {
                        seen[number].key.policy == key.policy
                    };
                    own && !pairs.overlap.contains(&Some(number))
                })
                .collect();
            let spans = |number: &usize| {
                let whole = (0, 1);
                if key.is_placed() {
                    seen[*number].bytes
                } else {
                    whole
                }
            };
            let found: Vec<Span> = free.iter().map(spans).collect();
            let labels: Vec<Span> = places
                .iter()
                .map(|&place| {
                    truths[place]
                        .bytes
                        .filter(|_| key.is_placed())
                        .unwrap_or((0, 1))
                })
                .collect();
            let own = pair(&labels, &found);
            for (at, &place) in places.iter().enumerate() {
                pairs.exact[place] = own.exact[at].map(|number| free[number]);
                pairs.overlap[place] = own.overlap[at].map(|number| free[number]);
            }
        }
    }
    pairs
}

/// For labels that were not found, the findings of other entries that have most in common with them.
fn instead(truths: &[Truth], seen: &[Seen], pairs: &Pairs) -> Vec<Option<usize>> {
    let mut taken: Vec<bool> = vec![false; seen.len()];
    for number in pairs.overlap.iter().flatten() {
        taken[*number] = true;
    }
    let mut instead = vec![None; truths.len()];
    for (place, truth) in truths.iter().enumerate() {
        let Some(label) = truth.bytes.filter(|_| truth.key.is_placed()) else {
            continue;
        };
        if pairs.overlap[place].is_some() {
            continue;
        }
        let free = (0..seen.len()).filter(|&number| !taken[number] && seen[number].key.is_placed());
        let most = free
            .map(|number| (common(label, seen[number].bytes), number))
            .filter(|(common, _)| *common > 0)
            .max_by_key(|&(common, number)| (common, std::cmp::Reverse(number)));
        if let Some((_, number)) = most {
            taken[number] = true;
            instead[place] = Some(number);
        }
    }
    instead
}

/// Labels and findings, judged.
pub fn judge(
    text: &str,
    truths: &[Truth],
    answer: &Answer<'_>,
    options: JudgeOptions,
) -> (Vec<JudgedLabel>, Vec<JudgedFinding>) {
    let seen = seen(&answer.edgerail.findings);
    let pairs = pairs(truths, &seen);
    let instead = instead(truths, &seen, &pairs);
    let value = |span: Span| {
        let value = text.get(span.0..span.1).unwrap_or_default();
        options.show_text.then(|| value.to_owned())
    };
    let chars = |span: Span| {
        let value = text.get(span.0..span.1).unwrap_or_default();
        value.chars().count()
    };
    let labels = truths.iter().enumerate().map(|(place, truth)| JudgedLabel {
        key: truth.key.clone(),
        at: truth.given,
        exact: pairs.exact[place].is_some(),
        overlap: pairs.overlap[place].is_some(),
        instead: instead[place].map(|number| seen[number].key.clone()),
        deferred: pairs.overlap[place].is_none()
            && answer
                .edgerail
                .deferred
                .iter()
                .any(|d| covers(d, &truth.key)),
        value: truth.bytes.and_then(value),
        chars: truth.bytes.map_or(0, chars),
    });
    let spans: Vec<Span> = seen.iter().map(|seen| seen.bytes).collect();
    let shown = options.offsets.convert(text, &spans);
    let found = seen
        .iter()
        .zip(shown)
        .enumerate()
        .map(|(number, (seen, at))| JudgedFinding {
            key: seen.key.clone(),
            at: Some(at),
            exact: pairs.exact.contains(&Some(number)),
            overlap: pairs.overlap.contains(&Some(number)),
            instead: instead.contains(&Some(number)),
            value: value(seen.bytes),
            chars: chars(seen.bytes),
        });
    (labels.collect(), found.collect())
}

/// Whether what is deferred includes an entry.
fn covers(deferred: &Deferred<'_>, key: &EntryKey) -> bool {
    let policy = deferred.policy == "all" || deferred.policy == key.policy;
    policy
        && (deferred.entry.is_none()
            || key.entry.is_none()
            || deferred.entry.as_deref() == key.entry.as_deref())
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPTIONS: JudgeOptions = JudgeOptions {
        offsets: Offsets::Chars,
        show_text: false,
    };

    fn answer(findings: &[(&str, &str, usize, usize)], deferred: &str) -> String {
        let findings: Vec<String> = findings
            .iter()
            .map(|(policy, ty, start, end)| {
                format!(
                    r#"{{"action":"BLOCKED","guardrail":"g","match":"","policy":"{policy}","score":1,"type":"{ty}","start":{start},"end":{end}}}"#
                )
            })
            .collect();
        format!(
            r#"{{"action":"NONE","actionReason":"","edgerail":{{"coverage":[],"deferred":[{deferred}],"findings":[{}],"found":0,"guardrails":[],"reasonCode":"ok"}}}}"#,
            findings.join(",")
        )
    }

    fn truth(ty: Option<&str>, start: usize, end: usize) -> Truth {
        let policy = "sensitiveInformationPolicy";
        Truth {
            key: ty.map_or_else(|| EntryKey::whole(policy), |ty| EntryKey::new(policy, ty)),
            bytes: Some((start, end)),
            given: Some((start, end)),
        }
    }

    const PII: &str = "sensitiveInformationPolicy";

    #[test]
    fn a_label_found_as_another_type_is_a_miss_and_a_confusion() {
        let json = answer(&[(PII, "PHONE", 0, 12), (PII, "EMAIL", 20, 30)], "");
        let answer = Answer::read(&json).unwrap();
        let text = "x".repeat(40);
        let truths = [truth(Some("PIN"), 2, 10), truth(Some("EMAIL"), 20, 31)];
        let (labels, found) = judge(&text, &truths, &answer, OPTIONS);
        assert!(!labels[0].overlap && !labels[0].exact);
        assert_eq!(labels[0].instead, Some(EntryKey::new(PII, "PHONE")));
        assert!(labels[1].overlap && !labels[1].exact);
        assert!(found[0].instead && !found[0].overlap);
        assert!(found[1].overlap && !found[1].exact && !found[1].instead);
    }

    #[test]
    fn one_finding_of_two_guardrails_counts_once() {
        let json = answer(&[(PII, "EMAIL", 0, 9), (PII, "EMAIL", 0, 9)], "");
        let answer = Answer::read(&json).unwrap();
        let (labels, found) = judge("a@b.cd.ef", &[truth(Some("EMAIL"), 0, 9)], &answer, OPTIONS);
        assert_eq!((labels[0].exact, found.len()), (true, 1));
    }

    #[test]
    fn a_label_that_names_a_policy_takes_what_is_left() {
        let json = answer(&[(PII, "EMAIL", 0, 9), (PII, "PHONE", 10, 19)], "");
        let answer = Answer::read(&json).unwrap();
        let text = "x".repeat(20);
        let truths = [truth(None, 10, 19), truth(Some("EMAIL"), 0, 9)];
        let (labels, found) = judge(&text, &truths, &answer, OPTIONS);
        assert!(labels.iter().all(|label| label.exact));
        assert!(found.iter().all(|finding| finding.exact));
    }

    #[test]
    fn topics_are_of_the_whole_text() {
        let json = answer(
            &[("topicPolicy", "Tax", 3, 6), ("topicPolicy", "Tax", 8, 9)],
            "",
        );
        let answer = Answer::read(&json).unwrap();
        let topic = |name: &str| Truth {
            key: EntryKey::new("topicPolicy", name),
            bytes: None,
            given: None,
        };
        let (labels, found) = judge(
            "0123456789",
            &[topic("Tax"), topic("Art")],
            &answer,
            OPTIONS,
        );
        assert!(labels[0].exact && !labels[1].overlap);
        assert_eq!(labels[1].instead, None);
        assert_eq!(found.len(), 1);
    }

    #[test]
    fn misses_that_the_cloud_still_sees_are_marked() {
        let own = r#"{"policy":"sensitiveInformationPolicy","entry":"NAME","reason":"negative_is_not_final"}"#;
        let json = answer(&[], own);
        let answer = Answer::read(&json).unwrap();
        let truths = [truth(Some("NAME"), 0, 3), truth(Some("EMAIL"), 4, 6)];
        let (labels, _) = judge("0123456789", &truths, &answer, OPTIONS);
        assert_eq!([labels[0].deferred, labels[1].deferred], [true, false]);
        let json = answer_all();
        let answer = Answer::read(&json).unwrap();
        let (labels, _) = judge("0123456789", &truths, &answer, OPTIONS);
        assert!(labels.iter().all(|label| label.deferred));
    }

    fn answer_all() -> String {
        answer(&[], r#"{"policy":"all","reason":"limit_text"}"#)
    }
}
