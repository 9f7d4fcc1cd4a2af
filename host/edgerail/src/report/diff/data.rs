use serde_json::{Map, Value, json};

use super::{Diffed, place, reasons};
use crate::judge::{
    Affected, AttrChange, Change, Effect, EntryKey, Impact, Shift, Snapshot, Way, What,
};
use crate::report::eval::effects_json;
use crate::report::sarif::{file_uri, log};

impl Diffed<'_> {
    /// Every difference and figure as one document.
    pub(crate) fn json(&self) -> Value {
        let count = |way| self.changes.count(way);
        json!({
            "changes": self.changes.list.iter().map(change_json).collect::<Vec<_>>(),
            "conditions": self.conditions.iter().map(|c| json!({"condition": c.text, "met": c.met})).collect::<Vec<_>>(),
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
        let examples = self
            .examples(impact)
            .map(|(_, affected)| affected_json(affected));
        json!({
            "affected": impact.affected(),
            "affectedShare": crate::judge::ratio(impact.affected(), impact.rows),
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

    /// A line for each difference, then one for each example, then one with the figures.
    pub(crate) fn jsonl(&self) -> String {
        let mut lines = String::new();
        let mut line = |kind: &str, mut value: Value| {
            value["record"] = kind.into();
            lines.push_str(&value.to_string());
            lines.push('\n');
        };
        for change in &self.changes.list {
            line("change", change_json(change));
        }
        if let Some(impact) = self.impact {
            for (_, affected) in self.examples(impact) {
                line("example", affected_json(affected));
            }
        }
        let mut summary = self.json();
        if let Some(members) = summary.as_object_mut() {
            members.remove("changes");
            if let Some(impact) = members.get_mut("impact").and_then(Value::as_object_mut) {
                impact.remove("examples");
            }
        }
        line("summary", summary);
        lines
    }

    /// SARIF 2.1.0: a result for each difference, each kind of affected text and each condition not met.
    pub(crate) fn sarif(&self) -> Value {
        let mut results: Vec<Value> = Vec::new();
        for change in &self.changes.list {
            let (rule, level) = match change.way {
                Way::Weakens => ("weakens", "warning"),
                Way::Strengthens => ("strengthens", "note"),
                Way::Differs => ("differs", "note"),
            };
            let text = format!("{}: {}", self.subject(change), self.details(change));
            // What was removed is in the old file only.
            let side = if change.what == What::Removed {
                self.old
            } else {
                self.new
            };
            results.push(json!({
                "ruleId": rule,
                "level": level,
                "message": {"text": text},
                "locations": [location(&side.place, None)],
            }));
        }
        for (shift, affected) in self.impact.iter().flat_map(|impact| self.examples(impact)) {
            let level = if shift.weakens() { "warning" } else { "note" };
            let text = format!(
                "{}: {} ({})",
                place(affected),
                shift.words(),
                reasons(affected)
            );
            results.push(json!({
                "ruleId": shift.name(),
                "level": level,
                "message": {"text": text},
                "locations": [location(&affected.file, Some(affected.row.line))],
            }));
        }
        for condition in self.conditions.iter().filter(|condition| !condition.met) {
            results.push(json!({
                "ruleId": "condition",
                "level": "error",
                "message": {"text": condition.text},
            }));
        }
        let mut rules = vec![
            (
                "weakens",
                "A difference that lets pass more or holds back less.",
            ),
            ("strengthens", "A difference that holds back more."),
            ("differs", "A difference that can go either way."),
            ("condition", "A condition of the command line is not met."),
        ];
        rules.extend(Shift::ALL.map(|shift| (shift.name(), shift.words())));
        log(
            &rules,
            results,
            self.impact.is_none_or(|impact| impact.refused == 0),
        )
    }
}

fn location(file: &str, line: Option<u64>) -> Value {
    let uri = file_uri(std::path::Path::new(file));
    let mut physical = json!({"artifactLocation": {"uri": uri}});
    if let Some(line) = line {
        physical["region"] = json!({"startLine": line});
    }
    json!({"physicalLocation": physical})
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
