//! What a bundle takes away from the one that was published before.

use edgerail_judge::{Attr, Change, Changes, Item, Kind, Part, Snapshot, Way, What};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::custom::Counts;
use crate::error::{Error, Result};
use crate::gate::{Candidate, Loss, check_losses, losses};
use crate::name::Line;
use crate::text::count;

/// What may be published although it protects less. Each needs an approval, whatever the repository asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Allowed {
    /// Counts that have become much smaller, and the removal of a current bundle.
    pub shrink: bool,
    /// Rules that have gone, act less, or are excepted.
    pub weaker: bool,
}

/// What a line had before.
#[derive(Clone, Debug)]
pub(crate) struct Before {
    /// As the signed metadata says.
    pub(crate) counts: Counts,
    /// `None` if the bytes are gone, or are of a version that this loader does not read.
    pub(crate) bundle: Option<Candidate>,
}

/// Something that protects less than before, without any text of the policy.
///
/// Another version of this program, on the machine of another signer, may word it differently, and may find more. So
/// records are compared by code and place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Weakening {
    /// What it is and what happened to it, as `edgerail diff` names them: `word.removed`, `mode.changed`.
    code: String,
    /// The guardrail's name; none of what holds for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    guardrail: Option<String>,
    /// The name of the rule, unless that is a text of the policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rule: Option<String>,
    /// How many there are of the same code and place.
    times: usize,
    /// In words.
    #[serde(default)]
    text: Vec<String>,
}

impl Weakening {
    fn is_at(&self, other: &Weakening) -> bool {
        let place = |w: &Weakening| (w.code.clone(), w.guardrail.clone(), w.rule.clone());
        place(self) == place(other)
    }

    /// Adds up what has the same code and place. Equal texts stay once.
    fn collect(found: impl Iterator<Item = Weakening>) -> Vec<Weakening> {
        let mut list: Vec<Weakening> = Vec::new();
        for one in found {
            match list.iter_mut().find(|other| other.is_at(&one)) {
                None => list.push(one),
                Some(other) => {
                    other.times += one.times;
                    let new = one
                        .text
                        .into_iter()
                        .filter(|text| !other.text.contains(text));
                    let new: Vec<String> = new.collect();
                    other.text.extend(new);
                }
            }
        }
        list
    }

    /// In a line.
    fn line(&self) -> String {
        let place = self.guardrail.as_ref();
        let place = place.map_or(String::new(), |name| format!("guardrail {name:?}: "));
        let times = match self.times {
            1 => String::new(),
            times => format!(", {}", count(times, "time")),
        };
        format!("{place}{}{times}", self.text.join("; "))
    }

    /// Whether a record says all of these. It may say more: a version that finds more may have made it.
    fn are_noted(found: &[Weakening], record: &Value) -> bool {
        let noted: Vec<Weakening> = match record {
            Value::Null => Vec::new(),
            record => match serde_json::from_value(record.clone()) {
                Ok(noted) => noted,
                Err(_) => return false,
            },
        };
        found.iter().all(|one| {
            let mut noted = noted.iter();
            noted.any(|other| other.is_at(one) && other.times >= one.times)
        })
    }
}

/// What a bundle takes away.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Review {
    /// Counts that have become much smaller.
    pub(crate) losses: Vec<Loss>,
    /// What protects less than before.
    pub(crate) weaker: Vec<Weakening>,
    /// The exceptions of a first bundle; those that a later one adds are in `weaker`.
    pub(crate) exceptions: Vec<Weakening>,
}

/// The loss that the removal of a current bundle is.
pub(crate) const REMOVED: Loss = Loss {
    count: "bundles",
    before: 1,
    after: 0,
};

/// The bundle before is gone, or of a version that this loader does not read.
fn not_compared() -> Weakening {
    let text = "the bundle before cannot be read here any more: nothing of it is compared";
    Weakening {
        code: "bundle.notCompared".to_owned(),
        guardrail: None,
        rule: None,
        times: 1,
        text: vec![text.to_owned()],
    }
}

impl Review {
    /// Compares a bundle with what its line had before. A loss is one of more than `percent`.
    pub(crate) fn of(before: Option<&Before>, after: &Candidate, percent: u32) -> Review {
        let Some(before) = before else {
            return Review {
                exceptions: exceptions(&after.snapshot),
                ..Review::default()
            };
        };
        let counts = before.bundle.as_ref().map_or(before.counts, |b| b.counts);
        let weaker = match &before.bundle {
            None => vec![not_compared()],
            Some(bundle) => weaker(&bundle.snapshot, &after.snapshot),
        };
        Review {
            losses: losses(&counts, &after.counts, percent),
            weaker,
            exceptions: Vec::new(),
        }
    }

