//! What is different between two versions of a guardrail, and what that does to texts.

mod data;
mod html;
mod text;

use std::collections::BTreeMap;

use crate::judge::{Affected, AttrChange, Change, Changes, Impact, Kind, Snapshot, Way, What};
use crate::report::table::{counted, shortened};
use crate::report::{hidden, one_line};

/// Two versions, compared.
pub(crate) struct Diffed<'a> {
    /// The version in use.
    pub(crate) old: &'a Snapshot,
    /// The version to come.
    pub(crate) new: &'a Snapshot,
    /// What is different.
    pub(crate) changes: &'a Changes,
    /// What that does to a corpus, if there is one.
    pub(crate) impact: Option<&'a Impact>,
    /// What was asked for.
    pub(crate) conditions: &'a [Condition],
    /// The corpus's files.
    pub(crate) corpus: Vec<String>,
    /// Whether texts, words and patterns may be quoted.
    pub(crate) show_text: bool,
    /// Whether guardrails that only observe were taken as if they acted.
    pub(crate) as_enforced: bool,
}

/// More differences than this that look the same are told as one.
const FOLDED: usize = 3;

/// A line of the list of differences.
enum Listed<'a> {
    /// One difference.
    One(&'a Change),
    /// What several look like, and which they are.
    Many(String, Vec<&'a Change>),
}

impl<'a> Listed<'a> {
    fn first(&self) -> &'a Change {
        match self {
            Listed::One(change) => change,
            // There are always some.
            Listed::Many(_, changes) => changes[0],
        }
    }
}

/// A condition and what it came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Condition {
    /// The condition and the figure.
    pub(crate) text: String,
    /// Whether it is met.
    pub(crate) met: bool,
}

impl Diffed<'_> {
    /// What it comes to, in one line.
    fn verdict(&self) -> String {
        let list = &self.changes.list;
        if list.is_empty() {
            return "no differences: both are the same bundle, byte for byte".to_owned();
        }
        let ways: Vec<String> = Way::ALL
            .into_iter()
            .map(|way| (self.changes.count(way), way))
            .filter(|(count, _)| *count > 0)
            .map(|(count, way)| match (way, count) {
                (Way::Weakens, 1) => "1 weakens".to_owned(),
                (Way::Weakens, count) => format!("{count} weaken"),
                (Way::Strengthens, 1) => "1 strengthens".to_owned(),
                (Way::Strengthens, count) => format!("{count} strengthen"),
                (Way::Differs, 1) => "1 can go either way".to_owned(),
                (Way::Differs, count) => format!("{count} can go either way"),
            })
            .collect();
        let count = u64::try_from(list.len()).unwrap_or(u64::MAX);
        format!("{}: {}", counted(count, "difference"), ways.join(", "))
    }

    /// Whether the names of guardrails say anything.
    fn names_guardrails(&self) -> bool {
        self.old.guardrails.len() > 1 || self.new.guardrails.len() > 1
    }

    /// A thing's kind and name, as far as it may be shown.
    fn subject(&self, change: &Change) -> String {
        let name = one_line(&change.name);
        let name = match change.kind {
            // Of a keyword, the topic is no secret.
            Kind::Keyword | Kind::KeywordAgainst if !self.show_text => {
                match change.name.split_once(" › ") {
                    Some((topic, word)) => format!("{topic} › {}", hidden(word.chars().count())),
                    None => hidden(change.name.chars().count()),
                }
            }
            kind if kind.is_secret() && !self.show_text => hidden(change.name.chars().count()),
            Kind::Exception if !self.show_text => match change.name.split_once(" value ") {
                Some((ty, value)) => format!("{ty} value {}", hidden(value.chars().count())),
                None => name,
            },
            Kind::Mode | Kind::Reasoning => String::new(),
            _ => name,
        };
        let subject = format!("{} {name}", change.kind.words());
        match &change.guardrail {
            Some(guardrail) if self.names_guardrails() && change.kind != Kind::Guardrail => {
                format!("{}: {}", one_line(guardrail), subject.trim_end())
            }
            _ => subject.trim_end().to_owned(),
        }
    }

    /// What a corpus cannot show: differences of what only the cloud evaluates. `None` if there are none.
    fn unseen(&self) -> Option<String> {
        let cloud = self.changes.list.iter().filter(|change| change.cloud);
        let count = u64::try_from(cloud.count()).unwrap_or(u64::MAX);
        (count > 0).then(|| {
            format!(
                "{} of what only the cloud evaluates: no corpus shows here what that does",
                counted(count, "difference")
            )
        })
    }

    /// The differences of one way. Where names are hidden, many that look the same are told as one.
    fn listed(&self, way: Way) -> Vec<Listed<'_>> {
        let own = self.changes.list.iter().filter(|change| change.way == way);
        if self.show_text {
            return own.map(Listed::One).collect();
        }
        let mut listed: Vec<Listed<'_>> = Vec::new();
        let mut many: BTreeMap<String, Vec<&Change>> = BTreeMap::new();
        for change in own {
            if change.kind.is_secret() {
                many.entry(self.look(change)).or_default().push(change);
            } else {
                listed.push(Listed::One(change));
            }
        }
        for (look, changes) in many {
            if changes.len() > FOLDED {
                listed.push(Listed::Many(look, changes));
            } else {
                listed.extend(changes.into_iter().map(Listed::One));
            }
        }
        listed.sort_by_key(|listed| {
            let first = listed.first();
            (&first.guardrail, first.kind, &first.name)
        });
        listed
    }

    /// What a difference with a hidden name looks like without it.
    fn look(&self, change: &Change) -> String {
        let guardrail = change
            .guardrail
            .as_ref()
            .filter(|_| self.names_guardrails());
        let guardrail = guardrail.map_or(String::new(), |name| format!("{}: ", one_line(name)));
        let kind = change.kind.words();
        match change.name.split_once(" › ") {
            // Every keyword has its own weight.
            Some((topic, _)) if change.kind != Kind::Word => {
                format!(
                    "{guardrail}{kind}s of {}: {}",
                    one_line(topic),
                    change.what.name()
                )
            }
            _ => format!("{guardrail}{kind}s: {}", self.details(change)),
        }
    }

    /// The two values of a property, as far as they may be shown.
    fn values(&self, attr: &AttrChange) -> (Option<String>, Option<String>) {
        if attr.secret && !self.show_text {
            let hide = |value: &Option<String>| value.as_ref().map(|v| hidden(v.chars().count()));
            return (hide(&attr.old), hide(&attr.new));
        }
        match (&attr.old, &attr.new) {
            (Some(old), Some(new)) => {
                let (old, new) = focused(old, new);
                (Some(old), Some(new))
            }
            (old, new) => {
                let short = |value: &Option<String>| value.as_ref().map(|v| shortened(v, 72));
                (short(old), short(new))
            }
        }
    }

    /// What happened to a thing, in words.
    fn details(&self, change: &Change) -> String {
        // What has one property needs no name for it.
        let named = |name: &str| match name {
            "value" | "text" | "tier" | "mode" | "decision" => String::new(),
            name => format!("{name} "),
        };
        let attrs = change.attrs.iter().map(|attr| match self.values(attr) {
            (old, new) if change.what == What::Changed => {
                let none = || "none".to_owned();
                let (old, new) = (old.unwrap_or_else(none), new.unwrap_or_else(none));
                format!("{}{old} → {new}", named(attr.name))
            }
            (old, new) => format!("{}{}", named(attr.name), old.or(new).unwrap_or_default()),
        });
        let attrs: Vec<String> = attrs.collect();
        match (change.kind, attrs.is_empty()) {
            (Kind::Tables, _) => {
                "differs in bytes although nothing that has a name does: it was compiled by another version".to_owned()
            }
            (_, true) => change.what.name().to_owned(),
            (_, false) if change.what == What::Changed => attrs.join(", "),
            (_, false) => format!("{} ({})", change.what.name(), attrs.join(", ")),
        }
    }

    /// A text of the corpus, as far as it may be shown.
    fn excerpt(&self, affected: &Affected) -> String {
        match &affected.row.text {
            Some(text) if self.show_text => shortened(text, 100),
            _ => hidden(affected.row.chars),
        }
    }
}

