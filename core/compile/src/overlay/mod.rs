//! Overlays: what an organization says about its guardrails beyond what AWS's definitions can say.
//!
//! An overlay is TOML or JSON. Settings at the top hold for every guardrail of a bundle; a section
//! `[guardrail."name"]` overrides them for one. `docs/overlay.schema.json` describes the same document.
//! Every key that is not known is an error: a misspelled protection must not be silently absent.

mod date;
mod exception;
mod keys;
mod reader;
mod topic;

use std::collections::BTreeMap;

use edgerail_core::pii::PiiType;
use edgerail_core::policy::ExceptedRule;

use crate::diagnostic::Diagnostics;
use crate::document::Place;

/// What to do on INPUT with entries written the legacy way (`action: ANONYMIZE` alone).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LegacyInput {
    /// As AWS: not evaluated.
    #[default]
    Aws,
    /// Masked, as the author probably meant.
    Mask,
}

/// What a phase decides if the engine could not evaluate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnError {
    /// Blocks: fail closed.
    #[default]
    Block,
    /// Lets pass.
    Pass,
}

/// How words match.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WordMatch {
    /// As whole tokens, as AWS does.
    #[default]
    Token,
    /// Anywhere in the text: for scripts that put no spaces between words.
    Substring,
}

/// Whether a guardrail acts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// It acts.
    #[default]
    Enforce,
    /// It reports what it would have done, and lets pass.
    Observe,
}

/// A date of RFC 3339: a day (which counts to its end, UTC) or a moment.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date {
    /// Seconds since 1970-01-01T00:00:00Z, leap seconds not counted, from which on it has passed.
    pub unix_seconds: u64,
    /// As written.
    pub text: String,
}

impl Date {
    /// Reads a date of RFC 3339; `None` if it is none or lies before 1970.
    #[must_use]
    pub fn parse(text: &str) -> Option<Date> {
        date::parse(text)
    }

    /// Seconds since 1970 from which on it has begun: of a day its first moment, in UTC.
    #[must_use]
    pub fn begins(&self) -> u64 {
        let day = if self.text.len() == 10 { 86_400 } else { 0 };
        self.unix_seconds.saturating_sub(day)
    }
}

/// Who approved an exception, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approval {
    /// The person.
    pub by: String,
    /// When: the exception holds from then on, and no longer than the overlay's `max_exception_days`.
    pub at: Date,
}

/// A rule of a guardrail, or all of them, that does not act for a while: what it finds is reported, and
/// nothing else happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExceptionEntry {
    /// What decisions, reports and people call it; one in an overlay.
    pub id: String,
    /// What does not act.
    pub rule: ExceptedRule,
    /// The model ids it holds for; none means every model.
    pub models: Vec<String>,
    /// The scopes it holds for, each as a whole; none means every bundle.
    pub scopes: Vec<String>,
    /// Who it is for.
    pub who: String,
    /// Why.
    pub why: String,
    /// Until when it holds.
    pub until: Date,
    /// Who approved it, and when.
    pub approved: Approval,
    /// Where it stands in the overlay, as a JSON path.
    pub path: String,
    /// Where that is in the file.
    pub place: Place,
}

/// What an allow-list entry lets pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Allowed {
    /// One value, compared without case.
    Value(String),
    /// Everything of this domain: addresses for EMAIL, hosts for URL. In lower case, without a leading dot.
    Domain(String),
}

/// One entry of the allow-list. It acts only on heuristic findings of built-in sensitive information, never
/// on words, regexes or a structured type set to BLOCK.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowEntry {
    /// The type whose findings it lets pass.
    pub ty: PiiType,
    /// Which of them.
    pub allowed: Allowed,
    /// Who approved it.
    pub who: String,
    /// Why.
    pub why: String,
    /// Until when it holds.
    pub until: Date,
}

/// Options of one regex, by the regex's name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RegexOptions {
    /// `\d`, `\w`, `\s` and `\b` mean their Unicode classes, not ASCII.
    pub unicode: Option<bool>,
    /// The pattern is left out of browser bundles, and deferred there.
    pub confidential: Option<bool>,
}

/// Which spellings of a value a policy sees.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tier {
    /// What the text says.
    #[default]
    Classic,
    /// What it says to a reader as well: look-alike letters, leetspeak, separated letters, encodings.
    Standard,
}

/// The tiers of the policies for which AWS has none. Topics and content filters have theirs in the
/// definition.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tiers {
    /// Custom words.
    pub words: Option<Tier>,
    /// The profanity list.
    pub profanity: Option<Tier>,
    /// Built-in sensitive information.
    pub pii: Option<Tier>,
}

/// Options of the word policy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WordOptions {
    /// How words match.
    pub matching: Option<WordMatch>,
    /// All words are left out of browser bundles, and deferred there.
    pub confidential: Option<bool>,
    /// These words are left out of browser bundles: as the definition writes them.
    pub confidential_words: Vec<String>,
}

/// Whether the rules of an overlay stand beside a topic's derived keywords or instead of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeywordMode {
    /// Beside them.
    #[default]
    Add,
    /// Instead of them.
    Replace,
}

/// One rule of a topic: what has to be found within the topic's window, and what that is worth.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TopicRule {
    /// Each distinct one that is found adds `weight`.
    pub any: Vec<String>,
    /// All of them have to be there. Without `any`, they add `weight` once.
    pub all: Vec<String>,
    /// While one of them is in the window, the rule does not count.
    pub not: Vec<String>,
    /// All of `all` have to stand within a stretch of so many words.
    pub near: Option<u16>,
    /// 1 to 1000; `None` is [`TopicRule::DEFAULT_WEIGHT`].
    pub weight: Option<u16>,
}

