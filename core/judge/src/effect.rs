//! What a decision comes to, and what a finding is of.

use crate::answer::{Answer, Finding};

/// What happens to a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// It goes on as it is.
    Pass,
    /// Parts are replaced.
    Mask,
    /// It does not go on.
    Block,
}

impl Effect {
    /// From the least to the most.
    pub const ALL: [Effect; 3] = [Effect::Pass, Effect::Mask, Effect::Block];

    /// The name in data and in labels.
    pub const fn name(self) -> &'static str {
        match self {
            Effect::Pass => "NONE",
            Effect::Mask => "MASK",
            Effect::Block => "BLOCK",
        }
    }

    /// As people say it.
    pub const fn word(self) -> &'static str {
        match self {
            Effect::Pass => "pass",
            Effect::Mask => "mask",
            Effect::Block => "block",
        }
    }

    /// The effect with this name; letter case does not count.
    pub fn from_name(name: &str) -> Option<Effect> {
        let mut all = Effect::ALL.into_iter();
        all.find(|effect| effect.name().eq_ignore_ascii_case(name))
    }

    /// The place in a table by effects.
    pub const fn index(self) -> usize {
        match self {
            Effect::Pass => 0,
            Effect::Mask => 1,
            Effect::Block => 2,
        }
    }

    fn of_reason(reason: &str) -> Effect {
        match reason {
            "Guardrail blocked." => Effect::Block,
            "Guardrail masked." => Effect::Mask,
            _ => Effect::Pass,
        }
    }

    /// What the decision does.
    pub fn of(answer: &Answer<'_>) -> Effect {
        Effect::of_reason(&answer.reason)
    }

    /// What the decision would do if its guardrails that only observe acted as well.
    pub fn as_enforced(answer: &Answer<'_>) -> Effect {
        let own = answer.edgerail.guardrails.iter();
        let own = own.map(|guardrail| Effect::of_reason(&guardrail.reason));
        own.max().unwrap_or(Effect::Pass).max(Effect::of(answer))
    }

    /// What a finding of this verb (`BLOCKED`, `ANONYMIZED`, `NONE`) does.
    pub fn of_verb(verb: &str) -> Effect {
        match verb {
            "BLOCKED" => Effect::Block,
            "ANONYMIZED" => Effect::Mask,
            _ => Effect::Pass,
        }
    }
}

/// Policies that say where in a text they found something; the others judge the text.
const PLACED: [&str; 2] = ["sensitiveInformationPolicy", "wordPolicy"];

/// An entry of a guardrail: a type, a regex, a topic, a word, or a whole policy.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryKey {
    /// The policy, e.g. `wordPolicy`.
    pub policy: String,
    /// The type or the name. A configured word's own text is not in it: all words are one entry.
    pub entry: Option<String>,
}

/// What stands for all configured words.
pub const WORDS: &str = "custom word";

impl EntryKey {
    /// An entry.
    pub fn new(policy: &str, entry: &str) -> EntryKey {
        EntryKey {
            policy: policy.to_owned(),
            entry: Some(entry.to_owned()),
        }
    }

    /// Any entry of a policy.
    pub fn whole(policy: &str) -> EntryKey {
        EntryKey {
            policy: policy.to_owned(),
            entry: None,
        }
    }

    /// What a finding is of.
    pub fn of(finding: &Finding<'_>) -> EntryKey {
        EntryKey::new(&finding.policy, finding.safe_entry())
    }

    /// Whether findings and labels of it are places in a text.
    pub fn is_placed(&self) -> bool {
        PLACED.contains(&self.policy.as_str())
    }

    /// The entry as people say it.
    pub fn shown(&self) -> String {
        match &self.entry {
            Some(entry) => crate::words::one_line(entry),
            None => format!("any of {}", crate::words::policy(&self.policy)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(json: &str) -> Answer<'_> {
        Answer::read(json).unwrap()
    }

    #[test]
    fn what_observes_would_do_is_told_apart_from_what_is_done() {
        let json = r#"{"action":"GUARDRAIL_INTERVENED","actionReason":"Guardrail masked.","outputs":[],
            "edgerail":{"coverage":[],"deferred":[],"findings":[],"found":0,"reasonCode":"ok","guardrails":[
              {"name":"a","mode":"enforce","reason":"Guardrail masked."},
              {"name":"b","mode":"observe","reason":"Guardrail blocked."}]}}"#;
        let answer = answer(json);
        assert_eq!(Effect::of(&answer), Effect::Mask);
        assert_eq!(Effect::as_enforced(&answer), Effect::Block);
    }

    #[test]
    fn names_are_read_in_any_case() {
        assert_eq!(Effect::from_name("block"), Some(Effect::Block));
        assert_eq!(Effect::from_name("None"), Some(Effect::Pass));
        assert_eq!(Effect::from_name("BLOCKED"), None);
        let ranks: Vec<_> = Effect::ALL.iter().map(|effect| effect.index()).collect();
        assert_eq!(ranks, [0, 1, 2]);
    }
}
