//! Families of prompt attacks: known phrasings of jailbreaks and injections, as data.
//!
//! Each file of `data/prompt-attack` is one family, with rules of the same shape as an overlay's. In its terms
//! ` | ` stands between phrasings that are one keyword; nothing is inflected, because an attack is
//! recognised by how it is put.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use edgerail_core::topics::LEVELS;

use super::inflect::plain;
use super::words::{join, words};
use super::{Keyword, KeywordSource, Rule};
use crate::document::{self, Node, Value};

/// The name of the content filter.
pub(crate) const PROMPT_ATTACK: &str = "PROMPT_ATTACK";
/// The scores of LOW, MEDIUM and HIGH confidence: one telling phrase, a sure one, two of them.
pub(crate) const ATTACK_THRESHOLDS: [u16; LEVELS] = [400, 600, 850];
/// How many words a phrasing counts for.
pub(crate) const ATTACK_WINDOW: u16 = 96;

/// Phrasings with one purpose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttackFamily {
    /// A name in kebab case, as decisions report it.
    pub name: String,
    /// What its texts try to do, in a sentence.
    pub description: String,
    /// Its keywords.
    pub rules: Vec<Rule>,
}

const FILES: [&str; 12] = [
    include_str!("../../data/prompt-attack/authority.toml"),
    include_str!("../../data/prompt-attack/coercion.toml"),
    include_str!("../../data/prompt-attack/developer-mode.toml"),
    include_str!("../../data/prompt-attack/encoded-request.toml"),
    include_str!("../../data/prompt-attack/fake-turn.toml"),
    include_str!("../../data/prompt-attack/hypothetical.toml"),
    include_str!("../../data/prompt-attack/ignore-instructions.toml"),
    include_str!("../../data/prompt-attack/indirect-injection.toml"),
    include_str!("../../data/prompt-attack/persona.toml"),
    include_str!("../../data/prompt-attack/refusal-suppression.toml"),
    include_str!("../../data/prompt-attack/rule-bypass.toml"),
    include_str!("../../data/prompt-attack/system-prompt-extraction.toml"),
];

/// The families, by name.
#[must_use]
pub fn attack_families() -> &'static [AttackFamily] {
    // The files are part of this crate, and a test reads every one.
    static FAMILIES: LazyLock<Vec<AttackFamily>> =
        LazyLock::new(|| FILES.iter().filter_map(|file| read(file)).collect());
    &FAMILIES
}

fn read(file: &str) -> Option<AttackFamily> {
    let document = document::read_toml_or_json(file.as_bytes()).ok()?;
    let rules = document.member("rule")?.items()?.iter();
    Some(AttackFamily {
        name: document.member("family")?.text()?.to_owned(),
        description: document.member("description")?.text()?.to_owned(),
        rules: rules.map(rule).collect::<Option<_>>()?,
    })
}

fn rule(node: &Node) -> Option<Rule> {
    let number = |key: &str| match &node.member(key)?.value {
        Value::Number(text) => text.parse::<u16>().ok(),
        _ => None,
    };
    let keywords = |key: &str, weight: u16| -> Option<Vec<Keyword>> {
        let Some(list) = node.member(key) else {
            return Some(Vec::new());
        };
        list.items()?
            .iter()
            .map(|term| Some(keyword(term.text()?, weight)))
            .collect()
    };
    let weight = number("weight")?;
    let any = keywords("any", weight)?;
    Some(Rule {
        weight: if any.is_empty() { weight } else { 0 },
        any,
        all: keywords("all", 0)?,
        not: keywords("not", 0)?,
        near: number("near"),
    })
}

fn keyword(term: &str, weight: u16) -> Keyword {
    let phrasings = term.split(" | ");
    let forms: BTreeSet<String> = phrasings
        .map(|phrasing| join(&words(phrasing)))
        .flat_map(|form| [plain(&form), form])
        .collect();
    Keyword {
        text: term.split(" | ").next().unwrap_or(term).to_owned(),
        forms: forms.into_iter().collect(),
        weight,
        sources: vec![KeywordSource::Family],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_a_family_with_rules_that_can_count() {
        let families = attack_families();
        assert_eq!(families.len(), FILES.len());
        assert!(families.is_sorted_by(|a, b| a.name < b.name));
        for family in families {
            assert!(family.description.ends_with('.') && !family.rules.is_empty());
            for rule in &family.rules {
                let name = &family.name;
                assert!(!rule.any.is_empty() || !rule.all.is_empty(), "{name}");
                assert!(rule.near.is_none() || rule.all.len() > 1, "{name}");
                assert!((300..=700).contains(&rule.most().min(700)), "{name}");
                for keyword in rule.any.iter().chain(&rule.all).chain(&rule.not) {
                    assert!(keyword.forms.iter().all(|form| !form.is_empty()), "{name}");
                    // A single word among those that have to be near one another is as wide as it gets.
                    assert!(
                        !keyword.forms.iter().any(|form| form.contains(" | ")),
                        "{name}"
                    );
                }
            }
        }
    }
}
