//! Writes the policy and message sections.

use edgerail_core::json::Writer;
use edgerail_core::pii::PiiType;
use edgerail_core::policy::{
    Actions, Confidence, Counts, Enforcement, ModelScope, Ownership, Tiers,
};

use crate::overlay::{AllowEntry, Allowed, ExceptionEntry, Limits, Mode, OnError};

/// A guardrail as it goes into the policy section.
#[derive(Debug, Default)]
pub(crate) struct PolicyGuardrail {
    pub(crate) name: String,
    pub(crate) id: Option<String>,
    pub(crate) version: Option<String>,
    pub(crate) arn: Option<String>,
    pub(crate) observe: bool,
    pub(crate) blocked_input: String,
    pub(crate) blocked_output: String,
    pub(crate) words: Counts,
    pub(crate) profanity: Option<Actions>,
    pub(crate) pii: Vec<(PiiType, Actions, Option<u16>)>,
    pub(crate) regexes: Vec<PolicyRegex>,
    pub(crate) topics: Vec<PolicyTopic>,
    pub(crate) prompt_attack: Option<PolicyAttack>,
    pub(crate) cloud: Vec<Cloud>,
    pub(crate) allow: Vec<AllowEntry>,
    pub(crate) tiers: Tiers,
    pub(crate) enforcement: Vec<Enforcement>,
    pub(crate) ownership: Ownership,
    pub(crate) exceptions: Vec<ExceptionEntry>,
}

#[derive(Debug)]
pub(crate) struct PolicyRegex {
    pub(crate) name: String,
    pub(crate) pattern: String,
    pub(crate) automaton: usize,
    pub(crate) actions: Actions,
}

#[derive(Debug)]
pub(crate) struct PolicyTopic {
    pub(crate) name: String,
    pub(crate) topic: usize,
    pub(crate) actions: Actions,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct PolicyAttack {
    pub(crate) topic: usize,
    pub(crate) strength: Confidence,
    pub(crate) actions: Actions,
}

/// Something left to the cloud.
#[derive(Debug)]
pub(crate) struct Cloud {
    pub(crate) policy: &'static str,
    pub(crate) entry: Option<String>,
    pub(crate) reason: &'static str,
    pub(crate) input: bool,
    pub(crate) output: bool,
}

/// The whole policy section.
#[derive(Debug)]
pub(crate) struct PolicySection<'a> {
    pub(crate) audience: &'static str,
    /// Whether sources, ARNs and people are left out.
    pub(crate) strip: bool,
    pub(crate) scope: Option<&'a str>,
    pub(crate) on_error: [OnError; 2],
    pub(crate) limits: Limits,
    pub(crate) guardrails: &'a [PolicyGuardrail],
    /// The families of prompt attacks; none if no guardrail looks for them.
    pub(crate) attack_families: &'a [String],
}

/// The blocked messages of a bundle, each once.
#[derive(Debug, Default)]
pub(crate) struct MessageTable(Vec<String>);

impl MessageTable {
    fn number(&mut self, text: &str) -> u64 {
        let known = self.0.iter().position(|have| have == text);
        let number = known.unwrap_or_else(|| {
            self.0.push(text.to_owned());
            self.0.len() - 1
        });
        u64::try_from(number).unwrap_or(u64::MAX)
    }

    /// The section: count, then per message its length and its UTF-8.
    pub(crate) fn section(&self) -> Option<Vec<u8>> {
        let mut section = u32::try_from(self.0.len()).ok()?.to_le_bytes().to_vec();
        for message in &self.0 {
            section.extend_from_slice(&u32::try_from(message.len()).ok()?.to_le_bytes());
            section.extend_from_slice(message.as_bytes());
        }
        Some(section)
    }
}

