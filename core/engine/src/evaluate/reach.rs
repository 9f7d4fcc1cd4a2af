use alloc::vec::Vec;

use super::is_guarded;
use crate::engine::Engine;
use crate::request::{Request, Role};
use crate::rules::rule;

/// Which guardrails apply to a request, and which of its blocks each looks at, where a bundle's guardrails
/// say so themselves.
#[derive(Clone, Debug)]
pub(crate) struct Reach {
    guardrails: Vec<GuardrailReach>,
}

#[derive(Clone, Debug)]
struct GuardrailReach {
    applies: bool,
    /// By content block.
    looks: Vec<bool>,
    /// Characters of the blocks it looks at.
    guarded: u64,
}

impl Reach {
    /// `None` where requests alone bind every guardrail: all of them look at every guarded block.
    pub(crate) fn of(engine: &Engine, request: &Request<'_>) -> Option<Reach> {
        let policy = engine.policy();
        if !policy.is_enforced() {
            return None;
        }
        let model = request.model.as_deref();
        // Tags in the system prompt say nothing about the messages.
        let tagged = request.content.iter().any(|block| {
            block.qualifiers.guard_content
                && (block.role != Some(Role::System) || !rule!("enforcement.guarding.areas"))
        });
        let guardrails = policy.guardrails.iter().map(|guardrail| {
            let applies = guardrail.applies_to(model);
            let looks = request.content.iter().map(|block| {
                let guarded = is_guarded(block);
                if guardrail.enforcement.is_empty() {
                    return guarded;
                }
                let mut binding = guardrail.binding(model);
                binding.any(|level| level.looks_at(block, request.source, tagged, guarded))
            });
            GuardrailReach {
                applies,
                looks: looks.collect(),
                guarded: 0,
            }
        });
        Some(Reach {
            guardrails: guardrails.collect(),
        })
    }

    /// Whether a guardrail applies to the request.
    pub(crate) fn applies(&self, guardrail: usize) -> bool {
        self.guardrails
            .get(guardrail)
            .is_some_and(|reach| reach.applies)
    }

    /// Whether a guardrail looks at a block.
    pub(super) fn looks(&self, guardrail: usize, block: usize) -> bool {
        let reach = self.guardrails.get(guardrail);
        reach.is_some_and(|reach| reach.looks.get(block) == Some(&true))
    }

    /// Whether any guardrail looks at a block.
    pub(super) fn any(&self, block: usize) -> bool {
        let mut guardrails = self.guardrails.iter();
        guardrails.any(|reach| reach.looks.get(block) == Some(&true))
    }

    /// Whether a guardrail looks at anything of the request. Of one without any text it does not.
    pub(super) fn looks_at_any(&self, guardrail: usize) -> bool {
        let reach = self.guardrails.get(guardrail);
        reach.is_some_and(|reach| reach.looks.contains(&true))
    }

    /// Counts a block's characters for the guardrails that look at it.
    pub(super) fn count(&mut self, block: usize, characters: u64) {
        for reach in &mut self.guardrails {
            if reach.looks.get(block) == Some(&true) {
                reach.guarded = reach.guarded.saturating_add(characters);
            }
        }
    }

    /// How many characters a guardrail looked at.
    pub(crate) fn guarded(&self, guardrail: usize) -> u64 {
        let reach = self.guardrails.get(guardrail);
        reach.map_or(0, |reach| reach.guarded)
    }
}
