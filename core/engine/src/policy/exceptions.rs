//! Exceptions: rules of a guardrail that do not act for a while.

use alloc::string::String;
use alloc::vec::Vec;

use super::enforcement::model;
use super::{Guardrail, Read, each, optional, string};
use crate::decision::Entry;
use crate::json::Value;
use crate::pii::PiiType;
use crate::rules::rule;

/// What an exception is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExceptedRule {
    /// The whole guardrail.
    Guardrail,
    /// A custom word, as configured.
    Word(String),
    /// The profanity list.
    Profanity,
    /// A built-in type.
    Pii(PiiType),
    /// A custom regex, by its name.
    Regex(String),
    /// A denied topic, by its name.
    Topic(String),
    /// The content filter for prompt attacks.
    PromptAttack,
}

impl ExceptedRule {
    /// The policy the rule belongs to, e.g. `wordPolicy`; `None` for a whole guardrail.
    #[must_use]
    pub const fn policy(&self) -> Option<&'static str> {
        match self {
            ExceptedRule::Guardrail => None,
            ExceptedRule::Word(_) | ExceptedRule::Profanity => Some("wordPolicy"),
            ExceptedRule::Pii(_) | ExceptedRule::Regex(_) => Some("sensitiveInformationPolicy"),
            ExceptedRule::Topic(_) => Some("topicPolicy"),
            ExceptedRule::PromptAttack => Some("contentPolicy"),
        }
    }

    /// The rule's `type`, where its policy has types.
    #[must_use]
    pub const fn type_name(&self) -> Option<&'static str> {
        match self {
            ExceptedRule::Profanity => Some("PROFANITY"),
            ExceptedRule::Pii(ty) => Some(ty.name()),
            ExceptedRule::PromptAttack => Some("PROMPT_ATTACK"),
            _ => None,
        }
    }

    /// The rule's configured text or name.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        match self {
            ExceptedRule::Word(name) | ExceptedRule::Regex(name) | ExceptedRule::Topic(name) => {
                Some(name)
            }
            _ => None,
        }
    }

    /// The rule of a policy with this type or name, as exceptions and findings write it; `None` if there is
    /// no such rule.
    #[must_use]
    pub fn find(
        policy: Option<&str>,
        ty: Option<&str>,
        name: Option<&str>,
    ) -> Option<ExceptedRule> {
        Some(match (policy, ty, name) {
            (None, None, None) => ExceptedRule::Guardrail,
            (Some("wordPolicy"), Some("PROFANITY"), None) => ExceptedRule::Profanity,
            (Some("wordPolicy"), None, Some(name)) => ExceptedRule::Word(name.into()),
            (Some("sensitiveInformationPolicy"), Some(ty), None) => {
                ExceptedRule::Pii(PiiType::from_name(ty)?)
            }
            (Some("sensitiveInformationPolicy"), None, Some(name)) => {
                ExceptedRule::Regex(name.into())
            }
            (Some("topicPolicy"), None, Some(name)) => ExceptedRule::Topic(name.into()),
            (Some("contentPolicy"), Some("PROMPT_ATTACK"), None) => ExceptedRule::PromptAttack,
            _ => return None,
        })
    }

    /// Whether a finding of `entry` is of this rule.
    fn covers(&self, guardrail: &Guardrail, entry: Entry<'_>) -> bool {
        match (self, entry) {
            (ExceptedRule::Guardrail, _)
            | (ExceptedRule::Profanity, Entry::Profanity)
            | (ExceptedRule::PromptAttack, Entry::PromptAttack) => true,
            (ExceptedRule::Word(name), Entry::Word(word)) => name == word,
            (ExceptedRule::Pii(ty), Entry::Pii(found)) => *ty == found,
            (ExceptedRule::Regex(name), Entry::Regex(regex)) => {
                let entry = guardrail.regexes.get(regex);
                entry.is_some_and(|entry| entry.name == *name)
            }
            (ExceptedRule::Topic(name), Entry::Topic(topic)) => {
                let entry = guardrail.topics.get(topic);
                entry.is_some_and(|entry| entry.name == *name)
            }
            _ => false,
        }
    }
}

/// A rule of a guardrail, or all of them, that does not act from an approval until a date: what it finds is
/// reported and nothing else happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exception {
    /// What decisions, reports and people call it.
    pub id: String,
    /// What does not act.
    pub rule: ExceptedRule,
    /// The model ids it holds for; none means every model.
    pub models: Vec<String>,
    /// When it was approved, in seconds since 1970: before, it does not hold.
    pub from: u64,
    /// When it ends, in seconds since 1970.
    pub until: u64,
    /// Who it is for; left out of browser bundles.
    pub who: Option<String>,
    /// Why; left out of browser bundles.
    pub why: Option<String>,
    /// Who approved it; left out of browser bundles.
    pub approved_by: Option<String>,
}

