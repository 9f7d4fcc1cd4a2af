//! Which policies read evasion views.

use super::Read;
use crate::decision::Entry;
use crate::json::Value;

/// Which policies of a guardrail have tier STANDARD: they read the evasion views, too. The others have
/// CLASSIC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tiers {
    /// Prompt attacks, from the definition.
    pub content: bool,
    /// Built-in sensitive information, from the overlay.
    pub pii: bool,
    /// The profanity list, from the overlay.
    pub profanity: bool,
    /// Denied topics, from the definition.
    pub topics: bool,
    /// Custom words, from the overlay.
    pub words: bool,
}

impl Tiers {
    /// Whether any policy reads evasion views.
    #[must_use]
    pub const fn any(self) -> bool {
        self.content || self.pii || self.profanity || self.topics || self.words
    }

    /// Whether the policy that `entry` belongs to reads evasion views. Regexes never do: they are the
    /// customer's words about the text as it is.
    pub(crate) const fn reads(self, entry: Entry<'_>) -> bool {
        match entry {
            Entry::Word(_) => self.words,
            Entry::Profanity => self.profanity,
            Entry::Pii(_) => self.pii,
            Entry::Topic(_) => self.topics,
            Entry::PromptAttack => self.content,
            Entry::Regex(_) => false,
        }
    }

    /// The policies that read evasion views in either.
    #[must_use]
    pub const fn and(self, other: Tiers) -> Tiers {
        Tiers {
            content: self.content || other.content,
            pii: self.pii || other.pii,
            profanity: self.profanity || other.profanity,
            topics: self.topics || other.topics,
            words: self.words || other.words,
        }
    }

    /// Each policy's name in the overlay and in the policy section, sorted, with whether it has STANDARD.
    #[must_use]
    pub const fn named(self) -> [(&'static str, bool); 5] {
        [
            ("content", self.content),
            ("pii", self.pii),
            ("profanity", self.profanity),
            ("topics", self.topics),
            ("words", self.words),
        ]
    }
}

pub(super) fn tiers(value: &Value<'_>) -> Read<Tiers> {
    let tier = |policy: &str| match value.member(policy).map(Value::as_str) {
        None | Some(Some("CLASSIC")) => Ok(false),
        Some(Some("STANDARD")) => Ok(true),
        _ => Err("has a tier that is neither CLASSIC nor STANDARD"),
    };
    Ok(Tiers {
        content: tier("content")?,
        pii: tier("pii")?,
        profanity: tier("profanity")?,
        topics: tier("topics")?,
        words: tier("words")?,
    })
}
