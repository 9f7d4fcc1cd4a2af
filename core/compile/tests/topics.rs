//! Topics from definition and overlay to decision.

use std::path::Path;

use edgerail_compile::definition::{self, Guardrail, ReadOptions};
use edgerail_compile::document::{self, Node};
use edgerail_compile::overlay::Overlay;
use edgerail_compile::topics::{KeywordSource, Language, explain};
use edgerail_compile::{Audience, CompileOptions, Compiled, compile};
use edgerail_core::json::{self, Value};
use edgerail_core::{Engine, LoadOptions, OutputScope, Request, Source};

fn strings(node: &Node, key: &str) -> Vec<String> {
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

fn guardrail(topics: &str) -> Guardrail {
    let body = format!(
        r#"{{"name": "test", "blockedInputMessaging": "No.", "blockedOutputsMessaging": "No.",
            "topicPolicyConfig": {{"topicsConfig": [{topics}]}}}}"#
    );
    let read = definition::read(body.as_bytes(), &ReadOptions::default());
    read.unwrap_or_else(|problems| panic!("{problems}"))
        .guardrails
        .remove(0)
}

fn topic(name: &str, definition: &str, examples: &[String]) -> String {
    let examples: Vec<String> = examples.iter().map(|text| quoted(text)).collect();
    format!(
        r#"{{"name": {}, "definition": {}, "examples": [{}], "type": "DENY"}}"#,
        quoted(name),
        quoted(definition),
        examples.join(",")
    )
}

fn compiled(guardrail: &Guardrail, overlay: &str, audience: Audience) -> Compiled {
    let overlay = Overlay::read(overlay.as_bytes()).unwrap_or_else(|problems| panic!("{problems}"));
    let options = CompileOptions {
        audience,
        ..CompileOptions::default()
    };
    compile(&[guardrail.clone()], &overlay, &options)
        .unwrap_or_else(|problems| panic!("{problems}"))
}

fn engine(guardrail: &Guardrail, overlay: &str) -> Engine {
    let bundle = compiled(guardrail, overlay, Audience::Server).bundle;
    Engine::load(bundle, LoadOptions::default()).unwrap()
}

fn found(engine: &Engine, text: &str) -> Vec<String> {
    let request = Request::text(Source::Input, text);
    let decision = engine.evaluate(&request);
    let mut names = Vec::new();
    for finding in decision.findings() {
        names.push(decision.entry_name(finding).unwrap_or("").to_owned());
    }
    names
}

/// What all topics of a file, compiled together, make of its texts.
struct Measured {
    /// Texts that belong to a topic, and how many of them their topic finds.
    positives: usize,
    hits: usize,
    /// Texts that belong to no topic of the file.
    negatives: usize,
    /// Topics found in texts that are not theirs.
    mistakes: Vec<(String, String)>,
}

fn measure(file: &str) -> Measured {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(file);
    let data = document::read_toml_or_json(&std::fs::read(path).unwrap()).unwrap();
    let topics = data.member("topic").unwrap().items().unwrap();
    let text = |node: &Node, key: &str| node.member(key).and_then(Node::text).unwrap().to_owned();
    let bodies: Vec<String> = topics
        .iter()
        .map(|node| {
            topic(
                &text(node, "name"),
                &text(node, "definition"),
                &strings(node, "examples"),
            )
        })
        .collect();
    let guardrail = guardrail(&bodies.join(","));
    let engine = engine(&guardrail, "");
    for (node, explained) in topics.iter().zip(explain(&guardrail, &Overlay::default())) {
        assert_eq!(
            explained.language.code(),
            text(node, "language"),
            "{}",
            explained.topic
        );
    }
    let mut measured = Measured {
        positives: 0,
        hits: 0,
        negatives: 0,
        mistakes: Vec::new(),
    };
    for node in topics {
        let name = text(node, "name");
        for text in strings(node, "positive") {
            let found = found(&engine, &text);
            measured.positives += 1;
            measured.hits += usize::from(found.contains(&name));
            let others = found.into_iter().filter(|have| *have != name);
            measured
                .mistakes
                .extend(others.map(|have| (have, text.clone())));
        }
    }
    let chat = data.member("chat").unwrap().items().unwrap();
    let negatives = topics.iter().flat_map(|node| strings(node, "negative"));
    for text in negatives.chain(chat.iter().flat_map(|node| strings(node, "texts"))) {
        measured.negatives += 1;
        let found = found(&engine, &text);
        measured
            .mistakes
            .extend(found.into_iter().map(|have| (have, text.clone())));
    }
    measured
}

/// The figures of `docs/topics.md`. Every topic is held to the others' texts as well.
#[test]
fn derived_keywords_are_precise() {
    for (file, least, most) in [
        ("topics-development.toml", 34, 0),
        ("topics-held-out.toml", 23, 0),
    ] {
        let Measured {
            positives,
            hits,
            negatives,
            mistakes: wrong,
        } = measure(file);
        println!(
            "{file}: {hits} of {positives} found, {} of {negatives} by mistake",
            wrong.len()
        );
        assert!(hits >= least, "{file}: {hits} of {positives}");
        assert!(wrong.len() <= most, "{file}: {wrong:#?}");
    }
}

fn attack_guardrail(strength: &str) -> Guardrail {
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

/// The figures of `docs/topics.md`, for each strength of the filter.
#[test]
fn prompt_attacks_are_found_and_ordinary_texts_are_not() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/prompt-attack.toml");
    let data = document::read_toml_or_json(&std::fs::read(path).unwrap()).unwrap();
    for (strength, least, most) in [("HIGH", 28, 0), ("MEDIUM", 21, 0), ("LOW", 17, 0)] {
        let engine = engine(&attack_guardrail(strength), "");
        let blocked = |key: &str| -> Vec<String> {
            let mut texts = strings(&data, key);
            texts.retain(|text| !found(&engine, text).is_empty());
            texts
        };
        let (attacks, benign) = (blocked("attack"), blocked("benign"));
        println!(
            "{strength}: {} attacks, {} ordinary texts",
            attacks.len(),
            benign.len()
        );
        assert!(attacks.len() >= least, "{strength}: {}", attacks.len());
        assert!(benign.len() <= most, "{strength}: {benign:#?}");
    }
}
