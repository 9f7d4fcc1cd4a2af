//! What AWS would refuse, fail on, or do other than its author meant.

mod document;
mod inheritance;
mod tree;

use std::collections::{BTreeMap, BTreeSet};

use super::arn::GuardrailArn;
use super::datum::{Datum, mentions};
use super::documents::Documents;
use crate::diagnostic::{Diagnostic, Diagnostics, Severity, shown_name};

/// What is said of a part of a policy that has no effect, whatever it may say.
const NO_EFFECT: [&str; 7] = [
    "missing-operator",
    "misplaced-operator",
    "operator-for-lists",
    "unknown-member",
    "unknown-operator",
    "unknown-region",
    "wrong-type",
];
/// What a wrong identifier does (Organizations User Guide, best practices for Bedrock policies).
const FAILS: &str = "with a wrong identifier every Bedrock call in the accounts it is for fails";

/// Looks through all documents; what is found is sorted by file.
#[must_use]
pub fn lint(documents: &Documents) -> Vec<(String, Diagnostics)> {
    let mut lint = Lint {
        documents,
        found: BTreeMap::new(),
    };
    for policy in documents.policies.values().chain(&documents.loose) {
        lint.policy(policy);
    }
    lint.attachments();
    lint.unattached();
    lint.unlisted();
    lint.unknown_configurations();
    lint.inheritance();
    lint.accounts();
    lint.definitions();
    for (file, said) in &documents.said {
        let own = lint.found.entry(file.clone()).or_default();
        own.append(said.clone());
    }
    let mut found: Vec<(String, Diagnostics)> = lint.found.into_iter().collect();
    found.iter_mut().for_each(|(_, said)| said.sort());
    found
}

/// What of the policies on the ways from the root to `units` has no effect because it is not understood, by file.
/// Another reader, AWS first of all, may understand it, and then more is enforced than what is merged here: an error.
/// A member that is not known may be one that AWS has added: a warning.
#[must_use]
pub fn not_understood(
    documents: &Documents,
    units: &BTreeSet<String>,
) -> Vec<(String, Diagnostics)> {
    let mut ids: BTreeSet<&String> = BTreeSet::new();
    for unit in units {
        let path = documents.tree.path(unit).unwrap_or_default();
        let nodes = path.iter().filter_map(|id| documents.tree.nodes.get(id));
        ids.extend(nodes.filter_map(|node| node.policies.as_ref()).flatten());
    }
    let attached = ids.into_iter().filter_map(|id| documents.policies.get(id));
    let mut lint = Lint {
        documents,
        found: BTreeMap::new(),
    };
    for policy in attached.chain(&documents.loose) {
        lint.policy(policy);
    }
    let all = lint.found.into_iter().map(|(file, said)| {
        let said = said.iter().filter(|one| NO_EFFECT.contains(&one.code));
        let mut own = Diagnostics::new();
        said.for_each(|one| own.push(one.clone()));
        (file, own)
    });
    all.filter(|(_, said)| !said.is_empty()).collect()
}

struct Lint<'a> {
    documents: &'a Documents,
    found: BTreeMap<String, Diagnostics>,
}

impl Lint<'_> {
    pub(super) fn say(
        &mut self,
        severity: Severity,
        code: &'static str,
        (file, path): (&str, &str),
        message: impl Into<String>,
    ) {
        let own = self.found.entry(file.to_owned()).or_default();
        own.push(Diagnostic::new(severity, code, path, None, message));
    }

    fn accounts(&mut self) {
        for config in &self.documents.accounts {
            let arn = GuardrailArn::parse(&config.identifier);
            let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
            let is_id = !config.identifier.is_empty() && config.identifier.bytes().all(plain);
            if let Err(problem) = arn
                && !is_id
            {
                let message = format!(
                    "`{}` {problem}, and is no guardrail id; {FAILS}",
                    shown_name(&config.identifier)
                );
                self.say(
                    Severity::Error,
                    "wrong-identifier",
                    (&config.file, "$"),
                    message,
                );
            }
        }
    }

    /// Guardrails that are enforced and cannot be.
    fn definitions(&mut self) {
        let documents = self.documents;
        for (file, guardrail) in &documents.definitions {
            if guardrail.automated_reasoning.is_empty() {
                continue;
            }
            let (Some(arn), Some(version)) = (&guardrail.arn, &guardrail.version) else {
                continue;
            };
            let text = format!("{arn}:{version}");
            let policies = documents.policies.values().chain(&documents.loose);
            let named = policies.into_iter().any(|p| mentions(&p.content, &text));
            let by_account = documents.accounts.iter().any(|config| {
                let own =
                    config.identifier == *arn || Some(&config.identifier) == guardrail.id.as_ref();
                own && config.version == *version
            });
            if named || by_account {
                let message = "the guardrail is enforced and has an automated reasoning policy, which is not allowed: calls fail with it";
                let at = (file.as_str(), "$.automatedReasoningPolicy");
                self.say(Severity::Error, "enforced-automated-reasoning", at, message);
            }
        }
    }
}

/// The members of a section that are no operators.
fn sections(section: &Datum) -> impl Iterator<Item = (&String, &Datum)> {
    let members = section.members().into_iter().flatten();
    members.filter(|(name, _)| !name.starts_with("@@"))
}
