//! What topics are looked for by, as data.

use edgerail_compile::topics::{Keyword, KeywordSource, Rule, TopicExplanation};
use serde_json::{Value, json};

/// Where a keyword comes from.
#[must_use]
pub fn keyword_source(source: &KeywordSource) -> String {
    match source {
        KeywordSource::Name => "name".to_owned(),
        KeywordSource::Definition => "definition".to_owned(),
        KeywordSource::Example(number) => format!("example {}", number + 1),
        KeywordSource::Overlay(number) => format!("overlay rule {}", number + 1),
        KeywordSource::Family => "prompt attacks".to_owned(),
    }
}

/// What is looked for because of a guardrail's topic.
#[must_use]
pub fn topic_json(guardrail: &str, explanation: &TopicExplanation) -> Value {
    let keyword = |keyword: &Keyword| {
        json!({
            "forms": keyword.forms, "sources": keyword.sources.iter().map(keyword_source).collect::<Vec<_>>(),
            "text": keyword.text, "weight": keyword.weight,
        })
    };
    let list = |keywords: &[Keyword]| keywords.iter().map(keyword).collect::<Vec<_>>();
    let rule = |rule: &Rule| {
        json!({
            "all": list(&rule.all), "any": list(&rule.any), "near": rule.near, "not": list(&rule.not),
            "weight": rule.weight,
        })
    };
    json!({
        "canAct": explanation.can_act(),
        "confidential": explanation.confidential,
        "guardrail": guardrail,
        "language": explanation.language.code(),
        "rules": explanation.rules.iter().map(rule).collect::<Vec<_>>(),
        "threshold": explanation.threshold,
        "topic": explanation.topic,
        "window": explanation.window,
    })
}
