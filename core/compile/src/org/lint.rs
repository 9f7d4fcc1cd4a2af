//! What AWS would refuse, fail on, or do other than its author meant.

use std::collections::{BTreeMap, BTreeSet};

use super::arn::{GuardrailArn, VersionedArn};
use super::compare::compare;
use super::datum::{Datum, mentions};
use super::documents::{Documents, PolicyDocument};
use super::effective::effective;
use super::inherit::{CONTROL, Effect, Event, Ignored, Operator};
use super::scope::Unit;
use super::settings::{AREAS, GUARDING, IDENTIFIER, INFERENCE, LEGACY, LISTS, MODELS};
use crate::diagnostic::{Diagnostic, Diagnostics, Severity, member, shown_name};
use crate::nearest::nearest;

/// Characters of a Bedrock policy document (Organizations User Guide, quotas).
const MAX_CHARACTERS: usize = 10_000;
/// Bedrock policies attached to one root, unit or account (the same).
const MAX_ATTACHED: usize = 10;
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

struct Lint<'a> {
    documents: &'a Documents,
    found: BTreeMap<String, Diagnostics>,
}

impl Lint<'_> {
    fn say(
        &mut self,
        severity: Severity,
        code: &'static str,
        (file, path): (&str, &str),
        message: impl Into<String>,
    ) {
        let own = self.found.entry(file.to_owned()).or_default();
        own.push(Diagnostic::new(severity, code, path, None, message));
    }

    fn policy(&mut self, policy: &PolicyDocument) {
        if policy.characters > MAX_CHARACTERS {
            let message = format!(
                "the policy has {} characters, AWS takes {MAX_CHARACTERS}; the CLI and SDKs count white space, so print it without",
                policy.characters
            );
            self.say(
                Severity::Error,
                "policy-too-long",
                (&policy.file, "$"),
                message,
            );
        }
        let content = &policy.content;
        self.members(policy, content, "$", &["bedrock"]);
        let Some(bedrock) = content.member("bedrock") else {
            return;
        };
        self.members(policy, bedrock, "$.bedrock", &[INFERENCE]);
        let regions = bedrock.member(INFERENCE);
        let path = format!("$.bedrock.{INFERENCE}");
        let Some(regions) = regions else { return };
        self.control(policy, regions, &path);
        for (region, configs) in sections(regions) {
            let path = member(&path, region);
            self.control(policy, configs, &path);
            let keys: Vec<&String> = sections(configs).map(|(key, _)| key).collect();
            if keys.len() > 1 {
                let message = format!(
                    "several configurations for one region ({}); whether AWS enforces more than one is not documented",
                    keys.iter()
                        .map(|key| shown_name(key))
                        .collect::<Vec<_>>()
                        .join(", ")
                );
                self.say(
                    Severity::Lint,
                    "several-configs",
                    (&policy.file, &path),
                    message,
                );
            }
            for (key, config) in sections(configs) {
                self.config(policy, region, config, &member(&path, key));
            }
        }
    }

    fn config(&mut self, policy: &PolicyDocument, region: &str, config: &Datum, path: &str) {
        self.members(
            policy,
            config,
            path,
            &[IDENTIFIER, GUARDING, MODELS, LEGACY],
        );
        if let Some(setting) = config.member(IDENTIFIER) {
            let path = member(path, IDENTIFIER);
            self.setting(policy, setting, &path, false);
            if let Some(text) = setting.member("@@assign").and_then(Datum::text) {
                self.identifier(policy, region, text, &path);
            }
        }
        if let Some(setting) = config.member(LEGACY) {
            let path = member(path, LEGACY);
            self.setting(policy, setting, &path, false);
            let message = "`input_tags` is the preview's syntax: write `selective_content_guarding` with `system` and `messages` (ignore is comprehensive, honor is selective for messages)";
            self.say(
                Severity::Lint,
                "legacy-input-tags",
                (&policy.file, &path),
                message,
            );
        }
        self.tags(&policy.file, config, path);
        let groups = [(GUARDING, AREAS, false), (MODELS, LISTS, true)];
        for (name, settings, list) in groups {
            let Some(section) = config.member(name) else {
                continue;
            };
            let path = member(path, name);
            self.members(policy, section, &path, &settings);
            for name in settings {
                let Some(setting) = section.member(name) else {
                    continue;
                };
                let path = member(&path, name);
                self.setting(policy, setting, &path, list);
                if list {
                    self.models(policy, setting, name, &path);
                }
            }
        }
    }

    /// A section has the members that are known, and controls.
    fn members(&mut self, policy: &PolicyDocument, section: &Datum, path: &str, known: &[&str]) {
        self.control(policy, section, path);
        for (name, _) in sections(section).filter(|(name, _)| !known.contains(&name.as_str())) {
            let shown = shown_name(name);
            let message = match nearest(name, known) {
                Some(near) => format!("`{shown}` is not known here; did you mean `{near}`?"),
                None => format!(
                    "`{shown}` is not known here; known are {}",
                    known.join(", ")
                ),
            };
            let path = member(path, name);
            self.say(
                Severity::Warning,
                "unknown-member",
                (&policy.file, &path),
                message,
            );
        }
    }

    /// The operators of a section: controls only.
    fn control(&mut self, policy: &PolicyDocument, section: &Datum, path: &str) {
        let at = (policy.file.as_str(), path);
        let Some(members) = section.members() else {
            let message = format!("a section is expected, this is {}", section.kind());
            return self.say(Severity::Error, "wrong-type", at, message);
        };
        for name in members.keys().filter(|name| name.starts_with("@@")) {
            if name == CONTROL {
                self.control_value(policy, &members[name], path);
                let message = "the control stands in a section: it limits what may be added to it, and not the settings that are in it; put it into each setting that must not be changed";
                self.say(Severity::Lint, "lock-at-section", at, message);
            } else {
                let message = format!("`{}` stands where no setting is", shown_name(name));
                self.say(Severity::Error, "misplaced-operator", at, message);
            }
        }
    }

    fn control_value(&mut self, policy: &PolicyDocument, value: &Datum, path: &str) {
        let known = |item: &Datum| {
            let name = item.text().unwrap_or("");
            ["@@all", "@@none"].contains(&name) || Operator::ALL.iter().any(|o| o.name() == name)
        };
        if !value
            .items()
            .is_some_and(|items| !items.is_empty() && items.iter().all(known))
        {
            let message =
                "a control is a list of @@all, @@none or some of @@assign, @@append and @@remove";
            let path = member(path, CONTROL);
            self.say(
                Severity::Error,
                "wrong-control",
                (&policy.file, &path),
                message,
            );
        }
        let items = value.items().unwrap_or_default();
        let whole = |item: &Datum| item.text().is_some_and(|t| t == "@@all" || t == "@@none");
        if items.iter().any(whole) && items.iter().any(|item| Some(item) != items.first()) {
            let message = "@@all and @@none stand alone in a control; here @@none counts, and nothing is allowed below where it stands";
            let path = member(path, CONTROL);
            let at = (policy.file.as_str(), path.as_str());
            self.say(Severity::Error, "contradictory-control", at, message);
        }
    }

    /// The preview's setting beside the one that replaced it.
    fn tags(&mut self, file: &str, config: &Datum, path: &str) {
        if !contradicts(config) {
            return;
        }
        let path = member(path, LEGACY);
        let message = "`input_tags` and `selective_content_guarding` say different things about messages; the latter counts here, and what AWS does is not documented: take `input_tags` out";
        let at = (file, path.as_str());
        self.say(Severity::Warning, "contradictory-input-tags", at, message);
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

    /// A setting has operators and nothing else.
    fn setting(&mut self, policy: &PolicyDocument, setting: &Datum, path: &str, list: bool) {
        let at = (policy.file.as_str(), path);
        let Some(members) = setting.members() else {
            let message = "a value stands here without an operator; write {\"@@assign\": …}";
            return self.say(Severity::Error, "missing-operator", at, message);
        };
        let mut setting_operators = 0;
        for (name, value) in members {
            let operator = Operator::ALL.into_iter().find(|o| o.name() == name);
            if name == CONTROL {
                self.control_value(policy, value, path);
                continue;
            }
            let Some(operator) = operator else {
                let known = Operator::ALL.map(Operator::name);
                let message = match nearest(name, known.into_iter().chain([CONTROL])) {
                    Some(near) => {
                        format!(
                            "`{}` is no operator; did you mean `{near}`?",
                            shown_name(name)
                        )
                    }
                    None => format!("`{}` is no operator", shown_name(name)),
                };
                self.say(Severity::Error, "unknown-operator", at, message);
                continue;
            };
            setting_operators += 1;
            if !list && operator != Operator::Assign {
                let message = format!("{name} is for lists, and this setting has one value");
                self.say(Severity::Error, "operator-for-lists", at, message);
            } else if list != value.items().is_some() {
                let expected = if list { "a list" } else { "one string" };
                let message = format!("{expected} is expected, this is {}", value.kind());
                self.say(Severity::Error, "wrong-type", at, message);
            }
        }
        if setting_operators > 1 {
            let message = "several operators in one setting; they are applied in the order assign, append, remove";
            self.say(Severity::Lint, "several-operators", at, message);
        }
    }

    fn identifier(&mut self, policy: &PolicyDocument, region: &str, text: &str, path: &str) {
        let at = (policy.file.as_str(), path);
        let shown = shown_name(text);
        let found = match VersionedArn::parse(text) {
            Ok(found) => found,
            Err(problem) => {
                let message = format!("`{shown}` {problem}; {FAILS}");
                return self.say(Severity::Error, "wrong-identifier", at, message);
            }
        };
        if found.arn.region != region {
            let message = format!(
                "`{shown}` is of {}, but stands under {region}; {FAILS}",
                found.arn.region
            );
            self.say(Severity::Error, "wrong-identifier-region", at, message);
        }
        let management = self.documents.management_account.as_ref();
        if let Some(account) = management.filter(|account| **account != found.arn.account) {
            let message = format!(
                "`{shown}` is of the account {}, but an organization enforces guardrails of its management account, {account}; {FAILS}",
                found.arn.account
            );
            self.say(Severity::Error, "wrong-identifier-account", at, message);
        }
    }

    fn models(&mut self, policy: &PolicyDocument, setting: &Datum, name: &str, path: &str) {
        let members = setting.members().into_iter().flatten();
        let lists = members.filter(|(operator, _)| operator.as_str() != CONTROL);
        let ids: Vec<&str> = lists
            .filter_map(|(_, value)| value.items())
            .flatten()
            .filter_map(Datum::text)
            .collect();
        for id in ids {
            let all = id == "ALL" && name == LISTS[0];
            if !all && !is_model(id) {
                let message = format!(
                    "`{}` is no id of a foundation model (vendor.model, with no prefix of an inference profile); nothing is meant by it",
                    shown_name(id)
                );
                self.say(
                    Severity::Warning,
                    "wrong-model",
                    (&policy.file, path),
                    message,
                );
            }
        }
    }

    fn attachments(&mut self) {
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
    fn lacks_attachments(&self, account: &str) -> bool {
        let tree = &self.documents.tree;
        let unknown = |id: &String| tree.nodes.get(id).is_some_and(|n| n.policies.is_none());
        self.is_merged()
            && tree
                .path(account)
                .is_ok_and(|path| path.iter().any(unknown))
    }

    /// Policies that nothing known is bound by: left over, or the answer that attaches them is missing.
    fn unattached(&mut self) {
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

    /// Merges the policies of every account, as AWS does.
    fn inheritance(&mut self) {
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
            let by_account = documents
                .accounts
                .iter()
                .any(|config| config.identifier == *arn && config.version == *version);
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

/// Whether a configuration, of a document or merged, has both settings about tags and they differ.
fn contradicts(config: &Datum) -> bool {
    let text = |setting: &Datum| {
        let assigned = setting.member("@@assign").unwrap_or(setting);
        assigned.text().map(str::to_owned)
    };
    let legacy = config.member(LEGACY).and_then(text);
    let (Some(legacy), Some(section)) = (legacy, config.member(GUARDING)) else {
        return false;
    };
    let messages = section.member(AREAS[1]);
    let messages = messages.map_or(Some("comprehensive".to_owned()), text);
    messages.is_some_and(|messages| (legacy == "honor") != (messages == "selective"))
}

/// Whether a model id is one that PutEnforcedGuardrailConfiguration takes: one dot, up to two more parts
/// behind colons, up to one behind a slash.
fn is_model(id: &str) -> bool {
    let part = |text: &str| {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        (1..=63).contains(&text.len()) && text.bytes().all(plain)
    };
    let (id, custom) = id
        .split_once('/')
        .map_or((id, None), |(id, c)| (id, Some(c)));
    let mut parts = id.split(':');
    let name = parts.next().unwrap_or("").split_once('.');
    let versions: Vec<&str> = parts.collect();
    name.is_some_and(|(vendor, model)| part(vendor) && part(model))
        && versions.len() <= 2
        && versions.iter().all(|version| part(version))
        && custom.is_none_or(|custom| custom.len() == 12 && part(custom) && !custom.contains('-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn model_ids_are_those_of_the_service_model() {
        for id in [
            "amazon.titan-embed-text-v2:0",
            "cohere.embed-english-v3",
            "anthropic.claude-3-haiku-20240307-v1:0:48k",
            "anthropic.claude-v2:1/a1b2c3d4e5f6",
        ] {
            assert!(is_model(id), "{id}");
        }
        for id in [
            "ALL",
            "",
            "titan",
            "us.amazon.titan-v1",
            "Amazon.titan",
            "a.b:",
            "a.b:c:d:e",
            "a.b/short",
        ] {
            assert!(!is_model(id), "{id}");
        }
    }
}
