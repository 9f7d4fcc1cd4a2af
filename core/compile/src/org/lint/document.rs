//! A policy document by itself: its members, operators and values.

use super::{FAILS, Lint, sections};
use crate::diagnostic::{Severity, member, shown_name};
use crate::nearest::nearest;
use crate::org::arn::VersionedArn;
use crate::org::datum::Datum;
use crate::org::documents::PolicyDocument;
use crate::org::inherit::{CONTROL, Operator};
use crate::org::names::is_region;
use crate::org::settings::{AREAS, GUARDING, IDENTIFIER, INFERENCE, LEGACY, LISTS, MODELS};

/// Characters of a Bedrock policy document (Organizations User Guide, quotas).
const MAX_CHARACTERS: usize = 10_000;

impl Lint<'_> {
    pub(super) fn policy(&mut self, policy: &PolicyDocument) {
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
            if !is_region(region) {
                let message = format!("`{}` is the name of no region", shown_name(region));
                let at = (policy.file.as_str(), path.as_str());
                self.say(Severity::Error, "unknown-region", at, message);
            }
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
    pub(super) fn tags(&mut self, file: &str, config: &Datum, path: &str) {
        if !contradicts(config) {
            return;
        }
        let path = member(path, LEGACY);
        let message = "`input_tags` and `selective_content_guarding` say different things about messages; the latter counts here, and what AWS does is not documented: take `input_tags` out";
        let at = (file, path.as_str());
        self.say(Severity::Warning, "contradictory-input-tags", at, message);
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
