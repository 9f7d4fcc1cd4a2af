//! What a merged policy of type `BEDROCK_POLICY` says: its sections and settings.

use std::collections::BTreeMap;

use edgerail_core::policy::{ContentGuarding, Guarding, ModelScope};

use super::arn::VersionedArn;
use super::datum::Datum;
use super::effective::Problem;
use crate::diagnostic::{member, shown_name};

/// The section under `bedrock` that enforces guardrails.
pub(super) const INFERENCE: &str = "guardrail_inference";
pub(super) const IDENTIFIER: &str = "identifier";
pub(super) const GUARDING: &str = "selective_content_guarding";
pub(super) const MODELS: &str = "model_enforcement";
/// What the preview had instead of `selective_content_guarding`.
pub(super) const LEGACY: &str = "input_tags";
pub(super) const AREAS: [&str; 2] = ["system", "messages"];
pub(super) const LISTS: [&str; 2] = ["included_models", "excluded_models"];

/// A guardrail that a merged policy enforces in a region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnforcedGuardrail {
    /// The key of its section, which the policy's author chose.
    pub key: String,
    /// The guardrail.
    pub identifier: VersionedArn,
    /// The models it is enforced for.
    pub models: ModelScope,
    /// How much of a conversation it looks at.
    pub guarding: ContentGuarding,
}

/// The guardrails that a merged policy enforces in a region, by their keys, and what is wrong with it, in
/// any region.
#[must_use]
pub fn enforced(content: &Datum, region: &str) -> (Vec<EnforcedGuardrail>, Vec<Problem>) {
    let mut reader = Reader::default();
    let regions = reader.regions(content);
    let mut found = Vec::new();
    for (name, configs) in regions {
        let path = member(&format!("$.bedrock.{INFERENCE}"), name);
        for (key, config) in configs {
            let guardrail = reader.config(name, key, config, &member(&path, key));
            found.extend(guardrail.filter(|_| name == region));
        }
    }
    (found, reader.problems)
}

#[derive(Default)]
struct Reader {
    problems: Vec<Problem>,
}

type Members = BTreeMap<String, Datum>;

impl Reader {
    fn invalid(&mut self, code: &'static str, path: &str, message: impl Into<String>) {
        self.problems.push(Problem {
            code,
            path: path.to_owned(),
            message: message.into(),
            invalid: true,
        });
    }

