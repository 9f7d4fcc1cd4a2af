//! What a guardrail can find: which labels of a data set can be judged, and what should follow from them.

use std::collections::{BTreeMap, BTreeSet};

use edgerail_core::bundle::SectionKind;
use edgerail_core::dictionary::Dictionary;
use edgerail_core::pii::PiiType;
use edgerail_core::policy::{Actions, EntryAction, Policy};
use edgerail_core::{Engine, Source};

use super::effect::{Effect, EntryKey, WORDS};

/// The policies that labels may name.
pub const POLICIES: [&str; 4] = [
    "wordPolicy",
    "sensitiveInformationPolicy",
    "topicPolicy",
    "contentPolicy",
];

/// The content filters of AWS.
const FILTERS: [&str; 6] = [
    "HATE",
    "INSULTS",
    "SEXUAL",
    "VIOLENCE",
    "MISCONDUCT",
    "PROMPT_ATTACK",
];

/// What happens to a text in which an entry is found, by direction; `None` where it is not evaluated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Acts {
    input: Option<Effect>,
    output: Option<Effect>,
}

impl Acts {
    const fn of(self, source: Source) -> Option<Effect> {
        match source {
            Source::Input => self.input,
            Source::Output => self.output,
        }
    }

    fn widen(&mut self, actions: Actions) {
        self.input = self.input.max(effect(actions.input));
        self.output = self.output.max(effect(actions.output));
    }
}

const fn effect(action: EntryAction) -> Option<Effect> {
    match action {
        EntryAction::Disabled => None,
        EntryAction::None => Some(Effect::Pass),
        EntryAction::Anonymize => Some(Effect::Mask),
        EntryAction::Block => Some(Effect::Block),
    }
}

/// The entries of a bundle's guardrails.
#[derive(Clone, Debug, Default)]
pub struct Vocabulary {
    entries: BTreeMap<EntryKey, Acts>,
    /// Configured words as they are written.
    words: BTreeMap<String, Acts>,
}

/// Why a label cannot be judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unjudgeable {
    /// No built-in type has this name.
    Type,
    /// The guardrail has no regex, topic or word of this name.
    Name,
    /// It has several.
    Ambiguous,
    /// There is no such policy.
    Policy,
    /// The policy given is not the type's or name's.
    OtherPolicy,
}

/// What a label says it is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// The entry.
    pub key: EntryKey,
    /// The configured word, if it is one.
    pub word: Option<String>,
}

impl Vocabulary {
    /// Reads what a loaded bundle has.
    pub fn of(engine: &Engine) -> Vocabulary {
        let mut vocabulary = Vocabulary::default();
        vocabulary.policy(engine.policy());
        // The engine has read the section already: it is well formed.
        let section = engine.bundle().section(SectionKind::Dictionary);
        if let Ok(dictionary) = Dictionary::read(section) {
            for word in 0..dictionary.layout().words {
                for used in dictionary.word_uses(word) {
                    let actions = Actions {
                        input: used.input,
                        output: used.output,
                    };
                    let text = dictionary.word_text(word).to_owned();
                    vocabulary.words.entry(text).or_default().widen(actions);
                    vocabulary.add(EntryKey::new("wordPolicy", WORDS), actions);
                }
            }
        }
        vocabulary
    }

    fn policy(&mut self, policy: &Policy) {
        for guardrail in &policy.guardrails {
            for entry in &guardrail.pii {
                let key = EntryKey::new("sensitiveInformationPolicy", entry.ty.name());
                self.add(key, entry.actions);
            }
            for entry in &guardrail.regexes {
                let key = EntryKey::new("sensitiveInformationPolicy", &entry.name);
                self.add(key, entry.actions);
            }
            if let Some(actions) = guardrail.profanity {
                self.add(EntryKey::new("wordPolicy", "PROFANITY"), actions);
            }
            for entry in &guardrail.topics {
                self.add(EntryKey::new("topicPolicy", &entry.name), entry.actions);
            }
            if let Some(attack) = guardrail.prompt_attack {
                self.add(
                    EntryKey::new("contentPolicy", "PROMPT_ATTACK"),
                    attack.actions,
                );
            }
            for entry in &guardrail.cloud {
                let Some(name) = &entry.entry else { continue };
                let acts = |flag| {
                    if flag {
                        EntryAction::Block
                    } else {
                        EntryAction::Disabled
                    }
                };
                let actions = Actions {
                    input: acts(entry.input),
                    output: acts(entry.output),
                };
                self.add(EntryKey::new(&entry.policy, name), actions);
            }
        }
    }

