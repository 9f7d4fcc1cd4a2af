//! The keys of an overlay, by table. `docs/overlay.schema.json` has the same ones; a test compares.

/// Settings that stand at the top and in a guardrail's section.
pub(super) const SETTINGS: [&str; 8] = [
    "legacy_input",
    "on_error",
    "words",
    "pii",
    "regex",
    "allow",
    "tier",
    "topic",
];
/// Keys of the top only.
pub(super) const TOP: [&str; 4] = ["guardrail", "limits", "max_exception_days", "$schema"];
/// Keys of a guardrail's section only.
pub(super) const GUARDRAIL: [&str; 2] = ["mode", "exceptions"];
pub(super) const ON_ERROR: [&str; 2] = ["input", "output"];
pub(super) const WORDS: [&str; 3] = ["match", "confidential", "confidential_words"];
pub(super) const PII: [&str; 1] = ["threshold"];
pub(super) const REGEX: [&str; 2] = ["unicode", "confidential"];
pub(super) const ALLOW: [&str; 6] = ["type", "value", "domain", "who", "why", "until"];
pub(super) const EXCEPTION: [&str; 10] = [
    "id", "policy", "type", "name", "models", "scopes", "who", "why", "until", "approved",
];
pub(super) const APPROVED: [&str; 2] = ["by", "at"];
pub(super) const TIER: [&str; 3] = ["words", "profanity", "pii"];
pub(super) const TOPIC: [&str; 5] = ["keywords", "threshold", "window", "confidential", "rule"];
pub(super) const TOPIC_RULE: [&str; 5] = ["any", "all", "not", "near", "weight"];
pub(super) const LIMITS: [&str; 2] = ["text_bytes", "findings"];
/// Keys that a later version will know.
pub(super) const RESERVED: [&str; 1] = ["normalization"];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::document::{self, Node};
    use edgerail_core::pii::PiiType;

    const SCHEMA: &[u8] = include_bytes!("../../../../docs/overlay.schema.json");

    fn properties<'s>(schema: &'s Node, path: &[&str]) -> BTreeSet<&'s str> {
        let node = path
            .iter()
            .fold(schema, |node, key| node.member(key).unwrap());
        let properties = node.member("properties").unwrap().entries().unwrap();
        assert_eq!(
            node.member("additionalProperties").unwrap().value,
            document::Value::Bool(false)
        );
        properties.iter().map(|e| e.key.as_str()).collect()
    }

    #[test]
    fn schema_and_reader_know_the_same_keys() {
        let schema = document::read(SCHEMA).unwrap();
        let set = |parts: &[&[&'static str]]| -> BTreeSet<&'static str> {
            parts.concat().into_iter().collect()
        };
        assert_eq!(properties(&schema, &[]), set(&[&SETTINGS, &TOP]));
        let tables: [(&str, &[&[&'static str]]); 12] = [
            ("guardrail", &[&SETTINGS, &GUARDRAIL]),
            ("onError", &[&ON_ERROR]),
            ("words", &[&WORDS]),
            ("pii", &[&PII]),
            ("regex", &[&REGEX]),
            ("allow", &[&ALLOW]),
            ("exception", &[&EXCEPTION]),
            ("approved", &[&APPROVED]),
            ("tier", &[&TIER]),
            ("limits", &[&LIMITS]),
            ("topic", &[&TOPIC]),
            ("topicRule", &[&TOPIC_RULE]),
        ];
        for (name, expected) in tables {
            assert_eq!(
                properties(&schema, &["$defs", name]),
                set(expected),
                "{name}"
            );
        }
        let defs = schema.member("$defs").unwrap().entries().unwrap();
        assert_eq!(
            defs.len(),
            tables.len() + 1,
            "a table of the schema that no reader has"
        );
    }

    #[test]
    fn schema_lists_all_types() {
        let schema = document::read(SCHEMA).unwrap();
        let all: BTreeSet<&str> = PiiType::ALL.iter().map(|ty| ty.name()).collect();
        let ty = ["$defs", "allow", "properties", "type", "enum"];
        let list = ty
            .iter()
            .fold(&schema, |node, key| node.member(key).unwrap());
        let listed: BTreeSet<&str> = list
            .items()
            .unwrap()
            .iter()
            .filter_map(Node::text)
            .collect();
        assert_eq!(listed, all);
    }
}
