use alloc::string::String;

use super::shape::Side;
use crate::policy::{ContentGuarding, Enforcement, Policy};
pub use crate::policy::{Guarding, ModelScope};

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
    /// What the guardrails of a bundle ask for that say themselves how they are applied. It wins over
    /// `system` and `messages`.
    pub enforced: Option<Enforced>,
}

/// What the guardrails of a bundle look at, taken together: see [`GuardOptions::with_policy`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Enforced {
    /// Whether any of them looks at tagged parts only: in the messages, in the system prompt.
    pub(super) selective: [bool; 2],
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
            enforced: None,
        }
    }
}

impl GuardOptions {
    /// The same for a bundle: if its guardrails say how they are applied, every text that any of them looks at
    /// is found, and the engine leaves to each what it asks for. Without a guardrail that says so the options
    /// stay what they are.
    #[must_use]
    pub fn with_policy(mut self, policy: &Policy) -> GuardOptions {
        if policy.is_enforced() {
            let levels = policy.guardrails.iter().flat_map(|g| &g.enforcement);
            let guarding = levels.filter_map(|level: &Enforcement| level.guarding);
            let mut enforced = Enforced::default();
            for ContentGuarding { system, messages } in guarding {
                let [in_messages, in_system] = &mut enforced.selective;
                *in_messages |= messages == Guarding::Selective;
                *in_system |= system == Guarding::Selective;
            }
            self.enforced = Some(enforced);
        }
        self
    }

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