impl Exception {
    /// Whether it holds for a request. Without the time it counts as expired, and a model that is not known
    /// is none of those it names.
    #[must_use]
    pub fn holds(&self, now: Option<u64>, model: Option<&str>) -> bool {
        let current = now.is_some_and(|now| self.from <= now && now < self.until);
        let named = |listed: &String| Some(listed.as_str()) == model;
        (current || !rule!("exception.expiry"))
            && (self.models.is_empty()
                || self.models.iter().any(named)
                || !rule!("exception.model"))
    }
}

impl Guardrail {
    /// The number of the first exception that takes a finding of `entry` out.
    pub(crate) fn excepts(
        &self,
        entry: Entry<'_>,
        now: Option<u64>,
        model: Option<&str>,
    ) -> Option<usize> {
        self.exceptions.iter().position(|exception| {
            rule!("exception.rule")
                && exception.rule.covers(self, entry)
                && exception.holds(now, model)
        })
    }
}

pub(super) fn exception(value: &Value<'_>) -> Read<Exception> {
    let (policy, ty, name) = (
        optional(value, "policy"),
        optional(value, "type"),
        optional(value, "name"),
    );
    let rule = ExceptedRule::find(policy.as_deref(), ty.as_deref(), name.as_deref());
    let time = |name: &str| {
        let seconds = value.member(name).and_then(Value::as_u64);
        seconds.ok_or("has an exception without a beginning and an end")
    };
    Ok(Exception {
        id: string(value, "id")?,
        rule: rule.ok_or("has an exception for a rule that is not known")?,
        models: each(value, "models", &model)?,
        from: time("from")?,
        until: time("until")?,
        who: optional(value, "who"),
        why: optional(value, "why"),
        approved_by: optional(value, "approvedBy"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exception_holds_from_its_approval_until_its_end_for_its_models() {
        let exception = |models: &[&str]| Exception {
            id: "x".into(),
            rule: ExceptedRule::Guardrail,
            models: models.iter().map(|&model| model.into()).collect(),
            from: 100,
            until: 200,
            who: None,
            why: None,
            approved_by: None,
        };
        for (now, holds) in [
            (None, false),
            (Some(0), false),
            (Some(99), false),
            (Some(100), true),
            (Some(199), true),
            (Some(200), false),
            (Some(u64::MAX), false),
        ] {
            assert_eq!(exception(&[]).holds(now, None), holds, "{now:?}");
            assert_eq!(exception(&["m"]).holds(now, Some("m")), holds, "{now:?}");
            assert!(!exception(&["m"]).holds(now, Some("us.m")), "{now:?}");
            assert!(!exception(&["m"]).holds(now, None), "{now:?}");
        }
    }

    #[test]
    fn rules_are_found_by_policy_and_type_or_name() {
        let find = ExceptedRule::find;
        assert_eq!(find(None, None, None), Some(ExceptedRule::Guardrail));
        for (policy, ty, name) in [
            (None, Some("EMAIL"), None),
            (None, None, Some("x")),
            (Some("wordPolicy"), None, None),
            (Some("wordPolicy"), Some("EMAIL"), None),
            (Some("wordPolicy"), Some("PROFANITY"), Some("x")),
            (Some("sensitiveInformationPolicy"), Some("EMIAL"), None),
            (Some("sensitiveInformationPolicy"), Some("EMAIL"), Some("x")),
            (Some("topicPolicy"), Some("DENY"), None),
            (Some("contentPolicy"), Some("HATE"), None),
            (Some("other"), None, Some("x")),
        ] {
            assert_eq!(find(policy, ty, name), None, "{policy:?} {ty:?} {name:?}");
        }
        for (policy, ty, name) in [
            ("wordPolicy", Some("PROFANITY"), None),
            ("wordPolicy", None, Some("w")),
            ("sensitiveInformationPolicy", Some("EMAIL"), None),
            ("sensitiveInformationPolicy", None, Some("r")),
            ("topicPolicy", None, Some("t")),
            ("contentPolicy", Some("PROMPT_ATTACK"), None),
        ] {
            let rule = find(Some(policy), ty, name).expect("a rule");
            assert_eq!(
                (rule.policy(), rule.type_name(), rule.name()),
                (Some(policy), ty, name)
            );
        }
    }
}
