use serde_json::{Value, json};

use super::Evaluated;
use crate::judge::data::EvalData;
use crate::judge::{Example, Flaw};
use crate::report::sarif::{file_uri, log};

impl Evaluated<'_> {
    /// Every figure as one document.
    pub(crate) fn json(&self) -> Value {
        let data = EvalData {
            guardrail: &self.guardrail,
            data: &self.data,
            engine: self.engine,
            matching: self.matching,
            offsets: self.offsets,
            summary: self.summary,
            verdicts: self.verdicts,
        };
        data.json()
    }

    /// SARIF 2.1.0: a result for each example, an error for each condition that is not met.
    pub(crate) fn sarif(&self) -> Value {
        let mut results = Vec::new();
        for (flaw, rule, level, what) in [
            (
                Flaw::Miss,
                "miss",
                "warning",
                "is labelled and was not found",
            ),
            (
                Flaw::FalseAlarm,
                "false-alarm",
                "warning",
                "was found and is not labelled",
            ),
        ] {
            for (key, example) in self.summary.listed(flaw) {
                let value = self.value(example);
                let mut text = format!("{} {what}: {value}", key.shown());
                if let Some(note) = &example.note {
                    text = format!("{text} ({note})");
                }
                results.push(result(rule, level, &text, example));
            }
        }
        for example in &self.summary.wrong_actions {
            let note = example.note.as_deref().unwrap_or_default();
            results.push(result("wrong-action", "warning", note, example));
        }
        for verdict in self.verdicts.iter().filter(|verdict| !verdict.passed) {
            results.push(json!({
                "ruleId": "condition",
                "level": "error",
                "message": {"text": super::verdict_text(verdict)},
            }));
        }
        let rules = [
            ("miss", "Something that is labelled was not found."),
            ("false-alarm", "Something was found that is not labelled."),
            ("wrong-action", "A text is not treated as it should be."),
            ("condition", "A condition of --fail-under is not met."),
        ];
        log(&rules, results, self.summary.refused == 0)
    }
}

fn result(rule: &str, level: &str, text: &str, example: &Example) -> Value {
    let uri = file_uri(std::path::Path::new(&example.file));
    json!({
        "ruleId": rule,
        "level": level,
        "message": {"text": format!("{text} (id {})", crate::report::table::shortened(&example.id, 40))},
        "locations": [{"physicalLocation": {
            "artifactLocation": {"uri": uri},
            "region": {"startLine": example.line},
        }}],
    })
}