    /// Whether somebody has to approve it.
    pub(crate) const fn needs_approval(&self) -> bool {
        !self.losses.is_empty() || !self.weaker.is_empty()
    }

    /// Refuses what is not allowed by name.
    pub(crate) fn refuse(&self, line: &Line, percent: u32, allowed: Allowed) -> Result<()> {
        if !allowed.shrink {
            check_losses(line, &self.losses, percent)?;
        }
        if allowed.weaker || self.weaker.is_empty() {
            return Ok(());
        }
        let lines: Vec<String> = self.weaker.iter().map(Weakening::line).collect();
        let message = format!(
            "protects less than the published version: {}; if that is meant, give --allow-weaker",
            lines.join("; ")
        );
        Err(Error::new("weaker", line.to_string(), message))
    }

    /// What the record keeps of it.
    pub(crate) fn note(&self, gate: &mut Value) {
        if !gate.is_object() {
            *gate = json!({});
        }
        if !self.losses.is_empty() {
            gate["shrink"] = losses_json(&self.losses);
        }
        if !self.weaker.is_empty() {
            gate["weaker"] = json!(self.weaker);
        }
        if !self.exceptions.is_empty() {
            gate["exceptions"] = json!(self.exceptions);
        }
    }

    /// Whether a record says this. Losses are numbers, which every version of this program counts alike.
    pub(crate) fn is_noted(&self, gate: &Value) -> bool {
        let losses = match self.losses.as_slice() {
            [] => Value::Null,
            losses => losses_json(losses),
        };
        gate["shrink"] == losses
            && Weakening::are_noted(&self.weaker, &gate["weaker"])
            && Weakening::are_noted(&self.exceptions, &gate["exceptions"])
    }

    /// What signers are told.
    pub(crate) fn lines(&self) -> Vec<String> {
        let lost = self
            .losses
            .iter()
            .map(|l| format!("loses: {} {} → {}", l.count, l.before, l.after));
        let weaker = self.weaker.iter();
        let weaker = weaker.map(|weaker| format!("weakens: {}", weaker.line()));
        let excepted = self.exceptions.iter().map(Weakening::line);
        lost.chain(weaker).chain(excepted).collect()
    }
}

pub(crate) fn losses_json(losses: &[Loss]) -> Value {
    let one = |loss: &Loss| {
        json!({
            "count": loss.count, "before": loss.before, "after": loss.after, "allowed": true,
        })
    };
    losses.iter().map(one).collect()
}

/// How much of a bundle acts: rules that block or mask, of guardrails that enforce. What only reports, is turned
/// off, or is left to the cloud protects nobody here.
pub(crate) fn acting(snapshot: &Snapshot, exceptions: u64) -> Counts {
    let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    let enforcing = || snapshot.guardrails.iter().filter(|part| part.enforces);
    let sum = |kind: Kind| {
        let of = |part: &Part| {
            let items = part.items.iter();
            let acting = items.filter(|((other, _), item)| *other == kind && holds_back(item));
            number(acting.count())
        };
        enforcing().map(of).sum()
    };
    Counts {
        guardrails: number(enforcing().count()),
        words: sum(Kind::Word),
        pii: sum(Kind::Type),
        regexes: sum(Kind::Regex),
        topics: sum(Kind::Topic),
        exceptions,
    }
}

/// Whether an entry blocks or masks here, in any direction.
fn holds_back(item: &Item) -> bool {
    let acts = |attr: &Attr| {
        ["input", "output"].contains(&attr.name)
            && ["BLOCK", "ANONYMIZE"].contains(&attr.value.as_str())
    };
    item.attrs.iter().any(acts)
}

/// What protects less.
fn weaker(before: &Snapshot, after: &Snapshot) -> Vec<Weakening> {
    let changes = Changes::between(before, after);
    let weaker = changes.list.iter().filter(|c| c.way == Way::Weakens);
    Weakening::collect(weaker.map(weakening))
}

