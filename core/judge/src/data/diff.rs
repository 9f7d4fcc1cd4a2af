//! A comparison as data.

use serde_json::{Map, Value, json};

use super::eval::effects_json;
use crate::{
    Affected, AttrChange, Change, Changes, Effect, EntryKey, Impact, Shift, Snapshot, Way,
};

/// Two versions, compared.
#[derive(Clone, Copy, Debug)]
pub struct DiffData<'a> {
    /// The version in use.
    pub old: &'a Snapshot,
    /// The version to come.
    pub new: &'a Snapshot,
    /// What is different.
    pub changes: &'a Changes,
    /// What that does to a corpus, if there is one.
    pub impact: Option<&'a Impact>,
    /// The corpus's files.
    pub corpus: &'a [String],
    /// Whether guardrails that only observe were taken as if they acted.
    pub as_enforced: bool,
}

impl DiffData<'_> {
    /// Every difference and figure as one document.
    #[must_use]
    pub fn json(&self) -> Value {
        let count = |way| self.changes.count(way);
        json!({
            "changes": self.changes.list.iter().map(change_json).collect::<Vec<_>>(),
            "counts": {
                "differs": count(Way::Differs),
                "strengthens": count(Way::Strengthens),
                "weakens": count(Way::Weakens),
            },
            "impact": self.impact.map(|impact| self.impact_json(impact)),
            "new": side_json(self.new),
            "notCompared": self.changes.not_compared,
            "old": side_json(self.old),
            "same": self.changes.list.is_empty(),
        })
    }

    fn impact_json(&self, impact: &Impact) -> Value {
        let (old, new) = impact.with(Effect::Block);
        let shifts = Shift::ALL.map(|shift| (shift.name().to_owned(), impact.count(shift).into()));
        let causes = impact.causes.iter().map(|(key, counts)| {
            let counts = counts
                .iter()
                .map(|(shift, count)| (shift.name().to_owned(), (*count).into()));
            let mut value = key_json(key);
            value["shifts"] = Value::Object(counts.collect());
            value
        });
        let examples = impact.listed().map(|(_, affected)| affected_json(affected));
        json!({
            "affected": impact.affected(),
            "affectedShare": crate::ratio(impact.affected(), impact.rows),
            "asEnforced": self.as_enforced,
            "blocked": {"new": new, "old": old},
            "blockRateIncreasePoints": impact.block_rate_increase(),
            "corpus": self.corpus,
            "effects": effects_json(&impact.effects),
            "examples": examples.collect::<Vec<_>>(),
            "failed": impact.failed,
            "reasons": causes.collect::<Vec<_>>(),
            "refused": impact.refused,
            "shifts": Value::Object(Map::from_iter(shifts)),
            "texts": impact.rows,
            "weakenedPercent": impact.weakened_share(),
        })
    }

    /// A record for each difference, then one for each example, then one with the figures; their member
    /// `record` says which.
    #[must_use]
    pub fn records(&self) -> Vec<Value> {
        let mut records = Vec::new();
        let mut add = |kind: &str, mut value: Value| {
            value["record"] = kind.into();
            records.push(value);
        };
        for change in &self.changes.list {
            add("change", change_json(change));
        }
        if let Some(impact) = self.impact {
            for (_, affected) in impact.listed() {
                add("example", affected_json(affected));
            }
        }
        let mut summary = self.json();
        if let Some(members) = summary.as_object_mut() {
            members.remove("changes");
            if let Some(impact) = members.get_mut("impact").and_then(Value::as_object_mut) {
                impact.remove("examples");
            }
        }
        add("summary", summary);
        records
    }
}

fn side_json(side: &Snapshot) -> Value {
    json!({
        "file": side.place,
        "overlay": side.overlay,
        "guardrails": side.guardrails.iter().map(|part| part.name.as_str()).collect::<Vec<_>>(),
        "sha256": side.sha256,
    })
}

fn change_json(change: &Change) -> Value {
    let attr = |attr: &AttrChange| json!({"name": attr.name, "new": attr.new, "old": attr.old, "way": attr.way.name()});
    json!({
        "cloudOnly": change.cloud,
        "guardrail": change.guardrail,
        "kind": change.kind.name(),
        "name": change.name,
        "properties": change.attrs.iter().map(attr).collect::<Vec<_>>(),
        "way": change.way.name(),
        "what": change.what.name(),
    })
}

fn key_json(key: &EntryKey) -> Value {
    json!({"entry": key.entry, "policy": key.policy})
}

fn affected_json(affected: &Affected) -> Value {
    let row = &affected.row;
    json!({
        "chars": row.chars,
        "file": affected.file,
        "id": row.id,
        "line": row.line,
        "new": row.new.name(),
        "old": row.old.name(),
        "reasons": row.causes.iter().map(key_json).collect::<Vec<_>>(),
        "shift": row.shift.map(Shift::name),
        "text": row.text,
    })
}
