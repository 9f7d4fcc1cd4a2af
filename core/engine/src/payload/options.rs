use alloc::string::String;
use alloc::vec::Vec;

use super::shape::Side;

/// How much of a part of a body a guardrail looks at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Guarding {
    /// Everything, whatever the caller tagged.
    #[default]
    Comprehensive,
    /// What the caller tagged. Without tags: of the system prompt nothing, of the messages everything.
    Selective,
}

/// Which models a guardrail is enforced for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ModelScope {
    /// Model ids; none, or one that is `ALL`, includes every model.
    pub included: Vec<String>,
    /// Model ids; they win over those included.
    pub excluded: Vec<String>,
}

impl ModelScope {
    /// Whether the guardrail applies to a model. Ids are compared as they are. A model that is not known
    /// is guarded: nothing says that it is not meant.
    #[must_use]
    pub fn applies_to(&self, model: Option<&str>) -> bool {
        let Some(model) = model else { return true };
        let names = |list: &[String], name: &str| list.iter().any(|listed| listed == name);
        let included = self.included.is_empty()
            || names(&self.included, "ALL")
            || names(&self.included, model);
        included && !names(&self.excluded, model)
    }
}

/// How a guardrail is applied to a body. The default is how AWS applies an enforced one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuardOptions {
    /// The system prompt.
    pub system: Guarding,
    /// The messages of users and the model.
    pub messages: Guarding,
    /// Whether inputs and results of tools are evaluated, which AWS never does. Those of MCP bodies, which
    /// consist of nothing else, always are.
    pub tools: bool,
    /// The models the guardrail is enforced for.
    pub models: ModelScope,
    /// The model, where the caller knows it: Bedrock has it in the path. Without it the body's `model` counts.
    pub model: Option<String>,
    /// Whether bodies are requests or responses, where the caller knows it. Without it the body's members
    /// tell, and one that has content of both sides is refused.
    pub side: Option<Side>,
    /// The longest body that is read, in bytes.
    pub max_bytes: usize,
}

impl Default for GuardOptions {
    fn default() -> GuardOptions {
        GuardOptions {
            system: Guarding::Comprehensive,
            messages: Guarding::Comprehensive,
            tools: false,
            models: ModelScope::default(),
            model: None,
            side: None,
            max_bytes: 32 << 20,
        }
    }
}

impl GuardOptions {
    /// How AWS applies the guardrail that a request itself names.
    #[must_use]
    pub fn of_request() -> GuardOptions {
        GuardOptions {
            system: Guarding::Selective,
            messages: Guarding::Selective,
            ..GuardOptions::default()
        }
    }
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
}
