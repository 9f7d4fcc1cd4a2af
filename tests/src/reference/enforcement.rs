//! Which level of enforcement is for which model and looks at which block: the tables of `docs/organization.md`.

use edgerail_core::policy::{Enforcement, Guarding, ModelScope};
use edgerail_core::{ContentBlock, Request, Role, Source};

/// Whether a level is for the model: docs/organization.md, "Models", for ids that are listed or are not.
#[must_use]
pub fn is_for(level: &Enforcement, model: Option<&str>) -> bool {
    let Some(model) = model else { return true };
    let lists = |list: &[String], name: &str| list.iter().any(|id| id == name);
    let ModelScope { included, excluded } = &level.models;
    if lists(excluded, model) {
        return false;
    }
    included.is_empty() || lists(included, "ALL") || lists(included, model)
}

/// Whether a level looks at a block: the table "Comprehensive or selective", row by row.
#[must_use]
pub fn looks_at(level: &Enforcement, request: &Request<'_>, block: &ContentBlock<'_>) -> bool {
    let tagged = block.qualifiers.guard_content;
    let for_grounding = block.qualifiers.grounding_source || block.qualifiers.query;
    let as_a_request = tagged || !for_grounding;
    let Some(guarding) = level.guarding else {
        return as_a_request;
    };
    let system = block.role == Some(Role::System);
    match if system {
        guarding.system
    } else {
        guarding.messages
    } {
        Guarding::Comprehensive => true,
        Guarding::Selective if request.source == Source::Output => as_a_request,
        Guarding::Selective if system => tagged,
        Guarding::Selective => {
            let messages = request
                .content
                .iter()
                .filter(|b| b.role != Some(Role::System));
            if messages.clone().any(|b| b.qualifiers.guard_content) {
                tagged
            } else {
                as_a_request
            }
        }
    }
}