impl PolicySection<'_> {
    /// The section as canonical JSON; puts the messages it names into `messages`.
    pub(crate) fn write(&self, messages: &mut MessageTable) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.object(|w| {
            if !self.attack_families.is_empty() {
                w.name("attackFamilies").array(|w| {
                    self.attack_families.iter().for_each(|name| w.string(name));
                });
            }
            w.name("audience").string(self.audience);
            if let Some(findings) = self.limits.findings {
                w.name("findings").number(findings.into());
            }
            w.name("guardrails").array(|w| {
                for guardrail in self.guardrails {
                    w.object(|w| self.guardrail(w, guardrail, messages));
                }
            });
            w.name("onError").object(|w| {
                for (name, on_error) in ["input", "output"].into_iter().zip(self.on_error) {
                    w.name(name).string(match on_error {
                        OnError::Block => "block",
                        OnError::Pass => "pass",
                    });
                }
            });
            if let Some(scope) = self.scope {
                w.name("scope").string(scope);
            }
            if let Some(bytes) = self.limits.text_bytes {
                w.name("textBytes").number(bytes.into());
            }
        });
        writer.finish().into_bytes()
    }

    fn guardrail(&self, w: &mut Writer, guardrail: &PolicyGuardrail, messages: &mut MessageTable) {
        w.name("allow").array(|w| {
            for entry in &guardrail.allow {
                w.object(|w| self.allow(w, entry));
            }
        });
        if let Some(arn) = guardrail.arn.as_ref().filter(|_| !self.strip) {
            w.name("arn").string(arn);
        }
        let blocked_input = messages.number(&guardrail.blocked_input);
        w.name("blockedInput").number(blocked_input);
        let blocked_output = messages.number(&guardrail.blocked_output);
        w.name("blockedOutput").number(blocked_output);
        w.name("cloud").array(|w| {
            for cloud in &guardrail.cloud {
                w.object(|w| {
                    if let Some(entry) = &cloud.entry {
                        w.name("entry").string(entry);
                    }
                    w.name("input").bool(cloud.input);
                    w.name("output").bool(cloud.output);
                    w.name("policy").string(cloud.policy);
                    w.name("reason").string(cloud.reason);
                });
            }
        });
        if !guardrail.enforcement.is_empty() {
            w.name("enforcement").array(|w| {
                for level in &guardrail.enforcement {
                    w.object(|w| enforcement(w, level));
                }
            });
        }
        if !guardrail.exceptions.is_empty() {
            w.name("exceptions").array(|w| {
                for entry in &guardrail.exceptions {
                    w.object(|w| self.exception(w, entry));
                }
            });
        }
        if let Some(id) = &guardrail.id {
            w.name("id").string(id);
        }
        let mode = if guardrail.observe {
            Mode::Observe
        } else {
            Mode::Enforce
        };
        w.name("mode").string(match mode {
            Mode::Enforce => "enforce",
            Mode::Observe => "observe",
        });
        w.name("name").string(&guardrail.name);
        if guardrail.ownership != Ownership::default() {
            w.name("ownership").string(guardrail.ownership.name());
        }
        w.name("pii").array(|w| {
            for (ty, actions, threshold) in &guardrail.pii {
                w.object(|w| {
                    write_actions(w, *actions);
                    if let Some(threshold) = threshold {
                        w.name("threshold").number((*threshold).into());
                    }
                    w.name("type").string(ty.name());
                });
            }
        });
        if let Some(actions) = guardrail.profanity {
            w.name("profanity").object(|w| write_actions(w, actions));
        }
        if let Some(attack) = guardrail.prompt_attack {
            w.name("promptAttack").object(|w| {
                w.name("input").string(attack.actions.input.name());
                w.name("output").string(attack.actions.output.name());
                w.name("strength").string(attack.strength.name());
                w.name("topic").number(count(attack.topic));
            });
        }
        w.name("regexes").array(|w| {
            for regex in &guardrail.regexes {
                w.object(|w| self.regex(w, regex));
            }
        });
        if guardrail.tiers.any() {
            w.name("tier").object(|w| {
                let standard = guardrail.tiers.named().into_iter().filter(|(_, on)| *on);
                for (policy, _) in standard {
                    w.name(policy).string("STANDARD");
                }
            });
        }
        w.name("topics").array(|w| {
            for topic in &guardrail.topics {
                w.object(|w| {
                    w.name("input").string(topic.actions.input.name());
                    w.name("name").string(&topic.name);
                    w.name("output").string(topic.actions.output.name());
                    w.name("topic").number(count(topic.topic));
                });
            }
        });
        if let Some(version) = &guardrail.version {
            w.name("version").string(version);
        }
        w.name("words").object(|w| {
            w.name("input").number(count(guardrail.words.input));
            w.name("output").number(count(guardrail.words.output));
            w.name("total").number(count(guardrail.words.total));
        });
    }

    fn regex(&self, w: &mut Writer, regex: &PolicyRegex) {
        w.name("automaton").number(count(regex.automaton));
        w.name("input").string(regex.actions.input.name());
        w.name("name").string(&regex.name);
        w.name("output").string(regex.actions.output.name());
        if !self.strip {
            w.name("pattern").string(&regex.pattern);
        }
    }

    fn exception(&self, w: &mut Writer, entry: &ExceptionEntry) {
        if !self.strip {
            w.name("approvedBy").string(&entry.approved.by);
        }
        w.name("from").number(entry.approved.at.begins());
        w.name("id").string(&entry.id);
        if !entry.models.is_empty() {
            names(w, "models", &entry.models);
        }
        if let Some(name) = entry.rule.name() {
            w.name("name").string(name);
        }
        if let Some(policy) = entry.rule.policy() {
            w.name("policy").string(policy);
        }
        if let Some(ty) = entry.rule.type_name() {
            w.name("type").string(ty);
        }
        w.name("until").number(entry.until.unix_seconds);
        if !self.strip {
            w.name("who").string(&entry.who);
            w.name("why").string(&entry.why);
        }
    }

    fn allow(&self, w: &mut Writer, entry: &AllowEntry) {
        if let Allowed::Domain(domain) = &entry.allowed {
            w.name("domain").string(domain);
        }
        w.name("type").string(entry.ty.name());
        w.name("until").number(entry.until.unix_seconds);
        if let Allowed::Value(value) = &entry.allowed {
            w.name("value").string(value);
        }
        if !self.strip {
            w.name("who").string(&entry.who);
            w.name("why").string(&entry.why);
        }
    }
}

fn enforcement(w: &mut Writer, level: &Enforcement) {
    let ModelScope { included, excluded } = &level.models;
    if !excluded.is_empty() {
        names(w, "excludedModels", excluded);
    }
    if !included.is_empty() {
        names(w, "includedModels", included);
    }
    if let Some(guarding) = level.guarding {
        w.name("messages").string(guarding.messages.name());
    }
    w.name("origin").string(level.origin.name());
    if let Some(guarding) = level.guarding {
        w.name("system").string(guarding.system.name());
    }
}

fn names(w: &mut Writer, name: &str, all: &[String]) {
    w.name(name).array(|w| {
        for one in all {
            w.string(one);
        }
    });
}

fn write_actions(w: &mut Writer, actions: Actions) {
    w.name("input").string(actions.input.name());
    w.name("output").string(actions.output.name());
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
