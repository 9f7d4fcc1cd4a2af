//! Reads the section `exceptions` of a guardrail: rules that do not act for a while.

use std::collections::BTreeMap;

use edgerail_core::policy::ExceptedRule;

use super::reader::Reader;
use super::{Approval, Date, ExceptionEntry, Overlay, keys};
use crate::diagnostic::{Diagnostic, Diagnostics, Severity, member};
use crate::document::Node;

const DAY: u64 = 86_400;
/// How long an exception lasts at most where the overlay does not say: a quarter.
pub(super) const DEFAULT_DAYS: u32 = 90;
/// Ten years are a decision about the guardrail, not an exception from it.
pub(super) const MAX_DAYS: u32 = 3_650;
/// Ids stand in decisions and logs.
const MAX_ID: usize = 64;

impl Reader {
    pub(super) fn exceptions(&mut self, node: &Node, path: &str) -> Vec<ExceptionEntry> {
        let items = self.items(node, path).into_iter();
        items
            .filter_map(|(item, path)| self.exception(item, &path))
            .collect()
    }

    fn exception(&mut self, node: &Node, path: &str) -> Option<ExceptionEntry> {
        self.table(node, path, &keys::EXCEPTION);
        node.entries()?;
        let id = self.needed(node, path, "id").filter(|id| {
            let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
            let fits = id.len() <= MAX_ID && id.chars().all(plain);
            if !fits {
                let message = format!(
                    "an id has at most {MAX_ID} letters, digits, `.`, `_` and `-`: it stands in decisions and logs"
                );
                self.error("wrong-pattern", &member(path, "id"), node, message);
            }
            fits
        });
        let who = self.needed(node, path, "who");
        let why = self.needed(node, path, "why");
        let until = self.date(node, path, "until");
        let approved = self.approval(node, path);
        let rule = self.rule_of(node, path);
        let models = self.texts(node, path, "models");
        let scopes = self.texts(node, path, "scopes");
        Some(ExceptionEntry {
            id: id?,
            rule: rule?,
            models,
            scopes,
            who: who?,
            why: why?,
            until: until?,
            approved: approved?,
            path: path.to_owned(),
            place: node.place,
        })
    }

    fn needed(&mut self, node: &Node, path: &str, key: &str) -> Option<String> {
        let found = node.member(key);
        if found.is_none() {
            let message = format!(
                "`{key}` is missing: an exception says for whom, why, until when and who approved it when"
            );
            self.error("missing-key", path, node, message);
        }
        found.and_then(|value| self.text(value, &member(path, key)))
    }

    fn date(&mut self, node: &Node, path: &str, key: &str) -> Option<Date> {
        let text = self.needed(node, path, key)?;
        let date = Date::parse(&text);
        if date.is_none() {
            let at = node.member(key).unwrap_or(node);
            let message = "a date of RFC 3339 is expected: `2027-01-31` or `2027-01-31T12:00:00Z`";
            self.error("wrong-pattern", &member(path, key), at, message);
        }
        date
    }

    fn approval(&mut self, node: &Node, path: &str) -> Option<Approval> {
        let Some(approved) = node.member("approved") else {
            let message =
                "`approved` is missing: an exception needs `approved = { by = \"…\", at = \"…\" }`";
            self.error("missing-key", path, node, message);
            return None;
        };
        let path = member(path, "approved");
        self.table(approved, &path, &keys::APPROVED);
        approved.entries()?;
        let by = self.needed(approved, &path, "by");
        let at = self.date(approved, &path, "at");
        Some(Approval { by: by?, at: at? })
    }

    fn rule_of(&mut self, node: &Node, path: &str) -> Option<ExceptedRule> {
        let mut text = |key: &str| {
            let value = node.member(key)?;
            Some(self.text(value, &member(path, key)))
        };
        let (policy, ty, name) = (text("policy"), text("type"), text("name"));
        if [&policy, &ty, &name]
            .iter()
            .any(|part| **part == Some(None))
        {
            return None;
        }
        let (policy, ty, name) = (policy.flatten(), ty.flatten(), name.flatten());
        let rule = ExceptedRule::find(policy.as_deref(), ty.as_deref(), name.as_deref());
        if rule.is_none() {
            let message = "this names no rule: give `policy` with `type` or `name` as findings have them (wordPolicy with a name or type = \"PROFANITY\", sensitiveInformationPolicy with a type or a regex's name, topicPolicy with a name, contentPolicy with type = \"PROMPT_ATTACK\"), or none of the three for the whole guardrail";
            self.error("exception-rule", path, node, message);
        }
        rule
    }

    fn texts(&mut self, node: &Node, path: &str, key: &str) -> Vec<String> {
        let Some(list) = node.member(key) else {
            return Vec::new();
        };
        let path = member(path, key);
        let items = self.items(list, &path);
        if list.items().is_some() && items.is_empty() {
            let message = format!("the list is empty; leave `{key}` out if it holds for all");
            self.error("wrong-length", &path, list, message);
        }
        let items = items.into_iter();
        items
            .filter_map(|(item, path)| self.text(item, &path))
            .collect()
    }
}

/// What is wrong with exceptions taken together: how long they last, and whose ids they have.
pub(super) fn check(overlay: &Overlay) -> Diagnostics {
    let mut found = Diagnostics::new();
    let mut ids: BTreeMap<&str, &str> = BTreeMap::new();
    let all = overlay.guardrails.values();
    for entry in all.flat_map(|guardrail| &guardrail.exceptions) {
        let mut push = |severity, code, message: String| {
            found.push(Diagnostic::new(
                severity,
                code,
                &entry.path,
                Some(entry.place),
                message,
            ));
        };
        if let Some(first) = ids.insert(&entry.id, &entry.path) {
            let message = format!("the exception at {first} has the same id; give each its own");
            push(Severity::Error, "duplicate-exception", message);
        }
        let (from, until) = (entry.approved.at.begins(), entry.until.unix_seconds);
        let most = u64::from(overlay.max_exception_days) * DAY;
        if until <= from {
            let message = "it ends before it was approved; check `until` and `approved.at`";
            push(Severity::Error, "exception-empty", message.to_owned());
        } else if until - from > most {
            // The time counts from the approval, so that entries that continue one another on the same
            // approval end with it as well.
            let message = format!(
                "it lasts longer than max_exception_days = {} from its approval; end it earlier, or have it approved anew: a renewal needs its own `approved`",
                overlay.max_exception_days
            );
            push(Severity::Error, "exception-too-long", message);
        }
        if entry
            .approved
            .by
            .trim()
            .eq_ignore_ascii_case(entry.who.trim())
        {
            let message = "it was approved by the one it is for; let somebody else approve it";
            push(Severity::Lint, "exception-own-approval", message.to_owned());
        }
    }
    found
}
