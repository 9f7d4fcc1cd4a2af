//! What a data set must come to: `f1=0.9,recall.EMAIL=0.95`.

use std::str::FromStr;

use super::effect::EntryKey;
use super::summary::{Matching, Summary};

/// A figure to ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metric {
    /// Precision.
    Precision,
    /// Recall.
    Recall,
    /// F1.
    F1,
    /// The mean of all entries' F1.
    MacroF1,
    /// The share of texts with the action they should have.
    Accuracy,
}

impl Metric {
    const ALL: [(Metric, &'static str); 5] = [
        (Metric::Precision, "precision"),
        (Metric::Recall, "recall"),
        (Metric::F1, "f1"),
        (Metric::MacroF1, "macro-f1"),
        (Metric::Accuracy, "accuracy"),
    ];
}

/// One condition.
#[derive(Clone, Debug, PartialEq)]
pub struct Gate {
    metric: Metric,
    /// As the option says; otherwise as `--match` says.
    matching: Option<Matching>,
    /// A policy, a type or a name; everything otherwise.
    label: Option<String>,
    at_least: f64,
    /// As written.
    text: String,
}

/// What a condition came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// The condition as written.
    pub gate: String,
    /// The figure; `None` if there is nothing to compute it from.
    pub value: Option<f64>,
    /// What it should at least be.
    pub at_least: f64,
    /// Whether it is.
    pub passed: bool,
}

impl FromStr for Gate {
    type Err = String;

    fn from_str(text: &str) -> Result<Gate, String> {
        let shape = "write it as METRIC=VALUE or METRIC.LABEL=VALUE, for example f1=0.9 or recall.EMAIL=0.95";
        let (name, value) = text.rsplit_once('=').ok_or(shape)?;
        let (number, scale) = match value.strip_suffix('%') {
            Some(number) => (number, 100.0),
            None => (value, 1.0),
        };
        let at_least = number.trim().parse::<f64>().map_err(|_| shape)? / scale;
        if !(0.0..=1.0).contains(&at_least) {
            return Err("the value must be from 0 to 1, or from 0% to 100%".to_owned());
        }
        let (matching, name) = match name.split_once('.') {
            Some(("exact", rest)) => (Some(Matching::Exact), rest),
            Some(("overlap", rest)) => (Some(Matching::Overlap), rest),
            _ => (None, name),
        };
        let (metric, label) = match name.split_once('.') {
            Some((metric, label)) => (metric, Some(label.to_owned())),
            None => (name, None),
        };
        let known = Metric::ALL.iter().find(|(_, name)| *name == metric);
        let names = Metric::ALL.map(|(_, name)| name).join(", ");
        let Some(&(metric, _)) = known else {
            return Err(format!("the metric is not known; it is one of {names}"));
        };
        let whole = matches!(metric, Metric::MacroF1 | Metric::Accuracy);
        if label.as_deref() == Some("") || (whole && label.is_some()) {
            return Err("this metric is of the whole data set; leave the label away".to_owned());
        }
        if metric == Metric::Accuracy && matching.is_some() {
            return Err("accuracy is about actions, not spans; leave the matching away".to_owned());
        }
        Ok(Gate {
            metric,
            matching,
            label,
            at_least,
            text: text.to_owned(),
        })
    }
}

impl Gate {
    /// Whether the summary comes up to it.
    ///
    /// # Errors
    /// What is missing, if the data has nothing of the label.
    pub fn judge(&self, summary: &Summary, matching: Matching) -> Result<Verdict, String> {
        let matching = self.matching.unwrap_or(matching);
        let belongs = |key: &EntryKey| match self.label.as_deref() {
            None => true,
            Some(label) => {
                let entry = key.entry.as_deref();
                let with_policy = entry.is_some_and(|entry| {
                    let rest = label.strip_prefix(key.policy.as_str());
                    rest.and_then(|rest| rest.strip_prefix('/')) == Some(entry)
                });
                label == key.policy || entry == Some(label) || with_policy
            }
        };
        if self.label.is_some() && !summary.entries.keys().any(belongs) {
            return Err(format!(
                "{}: the data has no such label and nothing of it was found, so that it cannot be judged",
                self.text
            ));
        }
        let counts = summary.total(belongs).by(matching);
        let value = match self.metric {
            Metric::Precision => counts.precision(),
            Metric::Recall => counts.recall(),
            Metric::F1 => counts.f1(),
            Metric::MacroF1 => summary.macro_f1(matching),
            Metric::Accuracy => {
                let (right, all) = summary.accuracy();
                super::metrics::ratio(right, all)
            }
        };
        Ok(Verdict {
            gate: self.text.clone(),
            value,
            at_least: self.at_least,
            passed: value.is_some_and(|value| value >= self.at_least),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::metrics::Counts;
    use super::super::summary::Scores;
    use super::*;

    fn summary() -> Summary {
        let mut summary = Summary::default();
        let counts = |hits, false_alarms, misses| Counts {
            hits,
            false_alarms,
            misses,
        };
        let mut add = |policy, entry, exact, overlap| {
            let scores = Scores {
                exact,
                overlap,
                deferred: 0,
            };
            summary.entries.insert(EntryKey::new(policy, entry), scores);
        };
        add(
            "sensitiveInformationPolicy",
            "EMAIL",
            counts(5, 5, 5),
            counts(9, 1, 1),
        );
        add("wordPolicy", "PROFANITY", counts(0, 1, 0), counts(0, 1, 0));
        summary.effects[0][0] = 3;
        summary.effects[2][0] = 1;
        summary
    }

    fn judged(gate: &str) -> (Option<f64>, bool) {
        let gate: Gate = gate.parse().unwrap();
        let verdict = gate.judge(&summary(), Matching::Overlap).unwrap();
        (verdict.value, verdict.passed)
    }

    #[test]
    fn conditions_are_met_or_not() {
        assert_eq!(judged("recall=0.9"), (Some(0.9), true));
        assert_eq!(judged("recall=90.1%"), (Some(0.9), false));
        assert_eq!(judged("exact.recall.EMAIL=0.5"), (Some(0.5), true));
        assert_eq!(
            judged("f1.sensitiveInformationPolicy=0.9"),
            (Some(0.9), true)
        );
        assert_eq!(
            judged("precision.wordPolicy/PROFANITY=0"),
            (Some(0.0), true)
        );
        assert_eq!(judged("precision=0.9"), (Some(9.0 / 11.0), false));
        assert_eq!(judged("macro-f1=0.45"), (Some(0.45), true));
        assert_eq!(judged("accuracy=0.75"), (Some(0.75), true));
        // There is no label of profanity: recall has no value, and what has none is not met.
        assert_eq!(judged("recall.PROFANITY=0"), (None, false));
    }

    #[test]
    fn a_label_that_is_not_there_cannot_be_judged() {
        let gate: Gate = "recall.PHONE=0.1".parse().unwrap();
        assert!(gate.judge(&summary(), Matching::Overlap).is_err());
    }

    #[test]
    fn nonsense_is_refused() {
        for text in [
            "f1",
            "f1=",
            "f1=x",
            "f1=1.5",
            "f1=-0.1",
            "f1=NaN",
            "f2=0.5",
            "recall.=0.5",
            "accuracy.EMAIL=0.5",
            "exact.accuracy=0.5",
            "f1=101%",
            "=0.5",
        ] {
            assert!(text.parse::<Gate>().is_err(), "{text}");
        }
    }
}
