//! The policies of a definition. Bounds are the service model's (botocore 1.44.5) unless said otherwise.

use std::collections::HashMap;

use edgerail_core::pii::PiiType;

use super::directional::{
    BLOCK_OR_NONE, INPUT_ACTION, INPUT_ENABLED, OUTPUT_ACTION, OUTPUT_ENABLED,
};
use super::fields::{Context, Dialect, Field, Located, Object, Text};
use super::model::{
    ContentFilter, Directional, DirectionalAction, Guardrail, PiiEntry, RegexEntry, TopicEntry,
    WordEntry,
};
use crate::topics;

const MAX_WORDS: usize = 10_000;
const WORD: Text = Text { min: 1, max: 100 };
const MAX_REGEXES: usize = 30;
const MAX_TOPICS: usize = 30;
const MAX_EXAMPLES: usize = 5;
/// Topic definitions: 200 characters in CLASSIC, 1,000 in STANDARD (the documentation; the model says 200).
const DEFINITION_CLASSIC: usize = 200;
const DEFINITION_STANDARD: usize = 1_000;
/// A phrase of more words is refused by the console, though not by the API.
const MAX_WORDS_OF_PHRASE: usize = 3;

const TIERS: &[&str] = &["CLASSIC", "STANDARD"];
const TIER: &[Field] = &[Field::new("tierName")];

const WORD_POLICY: &[Field] = &[
    Field::new("wordsConfig").response("words"),
    Field::new("managedWordListsConfig").response("managedWordLists"),
];
const WORD_FIELDS: &[Field] = &[
    Field::new("text"),
    INPUT_ACTION,
    OUTPUT_ACTION,
    INPUT_ENABLED,
    OUTPUT_ENABLED,
];
const TYPED: &[Field] = &[
    Field::new("type"),
    INPUT_ACTION,
    OUTPUT_ACTION,
    INPUT_ENABLED,
    OUTPUT_ENABLED,
];
const SENSITIVE_POLICY: &[Field] = &[
    Field::new("piiEntitiesConfig").response("piiEntities"),
    Field::new("regexesConfig").response("regexes"),
];
const PII: &[Field] = &[
    Field::new("type"),
    Field::new("action"),
    INPUT_ACTION,
    OUTPUT_ACTION,
    INPUT_ENABLED,
    OUTPUT_ENABLED,
];
const REGEX: &[Field] = &[
    Field::new("name"),
    Field::new("description"),
    Field::new("pattern"),
    Field::new("action"),
    INPUT_ACTION,
    OUTPUT_ACTION,
    INPUT_ENABLED,
    OUTPUT_ENABLED,
];
const TOPIC_POLICY: &[Field] = &[
    Field::new("topicsConfig").response("topics"),
    Field::new("tierConfig")
        .response("tier")
        .cloudformation("TopicsTierConfig"),
];
const TOPIC: &[Field] = &[
    Field::new("name"),
    Field::new("definition"),
    Field::new("examples"),
    Field::new("type"),
    INPUT_ACTION,
    OUTPUT_ACTION,
    INPUT_ENABLED,
    OUTPUT_ENABLED,
];
const CONTENT_POLICY: &[Field] = &[
    Field::new("filtersConfig").response("filters"),
    Field::new("tierConfig")
        .response("tier")
        .cloudformation("ContentFiltersTierConfig"),
];
const FILTER_TYPES: &[&str] = &[
    "SEXUAL",
    "VIOLENCE",
    "HATE",
    "INSULTS",
    "MISCONDUCT",
    "PROMPT_ATTACK",
];
const STRENGTHS: &[&str] = &["NONE", "LOW", "MEDIUM", "HIGH"];
const FILTER: &[Field] = &[
    Field::new("type"),
    Field::new("inputStrength"),
    Field::new("outputStrength"),
    Field::new("inputModalities"),
    Field::new("outputModalities"),
    INPUT_ACTION,
    OUTPUT_ACTION,
    INPUT_ENABLED,
    OUTPUT_ENABLED,
];
const GROUNDING_POLICY: &[Field] = &[
    Field::new("filtersConfig").response("filters"),
    Field::new("tierConfig")
        .response("tier")
        .cloudformation("TierConfig"),
];
const GROUNDING: &[Field] = &[
    Field::new("type"),
    Field::new("threshold"),
    Field::new("action"),
    Field::new("enabled"),
];
const REASONING_POLICY: &[Field] = &[Field::new("policies"), Field::new("confidenceThreshold")];

