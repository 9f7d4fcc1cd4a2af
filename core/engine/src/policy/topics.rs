//! Denied topics and prompt attacks in the policy section.

use alloc::string::String;

use super::{Actions, EntryAction, Guardrail, Read, actions, number, string};
use crate::json::Value;
use crate::request::Source;

/// A denied topic of one guardrail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicEntry {
    /// The name.
    pub name: String,
    /// The topic's number in [`crate::topics::Topics`].
    pub topic: usize,
    /// What it does.
    pub actions: Actions,
}

/// How sure it is that a text is a prompt attack; also the strength of a filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Confidence {
    /// It may be one.
    Low,
    /// It probably is one.
    Medium,
    /// It hardly can be anything else.
    High,
}

impl Confidence {
    const ALL: [Confidence; 3] = [Confidence::Low, Confidence::Medium, Confidence::High];

    /// `LOW`, `MEDIUM` or `HIGH`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Confidence::Low => "LOW",
            Confidence::Medium => "MEDIUM",
            Confidence::High => "HIGH",
        }
    }

    /// The confidence or strength with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Confidence> {
        Confidence::ALL.into_iter().find(|c| c.name() == name)
    }

    /// The confidence that stands for the threshold of this number.
    #[must_use]
    pub fn of_level(level: usize) -> Option<Confidence> {
        Confidence::ALL.get(level).copied()
    }
}

/// The content filter `PROMPT_ATTACK` of one guardrail. It acts on INPUT only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PromptAttack {
    /// The number of its keywords in [`crate::topics::Topics`].
    pub topic: usize,
    /// The filter's strength.
    pub strength: Confidence,
    /// What it does.
    pub actions: Actions,
}

impl PromptAttack {
    /// The lowest confidence that acts: a strong filter acts on a weak suspicion.
    #[must_use]
    pub const fn acts_on(self) -> Confidence {
        match self.strength {
            Confidence::High => Confidence::Low,
            Confidence::Medium => Confidence::Medium,
            Confidence::Low => Confidence::High,
        }
    }
}

impl Guardrail {
    /// The numbers of the topics, that of prompt attacks among them, that texts of `source` are held to.
    pub(crate) fn evaluated_topics(&self, source: Source) -> impl Iterator<Item = usize> {
        let acts = move |actions: Actions| actions.of(source) != EntryAction::Disabled;
        let topics = self.topics.iter().filter(move |entry| acts(entry.actions));
        let attack = self.prompt_attack.filter(|attack| acts(attack.actions));
        topics
            .map(|entry| entry.topic)
            .chain(attack.map(|attack| attack.topic))
    }
}

pub(super) fn topic_entry(value: &Value<'_>) -> Read<TopicEntry> {
    Ok(TopicEntry {
        name: string(value, "name")?,
        topic: number(value, "topic")?,
        actions: blocking_actions(value)?,
    })
}

pub(super) fn prompt_attack(value: &Value<'_>) -> Read<PromptAttack> {
    let strength = value.member("strength").and_then(Value::as_str);
    Ok(PromptAttack {
        topic: number(value, "topic")?,
        strength: strength
            .and_then(Confidence::from_name)
            .ok_or("has a filter of unknown strength")?,
        actions: blocking_actions(value)?,
    })
}

/// The actions of an entry that cannot mask.
fn blocking_actions(value: &Value<'_>) -> Read<Actions> {
    let actions = actions(value)?;
    if [actions.input, actions.output].contains(&EntryAction::Anonymize) {
        return Err("has a topic or filter that masks");
    }
    Ok(actions)
}