    fn add(&mut self, key: EntryKey, actions: Actions) {
        self.entries.entry(key).or_default().widen(actions);
    }

    /// What the text's effect should be where `named` is found; `None` if it is not looked for.
    pub fn effect(&self, named: &Named, source: Source) -> Option<Effect> {
        if let Some(word) = &named.word {
            return self.words.get(word).and_then(|acts| acts.of(source));
        }
        if named.key.entry.is_some() {
            return self.entries.get(&named.key).and_then(|a| a.of(source));
        }
        let own = self.entries.iter();
        let own = own.filter(|(key, _)| key.policy == named.key.policy);
        own.filter_map(|(_, acts)| acts.of(source)).max()
    }

    /// What a built-in type's name stands for.
    pub fn of_type(ty: &str, policy: Option<&str>) -> Result<Named, Unjudgeable> {
        let own = if PiiType::from_name(ty).is_some() {
            "sensitiveInformationPolicy"
        } else if ty == "PROFANITY" {
            "wordPolicy"
        } else if FILTERS.contains(&ty) {
            "contentPolicy"
        } else {
            return Err(Unjudgeable::Type);
        };
        match policy {
            Some(policy) if !POLICIES.contains(&policy) => Err(Unjudgeable::Policy),
            Some(policy) if policy != own => Err(Unjudgeable::OtherPolicy),
            _ => Ok(Named {
                key: EntryKey::new(own, ty),
                word: None,
            }),
        }
    }

    /// What a name of the guardrail's own stands for: a regex's, a topic's, a word.
    pub fn of_name(&self, name: &str, policy: Option<&str>) -> Result<Named, Unjudgeable> {
        if policy.is_some_and(|policy| !POLICIES.contains(&policy)) {
            return Err(Unjudgeable::Policy);
        }
        let mut all: Vec<Named> = ["sensitiveInformationPolicy", "topicPolicy"]
            .map(|policy| EntryKey::new(policy, name))
            .into_iter()
            .filter(|key| self.entries.contains_key(key) && PiiType::from_name(name).is_none())
            .map(|key| Named { key, word: None })
            .collect();
        if self.words.contains_key(name) {
            all.push(Named {
                key: EntryKey::new("wordPolicy", WORDS),
                word: Some(name.to_owned()),
            });
        }
        let any = !all.is_empty();
        all.retain(|named| policy.is_none_or(|policy| policy == named.key.policy));
        match all.len() {
            0 if any => Err(Unjudgeable::OtherPolicy),
            0 => Err(Unjudgeable::Name),
            1 => all.pop().ok_or(Unjudgeable::Name),
            _ => Err(Unjudgeable::Ambiguous),
        }
    }

    /// A label that names a policy only.
    pub fn of_policy(policy: &str) -> Result<Named, Unjudgeable> {
        if !POLICIES.contains(&policy) {
            return Err(Unjudgeable::Policy);
        }
        Ok(Named {
            key: EntryKey::whole(policy),
            word: None,
        })
    }

    /// Names that are entries of the guardrail, for messages: regexes and topics, not words.
    pub fn names(&self) -> BTreeSet<&str> {
        let entries = self.entries.keys();
        let named = entries.filter(|key| {
            let entry = key.entry.as_deref().unwrap_or_default();
            let own = ["sensitiveInformationPolicy", "topicPolicy"].contains(&key.policy.as_str());
            own && PiiType::from_name(entry).is_none()
        });
        named.filter_map(|key| key.entry.as_deref()).collect()
    }
}
