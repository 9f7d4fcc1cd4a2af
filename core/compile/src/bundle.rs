//! From guardrails and an overlay to the bytes of a bundle.

mod enforcement;
mod topics;

use std::collections::{BTreeMap, BTreeSet};

use edgerail_core::bundle::{SectionKind, assemble};
use edgerail_core::dictionary::{Output, Use};
use edgerail_core::pii::{Lexicon, PiiType, RECOGNIZERS, Verdict, spellings};
use edgerail_core::policy::{Actions, Counts, EntryAction, Tiers};
use edgerail_core::regex::RegexPath;
use edgerail_core::{Engine, LoadOptions, Trust};

use crate::definition::{Directional, DirectionalAction, Guardrail};
use crate::diagnostic::{Diagnostic, Diagnostics, Severity};
use crate::dictionary::{DictionaryBuilder, Word, is_unspaced};
use crate::overlay::{LegacyInput, Mode, OnError, Overlay, Settings, Tier, WordMatch};
use crate::policy::{Cloud, MessageTable, PolicyGuardrail, PolicyRegex, PolicySection};
use crate::regex::{PatternKey, RegexCompiler, suspicions};
use crate::topics::{PROMPT_ATTACK, TopicTable};
use crate::{lexicon, profanity, selftest, strings, views};

pub use enforcement::Binding;

/// Who may get a bundle.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Audience {
    /// Machines of the organization: the full record.
    #[default]
    Server,
    /// Anybody who opens a page: without patterns, ARNs, approvers and self-test texts; what the overlay
    /// marks confidential is left out and deferred. Words remain readable all the same.
    Browser,
}

impl Audience {
    /// `server` or `browser`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Audience::Server => "server",
            Audience::Browser => "browser",
        }
    }
}

/// How a bundle is compiled.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CompileOptions {
    /// Who may get it.
    pub audience: Audience,
    /// The scope it is for, as it shall stand in decisions.
    pub scope: Option<String>,
    /// From which score topics act, whatever the overlay says; keywords weigh what they weigh without it.
    /// For tools that ask how near a text comes to a topic.
    pub topic_threshold: Option<u16>,
    /// What binds each guardrail, in their order; those past its end are what requests name themselves.
    pub enforcement: Vec<Binding>,
    /// Seconds since 1970: with it, exceptions that have expired are told and those approved later refused.
    /// It does not change the bundle.
    pub now: Option<u64>,
}

/// A compiled bundle.
#[derive(Clone, Debug)]
pub struct Compiled {
    /// The file.
    pub bundle: Vec<u8>,
    /// Warnings and lints.
    pub diagnostics: Diagnostics,
}

/// Compiles guardrails to a bundle; the first one's messages win over the later ones'.
///
/// # Errors
/// All that is wrong with the guardrails and with the overlay's relation to them, together with the
/// warnings and lints found on the way.
///
/// ```
/// use edgerail_compile::{CompileOptions, compile, definition, overlay::Overlay};
/// let body = br#"{"name": "words", "blockedInputMessaging": "No.", "blockedOutputsMessaging": "No.",
///     "wordPolicyConfig": {"wordsConfig": [{"text": "Project Kestrel"}]}}"#;
/// let read = definition::read(body, &definition::ReadOptions::default()).unwrap();
/// let compiled = compile(&read.guardrails, &Overlay::default(), &CompileOptions::default()).unwrap();
/// assert!(compiled.bundle.starts_with(b"EDGERAIL"));
/// ```
pub fn compile(
    guardrails: &[Guardrail],
    overlay: &Overlay,
    options: &CompileOptions,
) -> Result<Compiled, Diagnostics> {
    let mut build = Build {
        overlay,
        options,
        diagnostics: Diagnostics::new(),
        words: BTreeMap::new(),
        lexicons: BTreeSet::new(),
        profanity: false,
        regexes: RegexCompiler::default(),
        topics: TopicTable::default(),
        attack: None,
        attack_families: Vec::new(),
        guardrails: Vec::new(),
    };
    build.check_overlay(guardrails);
    for (number, guardrail) in guardrails.iter().enumerate() {
        build.guardrail(number, guardrail);
    }
    if guardrails.is_empty() {
        build.error("no-guardrail", "$", "there is no guardrail to compile");
    }
    build.finish()
}

/// A custom word's place in the bundle: its text, and whether it matches inside tokens.
type WordKey = (String, bool);

