//! Who binds a guardrail to a request, for which models, and on how much of a conversation.

use alloc::string::String;
use alloc::vec::Vec;

use super::{Read, each, optional};
use crate::json::Value;
use crate::request::{ContentBlock, Role, Source};
use crate::rules::rule;

/// Which level binds a guardrail to a request: the API's `GuardrailOrigin`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// The request names it.
    Request,
    /// The account enforces it in a region.
    AccountEnforced,
    /// A policy of the organization enforces it.
    OrganizationEnforced,
}

impl Origin {
    /// All of them, in the API's order.
    pub const ALL: [Origin; 3] = [
        Origin::Request,
        Origin::AccountEnforced,
        Origin::OrganizationEnforced,
    ];

    /// The API's name, e.g. `ORGANIZATION_ENFORCED`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Origin::Request => "REQUEST",
            Origin::AccountEnforced => "ACCOUNT_ENFORCED",
            Origin::OrganizationEnforced => "ORGANIZATION_ENFORCED",
        }
    }
}

/// Whose a guardrail is: the API's `GuardrailOwnership`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ownership {
    /// Of the account that asks.
    #[default]
    SelfOwned,
    /// Of another account.
    CrossAccount,
}

impl Ownership {
    /// `SELF` or `CROSS_ACCOUNT`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Ownership::SelfOwned => "SELF",
            Ownership::CrossAccount => "CROSS_ACCOUNT",
        }
    }
}

/// How much of a part of a conversation a guardrail looks at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Guarding {
    /// Everything, whatever the caller tagged.
    #[default]
    Comprehensive,
    /// What the caller tagged. Without tags: of the system prompt nothing, of the messages everything.
    Selective,
}

impl Guarding {
    /// The API's name: `COMPREHENSIVE` or `SELECTIVE`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Guarding::Comprehensive => "COMPREHENSIVE",
            Guarding::Selective => "SELECTIVE",
        }
    }
}

/// The API's `selectiveContentGuarding`: how much of a conversation an enforced guardrail looks at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ContentGuarding {
    /// Of the system prompt.
    pub system: Guarding,
    /// Of the turns of users and the model.
    pub messages: Guarding,
}

/// Which models a guardrail is enforced for: the API's `modelEnforcement`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ModelScope {
    /// Model ids; none, or one that is `ALL`, includes every model.
    pub included: Vec<String>,
    /// Model ids; they win over those included.
    pub excluded: Vec<String>,
}

impl ModelScope {
    /// Whether the guardrail applies to a model. A model that is not known is guarded: nothing says that it
    /// is not meant.
    ///
    /// The lists hold ids of foundation models, and a request may name one by the id of a cross-Region
    /// inference profile (`us.` before it) or by an ARN. What includes is read generously: a profile or an
    /// ARN of an included model is included, and so is an ARN that does not tell which model is behind it.
    /// What excludes takes something out of a guardrail and has to name it: the id, or the ARN that ends in it.
    #[must_use]
    pub fn applies_to(&self, model: Option<&str>) -> bool {
        let Some(model) = model else {
            return rule!("enforcement.models.unknown");
        };
        let is_arn = model.starts_with("arn:");
        let id = match model.rsplit_once('/') {
            Some((_, id)) if is_arn => id,
            _ => model,
        };
        // What stands before the id tells what it is an id of; other kinds do not name their model.
        let kind = model.strip_suffix(id).unwrap_or("");
        let named_by_arn =
            kind.ends_with(":foundation-model/") || kind.ends_with(":inference-profile/");
        let opaque = is_arn && !named_by_arn;
        let named = |listed: &String| listed == model || (is_arn && listed == id);
        let reaches = |listed: &String| {
            let profile = id.strip_suffix(listed.as_str());
            named(listed)
                || profile.is_some_and(|before| before.ends_with('.'))
                    && rule!("enforcement.models.profile")
        };
        let all = |listed: &String| listed == "ALL";
        let included = self.included.is_empty()
            || self.included.iter().any(|l| all(l) || reaches(l))
            || opaque
            || !rule!("enforcement.models.included");
        let excluded = self.excluded.iter().any(named) && rule!("enforcement.models.excluded");
        included && !excluded
    }

    /// Whether it says nothing: every model is included.
    #[must_use]
    pub fn is_all(&self) -> bool {
        let includes = self.included.is_empty() || self.included.iter().any(|id| id == "ALL");
        includes && self.excluded.is_empty()
    }
}

/// One level that binds a guardrail. A guardrail may be bound by several; it looks at what any of them asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enforcement {
    /// The level.
    pub origin: Origin,
    /// The models it is bound for.
    pub models: ModelScope,
    /// How much it looks at; `None`, of requests only, is what the request asks for: every block but those
    /// for contextual grounding.
    pub guarding: Option<ContentGuarding>,
}

