//! A slow, obvious evaluator that the engine is compared with.
//!
//! It is written from `docs/compatibility.md`, shares no code with the engine, and prefers the plain loop to
//! the quick one: every word is tried at every token, every pattern with the `regex` crate over the whole text.
//! It knows words, profanity, custom regexes, topics by the rules of an overlay, those built-in types whose
//! rule is a shape and a checksum, the union of masks, and the outcome table; besides, how policies of an organization
//! are merged ([`organization`]) and what enforced guardrails look at ([`enforcement`]).

pub mod enforcement;
pub mod organization;
mod outcome;
mod pii;
mod text;
mod topics;
mod words;

pub use outcome::{Found, Outcome, Verb};
pub use pii::SIMPLE_TYPES;
pub use topics::{Rule, Topic};

use outcome::decide;
use words::Words;

/// What of a guardrail the reference evaluates, in one direction.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// Words and phrases as configured; they block.
    pub words: Vec<String>,
    /// The terms of the profanity list, if it is on; they block.
    pub profanity: Vec<String>,
    /// Names and patterns of custom regexes in the reference's dialect, with what they do.
    pub regexes: Vec<(String, String, Verb)>,
    /// Built-in types, of [`SIMPLE_TYPES`], with what they do.
    pub types: Vec<(&'static str, Verb)>,
    /// Topics; they block.
    pub topics: Vec<Topic>,
    /// What is answered instead of a blocked text.
    pub message: String,
}

/// A policy, ready to evaluate texts.
#[derive(Debug)]
pub struct Reference {
    policy: Policy,
    words: Words,
    profanity: Words,
    regexes: Vec<regex::Regex>,
}

impl Reference {
    /// # Panics
    /// If a pattern is none.
    #[must_use]
    pub fn new(policy: Policy) -> Reference {
        let regexes = policy.regexes.iter();
        let regexes = regexes.map(|(name, pattern, _)| {
            regex::Regex::new(pattern).unwrap_or_else(|error| panic!("{name}: {error}"))
        });
        Reference {
            words: Words::new(&policy.words),
            profanity: Words::new(&policy.profanity),
            regexes: regexes.collect(),
            policy,
        }
    }

    /// What is found in one text, and what comes of it.
    #[must_use]
    pub fn evaluate(&self, text: &str) -> Outcome {
        let view = text::View::new(text);
        let mut found = Vec::new();
        for (word, start, end) in self.words.find(&view) {
            let name = self.policy.words[word].clone();
            found.push(Found::new("wordPolicy", name, start, end, Verb::Block));
        }
        for (_, start, end) in self.profanity.find(&view) {
            found.push(Found::new(
                "wordPolicy",
                "PROFANITY",
                start,
                end,
                Verb::Block,
            ));
        }
        for (regex, (name, _, verb)) in self.regexes.iter().zip(&self.policy.regexes) {
            for place in regex.find_iter(text).filter(|place| !place.is_empty()) {
                let mut one = Found::new("regex", name, place.start(), place.end(), *verb);
                one.built_in = false;
                found.push(one);
            }
        }
        for &(ty, verb) in &self.policy.types {
            for (start, end) in pii::find(ty, text) {
                found.push(Found::new("pii", ty, start, end, verb));
            }
        }
        for topic in &self.policy.topics {
            if let Some((start, end)) = topic.find(&view) {
                found.push(Found::new(
                    "topicPolicy",
                    &topic.name,
                    start,
                    end,
                    Verb::Block,
                ));
            }
        }
        decide(text, found, &self.policy.message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reference() -> Reference {
        Reference::new(Policy {
            words: ["Project Kestrel", "don", "C++"]
                .map(str::to_owned)
                .to_vec(),
            profanity: vec!["darn".to_owned()],
            regexes: vec![("T".to_owned(), "T-[0-9]+".to_owned(), Verb::Mask)],
            types: vec![("EMAIL", Verb::Mask), ("IP_ADDRESS", Verb::Detect)],
            topics: Vec::new(),
            message: "No.".to_owned(),
        })
    }

    fn found(text: &str) -> Vec<(String, usize, usize)> {
        let outcome = reference().evaluate(text);
        let found = outcome.found.iter();
        found.map(|f| (f.name.clone(), f.start, f.end)).collect()
    }

    #[test]
    fn words_are_whole_tokens_of_the_normalised_text() {
        let kestrel = |start, end| vec![("Project Kestrel".to_owned(), start, end)];
        assert_eq!(found("a PROJECT\n  kestrel's b"), kestrel(2, 19));
        assert_eq!(found("Pro\u{200b}ject Kestrel"), kestrel(0, 18));
        assert_eq!(found("\u{200b}Project Kestrel\u{200b}"), kestrel(3, 18));
        assert!(found("Project Kestrels, Project-Kestrel, Project, Kestrel, don't").is_empty());
        assert_eq!(found("c++!"), [("C++".to_owned(), 0, 3)]);
        assert!(found("c+ +").is_empty());
    }

    #[test]
    fn the_outcome_follows_the_table() {
        let outcome = |text: &str| {
            let outcome = reference().evaluate(text);
            (outcome.reason, outcome.outputs)
        };
        assert_eq!(outcome("hello 192.0.2.7"), ("No action.", vec![]));
        let masked = vec!["see {T} of {EMAIL}.".to_owned()];
        assert_eq!(
            outcome("see T-12 of dana@example.com."),
            ("Guardrail masked.", masked)
        );
        assert_eq!(
            outcome("T-1, darn"),
            ("Guardrail blocked.", vec!["No.".to_owned()])
        );
    }
}
