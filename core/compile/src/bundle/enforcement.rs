//! What binds guardrails, and the exceptions from them.

use edgerail_core::policy::{Enforcement, ExceptedRule, Ownership};

use super::Build;
use crate::definition::{DirectionalAction, Guardrail};
use crate::diagnostic::{Diagnostic, Severity};
use crate::overlay::{ExceptionEntry, Settings};
use crate::policy::PolicyGuardrail;

/// What binds one guardrail of a bundle to requests.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Binding {
    /// The levels; none is what a request itself names, for every model.
    pub levels: Vec<Enforcement>,
    /// Whose the guardrail is.
    pub ownership: Ownership,
}

impl Build<'_> {
    /// Takes over what binds the guardrail, and its exceptions.
    pub(super) fn bind(
        &mut self,
        number: usize,
        guardrail: &Guardrail,
        settings: &Settings,
        policy: &mut PolicyGuardrail,
    ) {
        if let Some(binding) = self.options.enforcement.get(number) {
            policy.enforcement.clone_from(&binding.levels);
            policy.ownership = binding.ownership;
        }
        let own = self.overlay.guardrails.get(&guardrail.name);
        for entry in own.iter().flat_map(|own| &own.exceptions) {
            if !has_rule(guardrail, &entry.rule) {
                let message = format!(
                    "the guardrail {:?} has no such rule; an exception that names none would vanish without a word",
                    guardrail.name
                );
                self.exception(Severity::Error, "exception-unknown-rule", entry, &message);
                continue;
            }
            if !self.in_scope(entry) {
                continue;
            }
            self.check_time(entry);
            // Its name would tell what the overlay withholds.
            if self.strips() && is_confidential(settings, &entry.rule) {
                continue;
            }
            policy.exceptions.push(entry.clone());
        }
    }

    fn in_scope(&mut self, entry: &ExceptionEntry) -> bool {
        let scope = self.options.scope.as_ref();
        let within = entry.scopes.is_empty() || scope.is_some_and(|s| entry.scopes.contains(s));
        if !within {
            let message = match scope {
                Some(scope) => format!("it is not for the scope {scope} and is left out"),
                None => "it is for certain scopes and this bundle is for none; it is left out, name one with --scope".to_owned(),
            };
            self.exception(Severity::Lint, "exception-other-scope", entry, &message);
        }
        within
    }

    fn check_time(&mut self, entry: &ExceptionEntry) {
        let Some(now) = self.options.now else { return };
        if entry.approved.at.begins() > now {
            let message = "it was approved in the future; an exception can be published once it is approved, not before";
            self.exception(Severity::Error, "exception-not-approved", entry, message);
        }
        if entry.until.unix_seconds <= now {
            let message = "it has expired and has no effect; take it out";
            self.exception(Severity::Warning, "exception-expired", entry, message);
        }
    }

    fn exception(
        &mut self,
        severity: Severity,
        code: &'static str,
        entry: &ExceptionEntry,
        message: &str,
    ) {
        let path = format!("overlay: {}", entry.path.trim_start_matches("$."));
        let place = Some(entry.place);
        self.diagnostics
            .push(Diagnostic::new(severity, code, &path, place, message));
    }
}

fn has_rule(guardrail: &Guardrail, rule: &ExceptedRule) -> bool {
    match rule {
        ExceptedRule::Guardrail => true,
        ExceptedRule::Word(name) => guardrail.words.iter().any(|word| word.text == *name),
        ExceptedRule::Profanity => guardrail.profanity.is_some(),
        ExceptedRule::Pii(ty) => guardrail.pii.iter().any(|entry| entry.ty == *ty),
        ExceptedRule::Regex(name) => guardrail.regexes.iter().any(|entry| entry.name == *name),
        ExceptedRule::Topic(name) => guardrail.topics.iter().any(|entry| entry.name == *name),
        ExceptedRule::PromptAttack => guardrail.content_filters.iter().any(|filter| {
            filter.ty == super::PROMPT_ATTACK && filter.action.input != DirectionalAction::Disabled
        }),
    }
}

/// Whether the overlay leaves the rule out of browser bundles.
fn is_confidential(settings: &Settings, rule: &ExceptedRule) -> bool {
    match rule {
        ExceptedRule::Word(name) => {
            settings.words.confidential == Some(true)
                || settings.words.confidential_words.contains(name)
        }
        ExceptedRule::Regex(name) => {
            let options = settings.regexes.get(name);
            options.and_then(|options| options.confidential) == Some(true)
        }
        ExceptedRule::Topic(name) => {
            let options = settings.topics.get(name);
            options.and_then(|options| options.confidential) == Some(true)
        }
        _ => false,
    }
}
