//! What the tests of topics share.
#![allow(dead_code, reason = "no test uses all of it")]

use edgerail_compile::definition::{self, Guardrail, ReadOptions};
use edgerail_compile::document::Node;
use edgerail_compile::overlay::Overlay;
use edgerail_compile::{Audience, CompileOptions, Compiled, compile};
use edgerail_core::{Engine, LoadOptions, Request, Source};

pub(crate) fn strings(node: &Node, key: &str) -> Vec<String> {
    let items = node.member(key).and_then(Node::items).unwrap_or_default();
    items
        .iter()
        .filter_map(Node::text)
        .map(str::to_owned)
        .collect()
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

pub(crate) fn guardrail(topics: &str) -> Guardrail {
    let body = format!(
        r#"{{"name": "test", "blockedInputMessaging": "No.", "blockedOutputsMessaging": "No.",
            "topicPolicyConfig": {{"topicsConfig": [{topics}]}}}}"#
    );
    let read = definition::read(body.as_bytes(), &ReadOptions::default());
    read.unwrap_or_else(|problems| panic!("{problems}"))
        .guardrails
        .remove(0)
}

pub(crate) fn topic(name: &str, definition: &str, examples: &[String]) -> String {
    let examples: Vec<String> = examples.iter().map(|text| quoted(text)).collect();
    format!(
        r#"{{"name": {}, "definition": {}, "examples": [{}], "type": "DENY"}}"#,
        quoted(name),
        quoted(definition),
        examples.join(",")
    )
}

pub(crate) fn compiled(guardrail: &Guardrail, overlay: &str, audience: Audience) -> Compiled {
    let overlay = Overlay::read(overlay.as_bytes()).unwrap_or_else(|problems| panic!("{problems}"));
    let options = CompileOptions {
        audience,
        ..CompileOptions::default()
    };
    compile(std::slice::from_ref(guardrail), &overlay, &options)
        .unwrap_or_else(|problems| panic!("{problems}"))
}

pub(crate) fn engine(guardrail: &Guardrail, overlay: &str) -> Engine {
    let bundle = compiled(guardrail, overlay, Audience::Server).bundle;
    Engine::load(bundle, LoadOptions::default()).unwrap()
}

pub(crate) fn found(engine: &Engine, text: &str) -> Vec<String> {
    let request = Request::text(Source::Input, text);
    let decision = engine.evaluate(&request);
    let mut names = Vec::new();
    for finding in decision.findings() {
        names.push(decision.entry_name(finding).unwrap_or("").to_owned());
    }
    names
}

/// A guardrail with the filter for prompt attacks alone.
pub(crate) fn attack_guardrail(strength: &str) -> Guardrail {
    let body = format!(
        r#"{{"name": "test", "blockedInputMessaging": "No.", "blockedOutputsMessaging": "No.",
            "contentPolicyConfig": {{"filtersConfig": [
                {{"type": "PROMPT_ATTACK", "inputStrength": "{strength}", "outputStrength": "NONE"}}]}}}}"#
    );
    let read = definition::read(body.as_bytes(), &ReadOptions::default());
    read.unwrap_or_else(|problems| panic!("{problems}"))
        .guardrails
        .remove(0)
}
