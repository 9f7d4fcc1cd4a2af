use std::collections::{BTreeMap, BTreeSet};

use edgerail_core::json::{self, Value};

use crate::corpus::{FilterEntry, Row, TopicEntry};

/// What of a decision differs from what a row asks for; empty if nothing does.
#[must_use]
pub fn check(row: &Row, decision: &str) -> Vec<String> {
    let Ok(document) = json::parse(decision) else {
        return vec![format!("the decision is no JSON: {decision}")];
    };
    let mut wrong = Vec::new();
    let mut expect = |what: &str, expected: String, have: String| {
        if expected != have {
            wrong.push(format!("{what}: expected {expected}\n        got {have}"));
        }
    };
    let text = |name: &str| {
        document
            .member(name)
            .and_then(Value::as_str)
            .unwrap_or("")
            .to_owned()
    };
    expect("action", row.action.clone(), text("action"));
    if let Some(reason) = &row.reason {
        expect("reason", reason.clone(), text("actionReason"));
    }
    if let Some(outputs) = &row.outputs {
        expect(
            "outputs",
            format!("{outputs:?}"),
            format!("{:?}", self::outputs(&document)),
        );
    }
    let (expected, have) = findings(row, &document);
    expect("findings", expected, have);
    let masked = text("actionReason") == "Guardrail masked.";
    expect(
        "the text with its masks",
        format!(
            "{:?}",
            if masked {
                self::outputs(&document)
            } else {
                Vec::new()
            }
        ),
        format!("{:?}", masked_texts(row, &document)),
    );
    if let Some(origins) = &row.origins {
        let have = self::origins(&document);
        expect("origins", format!("{origins:?}"), format!("{have:?}"));
    }
    if let Some(deferred) = &row.deferred {
        expect(
            "deferred",
            format!("{deferred:?}"),
            format!("{:?}", self::deferred(&document)),
        );
    }
    if let Some(undetected) = &row.undetected {
        let have = self::undetected(&document);
        expect("undetected", format!("{undetected:?}"), format!("{have:?}"));
    }
    if let Some(entries) = &row.entries {
        let have = self::entries(&document, entries.keys());
        expect("entries", format!("{entries:?}"), format!("{have:?}"));
    }
    if let Some(topics) = &row.topics {
        let have = self::topics(&document);
        expect("topics", format!("{topics:?}"), format!("{have:?}"));
    }
    if let Some(filters) = &row.filters {
        let have = self::filters(&document);
        expect("filters", format!("{filters:?}"), format!("{have:?}"));
    }
    if let Some(usage) = &row.usage {
        let have = numbers(document.member("usage"), usage.keys());
        expect("usage", format!("{usage:?}"), format!("{have:?}"));
    }
    if let Some(coverage) = &row.coverage {
        let characters = document
            .member("guardrailCoverage")
            .and_then(|c| c.member("textCharacters"));
        let have = numbers(characters, coverage.keys());
        expect("coverage", format!("{coverage:?}"), format!("{have:?}"));
    }
    wrong
}

/// By assessment, the levels that bind its guardrail.
fn origins(document: &Value<'_>) -> Vec<Vec<String>> {
    let assessments = items(document.member("assessments")).iter();
    let details = assessments.filter_map(|one| one.member("appliedGuardrailDetails"));
    let lists = details.map(|details| items(details.member("guardrailOrigin")));
    let name = |origin: &Value<'_>| origin.as_str().unwrap_or("").to_owned();
    lists.map(|list| list.iter().map(name).collect()).collect()
}

fn outputs(document: &Value<'_>) -> Vec<String> {
    let outputs = items(document.member("outputs")).iter();
    outputs.map(|output| string(output, "text")).collect()
}

/// Every block of the row with the decision's masks applied by their places; nothing without masks.
fn masked_texts(row: &Row, document: &Value<'_>) -> Vec<String> {
    let own = document.member("edgerail");
    let masks = items(own.and_then(|own| own.member("masks")));
    if masks.is_empty() {
        return Vec::new();
    }
    let request = row.request();
    let mut texts: Vec<String> = request.content.iter().map(|b| b.text.to_string()).collect();
    let place =
        |mask: &Value<'_>, name: &str| usize::try_from(number(mask, name)).unwrap_or(usize::MAX);
    // From the end, so that the places before stay what they are.
    for mask in masks.iter().rev() {
        let Some(text) = texts.get_mut(place(mask, "block")) else {
            return vec![String::from("a mask in no block")];
        };
        let span = place(mask, "start")..place(mask, "end");
        if text.get(span.clone()).is_none() {
            return vec![String::from("a mask outside of its text")];
        }
        text.replace_range(span, &format!("{{{}}}", string(mask, "label")));
    }
    texts
}