/// Two values from where they begin to differ, so that long texts with one other word show that word.
fn focused(old: &str, new: &str) -> (String, String) {
    const MOST: usize = 72;
    const BEFORE: usize = 16;
    if old.chars().count() <= MOST && new.chars().count() <= MOST {
        return (one_line(old), one_line(new));
    }
    let same = old
        .chars()
        .zip(new.chars())
        .take_while(|(a, b)| a == b)
        .count();
    let skip = same.saturating_sub(BEFORE);
    let cut = |text: &str| {
        let rest: String = text.chars().skip(skip).collect();
        let mark = if skip > 0 { "…" } else { "" };
        format!("“{mark}{}”", shortened(&rest, MOST))
    };
    (cut(old), cut(new))
}

/// Where a text is.
fn place(affected: &Affected) -> String {
    let Affected { file, row } = affected;
    let id = shortened(&row.id, 40);
    if id == row.line.to_string() {
        return format!("{file}:{}", row.line);
    }
    format!("{file}:{} (id {id})", row.line)
}

/// The entries that are the reason.
fn reasons(affected: &Affected) -> String {
    let keys = affected.row.causes.iter();
    let names: Vec<String> = keys.map(|key| key.shown()).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_values_are_shown_where_they_differ() {
        let same = "the same words over and over again, ".repeat(5);
        let (old, new) = focused(&format!("{same}call us."), &format!("{same}write us."));
        assert!(
            old.ends_with("call us.”") && new.ends_with("write us.”"),
            "{old} {new}"
        );
        assert!(old.chars().count() < 80 && old.starts_with("“…"));
        assert_eq!(focused("a\n", "b"), ("a\\n".to_owned(), "b".to_owned()));
    }
}