    /// The members of a section that has to be there and have some.
    fn section<'d>(&mut self, parent: &'d Datum, name: &str, path: &str) -> Option<&'d Members> {
        let Some(section) = parent.member(name) else {
            let message = format!("`{name}` is missing");
            self.invalid("KEY_REQUIRED", path, message);
            return None;
        };
        self.members(section, &member(path, name))
    }

    fn members<'d>(&mut self, section: &'d Datum, path: &str) -> Option<&'d Members> {
        match section {
            Datum::Object(members) if members.is_empty() => {
                self.invalid("ELEMENTS_TOO_FEW", path, "the section is empty");
                None
            }
            Datum::Object(members) => Some(members),
            other => {
                let message = format!("a section is expected, this is {}", other.kind());
                self.invalid("VALUE_INVALID", path, message);
                None
            }
        }
    }

    fn regions<'d>(&mut self, content: &'d Datum) -> Vec<(&'d String, &'d Members)> {
        // A policy that says nothing enforces nothing, and nothing is wrong with that.
        if content.members().is_some_and(BTreeMap::is_empty) {
            return Vec::new();
        }
        let regions = self.section(content, "bedrock", "$").and_then(|_| {
            let bedrock = content.member("bedrock")?;
            self.section(bedrock, INFERENCE, "$.bedrock")
        });
        let Some(regions) = regions else {
            return Vec::new();
        };
        let mut found = Vec::new();
        for (name, configs) in regions {
            let path = member(&format!("$.bedrock.{INFERENCE}"), name);
            found.extend(self.members(configs, &path).map(|configs| (name, configs)));
        }
        found
    }

    fn config(
        &mut self,
        region: &str,
        key: &str,
        config: &Datum,
        path: &str,
    ) -> Option<EnforcedGuardrail> {
        let members = self.members(config, path)?;
        let identifier = self.identifier(region, members, path);
        let models = match members.get(MODELS) {
            None => Some(ModelScope::default()),
            Some(section) => self.models(section, &member(path, MODELS)),
        };
        let guarding = self.guarding(members, path);
        Some(EnforcedGuardrail {
            key: key.to_owned(),
            identifier: identifier?,
            models: models?,
            guarding: guarding?,
        })
    }

    /// A value that is one string.
    fn text<'d>(&mut self, value: &'d Datum, path: &str) -> Option<&'d str> {
        if value.items().is_some() {
            let message = "one value is expected, this is a list";
            self.invalid("ELEMENTS_TOO_MANY", path, message);
        } else if value.text().is_none() {
            let message = format!("a string is expected, this is {}", value.kind());
            self.invalid("VALUE_INVALID", path, message);
        }
        value.text()
    }

    fn identifier(&mut self, region: &str, members: &Members, path: &str) -> Option<VersionedArn> {
        let Some(value) = members.get(IDENTIFIER) else {
            let message = "`identifier` is missing: the guardrail's ARN with its version";
            self.invalid("KEY_REQUIRED", path, message);
            return None;
        };
        let path = member(path, IDENTIFIER);
        let text = self.text(value, &path)?;
        let wrong = match VersionedArn::parse(text) {
            Ok(found) if found.arn.region == region => return Some(found),
            Ok(found) => format!(
                "is of the region {}, but stands under {region}",
                found.arn.region
            ),
            Err(problem) => problem.to_owned(),
        };
        // AWS takes such a policy; its accounts' calls fail.
        self.problems.push(Problem {
            code: "IDENTIFIER_INVALID",
            path,
            message: format!(
                "`{}` {wrong}; with a wrong identifier every Bedrock call in the accounts it is for fails",
                shown_name(text)
            ),
            invalid: false,
        });
        None
    }

    fn models(&mut self, section: &Datum, path: &str) -> Option<ModelScope> {
        let members = self.members(section, path)?;
        let [included, excluded] = LISTS.map(|name| {
            let Some(value) = members.get(name) else {
                let message =
                    format!("`{name}` is missing; both lists have to be there, empty if need be");
                self.invalid("KEY_REQUIRED", path, message);
                return None;
            };
            let path = member(path, name);
            let Some(items) = value.items() else {
                let message = format!("a list of model ids is expected, this is {}", value.kind());
                self.invalid("VALUE_INVALID", &path, message);
                return None;
            };
            let names: Option<Vec<String>> = items
                .iter()
                .map(|item| item.text().map(str::to_owned))
                .collect();
            if names.is_none() {
                self.invalid("VALUE_INVALID", &path, "model ids are strings");
            }
            names
        });
        Some(ModelScope {
            included: included?,
            excluded: excluded?,
        })
    }

    fn guarding(&mut self, members: &Members, path: &str) -> Option<ContentGuarding> {
        // The preview's setting is held to its values even where the newer one counts.
        let legacy = self.legacy(members, path)?;
        let Some(section) = members.get(GUARDING) else {
            return Some(legacy);
        };
        let path = member(path, GUARDING);
        let section = self.members(section, &path)?;
        if AREAS.iter().all(|area| !section.contains_key(*area)) {
            let message = "neither `system` nor `messages` is in it";
            self.invalid("KEY_REQUIRED", &path, message);
            return None;
        }
        let values = [
            ("comprehensive", Guarding::Comprehensive),
            ("selective", Guarding::Selective),
        ];
        let [system, messages] = AREAS.map(|area| match section.get(area) {
            None => Some(Guarding::Comprehensive),
            Some(value) => self.choice(value, &member(&path, area), &values),
        });
        Some(ContentGuarding {
            system: system?,
            messages: messages?,
        })
    }

    /// `honor` was "what is tagged, if something is", which is selective for messages.
    fn legacy(&mut self, members: &Members, path: &str) -> Option<ContentGuarding> {
        let Some(value) = members.get(LEGACY) else {
            return Some(ContentGuarding::default());
        };
        let values = [
            ("ignore", Guarding::Comprehensive),
            ("honor", Guarding::Selective),
        ];
        let messages = self.choice(value, &member(path, LEGACY), &values)?;
        Some(ContentGuarding {
            system: Guarding::Comprehensive,
            messages,
        })
    }

    fn choice<T: Copy>(&mut self, value: &Datum, path: &str, values: &[(&str, T)]) -> Option<T> {
        let text = self.text(value, path)?;
        let found = values.iter().find(|(name, _)| *name == text);
        if found.is_none() {
            let names: Vec<String> = values.iter().map(|(n, _)| format!("`{n}`")).collect();
            let message = format!(
                "`{}` is no value of this setting; it is {}, in lower case",
                shown_name(text),
                names.join(" or ")
            );
            self.invalid("VALUE_INVALID", path, message);
        }
        found.map(|(_, value)| *value)
    }
}
