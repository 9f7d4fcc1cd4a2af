//! Denied topics: from what a guardrail and its overlay say about a topic to weighted keywords.
//!
//! The engine only compares surface forms and adds up weights. Everything that needs knowledge of a
//! language happens here, at compile time, and deterministically: see [`explain`].

mod attack;
mod derive;
mod inflect;
mod language;
mod lint;
mod section;
mod words;

use std::collections::BTreeSet;

use crate::definition::{Guardrail, TopicEntry};
use crate::overlay::{KeywordMode, Overlay, TopicOptions, TopicRule};

pub(crate) use attack::{ATTACK_THRESHOLDS, ATTACK_WINDOW, PROMPT_ATTACK};
pub use attack::{AttackFamily, attack_families};
pub(crate) use lint::{is_instruction, is_negated};
pub(crate) use section::TopicTable;

/// The score from which a topic acts unless the overlay says otherwise.
pub const DEFAULT_THRESHOLD: u16 = 600;
/// How many words a keyword counts for unless the overlay says otherwise.
pub const DEFAULT_WINDOW: u16 = 64;

/// A language whose function words and inflections are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Language {
    /// English.
    En,
    /// French.
    Fr,
    /// Spanish.
    Es,
    /// German.
    De,
}

impl Language {
    /// All of them, the likeliest first.
    pub const ALL: [Language; 4] = [Language::En, Language::Fr, Language::Es, Language::De];

    /// The ISO 639-1 code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Language::En => "en",
            Language::Fr => "fr",
            Language::Es => "es",
            Language::De => "de",
        }
    }
}

/// Where a keyword comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeywordSource {
    /// The topic's name.
    Name,
    /// Its definition.
    Definition,
    /// The example of this number, counted from 0.
    Example(usize),
    /// The overlay's rule of this number for the topic, counted from 0.
    Overlay(usize),
    /// A family of prompt attacks.
    Family,
}

/// A word or phrase that is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keyword {
    /// As it was written: the form to show.
    pub text: String,
    /// Every form that is found in a text, `text` among them; lower case, sorted.
    pub forms: Vec<String>,
    /// What it adds to the score when it is found, 1 to 1000. Of the keywords of `all` and `not` this is 0.
    pub weight: u16,
    /// Where it comes from, sorted.
    pub sources: Vec<KeywordSource>,
}

/// Keywords that count together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rule {
    /// Each one that is found adds its weight.
    pub any: Vec<Keyword>,
    /// All of them have to be there.
    pub all: Vec<Keyword>,
    /// None of them may be there.
    pub not: Vec<Keyword>,
    /// All of `all` have to stand within a stretch of so many words.
    pub near: Option<u16>,
    /// What `all` adds where there is no `any`; else 0.
    pub weight: u16,
}

/// What is looked for because of one topic, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicExplanation {
    /// The topic's name.
    pub topic: String,
    /// The language that its name, definition and examples were taken for.
    pub language: Language,
    /// The score from which it acts, 1 to 1000.
    pub threshold: u16,
    /// How many words a keyword counts for.
    pub window: u16,
    /// Whether browser bundles leave it out.
    pub confidential: bool,
    /// The rules; none if nothing could be derived and the overlay has none. The derived keywords, if
    /// there are any, are the first rule.
    pub rules: Vec<Rule>,
}

impl Rule {
    /// The most it can add to a score.
    #[must_use]
    pub fn most(&self) -> u32 {
        let any: u32 = self
            .any
            .iter()
            .map(|keyword| u32::from(keyword.weight))
            .sum();
        any.max(self.weight.into())
    }
}

impl TopicExplanation {
    /// Whether the keywords can reach the threshold at all.
    #[must_use]
    pub fn can_act(&self) -> bool {
        let most: u32 = self.rules.iter().map(Rule::most).sum();
        most >= u32::from(self.threshold)
    }
}

/// What is looked for because of each topic of `guardrail`, in the order of the definition.
#[must_use]
pub fn explain(guardrail: &Guardrail, overlay: &Overlay) -> Vec<TopicExplanation> {
    let settings = overlay.settings_of(&guardrail.name);
    let none = TopicOptions::default();
    guardrail
        .topics
        .iter()
        .map(|topic| explain_topic(topic, settings.topics.get(&topic.name).unwrap_or(&none)))
        .collect()
}

fn explain_topic(topic: &TopicEntry, options: &TopicOptions) -> TopicExplanation {
    let threshold = options.threshold.unwrap_or(DEFAULT_THRESHOLD);
    let (language, derived) = derive::derive(topic, threshold);
    let overlay = options.rules.iter().enumerate();
    let overlay: Vec<Rule> = overlay
        .map(|(number, rule)| overlay_rule(language, number, rule))
        .collect();
    let derived = derived.filter(|_| options.keywords != Some(KeywordMode::Replace));
    let derived = derived.map(|rule| without(rule, &overlay));
    let rules = derived.into_iter().chain(overlay);
    TopicExplanation {
        topic: topic.name.clone(),
        language,
        threshold,
        window: options.window.unwrap_or(DEFAULT_WINDOW),
        confidential: options.confidential == Some(true),
        rules: rules
            .filter(|rule| !rule.any.is_empty() || !rule.all.is_empty())
            .collect(),
    }
}

/// The derived keywords without those that the overlay weighs itself: one word is not to count twice.
fn without(mut derived: Rule, overlay: &[Rule]) -> Rule {
    let weighed: BTreeSet<&String> = overlay
        .iter()
        .flat_map(|rule| &rule.any)
        .flat_map(|keyword| &keyword.forms)
        .collect();
    derived
        .any
        .retain(|keyword| !keyword.forms.iter().any(|form| weighed.contains(form)));
    derived
}

/// A rule of the overlay with the forms of its terms.
fn overlay_rule(language: Language, number: usize, rule: &TopicRule) -> Rule {
    let weight = rule.weight.unwrap_or(TopicRule::DEFAULT_WEIGHT);
    let keywords = |terms: &[String], weight: u16| -> Vec<Keyword> {
        let keyword = |term: &String| Keyword {
            text: term.clone(),
            forms: inflect::phrase_forms(language, term),
            weight,
            sources: vec![KeywordSource::Overlay(number)],
        };
        terms.iter().map(keyword).collect()
    };
    Rule {
        any: keywords(&rule.any, weight),
        all: keywords(&rule.all, 0),
        not: keywords(&rule.not, 0),
        near: rule.near,
        weight: if rule.any.is_empty() { weight } else { 0 },
    }
}