impl TopicRule {
    /// What a rule is worth that does not say: two keywords reach the default threshold.
    pub const DEFAULT_WEIGHT: u16 = 300;
}

/// Options of one topic, by the topic's name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TopicOptions {
    /// What becomes of the derived keywords.
    pub keywords: Option<KeywordMode>,
    /// The score from which the topic acts, 1 to 1000.
    pub threshold: Option<u16>,
    /// How many words a keyword counts for, 1 to 1000.
    pub window: Option<u16>,
    /// The keywords are left out of browser bundles, and the topic is deferred there.
    pub confidential: Option<bool>,
    /// The rules.
    pub rules: Vec<TopicRule>,
}

/// Settings of all guardrails or of one. `None` means "not said".
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// What legacy entries do on INPUT.
    pub legacy_input: Option<LegacyInput>,
    /// What INPUT decides on an error.
    pub on_error_input: Option<OnError>,
    /// What OUTPUT decides on an error.
    pub on_error_output: Option<OnError>,
    /// Words.
    pub words: WordOptions,
    /// Confidence thresholds, 0 to 1000: a finding below is not reported.
    pub thresholds: BTreeMap<PiiType, u16>,
    /// Options of regexes by name.
    pub regexes: BTreeMap<String, RegexOptions>,
    /// The allow-list.
    pub allow: Vec<AllowEntry>,
    /// Tiers.
    pub tiers: Tiers,
    /// Options of denied topics by name.
    pub topics: BTreeMap<String, TopicOptions>,
}

/// Settings of one guardrail.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GuardrailOverlay {
    /// Whether it acts.
    pub mode: Option<Mode>,
    /// Rules that do not act for a while.
    pub exceptions: Vec<ExceptionEntry>,
    /// What overrides the settings of all.
    pub settings: Settings,
}

/// Limits of the engine. `None` leaves its default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Longest text in bytes.
    pub text_bytes: Option<u32>,
    /// Most findings that are reported; masking goes on.
    pub findings: Option<u32>,
}

/// An overlay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overlay {
    /// For every guardrail.
    pub settings: Settings,
    /// By guardrail name.
    pub guardrails: BTreeMap<String, GuardrailOverlay>,
    /// Limits of the engine.
    pub limits: Limits,
    /// How many days an exception lasts at most, from its approval; 90 if the overlay does not say.
    pub max_exception_days: u32,
    /// Warnings: what is allowed but probably not meant.
    pub diagnostics: Diagnostics,
}

impl Default for Overlay {
    fn default() -> Overlay {
        Overlay {
            settings: Settings::default(),
            guardrails: BTreeMap::new(),
            limits: Limits::default(),
            max_exception_days: exception::DEFAULT_DAYS,
            diagnostics: Diagnostics::new(),
        }
    }
}

impl Overlay {
    /// Reads an overlay in TOML or JSON. An empty file is an overlay that says nothing.
    ///
    /// # Errors
    /// All that is wrong with it at once, each with its place.
    pub fn read(bytes: &[u8]) -> Result<Overlay, Diagnostics> {
        reader::read(bytes)
    }

    /// Whether the guardrail of this name acts.
    #[must_use]
    pub fn mode(&self, guardrail: &str) -> Mode {
        let own = self.guardrails.get(guardrail);
        own.and_then(|own| own.mode).unwrap_or_default()
    }

    /// The settings of the guardrail of this name: its own where it has them, else those of all. Thresholds
    /// and options of regexes and topics merge key by key; allow-lists, confidential words and the rules of
    /// topics add up.
    #[must_use]
    pub fn settings_of(&self, guardrail: &str) -> Settings {
        let mut merged = self.settings.clone();
        if let Some(own) = self.guardrails.get(guardrail) {
            merged.override_with(&own.settings);
        }
        merged
    }
}

impl Settings {
    fn override_with(&mut self, own: &Settings) {
        self.legacy_input = own.legacy_input.or(self.legacy_input);
        self.on_error_input = own.on_error_input.or(self.on_error_input);
        self.on_error_output = own.on_error_output.or(self.on_error_output);
        self.words.matching = own.words.matching.or(self.words.matching);
        self.words.confidential = own.words.confidential.or(self.words.confidential);
        let words = &own.words.confidential_words;
        self.words.confidential_words.extend(words.iter().cloned());
        self.thresholds.extend(own.thresholds.iter());
        for (name, options) in &own.regexes {
            let merged = self.regexes.entry(name.clone()).or_default();
            merged.unicode = options.unicode.or(merged.unicode);
            merged.confidential = options.confidential.or(merged.confidential);
        }
        self.allow.extend(own.allow.iter().cloned());
        self.tiers.words = own.tiers.words.or(self.tiers.words);
        self.tiers.profanity = own.tiers.profanity.or(self.tiers.profanity);
        self.tiers.pii = own.tiers.pii.or(self.tiers.pii);
        for (name, options) in &own.topics {
            let merged = self.topics.entry(name.clone()).or_default();
            merged.keywords = options.keywords.or(merged.keywords);
            merged.threshold = options.threshold.or(merged.threshold);
            merged.window = options.window.or(merged.window);
            merged.confidential = options.confidential.or(merged.confidential);
            merged.rules.extend(options.rules.iter().cloned());
        }
    }
}