struct Build<'a> {
    overlay: &'a Overlay,
    options: &'a CompileOptions,
    diagnostics: Diagnostics,
    words: BTreeMap<WordKey, Vec<Use>>,
    lexicons: BTreeSet<Lexicon>,
    profanity: bool,
    regexes: RegexCompiler,
    topics: TopicTable,
    /// The number of the prompt attacks among the topics, once a guardrail looks for them.
    attack: Option<usize>,
    attack_families: Vec<String>,
    guardrails: Vec<PolicyGuardrail>,
}

impl Build<'_> {
    fn error(&mut self, code: &'static str, path: &str, message: impl Into<String>) {
        self.push(Severity::Error, code, path, message);
    }

    fn lint(&mut self, code: &'static str, path: &str, message: impl Into<String>) {
        self.push(Severity::Lint, code, path, message);
    }

    fn push(
        &mut self,
        severity: Severity,
        code: &'static str,
        path: &str,
        message: impl Into<String>,
    ) {
        self.diagnostics
            .push(Diagnostic::new(severity, code, path, None, message));
    }

    fn strips(&self) -> bool {
        self.options.audience == Audience::Browser
    }

    /// Names in the overlay must be there: an exception for a guardrail that was renamed would vanish
    /// without a word.
    fn check_overlay(&mut self, guardrails: &[Guardrail]) {
        let names: Vec<&str> = guardrails
            .iter()
            .map(|guardrail| guardrail.name.as_str())
            .collect();
        for name in self.overlay.guardrails.keys() {
            if !names.contains(&name.as_str()) {
                self.error(
                    "overlay-unknown-guardrail",
                    &format!("overlay: guardrail.{name:?}"),
                    format!(
                        "no guardrail has this name; the definitions have {}",
                        names.join(", ")
                    ),
                );
            }
        }
        let regexes: BTreeSet<&str> = guardrails
            .iter()
            .flat_map(|guardrail| &guardrail.regexes)
            .map(|regex| regex.name.as_str())
            .collect();
        let settings = self
            .overlay
            .guardrails
            .values()
            .map(|overlay| &overlay.settings);
        let named: BTreeSet<&String> = settings
            .chain([&self.overlay.settings])
            .flat_map(|settings| settings.regexes.keys())
            .collect();
        for name in named {
            if !regexes.contains(name.as_str()) {
                self.error(
                    "overlay-unknown-regex",
                    &format!("overlay: regex.{name:?}"),
                    "no regex of the guardrails has this name",
                );
            }
        }
        self.check_overlay_topics(guardrails);
    }

    fn guardrail(&mut self, number: usize, guardrail: &Guardrail) {
        let settings = self.overlay.settings_of(&guardrail.name);
        let mut policy = PolicyGuardrail {
            name: guardrail.name.clone(),
            id: guardrail.id.clone(),
            version: guardrail.version.clone(),
            arn: guardrail.arn.clone(),
            observe: self.overlay.mode(&guardrail.name) == Mode::Observe,
            blocked_input: guardrail.blocked_input_messaging.clone(),
            blocked_output: guardrail.blocked_outputs_messaging.clone(),
            allow: settings.allow.clone(),
            tiers: tiers(guardrail, &settings),
            ..PolicyGuardrail::default()
        };
        self.words(number, guardrail, &settings, &mut policy);
        if let Some(action) = guardrail.profanity {
            policy.profanity = Some(actions(action, &settings));
            self.profanity = true;
        }
        self.pii(guardrail, &settings, &mut policy);
        self.regexes(guardrail, &settings, &mut policy);
        self.topics(guardrail, &settings, &mut policy);
        self.prompt_attack(guardrail, &settings, &mut policy);
        cloud_policies(guardrail, &mut policy);
        self.bind(number, guardrail, &settings, &mut policy);
        self.guardrails.push(policy);
    }

    fn words(
        &mut self,
        number: usize,
        guardrail: &Guardrail,
        settings: &Settings,
        policy: &mut PolicyGuardrail,
    ) {
        let substring = settings.words.matching == Some(WordMatch::Substring);
        let mut left_out = Counts::default();
        for (place, word) in guardrail.words.iter().enumerate() {
            let actions = actions(word.action, settings);
            let confidential = settings.words.confidential == Some(true)
                || settings.words.confidential_words.contains(&word.text);
            if confidential && self.strips() {
                add(&mut left_out, actions);
                continue;
            }
            let path = format!("$.wordPolicyConfig.wordsConfig[{place}].text");
            if !substring && is_unspaced(&word.text) {
                self.lint("word-never-inside", &path, "this word is of a script that is written without spaces: as a whole token, which is how AWS was seen to match it, it is found only where spaces or punctuation surround it; set the overlay's words.match = \"substring\" to find it inside running text");
            }
            let uses = self
                .words
                .entry((word.text.clone(), substring))
                .or_default();
            if uses.iter().any(|used| used.guardrail == number) {
                continue;
            }
            uses.push(Use {
                guardrail: number,
                input: actions.input,
                output: actions.output,
            });
            add(&mut policy.words, actions);
        }
        if left_out.total > 0 {
            policy.cloud.push(Cloud {
                policy: "wordPolicy",
                entry: None,
                reason: "confidential",
                input: left_out.input > 0,
                output: left_out.output > 0,
            });
        }
    }

    fn pii(&mut self, guardrail: &Guardrail, settings: &Settings, policy: &mut PolicyGuardrail) {
        for (place, entry) in guardrail.pii.iter().enumerate() {
            let actions = actions(entry.action, settings);
            let blocks = [actions.input, actions.output].contains(&EntryAction::Block);
            let allowed = settings.allow.iter().any(|allowed| allowed.ty == entry.ty);
            if allowed && blocks && decides(entry.ty) {
                self.push(
                    Severity::Warning,
                    "allow-list-has-no-effect",
                    &format!("$.sensitiveInformationPolicyConfig.piiEntitiesConfig[{place}]"),
                    "the overlay allows values of this type, but its shape or checksum decides and it is set to BLOCK: allow-lists act on heuristic findings only",
                );
            }
            let threshold = settings.thresholds.get(&entry.ty).copied();
            policy.pii.push((entry.ty, actions, threshold));
            let recognizer = RECOGNIZERS
                .iter()
                .find(|recognizer| recognizer.ty == entry.ty);
            self.lexicons
                .extend(recognizer.iter().flat_map(|recognizer| recognizer.reads));
        }
    }

    fn regexes(
        &mut self,
        guardrail: &Guardrail,
        settings: &Settings,
        policy: &mut PolicyGuardrail,
    ) {
        for entry in &guardrail.regexes {
            let actions = actions(entry.action, settings);
            let options = settings.regexes.get(&entry.name);
            let unicode = options.and_then(|options| options.unicode).unwrap_or(false);
            let confidential = options
                .and_then(|options| options.confidential)
                .unwrap_or(false);
            for suspicion in suspicions(&entry.pattern) {
                let message = format!("the pattern of {:?} {suspicion}", entry.name);
                self.lint("suspicious-regex", &entry.path, message);
            }
            let key = PatternKey {
                pattern: entry.pattern.clone(),
                unicode,
            };
            if confidential && self.strips() {
                policy.cloud.push(Cloud {
                    policy: "sensitiveInformationPolicy",
                    entry: Some(entry.name.clone()),
                    reason: "confidential",
                    input: actions.input != EntryAction::Disabled,
                    output: actions.output != EntryAction::Disabled,
                });
                continue;
            }
            match self.regexes.add(key) {
                Ok(automaton) => policy.regexes.push(PolicyRegex {
                    name: entry.name.clone(),
                    pattern: entry.pattern.clone(),
                    automaton,
                    actions,
                }),
                Err(error) => {
                    let at = error
                        .at
                        .map_or(String::new(), |at| format!(" at character {at}"));
                    let message = format!("the pattern of {:?} {}{at}", entry.name, error.problem);
                    self.error("regex-not-supported", &entry.path, message);
                }
            }
        }
    }

    fn finish(mut self) -> Result<Compiled, Diagnostics> {
        if self.diagnostics.has_errors() {
            self.diagnostics.sort();
            return Err(self.diagnostics);
        }
        match self.sections() {
            Some(mut sections) => {
                if !self.strips()
                    && let Some(engine) = assemble(&sections).and_then(loaded)
                {
                    let words: Vec<&str> =
                        self.words.keys().map(|(text, _)| text.as_str()).collect();
                    sections.push((SectionKind::SelfTest, selftest::build(&engine, &words)));
                }
                let bundle = assemble(&sections);
                let bundle = bundle.filter(|bundle| loaded(bundle.clone()).is_some());
                if let Some(bundle) = bundle {
                    self.diagnostics.sort();
                    return Ok(Compiled {
                        bundle,
                        diagnostics: self.diagnostics,
                    });
                }
                self.too_large()
            }
            None => self.too_large(),
        }
    }

    fn too_large(mut self) -> Result<Compiled, Diagnostics> {
        let limit = edgerail_core::bundle::MAX_BYTES;
        let message = format!(
            "the bundle would exceed what an engine loads ({limit} bytes); split the guardrails over several bundles"
        );
        self.error("bundle-too-large", "$", message);
        Err(self.diagnostics)
    }

    fn sections(&mut self) -> Option<Vec<(SectionKind, Vec<u8>)>> {
        let (groups, each, paths) = std::mem::take(&mut self.regexes).finish()?;
        self.lint_paths(&paths);
        let mut messages = MessageTable::default();
        let policy = PolicySection {
            audience: self.options.audience.name(),
            strip: self.strips(),
            scope: self.options.scope.as_deref(),
            on_error: self.on_error(),
            limits: self.overlay.limits,
            guardrails: &self.guardrails,
            attack_families: &self.attack_families,
        };
        let policy = policy.write(&mut messages);
        let (dictionary, strings) = self.tables()?;
        let standard = self
            .guardrails
            .iter()
            .any(|guardrail| guardrail.tiers.any());
        let views = if standard {
            views::section(&self.standard_terms())?
        } else {
            Vec::new()
        };
        Some(vec![
            (SectionKind::Policy, policy),
            (SectionKind::Dictionary, dictionary),
            (SectionKind::Strings, strings),
            (SectionKind::RegexGroups, groups),
            (SectionKind::RegexEach, each),
            (SectionKind::Topics, self.topics.section()?),
            (SectionKind::Views, views),
            (SectionKind::Messages, messages.section()?),
        ])
    }

    /// The dictionary and the strings; notes words that can never match.
    fn tables(&mut self) -> Option<(Vec<u8>, Vec<u8>)> {
        let mut builder = DictionaryBuilder::new();
        let mut inside = Vec::new();
        let mut unusable = Vec::new();
        for ((text, substring), uses) in &self.words {
            let word = builder.add_word(Word {
                text: text.clone(),
                uses: uses.clone(),
            });
            if *substring {
                inside.push((text.clone(), u32::try_from(word).ok()?));
            } else if builder.add_term(text, Output::Word(word)).is_err() {
                unusable.push(word);
            } else if self.is_standard(uses)
                && let Some(rotated) = views::rotated(text)
            {
                builder.add_term(&rotated, Output::RotatedWord(word)).ok()?;
            }
        }
        if self.profanity {
            for term in profanity::terms() {
                // The list is ours and its test says that every term has tokens.
                let _ = builder.add_term(term, Output::Profanity);
                if self.guardrails.iter().any(|g| g.tiers.profanity)
                    && let Some(rotated) = views::rotated(term)
                {
                    let _ = builder.add_term(&rotated, Output::RotatedProfanity);
                }
            }
        }
        for lexicon in &self.lexicons {
            for term in lexicon::terms(*lexicon) {
                let _ = builder.add_term(term, Output::Lexicon(*lexicon));
                for spelling in spellings(*lexicon, term) {
                    let _ = builder.add_term(&spelling, Output::Lexicon(*lexicon));
                }
            }
        }
        for (number, form) in self.topics.forms().enumerate() {
            // Forms come from terms that hold a word, and are shorter than a path may be.
            let _ = builder.add_term(form, Output::Keyword(number));
        }
        for _ in unusable {
            self.lint(
                "word-never-matches",
                "$.wordPolicyConfig.wordsConfig",
                "a word consists of white space or invisible characters only and can never match",
            );
        }
        Some((builder.finish()?, strings::build(&inside)?))
    }

    /// Whether a guardrail that uses a word reads it in evasion views.
    fn is_standard(&self, uses: &[Use]) -> bool {
        uses.iter().any(|used| {
            let guardrail = self.guardrails.get(used.guardrail);
            guardrail.is_some_and(|guardrail| guardrail.tiers.words)
        })
    }

    /// The words and phrases that are read in evasion views.
    fn standard_terms(&self) -> Vec<&str> {
        let read = self.words.iter();
        let read = read.filter(|(_, uses)| self.is_standard(uses));
        let mut terms: Vec<&str> = read.map(|((text, _), _)| text.as_str()).collect();
        if self.guardrails.iter().any(|g| g.tiers.profanity) {
            for term in profanity::terms() {
                terms.push(term);
            }
        }
        terms
    }

    fn lint_paths(&mut self, paths: &[RegexPath]) {
        let slow: BTreeSet<String> = self
            .guardrails
            .iter()
            .flat_map(|guardrail| &guardrail.regexes)
            .filter(|regex| paths.get(regex.automaton) == Some(&RegexPath::Fallback))
            .map(|regex| regex.name.clone())
            .collect();
        for name in slow {
            self.lint("slow-regex", "$.sensitiveInformationPolicyConfig.regexesConfig", format!("the pattern of {name:?} is too large for a prebuilt automaton and runs on the fallback engine, which is slower by two orders of magnitude; shorten its counted repetitions"));
        }
    }

    /// A bundle passes on errors only if every guardrail in it that is enforced may.
    fn on_error(&self) -> [OnError; 2] {
        let enforced: Vec<Settings> = self
            .guardrails
            .iter()
            .filter(|guardrail| !guardrail.observe)
            .map(|guardrail| self.overlay.settings_of(&guardrail.name))
            .collect();
        let all_pass = |of: fn(&Settings) -> Option<OnError>| {
            let pass = enforced
                .iter()
                .all(|settings| of(settings) == Some(OnError::Pass));
            if pass { OnError::Pass } else { OnError::Block }
        };
        [
            all_pass(|settings| settings.on_error_input),
            all_pass(|settings| settings.on_error_output),
        ]
    }
}

