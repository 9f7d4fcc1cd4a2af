//! What a bundle takes away from the one that was published before.

use edgerail_judge::{Attr, Change, Changes, Item, Kind, Part, Snapshot, Way, What};
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

/// What a bundle takes away.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Review {
    /// Counts that have become much smaller.
    pub(crate) losses: Vec<Loss>,
    /// What protects less than before: a line each, without any text of the policy.
    pub(crate) weaker: Vec<String>,
    /// The exceptions of a first bundle; those that a later one adds are in `weaker`.
    pub(crate) exceptions: Vec<String>,
}

/// The loss that the removal of a current bundle is.
pub(crate) const REMOVED: Loss = Loss {
    count: "bundles",
    before: 1,
    after: 0,
};

const NOT_COMPARED: &str =
    "the bundle before cannot be read here any more: nothing of it is compared";

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
            None => vec![NOT_COMPARED.to_owned()],
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
        let message = format!(
            "protects less than the published version: {}; if that is meant, give --allow-weaker",
            self.weaker.join("; ")
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

    /// Whether a record says this and nothing else.
    pub(crate) fn is_noted(&self, gate: &Value) -> bool {
        let mut noted = Value::Null;
        self.note(&mut noted);
        ["shrink", "weaker", "exceptions"]
            .iter()
            .all(|member| gate[*member] == noted[*member])
    }

    /// What signers are told.
    pub(crate) fn lines(&self) -> Vec<String> {
        let lost = self
            .losses
            .iter()
            .map(|l| format!("loses: {} {} → {}", l.count, l.before, l.after));
        let weaker = self.weaker.iter().map(|line| format!("weakens: {line}"));
        let excepted = self.exceptions.iter().cloned();
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

/// What protects less, equal lines once with their number.
fn weaker(before: &Snapshot, after: &Snapshot) -> Vec<String> {
    let changes = Changes::between(before, after);
    let weaker = changes.list.iter().filter(|c| c.way == Way::Weakens);
    let mut lines: Vec<(String, usize)> = Vec::new();
    for line in weaker.map(line) {
        match lines.iter_mut().find(|(other, _)| *other == line) {
            Some((_, number)) => *number += 1,
            None => lines.push((line, 1)),
        }
    }
    let text = |(line, number): (String, usize)| match number {
        1 => line,
        _ => format!("{line}, {}", count(number, "time")),
    };
    lines.into_iter().map(text).collect()
}

/// A change in words. Configured texts, patterns and excepted values are not in it.
fn line(change: &Change) -> String {
    let place = change.guardrail.as_ref();
    let place = place.map_or(String::new(), |name| format!("guardrail {name:?}: "));
    let hidden = change.kind.is_secret() || change.kind == Kind::Exception;
    let name = if hidden {
        String::new()
    } else {
        format!(" {}", change.name)
    };
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
    format!(
        "{place}{}{name} {}{details}",
        change.kind.words(),
        change.what.name()
    )
}

/// What is said of an exception: the excepted value itself is not.
const EXCEPTION: [&str; 4] = ["id", "until", "models", "approved by"];

fn exceptions(snapshot: &Snapshot) -> Vec<String> {
    let mut lines = Vec::new();
    for part in &snapshot.guardrails {
        for ((kind, _), item) in &part.items {
            if *kind == Kind::Exception {
                let attrs = item.attrs.iter();
                let attrs = attrs.filter(|attr| EXCEPTION.contains(&attr.name));
                let attrs: Vec<String> = attrs.map(|a| format!("{} {}", a.name, a.value)).collect();
                lines.push(format!(
                    "guardrail {:?}: exception ({})",
                    part.name,
                    attrs.join(", ")
                ));
            }
        }
    }
    lines
}