/// A change with its code and place. Configured texts, patterns and excepted values are not in it.
fn weakening(change: &Change) -> Weakening {
    let hidden = change.kind.is_secret() || change.kind == Kind::Exception;
    let rule = (!hidden && !change.name.is_empty()).then(|| change.name.clone());
    let shown = |name: &str| change.kind != Kind::Exception || EXCEPTION.contains(&name);
    let attrs = change.attrs.iter().filter(|a| !a.secret && shown(a.name));
    let mut details = Vec::new();
    for attr in attrs {
        match (change.what, &attr.old, &attr.new) {
            (What::Changed, Some(old), Some(new)) if attr.way == Way::Weakens => {
                details.push(format!("{} {old} → {new}", attr.name));
            }
            (What::Added, _, Some(new)) if change.kind == Kind::Exception => {
                details.push(format!("{} {new}", attr.name));
            }
            _ => {}
        }
    }
    let details = if details.is_empty() {
        String::new()
    } else {
        format!(" ({})", details.join(", "))
    };
    let name = rule.as_ref().map(|rule| format!(" {rule}"));
    Weakening {
        code: format!("{}.{}", change.kind.name(), change.what.name()),
        guardrail: change.guardrail.as_ref().map(ToString::to_string),
        times: 1,
        text: vec![format!(
            "{}{} {}{details}",
            change.kind.words(),
            name.unwrap_or_default(),
            change.what.name()
        )],
        rule,
    }
}

/// What is said of an exception: the excepted value itself is not.
const EXCEPTION: [&str; 4] = ["id", "until", "models", "approved by"];

fn exceptions(snapshot: &Snapshot) -> Vec<Weakening> {
    let mut found = Vec::new();
    for part in &snapshot.guardrails {
        for ((kind, _), item) in &part.items {
            if *kind == Kind::Exception {
                let attrs = item.attrs.iter();
                let attrs = attrs.filter(|attr| EXCEPTION.contains(&attr.name));
                let attrs: Vec<String> = attrs.map(|a| format!("{} {}", a.name, a.value)).collect();
                found.push(Weakening {
                    code: format!("{}.{}", kind.name(), What::Added.name()),
                    guardrail: Some(part.name.to_string()),
                    rule: None,
                    times: 1,
                    text: vec![format!("exception ({})", attrs.join(", "))],
                });
            }
        }
    }
    Weakening::collect(found.into_iter())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weakening(code: &str, rule: Option<&str>, times: usize, text: &str) -> Weakening {
        Weakening {
            code: code.to_owned(),
            guardrail: Some("g".to_owned()),
            rule: rule.map(str::to_owned),
            times,
            text: vec![text.to_owned()],
        }
    }

    fn review(weaker: Vec<Weakening>) -> Review {
        Review {
            weaker,
            ..Review::default()
        }
    }

    #[test]
    fn machines_that_word_a_weakening_otherwise_take_each_others_records() {
        let here = review(vec![
            weakening("word.removed", None, 3, "word removed"),
            weakening("type.changed", Some("EMAIL"), 1, "type EMAIL changed"),
        ]);
        let mut gate = Value::Null;
        here.note(&mut gate);
        assert!(here.is_noted(&gate));
        gate["weaker"][0]["text"] = json!(["a word has gone"]);
        gate["weaker"][1].as_object_mut().unwrap().remove("text");
        assert!(here.is_noted(&gate));
        // A newer version finds more.
        let more = json!({"code": "tier.changed", "guardrail": "g", "times": 1, "since": 7});
        gate["weaker"].as_array_mut().unwrap().push(more);
        assert!(here.is_noted(&gate));
        assert!(review(Vec::new()).is_noted(&Value::Null));
    }

    #[test]
    fn a_record_that_leaves_a_weakening_out_is_refused() {
        let here = review(vec![
            weakening("word.removed", None, 3, "word removed"),
            weakening("type.changed", Some("EMAIL"), 1, "type EMAIL changed"),
        ]);
        let mut whole = Value::Null;
        here.note(&mut whole);
        for (member, value) in [
            ("code", json!("word.added")),
            ("guardrail", json!("h")),
            ("guardrail", Value::Null),
            ("rule", json!("PHONE")),
            ("times", json!(2)),
            ("times", json!("3")),
        ] {
            let mut gate = whole.clone();
            gate["weaker"][0][member] = value.clone();
            assert!(!here.is_noted(&gate), "{member} {value}");
        }
        for gone in [
            json!([]),
            Value::Null,
            json!("word removed"),
            json!(["word removed"]),
        ] {
            let mut gate = whole.clone();
            gate["weaker"] = gone;
            assert!(!here.is_noted(&gate), "{gate}");
        }
        let mut gate = whole;
        gate["shrink"] = json!([]);
        assert!(!here.is_noted(&gate), "a loss that is none");
    }

    #[test]
    fn equal_places_are_counted_and_each_text_said_once() {
        let found = ["a", "b", "a"].map(|text| weakening("word.changed", None, 1, text));
        let list = Weakening::collect(found.into_iter());
        let lines: Vec<String> = list.iter().map(Weakening::line).collect();
        assert_eq!(lines, ["guardrail \"g\": a; b, 3 times"]);
    }
}
