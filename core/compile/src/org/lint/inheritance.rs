//! What the policies come to for every account, and which of their operators do nothing.

use std::collections::BTreeSet;

use super::{Lint, sections};
use crate::diagnostic::{Severity, member};
use crate::org::compare::compare;
use crate::org::datum::Datum;
use crate::org::effective::effective;
use crate::org::inherit::{Effect, Event, Ignored};
use crate::org::scope::Unit;
use crate::org::settings::INFERENCE;

impl Lint<'_> {
    /// Merges the policies of every account, as AWS does.
    pub(super) fn inheritance(&mut self) {
        let documents = self.documents;
        let mut events: BTreeSet<(String, String, String, &'static str)> = BTreeSet::new();
        let accounts = documents
            .tree
            .nodes
            .keys()
            .chain(documents.described.keys());
        let accounts = accounts.filter(|id| matches!(Unit::parse(id), Some(Unit::Account(_))));
        let accounts: BTreeSet<&String> = accounts.collect();
        for account in accounts {
            let found = match effective(documents, account, None) {
                Ok(found) => found,
                Err(_) if self.lacks_attachments(account) => continue,
                Err(problem) => {
                    self.say(
                        Severity::Error,
                        "org-effective",
                        ("organization", account),
                        problem,
                    );
                    continue;
                }
            };
            for problem in &found.problems {
                let message = format!("account {account}: {}: {}", problem.code, problem.message);
                let at = ("effective policy", problem.path.as_str());
                self.say(Severity::Error, "org-policy-invalid", at, message);
            }
            self.merged_tags(&found.content);
            for event in &found.events {
                self.ignored(event, &mut events);
            }
            if let Some(described) = documents
                .described
                .get(account)
                .filter(|_| !found.described)
            {
                for difference in compare(&found.content, described) {
                    let message = format!(
                        "account {account}: AWS answers another value than the policies give; the answer may be older, or the order of attachment another"
                    );
                    let at = ("effective policy", difference.path.as_str());
                    self.say(Severity::Warning, "effective-differs", at, message);
                }
            }
        }
    }

    fn ignored(
        &mut self,
        event: &Event,
        seen: &mut BTreeSet<(String, String, String, &'static str)>,
    ) {
        let Effect::Ignored(why) = &event.effect else {
            return;
        };
        let path = event
            .path
            .iter()
            .fold("$".to_owned(), |path, name| member(&path, name));
        let key = (
            event.policy.clone(),
            event.node.clone(),
            path.clone(),
            event.operator.name(),
        );
        if !seen.insert(key) {
            return;
        }
        let operator = event.operator.name();
        let (severity, code, message) = match why {
            Ignored::Locked(by) => {
                let by: Vec<String> = by
                    .iter()
                    .map(|(node, policy)| format!("{policy} at {node}"))
                    .collect();
                let message = format!(
                    "{operator} has no effect at {}: {} does not allow it below; take it out or have the control changed",
                    event.node,
                    by.join(", ")
                );
                (Severity::Warning, "locked", message)
            }
            Ignored::AssignedFirst(policy) => {
                let message = format!(
                    "{operator} has no effect at {}: {policy}, attached before it, assigns the setting too; leave it to one of them",
                    event.node
                );
                (Severity::Warning, "assigned-first", message)
            }
            Ignored::NotAList => {
                let message = format!(
                    "{operator} has no effect at {}: it is for lists",
                    event.node
                );
                (Severity::Warning, "not-a-list", message)
            }
        };
        let file = self.documents.policies.get(&event.policy);
        let file = file.map_or(event.policy.clone(), |policy| policy.file.clone());
        self.say(severity, code, (&file, &path), message);
    }

    /// What [`Lint::tags`] finds in a merged policy only: one of the settings may be inherited.
    fn merged_tags(&mut self, content: &Datum) {
        let regions = content.member("bedrock").and_then(|b| b.member(INFERENCE));
        let path = format!("$.bedrock.{INFERENCE}");
        for (region, configs) in regions.into_iter().flat_map(sections) {
            let path = member(&path, region);
            for (key, config) in sections(configs) {
                self.tags("effective policy", config, &member(&path, key));
            }
        }
    }
}
