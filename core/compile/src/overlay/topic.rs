//! Reads the section `topic`: keyword rules of denied topics.

use std::collections::BTreeSet;

use edgerail_core::text::{TokenKind, Tokens, View, fold_into};

use super::reader::Reader;
use super::{KeywordMode, Settings, TopicOptions, TopicRule, keys};
use crate::diagnostic::member;
use crate::document::Node;

/// Nobody writes more by hand, and the engine counts on it.
const MAX_RULES: usize = 64;
const MAX_TERMS: usize = 500;
const MAX_ALL: usize = 16;
/// As long as a custom word may be.
const MAX_TERM: usize = 100;
const MAX_SCORE: u32 = 1_000;
const MAX_WINDOW: u32 = 1_000;

impl Reader {
    pub(super) fn topics(&mut self, node: &Node, path: &str, out: &mut Settings) {
        for section in self.entries(node, path) {
            let path = member(path, &section.key);
            let options = self.topic(&section.value, &path);
            out.topics.insert(section.key.clone(), options);
        }
    }

    fn topic(&mut self, node: &Node, path: &str) -> TopicOptions {
        let mut options = TopicOptions::default();
        for entry in self.table(node, path, &keys::TOPIC) {
            let path = member(path, &entry.key);
            let value = &entry.value;
            match entry.key.as_str() {
                "keywords" => {
                    let values = [("add", KeywordMode::Add), ("replace", KeywordMode::Replace)];
                    options.keywords = self.choice(value, &path, &values);
                }
                "threshold" => options.threshold = self.small(value, &path, MAX_SCORE),
                "window" => options.window = self.small(value, &path, MAX_WINDOW),
                "confidential" => options.confidential = self.boolean(value, &path),
                _ => options.rules = self.rules(value, &path),
            }
        }
        if options.keywords == Some(KeywordMode::Replace) && options.rules.is_empty() {
            let message =
                "`keywords = \"replace\"` leaves the topic without any keyword; add a `rule`";
            self.error("topic-without-rule", path, node, message);
        }
        options
    }

    fn small(&mut self, node: &Node, path: &str, max: u32) -> Option<u16> {
        let number = self.integer(node, path, 1, max)?;
        u16::try_from(number).ok()
    }

    fn rules(&mut self, node: &Node, path: &str) -> Vec<TopicRule> {
        let items = self.items(node, path);
        if items.len() > MAX_RULES {
            let message = format!("a topic has at most {MAX_RULES} rules");
            self.error("wrong-length", path, node, message);
        }
        items
            .into_iter()
            .take(MAX_RULES)
            .map(|(item, path)| self.rule(item, &path))
            .collect()
    }

    fn rule(&mut self, node: &Node, path: &str) -> TopicRule {
        let mut rule = TopicRule::default();
        for entry in self.table(node, path, &keys::TOPIC_RULE) {
            let path = member(path, &entry.key);
            let value = &entry.value;
            match entry.key.as_str() {
                "any" => rule.any = self.terms(value, &path, MAX_TERMS),
                "all" => rule.all = self.terms(value, &path, MAX_ALL),
                "not" => rule.not = self.terms(value, &path, MAX_TERMS),
                "near" => rule.near = self.small(value, &path, MAX_WINDOW),
                _ => rule.weight = self.small(value, &path, MAX_SCORE),
            }
        }
        // Lists that were refused have their own errors; a rule that lacks both keys has this one.
        if node.entries().is_some() && node.member("any").is_none() && node.member("all").is_none()
        {
            let message = "the rule finds nothing: it needs `any`, `all` or both";
            self.error("topic-rule-empty", path, node, message);
        }
        if rule.near.is_some() && rule.all.len() < 2 {
            let message = "`near` says how close the terms of `all` have to stand, so `all` needs at least two";
            self.error("topic-rule-near", path, node, message);
        }
        self.contradictions(&rule, node, path);
        rule
    }

    /// A rule whose own term switches it off can never count.
    fn contradictions(&mut self, rule: &TopicRule, node: &Node, path: &str) {
        let not: BTreeSet<String> = rule.not.iter().map(|term| folded(term)).collect();
        for (list, terms) in [("all", &rule.all), ("any", &rule.any)] {
            if let Some(place) = terms.iter().position(|term| not.contains(&folded(term))) {
                let message = format!(
                    "`{list}[{place}]` stands in `not` as well, so that it can never count; take it out of one of them"
                );
                self.error("topic-rule-contradiction", path, node, message);
            }
        }
    }

    /// A list of words and phrases, each once.
    fn terms(&mut self, node: &Node, path: &str, max: usize) -> Vec<String> {
        let items = self.items(node, path);
        if node.items().is_some() && (items.is_empty() || items.len() > max) {
            let message = format!("1 to {max} words or phrases are expected");
            self.error("wrong-length", path, node, message);
        }
        let mut seen = BTreeSet::new();
        let mut terms = Vec::new();
        for (item, path) in items.into_iter().take(max) {
            let Some(text) = self.text(item, &path) else {
                continue;
            };
            if text.chars().count() > MAX_TERM {
                let message = format!("a word or phrase has at most {MAX_TERM} characters");
                self.error("wrong-length", &path, item, message);
            } else if !has_word(&text) {
                let message = "this holds no letter or digit, so that it would never be found";
                self.error("topic-term-empty", &path, item, message);
            } else if seen.insert(folded(&text)) {
                terms.push(text);
            }
        }
        terms
    }
}

fn has_word(text: &str) -> bool {
    let Ok(view) = View::new(text, usize::MAX) else {
        return false;
    };
    Tokens::new(view.text()).any(|token| token.kind != TokenKind::Symbol)
}

/// A term as it is compared: normalised, case-folded, its tokens one blank apart.
fn folded(term: &str) -> String {
    let mut out = String::new();
    if let Ok(view) = View::new(term, usize::MAX) {
        for token in Tokens::new(view.text()) {
            fold_into(
                view.text().get(token.start..token.end).unwrap_or(""),
                &mut out,
            );
            out.push(' ');
        }
    }
    out
}