impl Enforcement {
    /// Whether the guardrail looks at a block of a request because of this. `tagged` is whether any message
    /// of the request is tagged `guard_content`.
    pub(crate) fn looks_at(
        &self,
        block: &ContentBlock<'_>,
        source: Source,
        tagged: bool,
        is_guarded: bool,
    ) -> bool {
        let Some(guarding) = self.guarding else {
            return is_guarded;
        };
        let system = block.role == Some(Role::System) && rule!("enforcement.guarding.system");
        let area = if system {
            guarding.system
        } else {
            guarding.messages
        };
        if area == Guarding::Comprehensive {
            // Otherwise a caller could take a text out of an enforced guardrail by a qualifier.
            return is_guarded || rule!("enforcement.guarding.comprehensive");
        }
        if source == Source::Output {
            // Only what goes to a model can be tagged.
            return is_guarded;
        }
        if block.qualifiers.guard_content || !rule!("enforcement.guarding.selective") {
            return true;
        }
        // Of an untagged system prompt nothing, of messages without any tag everything.
        !system && is_guarded && (!tagged || !rule!("enforcement.guarding.tags"))
    }
}

pub(super) fn enforcement(value: &Value<'_>) -> Read<Enforcement> {
    let origin = value.member("origin").and_then(Value::as_str);
    let origin = origin.and_then(|name| Origin::ALL.into_iter().find(|o| o.name() == name));
    let origin = origin.ok_or("has an enforcement of an unknown origin")?;
    let guarding = |name: &str| match optional(value, name).as_deref() {
        None | Some("COMPREHENSIVE") => Ok(Guarding::Comprehensive),
        Some("SELECTIVE") => Ok(Guarding::Selective),
        Some(_) => Err("has a content guarding that is neither SELECTIVE nor COMPREHENSIVE"),
    };
    let guarding = ContentGuarding {
        system: guarding("system")?,
        messages: guarding("messages")?,
    };
    let own = origin != Origin::Request || value.member("messages").is_some();
    Ok(Enforcement {
        origin,
        models: ModelScope {
            included: each(value, "includedModels", &model)?,
            excluded: each(value, "excludedModels", &model)?,
        },
        guarding: own.then_some(guarding),
    })
}

pub(super) fn ownership(value: &Value<'_>) -> Read<Ownership> {
    match optional(value, "ownership").as_deref() {
        None | Some("SELF") => Ok(Ownership::SelfOwned),
        Some("CROSS_ACCOUNT") => Ok(Ownership::CrossAccount),
        Some(_) => Err("has a guardrail of an unknown ownership"),
    }
}

pub(super) fn model(value: &Value<'_>) -> Read<String> {
    let name = value.as_str().ok_or("has a model that is no string")?;
    Ok(name.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_are_included_and_excluded_as_aws_does() {
        let scope = |included: &[&str], excluded: &[&str]| ModelScope {
            included: included.iter().map(|&name| name.into()).collect(),
            excluded: excluded.iter().map(|&name| name.into()).collect(),
        };
        for (included, excluded, applies) in [
            (&[][..], &[][..], true),
            (&["ALL"], &[], true),
            (&["m"], &[], true),
            (&["x", "m"], &[], true),
            (&["x"], &[], false),
            (&["M"], &[], false),
            (&["us.m"], &[], false),
            (&["ALL"], &["m"], false),
            (&["m"], &["m"], false),
            (&[], &["x"], true),
            (&[], &["ALL"], true),
        ] {
            let scope = scope(included, excluded);
            assert_eq!(scope.applies_to(Some("m")), applies, "{scope:?}");
        }
        assert!(scope(&["x"], &["m"]).applies_to(None));
    }

    #[test]
    fn profiles_and_arns_of_an_included_model_are_included_and_only_names_exclude() {
        const ID: &str = "anthropic.claude-v2:1";
        let included = ModelScope {
            included: [ID.into()].into(),
            excluded: Vec::new(),
        };
        let excluded = ModelScope {
            included: ["ALL".into()].into(),
            excluded: [ID.into()].into(),
        };
        let arn = "arn:aws:bedrock:us-east-1:111122223333:";
        for (model, is_included, is_excluded) in [
            (String::from(ID), true, true),
            (["us.", ID].concat(), true, false),
            (["xus", ID].concat(), false, false),
            (
                ["arn:aws:bedrock:us-east-1::foundation-model/", ID].concat(),
                true,
                true,
            ),
            ([arn, "inference-profile/us.", ID].concat(), true, false),
            (
                [arn, "inference-profile/us.amazon.nova-lite-v1:0"].concat(),
                false,
                false,
            ),
            (
                "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0".into(),
                false,
                false,
            ),
            (
                [arn, "application-inference-profile/a1b2c3d4e5f6"].concat(),
                true,
                false,
            ),
            (
                [arn, "provisioned-model/a1b2c3d4e5f6"].concat(),
                true,
                false,
            ),
            ("anthropic.claude-v2".into(), false, false),
        ] {
            assert_eq!(included.applies_to(Some(&model)), is_included, "{model}");
            assert_eq!(!excluded.applies_to(Some(&model)), is_excluded, "{model}");
        }
    }
}