/// The findings expected and had, as sorted lists; places are compared where the row names them.
fn findings(row: &Row, document: &Value<'_>) -> (String, String) {
    let had = items(
        document
            .member("edgerail")
            .and_then(|own| own.member("findings")),
    );
    let mut had: Vec<_> = had.iter().collect();
    let mut expected_lines = Vec::new();
    let mut had_lines = Vec::new();
    let mut missing = Vec::new();
    for finding in &row.findings {
        let matching = |have: &&Value<'_>| {
            string(have, "policy") == finding.policy
                && finding
                    .ty
                    .as_ref()
                    .is_none_or(|ty| string(have, "type") == *ty)
                && finding
                    .name
                    .as_ref()
                    .is_none_or(|name| string(have, "name") == *name)
                && finding
                    .matched
                    .as_ref()
                    .is_none_or(|matched| string(have, "match") == *matched)
                && string(have, "action") == finding.action
                && finding
                    .start
                    .is_none_or(|start| number(have, "start") == start)
                && finding.end.is_none_or(|end| number(have, "end") == end)
                && finding
                    .block
                    .is_none_or(|block| number(have, "block") == block)
                && have.member("exception").and_then(Value::as_str) == finding.exception.as_deref()
        };
        match had.iter().position(matching) {
            Some(place) => {
                had.remove(place);
            }
            None => missing.push(finding),
        }
    }
    for finding in missing {
        let entry = finding.ty.as_ref().or(finding.name.as_ref());
        expected_lines.push(format!(
            "{} {:?} {} at {:?}..{:?}",
            entry.map_or("", String::as_str),
            finding.matched.as_deref().unwrap_or("(any text)"),
            finding.action,
            finding.start,
            finding.end
        ));
    }
    for have in had {
        had_lines.push(format!(
            "{}{} {:?} {} at {}..{}",
            string(have, "type"),
            string(have, "name"),
            string(have, "match"),
            string(have, "action"),
            number(have, "start"),
            number(have, "end")
        ));
    }
    (expected_lines.join("; "), had_lines.join("; "))
}

fn deferred(document: &Value<'_>) -> BTreeSet<String> {
    let deferred = items(
        document
            .member("edgerail")
            .and_then(|own| own.member("deferred")),
    )
    .iter();
    deferred
        .map(
            |entry| match entry.member("entry").and_then(Value::as_str) {
                Some(name) => format!("{}/{name}", string(entry, "policy")),
                None => string(entry, "policy"),
            },
        )
        .collect()
}

fn undetected(document: &Value<'_>) -> BTreeSet<String> {
    let entities = assessments(document, "sensitiveInformationPolicy", "piiEntities");
    let missing = entities.into_iter().filter(|entry| {
        entry.member("detected").and_then(Value::as_bool) == Some(false)
            && string(entry, "match").is_empty()
    });
    missing.map(|entry| string(entry, "type")).collect()
}

/// The topics that the assessments list, each once: a topic twice in one assessment shows as a difference.
fn topics(document: &Value<'_>) -> BTreeSet<TopicEntry> {
    let mut topics = BTreeSet::new();
    for entry in assessments(document, "topicPolicy", "topics") {
        let topic = TopicEntry {
            name: string(entry, "name"),
            action: string(entry, "action"),
            detected: entry.member("detected").and_then(Value::as_bool) == Some(true),
        };
        let twice = !topics.insert(topic.clone());
        if twice || string(entry, "type") != "DENY" {
            topics.insert(TopicEntry {
                name: format!("{} (twice, or not of type DENY)", topic.name),
                ..topic
            });
        }
    }
    topics
}

fn filters(document: &Value<'_>) -> BTreeSet<FilterEntry> {
    let entries = assessments(document, "contentPolicy", "filters").into_iter();
    let filter = |entry| FilterEntry {
        ty: string(entry, "type"),
        confidence: string(entry, "confidence"),
        filter_strength: string(entry, "filterStrength"),
        action: string(entry, "action"),
        detected: entry.member("detected").and_then(Value::as_bool) == Some(true),
    };
    entries.map(filter).collect()
}

fn entries<'k>(
    document: &Value<'_>,
    lists: impl Iterator<Item = &'k String>,
) -> BTreeMap<String, usize> {
    let policies = ["wordPolicy", "sensitiveInformationPolicy"];
    let count = |list: &str| {
        let entries = policies
            .into_iter()
            .flat_map(|policy| assessments(document, policy, list));
        entries
            .filter(|e| e.member("detected").and_then(Value::as_bool) == Some(true))
            .count()
    };
    lists.map(|list| (list.clone(), count(list))).collect()
}

fn assessments<'v, 'j>(document: &'v Value<'j>, policy: &str, list: &str) -> Vec<&'v Value<'j>> {
    let assessments = items(document.member("assessments")).iter();
    let lists = assessments.filter_map(|assessment| assessment.member(policy)?.member(list));
    lists.flat_map(|list| items(Some(list))).collect()
}

fn numbers<'k>(
    object: Option<&Value<'_>>,
    names: impl Iterator<Item = &'k String>,
) -> BTreeMap<String, u64> {
    let value = |name: &String| object.map_or(0, |object| number(object, name));
    names.map(|name| (name.clone(), value(name))).collect()
}

fn items<'v, 'j>(value: Option<&'v Value<'j>>) -> &'v [Value<'j>] {
    value.and_then(Value::as_array).unwrap_or(&[])
}

fn string(value: &Value<'_>, name: &str) -> String {
    value
        .member(name)
        .and_then(Value::as_str)
        .unwrap_or("")
        .to_owned()
}

fn number(value: &Value<'_>, name: &str) -> u64 {
    value
        .member(name)
        .and_then(Value::as_u64)
        .unwrap_or(u64::MAX)
}
