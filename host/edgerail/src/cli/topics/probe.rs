use std::cell::RefCell;
use std::collections::BTreeMap;

use edgerail_compile::definition::{Directional, DirectionalAction, Guardrail};
use edgerail_compile::overlay::{Overlay, Settings};
use edgerail_compile::{CompileOptions, compile};
use edgerail_core::decision::Entry;
use edgerail_core::{Engine, LoadOptions, Request, Source, Trust};

use super::Topic;
use crate::cli::error::CliError;

/// A keyword that counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// As the topic has it.
    pub(super) keyword: String,
    /// As the text has it.
    pub(super) text: String,
    /// What it added.
    pub(super) weight: u16,
    /// Bytes of the text.
    pub(super) span: (usize, usize),
}

/// How a text fared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Probed {
    /// The score; where the topic acts, the one it had there.
    pub(super) score: u16,
    /// Whether the topic acts.
    pub(super) acts: bool,
    /// The keywords that counted.
    pub(super) found: Vec<Found>,
}

/// One topic alone, at any threshold.
///
/// The engine says why a topic acted, not how near another text came. The highest threshold at which the topic acts
/// on a text is that text's score, and it is found by halving: the engine itself answers, so that what is said here
/// is what happens there.
pub(super) struct Probe {
    guardrail: Guardrail,
    settings: Settings,
    topic: String,
    /// From which score it acts.
    pub(super) threshold: u16,
    engines: RefCell<BTreeMap<u16, Option<Engine>>>,
}

impl Probe {
    /// Prepares a topic of a definition.
    pub(super) fn new(topic: &Topic, overlay: &Overlay) -> Probe {
        let name = &topic.explanation.topic;
        let mut topics = topic.guardrail.topics.clone();
        topics.retain(|entry| &entry.name == name);
        for entry in &mut topics {
            // Whatever the definition says about directions, the keywords are what is asked about.
            entry.action = Directional {
                input: DirectionalAction::Block,
                output: DirectionalAction::Block,
                legacy_input: false,
            };
        }
        let guardrail = Guardrail {
            name: topic.guardrail.name.clone(),
            blocked_input_messaging: "-".to_owned(),
            blocked_outputs_messaging: "-".to_owned(),
            topics,
            topics_tier: topic.guardrail.topics_tier.clone(),
            ..Guardrail::default()
        };
        let mut settings = overlay.settings_of(&guardrail.name);
        settings.topics.retain(|other, _| other == name);
        Probe {
            guardrail,
            settings: Settings {
                topics: settings.topics,
                ..Settings::default()
            },
            topic: name.clone(),
            threshold: topic.explanation.threshold,
            engines: RefCell::default(),
        }
    }

    /// Holds a text against the topic.
    pub(super) fn text(&self, text: &str) -> Result<Probed, CliError> {
        if let Some(probed) = self.at(self.threshold, text)? {
            return Ok(probed);
        }
        let (mut low, mut high) = (0, self.threshold);
        let mut best = Probed {
            score: 0,
            acts: false,
            found: Vec::new(),
        };
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            match self.at(middle, text)? {
                Some(probed) => {
                    low = middle.max(probed.score.min(high - 1));
                    best = Probed {
                        acts: false,
                        ..probed
                    };
                }
                None => high = middle,
            }
        }
        Ok(best)
    }

    /// What the topic makes of a text at this threshold, if it acts.
    fn at(&self, threshold: u16, text: &str) -> Result<Option<Probed>, CliError> {
        let mut engines = self.engines.borrow_mut();
        if let std::collections::btree_map::Entry::Vacant(vacant) = engines.entry(threshold) {
            vacant.insert(self.engine(threshold)?);
        }
        let Some(Some(engine)) = engines.get(&threshold) else {
            return Ok(None);
        };
        let request = Request::text(Source::Input, text);
        let decision = engine.evaluate(&request);
        let topics = engine.topics();
        let findings = decision.findings().iter();
        let mut hits = findings.filter(|finding| matches!(finding.entry, Entry::Topic(_)));
        let explanation = hits
            .next()
            .and_then(|finding| decision.explanation(finding));
        Ok(explanation.map(|why| Probed {
            score: why.score,
            acts: true,
            found: why
                .keywords
                .iter()
                .map(|place| Found {
                    keyword: topics.keyword_name(place.keyword).to_owned(),
                    text: text
                        .get(place.start..place.end)
                        .unwrap_or_default()
                        .to_owned(),
                    weight: place.weight,
                    span: (place.start, place.end),
                })
                .collect(),
        }))
    }

    /// The topic alone in an engine; `None` if its keywords cannot reach the threshold.
    fn engine(&self, threshold: u16) -> Result<Option<Engine>, CliError> {
        let options = CompileOptions {
            topic_threshold: Some(threshold),
            ..CompileOptions::default()
        };
        let overlay = Overlay {
            settings: self.settings.clone(),
            ..Overlay::default()
        };
        let guardrails = [self.guardrail.clone()];
        let compiled = compile(&guardrails, &overlay, &options);
        let compiled =
            compiled.map_err(|errors| CliError::Diagnostics(self.topic.clone(), errors))?;
        let load = LoadOptions {
            trust: Trust::Local,
            ..LoadOptions::default()
        };
        let engine = Engine::load(compiled.bundle, load)
            .map_err(|error| CliError::new("bundle", self.topic.clone(), error.to_string()))?;
        let has = engine
            .policy()
            .guardrails
            .iter()
            .any(|g| !g.topics.is_empty());
        Ok(has.then_some(engine))
    }
}
