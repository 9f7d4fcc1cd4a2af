//! What is attached where, and what the answers leave open.

use std::collections::BTreeSet;

use super::Lint;
use crate::diagnostic::{Severity, shown_names};
use crate::org::scope::Unit;

/// Bedrock policies attached to one root, unit or account (the same).
const MAX_ATTACHED: usize = 10;

impl Lint<'_> {
    pub(super) fn attachments(&mut self) {
        let documents = self.documents;
        for (id, node) in &documents.tree.nodes {
            let Some(attached) = &node.policies else {
                if self.is_merged() {
                    let message = format!(
                        "nothing says which policies are attached to {id}, so that nothing below it can be computed: add the answer of list-policies-for-target as list-policies-for-target-{id}.json"
                    );
                    let at = ("organization", id.as_str());
                    self.say(Severity::Error, "attachments-missing", at, message);
                }
                continue;
            };
            if attached.len() > MAX_ATTACHED {
                let message = format!(
                    "{} Bedrock policies are attached to {id}; AWS takes {MAX_ATTACHED}",
                    attached.len()
                );
                self.say(
                    Severity::Error,
                    "too-many-policies",
                    ("organization", id),
                    message,
                );
            }
            let missing = attached.iter();
            for policy in missing.filter(|id| !documents.policies.contains_key(*id)) {
                let message = format!(
                    "the policy {policy}, attached to {id}, is missing: add the answer of describe-policy for it"
                );
                self.say(
                    Severity::Error,
                    "policy-missing",
                    ("organization", id),
                    message,
                );
            }
        }
    }

    /// Whether policies are merged; where AWS's own answers are taken instead, nothing has to be attached.
    fn is_merged(&self) -> bool {
        !self.documents.policies.is_empty() || self.documents.described.is_empty()
    }

    /// Whether [`Lint::attachments`] says what is missing on the path to an account.
    pub(super) fn lacks_attachments(&self, account: &str) -> bool {
        let tree = &self.documents.tree;
        let unknown = |id: &String| tree.nodes.get(id).is_some_and(|n| n.policies.is_none());
        self.is_merged()
            && tree
                .path(account)
                .is_ok_and(|path| path.iter().any(unknown))
    }

    /// Policies that nothing known is bound by: left over, or the answer that attaches them is missing.
    pub(super) fn unattached(&mut self) {
        let documents = self.documents;
        let nodes = documents.tree.nodes.values();
        let attached: BTreeSet<&String> = nodes
            .filter_map(|n| n.policies.as_ref())
            .flatten()
            .collect();
        for (id, policy) in &documents.policies {
            if attached.contains(id) {
                continue;
            }
            let message = format!(
                "the policy {id} is attached to nothing that the answers know, so that it binds nobody here; if it is attached, add the answer of list-policies-for-target for its root, unit or account"
            );
            let at = (policy.file.as_str(), "$");
            self.say(Severity::Lint, "policy-unattached", at, message);
        }
    }

    /// Roots and units of which no answer says what is below them: other accounts may be there.
    pub(super) fn unlisted(&mut self) {
        let tree = &self.documents.tree;
        if !self.is_merged() || tree.lists_all_accounts {
            return;
        }
        for (id, node) in &tree.nodes {
            if matches!(Unit::parse(id), None | Some(Unit::Account(_))) {
                continue;
            }
            for missing in node.unlisted(id) {
                let message = format!("{missing}; a bundle for a root or unit needs it");
                let at = ("organization", id.as_str());
                self.say(Severity::Lint, "accounts-missing", at, message);
            }
        }
    }

    /// Accounts that nobody asked what they enforce themselves.
    pub(super) fn unknown_configurations(&mut self) {
        let documents = self.documents;
        let answered = documents.account_answers.iter();
        let answered: BTreeSet<&str> = answered.filter_map(|a| a.account.as_deref()).collect();
        let nodes = documents.tree.nodes.keys().map(String::as_str);
        let accounts = nodes.filter(|id| matches!(Unit::parse(id), Some(Unit::Account(_))));
        let unknown: Vec<&str> = accounts.filter(|id| !answered.contains(id)).collect();
        if unknown.is_empty() {
            return;
        }
        let message = format!(
            "nothing says what {} enforce themselves: each has to ask for its list-enforced-guardrails-configuration, in each region; a bundle for it needs the answer",
            shown_names(&unknown)
        );
        let at = ("organization", "$");
        self.say(Severity::Lint, "account-config-missing", at, message);
    }
}