/// Whether the document configures anything at all, whether or not it could be read.
pub(super) type Configured = bool;

impl Context<'_> {
    pub(super) fn words(&mut self, top: &Object<'_>, out: &mut Guardrail) -> Configured {
        let Some(policy) = self.section(top, "wordPolicyConfig", WORD_POLICY) else {
            return false;
        };
        let words = self.list(&policy, "wordsConfig", Some(MAX_WORDS));
        let lists = self.list(&policy, "managedWordListsConfig", None);
        let configured = !words.is_empty() || !lists.is_empty();
        let mut seen: HashMap<String, Directional> = HashMap::new();
        for at in words {
            let Some(object) = self.object(at, WORD_FIELDS) else {
                continue;
            };
            let action = self.blocking(&object);
            let Some(at) = self.required(&object, "text") else {
                continue;
            };
            let Some(text) = self.string(&at, WORD) else {
                continue;
            };
            self.lint_word(&at, &text);
            if self.is_new(&mut seen, &at, "word", text.clone(), action) {
                out.words.push(WordEntry { text, action });
            }
        }
        for at in lists {
            let Some(object) = self.object(at, TYPED) else {
                continue;
            };
            let action = self.blocking(&object);
            let Some(at) = self.required(&object, "type") else {
                continue;
            };
            if self.choice(&at, &["PROFANITY"]).is_some() {
                match out.profanity {
                    Some(before) => self.duplicate(&at, "managed list", before == action),
                    None => out.profanity = Some(action),
                }
            }
        }
        configured
    }

    fn lint_word(&mut self, at: &Located<'_>, text: &str) {
        if text.trim() != text {
            self.lint(
                "word-space",
                at,
                "the word begins or ends with white space, which is not part of what is matched",
            );
        }
        if !text.chars().any(char::is_alphanumeric) {
            self.lint(
                "word-without-letters",
                at,
                "the word has no letter and no digit; words are matched as whole tokens of letters and digits, so it may never match",
            );
        }
        let count = text.split_whitespace().count();
        if count > MAX_WORDS_OF_PHRASE {
            self.lint(
                "long-phrase",
                at,
                format!("the phrase has {count} words; AWS's console allows {MAX_WORDS_OF_PHRASE}, only the API more"),
            );
        }
    }

    pub(super) fn sensitive_information(
        &mut self,
        top: &Object<'_>,
        out: &mut Guardrail,
    ) -> Configured {
        let name = "sensitiveInformationPolicyConfig";
        let Some(policy) = self.section(top, name, SENSITIVE_POLICY) else {
            return false;
        };
        let entities = self.list(&policy, "piiEntitiesConfig", None);
        let regexes = self.list(&policy, "regexesConfig", Some(MAX_REGEXES));
        let configured = !entities.is_empty() || !regexes.is_empty();
        let mut seen = HashMap::new();
        let types: Vec<&'static str> = PiiType::ALL.iter().map(|ty| ty.name()).collect();
        for at in entities {
            let Some(object) = self.object(at, PII) else {
                continue;
            };
            let action = self.sensitive(&object);
            let Some(at) = self.required(&object, "type") else {
                continue;
            };
            let ty = self.choice(&at, &types).and_then(PiiType::from_name);
            if let (Some(ty), Some(action)) = (ty, action)
                && self.is_new(&mut seen, &at, "type", ty.name().to_owned(), action)
            {
                out.pii.push(PiiEntry { ty, action });
            }
        }
        self.regexes(regexes, out);
        configured
    }

    fn regexes(&mut self, entries: Vec<Located<'_>>, out: &mut Guardrail) {
        for at in entries {
            let Some(object) = self.object(at, REGEX) else {
                continue;
            };
            let action = self.sensitive(&object);
            let name_at = self.required(&object, "name");
            let name = name_at
                .as_ref()
                .and_then(|at| self.string(at, Text { min: 1, max: 100 }));
            let pattern = self.required(&object, "pattern");
            let pattern = pattern.and_then(|at| self.string(&at, Text { min: 1, max: 500 }));
            let description = self.optional(&object, "description");
            let description =
                description.and_then(|at| self.string(&at, Text { min: 1, max: 1_000 }));
            let (Some(at), Some(name)) = (name_at, name) else {
                continue;
            };
            if out.regexes.iter().any(|other| other.name == name) {
                // The name is the mask and the label of every finding.
                self.duplicate(&at, "regex name", false);
            } else if let (Some(pattern), Some(action)) = (pattern, action) {
                out.regexes.push(RegexEntry {
                    name,
                    description,
                    pattern,
                    action,
                    path: object.here.path.clone(),
                });
            }
        }
    }

    /// Whether a value that must be unique is seen for the first time.
    fn is_new(
        &mut self,
        seen: &mut HashMap<String, Directional>,
        at: &Located<'_>,
        what: &str,
        key: String,
        action: Directional,
    ) -> bool {
        let Some(before) = seen.get(&key) else {
            seen.insert(key, action);
            return true;
        };
        let same = *before == action;
        self.duplicate(at, what, same);
        false
    }

    /// A repetition that says the same is harmless; one that says otherwise leaves open which counts.
    fn duplicate(&mut self, at: &Located<'_>, what: &str, same: bool) {
        if same {
            let message = format!("the same {what} stands here twice; the second has no effect");
            self.warning("duplicate-entry", at, message);
        } else {
            let message =
                format!("the same {what} stands here twice, and the two differ; keep one");
            self.error("duplicate-entry", at, message);
        }
    }

    /// The tier. STANDARD works only across Regions; a response shows what AWS has accepted, so there a
    /// missing profile is only a warning.
    fn tier(&mut self, top: &Object<'_>, policy: &Object<'_>) -> Option<&'static str> {
        let tier = self.section(policy, "tierConfig", TIER)?;
        let at = self.required(&tier, "tierName")?;
        let name = self.choice(&at, TIERS)?;
        if name == "STANDARD" && self.optional(top, "crossRegionConfig").is_none() {
            let message = "the STANDARD tier needs a cross-Region profile (`crossRegionConfig`), and there is none";
            if self.dialect.is_response() {
                self.warning("standard-without-profile", &at, message);
            } else {
                self.error("standard-without-profile", &at, message);
            }
        }
        Some(name)
    }

    pub(super) fn topics(&mut self, top: &Object<'_>, out: &mut Guardrail) -> Configured {
        let Some(policy) = self.section(top, "topicPolicyConfig", TOPIC_POLICY) else {
            return false;
        };
        let tier = self.tier(top, &policy);
        out.topics_tier = tier.map(str::to_owned);
        self.require_list(&policy, "topicsConfig");
        let topics = self.list(&policy, "topicsConfig", Some(MAX_TOPICS));
        let configured = !topics.is_empty();
        for at in topics {
            let Some(object) = self.object(at, TOPIC) else {
                continue;
            };
            self.topic(&object, tier, out);
        }
        configured
    }

    /// Terraform and responses leave out empty lists; elsewhere a policy states its list, even if empty.
    fn require_list(&mut self, policy: &Object<'_>, name: &str) {
        if matches!(self.dialect, Dialect::Request | Dialect::CloudFormation) {
            self.required(policy, name);
        }
    }

    fn topic(&mut self, object: &Object<'_>, tier: Option<&str>, out: &mut Guardrail) {
        let action = self.blocking(object);
        let name_at = self.required(object, "name");
        let name = name_at
            .as_ref()
            .and_then(|at| self.string(at, Text { min: 1, max: 100 }));
        if let (Some(at), Some(name)) = (&name_at, &name)
            && !name
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "-_ !?.".contains(c))
        {
            let message =
                "only the letters a to z and A to Z, digits, spaces and `-_!?.` are allowed";
            self.error("wrong-pattern", at, message);
        }
        let definition = self.definition(object, tier);
        let examples: Vec<String> = self
            .list(object, "examples", Some(MAX_EXAMPLES))
            .iter()
            .filter_map(|at| self.string(at, Text { min: 1, max: 100 }))
            .collect();
        // Only responses may leave the type out.
        let ty = if self.dialect.is_response() {
            self.optional(object, "type")
        } else {
            self.required(object, "type")
        };
        if let Some(at) = ty {
            self.choice(&at, &["DENY"]);
        }
        let (Some(at), Some(name), Some(definition)) = (name_at, name, definition) else {
            return;
        };
        if out.topics.iter().any(|other| other.name == name) {
            self.duplicate(&at, "topic name", false);
            return;
        }
        out.topics.push(TopicEntry {
            name,
            definition,
            examples,
            action,
        });
    }

    fn definition(&mut self, object: &Object<'_>, tier: Option<&str>) -> Option<String> {
        let at = self.required(object, "definition")?;
        let max = match tier {
            Some("STANDARD") => DEFINITION_STANDARD,
            _ => DEFINITION_CLASSIC,
        };
        let text = self.string(&at, Text { min: 1, max })?;
        let length = text.chars().count();
        if max == DEFINITION_CLASSIC && length > max && length <= DEFINITION_STANDARD {
            self.lint(
                "definition-tier",
                &at,
                "a definition of this length needs the STANDARD tier (`tierConfig`)",
            );
        }
        if topics::is_negated(&text) {
            self.lint(
                "topic-negated-definition",
                &at,
                "the definition says what the topic is not; AWS advises to say what it is, and no keywords are derived from behind a negation",
            );
        }
        if topics::is_instruction(&text) {
            self.lint(
                "topic-instruction",
                &at,
                "the definition is an instruction; AWS advises to define the topic: `Advice on …`, not `Block all …`",
            );
        }
        Some(text)
    }

    pub(super) fn content(&mut self, top: &Object<'_>, out: &mut Guardrail) -> Configured {
        let Some(policy) = self.section(top, "contentPolicyConfig", CONTENT_POLICY) else {
            return false;
        };
        let tier = self.tier(top, &policy);
        out.content_tier = tier.map(str::to_owned);
        self.require_list(&policy, "filtersConfig");
        let filters = self.list(&policy, "filtersConfig", Some(FILTER_TYPES.len()));
        let configured = !filters.is_empty();
        for at in filters {
            let Some(object) = self.object(at, FILTER) else {
                continue;
            };
            let Some((at, filter)) = self.filter(&object) else {
                continue;
            };
            match out.content_filters.iter().find(|f| f.ty == filter.ty) {
                Some(before) => {
                    let same = *before == filter;
                    self.duplicate(&at, "filter type", same);
                }
                None => out.content_filters.push(filter),
            }
        }
        configured
    }

    fn filter<'n>(&mut self, object: &Object<'n>) -> Option<(Located<'n>, ContentFilter)> {
        let written = self.directional_quietly(object);
        let ty_at = self.required(object, "type");
        let ty = ty_at.as_ref().and_then(|at| self.choice(at, FILTER_TYPES));
        let input = self.required(object, "inputStrength");
        let input = input.and_then(|at| self.choice(&at, STRENGTHS));
        let output_at = self.required(object, "outputStrength");
        let output = output_at.as_ref().and_then(|at| self.choice(at, STRENGTHS));
        let images =
            self.images(object, "inputModalities") | self.images(object, "outputModalities");
        let (at, ty, input, output) = (ty_at?, ty?, input?, output?);
        if let Some(at) = output_at.filter(|_| ty == "PROMPT_ATTACK" && output != "NONE") {
            self.lint(
                "prompt-attack-output",
                &at,
                "prompt attacks exist on INPUT only; AWS expects NONE here",
            );
        }
        let off = DirectionalAction::Disabled;
        let action = Directional {
            input: if input == "NONE" { off } else { written.input },
            output: if output == "NONE" {
                off
            } else {
                written.output
            },
            legacy_input: false,
        };
        let filter = ContentFilter {
            ty: ty.to_owned(),
            input_strength: input.to_owned(),
            output_strength: output.to_owned(),
            action,
            images,
        };
        Some((at, filter))
    }

    /// A content filter that is off in both directions is a common way to list all six: no lint.
    fn directional_quietly(&mut self, object: &Object<'_>) -> Directional {
        let before = self.diagnostics.len();
        let resolved = self.blocking(object);
        self.diagnostics
            .retain_from(before, |d| d.code != "never-evaluated");
        resolved
    }

    fn images(&mut self, object: &Object<'_>, name: &str) -> bool {
        let items = self.list(object, name, Some(2));
        items.iter().fold(false, |images, at| {
            (self.choice(at, &["TEXT", "IMAGE"]) == Some("IMAGE")) | images
        })
    }

    pub(super) fn grounding(&mut self, top: &Object<'_>, out: &mut Guardrail) -> Configured {
        let name = "contextualGroundingPolicyConfig";
        let Some(policy) = self.section(top, name, GROUNDING_POLICY) else {
            return false;
        };
        self.tier(top, &policy);
        self.require_list(&policy, "filtersConfig");
        let filters = self.list(&policy, "filtersConfig", None);
        let configured = !filters.is_empty();
        for at in filters {
            let Some(object) = self.object(at, GROUNDING) else {
                continue;
            };
            let ty_at = self.required(&object, "type");
            let ty = ty_at.and_then(|at| self.choice(&at, &["GROUNDING", "RELEVANCE"]));
            let threshold_at = self.required(&object, "threshold");
            let threshold = threshold_at
                .and_then(|at| self.threshold(&at, "grounding thresholds go from 0 to 0.99"));
            if let Some(at) = self.optional(&object, "action") {
                self.choice(&at, BLOCK_OR_NONE);
            }
            let enabled = self.optional(&object, "enabled");
            let enabled = enabled.and_then(|at| self.boolean(&at)).unwrap_or(true);
            if let Some(ty) = ty.filter(|_| enabled)
                && !out.grounding.iter().any(|other| other == ty)
            {
                out.grounding.push(ty.to_owned());
                out.grounding_thresholds.push(threshold.unwrap_or(0));
            }
        }
        configured
    }

    /// A number from 0 to 1, in millionths.
    fn threshold(&mut self, at: &Located<'_>, rule: &str) -> Option<u32> {
        let number = self.number(at)?;
        if !(0.0..=1.0).contains(&number) {
            self.error("out-of-range", at, format!("{rule}, this is {number}"));
            return None;
        }
        // In range and rounded: nothing is lost.
        Some((number * 1e6).round() as u32)
    }

    pub(super) fn reasoning(&mut self, top: &Object<'_>, out: &mut Guardrail) -> Configured {
        let name = "automatedReasoningPolicyConfig";
        let Some(policy) = self.section(top, name, REASONING_POLICY) else {
            return false;
        };
        self.require_list(&policy, "policies");
        let policies = self.list(&policy, "policies", Some(2));
        for at in &policies {
            if let Some(arn) = self.string(
                at,
                Text {
                    min: 15,
                    max: 2_048,
                },
            ) {
                out.automated_reasoning.push(arn);
            }
        }
        if let Some(at) = self.optional(&policy, "confidenceThreshold") {
            self.threshold(&at, "confidence thresholds go from 0 to 1");
        }
        !policies.is_empty()
    }
}