/// Which policies read evasion views: as AWS has it for topics and content filters, as the overlay has it
/// for the rest.
fn tiers(guardrail: &Guardrail, settings: &Settings) -> Tiers {
    let standard = |tier: &Option<String>| tier.as_deref() == Some("STANDARD");
    let overlay = |tier: Option<Tier>| tier == Some(Tier::Standard);
    Tiers {
        content: standard(&guardrail.content_tier),
        pii: overlay(settings.tiers.pii),
        profanity: overlay(settings.tiers.profanity),
        topics: standard(&guardrail.topics_tier),
        words: overlay(settings.tiers.words),
    }
}

/// The engine with a bundle that was just assembled; `None` if it refuses the bundle.
fn loaded(bundle: Vec<u8>) -> Option<Engine> {
    let options = LoadOptions {
        trust: Trust::Local,
        ..LoadOptions::default()
    };
    Engine::load(bundle, options).ok()
}

/// What is left to the cloud: whole policies that this engine does not evaluate.
fn cloud_policies(guardrail: &Guardrail, policy: &mut PolicyGuardrail) {
    let evaluates_attacks = policy.prompt_attack.is_some();
    let mut push = |name, entry, reason, input, output| {
        if input || output {
            policy.cloud.push(Cloud {
                policy: name,
                entry,
                reason,
                input,
                output,
            });
        }
    };
    let acts = |action: DirectionalAction| action != DirectionalAction::Disabled;
    for filter in &guardrail.content_filters {
        let evaluated = filter.ty == PROMPT_ATTACK && evaluates_attacks;
        let input = acts(filter.action.input) && !evaluated;
        let output = acts(filter.action.output);
        push(
            "contentPolicy",
            Some(filter.ty.clone()),
            "cloud_only",
            input,
            output,
        );
    }
    for filter in &guardrail.grounding {
        push(
            "contextualGroundingPolicy",
            Some(filter.clone()),
            "cloud_only",
            true,
            true,
        );
    }
    if !guardrail.automated_reasoning.is_empty() {
        push("automatedReasoningPolicy", None, "cloud_only", true, true);
    }
}

fn actions(action: Directional, settings: &Settings) -> Actions {
    let convert = |action| match action {
        DirectionalAction::Disabled => EntryAction::Disabled,
        DirectionalAction::None => EntryAction::None,
        DirectionalAction::Block => EntryAction::Block,
        DirectionalAction::Anonymize => EntryAction::Anonymize,
    };
    let mask = action.legacy_input && settings.legacy_input == Some(LegacyInput::Mask);
    let input = if mask {
        EntryAction::Anonymize
    } else {
        convert(action.input)
    };
    Actions {
        input,
        output: convert(action.output),
    }
}

fn add(counts: &mut Counts, actions: Actions) {
    counts.total += 1;
    counts.input += usize::from(actions.input != EntryAction::Disabled);
    counts.output += usize::from(actions.output != EntryAction::Disabled);
}

fn decides(ty: PiiType) -> bool {
    let recognizer = RECOGNIZERS.iter().find(|recognizer| recognizer.ty == ty);
    recognizer.is_some_and(|recognizer| recognizer.verdict == Verdict::Decides)
}
