use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;

use serde_json::{Value, json};

use super::Finding;
use super::offsets::Positions;
use super::words::deferred_lines;
use super::{Checked, Offsets, Options, Report, Unchecked};

/// SARIF 2.1.0: one run, one rule an entry that was found, one result a finding. Texts stand in it only
/// if they may be shown.
pub(super) struct Sarif {
    options: Options,
    rules: BTreeMap<String, Value>,
    results: Vec<Value>,
    notes: Vec<Value>,
    successful: bool,
}

impl Sarif {
    pub(super) const fn new(options: Options) -> Sarif {
        Sarif {
            options,
            rules: BTreeMap::new(),
            results: Vec::new(),
            notes: Vec::new(),
            successful: true,
        }
    }

    fn result(&mut self, checked: &Checked<'_>, finding: &Finding<'_>, region: Value) {
        let id = rule_id(finding);
        let entry = finding.safe_entry();
        self.rules.entry(id.clone()).or_insert_with(|| {
            json!({
                "id": id,
                "name": entry,
                "shortDescription": {"text": format!("{} of {}", entry, finding.policy)},
            })
        });
        let effect = finding.would.as_deref().unwrap_or(&finding.action);
        let level = match effect {
            _ if finding.would.is_some() => "note",
            "BLOCKED" => "error",
            "ANONYMIZED" => "warning",
            _ => "note",
        };
        let mut message = format!("{entry}: {}", finding.shown_action());
        if self.options.show_text {
            message = format!("{message}: {}", finding.matched);
        }
        self.results.push(json!({
            "ruleId": id,
            "level": level,
            "message": {"text": message},
            "locations": [location(checked.path, checked.label, Some(region))],
            "properties": {
                "action": finding.action,
                "guardrail": finding.guardrail,
                "policy": finding.policy,
                "score": finding.score,
            },
        }));
    }

    fn note(&mut self, level: &str, id: &str, text: &str, path: Option<&Path>, label: &str) {
        self.notes.push(json!({
            "descriptor": {"id": id},
            "level": level,
            "message": {"text": text},
            "locations": [location(path, label, None)],
        }));
    }
}

impl Report for Sarif {
    fn checked(&mut self, checked: &Checked<'_>, _: &mut dyn Write) -> io::Result<()> {
        let own = &checked.answer.edgerail;
        let spans: Vec<_> = own.findings.iter().map(|f| (f.start, f.end)).collect();
        let chars = Offsets::Chars.convert(checked.text, &spans);
        let (mut starts, mut ends) = (Positions::new(checked.text), Positions::new(checked.text));
        for (finding, (from, to)) in own.findings.iter().zip(chars) {
            let (start, end) = (starts.of(finding.start), ends.of(finding.end));
            let mut region = json!({
                "startLine": start.line,
                "startColumn": start.column,
                "endLine": end.line,
                "endColumn": end.column,
                "charOffset": from,
                "charLength": to.saturating_sub(from),
            });
            if self.options.show_text {
                region["snippet"] = json!({"text": finding.matched});
            }
            self.result(checked, finding, region);
        }
        if own.reason_code != "ok" {
            let text = format!("not evaluated: {}", super::words::reason(&own.reason_code));
            self.note(
                "error",
                &own.reason_code,
                &text,
                checked.path,
                checked.label,
            );
        }
        for line in deferred_lines(&checked.answer.distinct_deferred()) {
            let text = format!("left to the cloud: {line}");
            self.note("note", "deferred", &text, checked.path, checked.label);
        }
        Ok(())
    }

    fn unchecked(&mut self, unchecked: &Unchecked<'_>, _: &mut dyn Write) -> io::Result<()> {
        self.successful = false;
        let Unchecked {
            code,
            message,
            path,
            label,
        } = unchecked;
        self.note("error", code, message, *path, label);
        Ok(())
    }

    fn finish(&mut self, out: &mut dyn Write) -> io::Result<()> {
        let rules = std::mem::take(&mut self.rules).into_values().collect();
        let invocation = json!({
            "executionSuccessful": self.successful,
            "toolExecutionNotifications": std::mem::take(&mut self.notes),
        });
        let log = run(rules, std::mem::take(&mut self.results), invocation);
        serde_json::to_writer_pretty(&mut *out, &log)?;
        writeln!(out)
    }
}

/// A log of one run.
fn run(rules: Vec<Value>, results: Vec<Value>, invocation: Value) -> Value {
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "edgerail",
                "version": env!("CARGO_PKG_VERSION"),
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            }},
            "columnKind": "unicodeCodePoints",
            "invocations": [invocation],
            "results": results,
        }],
    })
}

/// A log whose rules are given by name and description.
pub(crate) fn log(rules: &[(&str, &str)], results: Vec<Value>, successful: bool) -> Value {
    let rule = |&(id, text): &(&str, &str)| json!({"id": id, "shortDescription": {"text": text}});
    let invocation = json!({"executionSuccessful": successful});
    run(rules.iter().map(rule).collect(), results, invocation)
}

/// The rule of an entry: `sensitiveInformationPolicy/EMAIL`; one for all configured words.
fn rule_id(finding: &Finding<'_>) -> String {
    match (&finding.ty, &finding.name) {
        (Some(ty), _) => format!("{}/{ty}", finding.policy),
        (None, Some(name)) if finding.policy != "wordPolicy" => {
            format!("{}/regex/{name}", finding.policy)
        }
        _ => format!("{}/custom-word", finding.policy),
    }
}

fn location(path: Option<&Path>, label: &str, region: Option<Value>) -> Value {
    let uri = match path {
        Some(path) => file_uri(path),
        None => format!("urn:edgerail:{}", percent(label, false)),
    };
    let mut physical = json!({"artifactLocation": {"uri": uri}});
    if let Some(region) = region {
        physical["region"] = region;
    }
    json!({"physicalLocation": physical})
}

/// A path as a URI reference: relative ones stay relative to where the program was called.
pub(crate) fn file_uri(path: &Path) -> String {
    let shown = path.to_string_lossy().replace('\\', "/");
    let encoded = percent(&shown, true);
    if path.is_absolute() {
        format!(
            "file://{}{encoded}",
            if encoded.starts_with('/') { "" } else { "/" }
        )
    } else {
        encoded
    }
}

fn percent(text: &str, slashes: bool) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        let plain = byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        if plain || (slashes && byte == b'/') {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_uri_references() {
        assert_eq!(
            file_uri(Path::new("a b/\u{e4}:%.txt")),
            "a%20b/%C3%A4%3A%25.txt"
        );
        assert_eq!(file_uri(Path::new("/x/y.txt")), "file:///x/y.txt");
        let text = location(None, "argument 1", None);
        let uri = &text["physicalLocation"]["artifactLocation"]["uri"];
        assert_eq!(uri, "urn:edgerail:argument%201");
    }
}
