use serde_json::{Value, json};

use super::{Diffed, place, reasons};
use crate::judge::data::DiffData;
use crate::judge::{Shift, Way, What};
use crate::report::sarif::{file_uri, log};

impl Diffed<'_> {
    fn data(&self) -> DiffData<'_> {
        DiffData {
            old: self.old,
            new: self.new,
            changes: self.changes,
            impact: self.impact,
            corpus: &self.corpus,
            as_enforced: self.as_enforced,
        }
    }

    fn conditions_json(&self) -> Vec<Value> {
        let conditions = self.conditions.iter();
        conditions
            .map(|c| json!({"condition": c.text, "met": c.met}))
            .collect()
    }

    /// Every difference and figure as one document.
    pub(crate) fn json(&self) -> Value {
        let mut document = self.data().json();
        document["conditions"] = self.conditions_json().into();
        document
    }

    /// A line for each difference, then one for each example, then one with the figures.
    pub(crate) fn jsonl(&self) -> String {
        let mut lines = String::new();
        for mut record in self.data().records() {
            if record["record"] == "summary" {
                record["conditions"] = self.conditions_json().into();
            }
            lines.push_str(&record.to_string());
            lines.push('\n');
        }
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
        for (shift, affected) in self.impact.iter().flat_map(|impact| impact.listed()) {
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
