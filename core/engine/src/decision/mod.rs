//! The decision: what `ApplyGuardrail` would answer, and what is left to the cloud.

mod json;
mod record;
mod topics;

use alloc::string::String;
use alloc::vec::Vec;

use crate::engine::Engine;
use crate::evaluate::{Reach, UNIT};
use crate::pii::PiiType;
use crate::policy::{Exception, Mode, OnError, Origin};
use crate::request::Request;
use crate::rules::rule;
use crate::topics::Explanation;
use crate::views::ViewKind;

pub use record::DecisionRecord;

/// The overall result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Nothing was blocked or masked.
    None,
    /// Something was.
    GuardrailIntervened,
}

impl Action {
    /// `NONE` or `GUARDRAIL_INTERVENED`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Action::None => "NONE",
            Action::GuardrailIntervened => "GUARDRAIL_INTERVENED",
        }
    }
}

/// Why the result is what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// Nothing detected, or only in detect mode.
    NoAction,
    /// Values were masked.
    Masked,
    /// The text was blocked.
    Blocked,
}

impl Reason {
    /// The API's `actionReason`.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Reason::NoAction => "No action.",
            Reason::Masked => "Guardrail masked.",
            Reason::Blocked => "Guardrail blocked.",
        }
    }
}

/// What a finding does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FindingAction {
    /// Detected only.
    None,
    /// The value is masked.
    Anonymized,
    /// The text is blocked.
    Blocked,
}

impl FindingAction {
    /// `NONE`, `ANONYMIZED` or `BLOCKED`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            FindingAction::None => "NONE",
            FindingAction::Anonymized => "ANONYMIZED",
            FindingAction::Blocked => "BLOCKED",
        }
    }
}

/// Which entry of a guardrail a finding belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Entry<'a> {
    /// A custom word, as configured.
    Word(&'a str),
    /// The profanity list.
    Profanity,
    /// A built-in type.
    Pii(PiiType),
    /// A custom regex, by its number in the guardrail.
    Regex(usize),
    /// A denied topic, by its number in the guardrail.
    Topic(usize),
    /// The content filter for prompt attacks.
    PromptAttack,
}

/// One detection by one guardrail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Finding<'a> {
    /// The guardrail's number in the bundle.
    pub guardrail: usize,
    /// The entry.
    pub entry: Entry<'a>,
    /// The content block's number in the request.
    pub block: usize,
    /// Byte offset in the block's text.
    pub start: usize,
    /// Byte offset just past the value.
    pub end: usize,
    /// The text found.
    pub matched: &'a str,
    /// What it does. In a guardrail that only observes this is `None`; see [`Finding::would`].
    pub action: FindingAction,
    /// What it does or, in a guardrail that only observes, would do.
    pub would: FindingAction,
    /// Confidence, 0 to 1000; 1000 for words and regexes, the sum of the keywords' weights for topics.
    pub score: u16,
    /// The evasion view that shows it; `None` if the text itself does.
    pub view: Option<ViewKind>,
    /// The exception because of which it does nothing, by its number in
    /// [`crate::policy::Guardrail::exceptions`].
    pub exception: Option<usize>,
}

/// A stretch of a content block that is masked: the union of the values that overlap there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mask<'a> {
    /// Byte offset in the block's text.
    pub start: usize,
    /// Byte offset just past the stretch.
    pub end: usize,
    /// What stands between the braces: a built-in type's name or a regex's.
    pub label: &'a str,
    /// Whether the label is a built-in type's.
    pub built_in: bool,
}

/// Why a request could not be evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The texts are longer than the limit.
    TextLimit,
    /// Normalised, a text would be longer than the limit.
    GrowthLimit,
    /// An automaton gave up, or the engine's tables do not fit together.
    Fault,
    /// A stream would have to hold back more than it may of a value that is still undecided.
    HoldbackLimit,
    /// What came is no text: neither UTF-8 nor, unit by unit, UTF-16.
    InvalidText,
    /// The engine trapped or panicked.
    Trap,
    /// The engine took longer than the host allows.
    Deadline,
    /// The policy's metadata expired longer ago than the host allows. Whatever the bundle says of errors, this
    /// blocks: what an old bundle says is what is not believed any more.
    PolicyStale,
}

impl Failure {
    /// The reason code in `edgerail.reasonCode`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Failure::TextLimit => "limit_text",
            Failure::GrowthLimit => "limit_growth",
            Failure::Fault => "fault",
            Failure::HoldbackLimit => "limit_holdback",
            Failure::InvalidText => "invalid_text",
            Failure::Trap => "trap",
            Failure::Deadline => "deadline",
            Failure::PolicyStale => "policy_stale",
        }
    }
}

/// Something this engine did not decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deferred<'a> {
    /// The guardrail's number in the bundle.
    pub guardrail: usize,
    /// The policy, e.g. `contentPolicy`.
    pub policy: &'a str,
    /// The type or name, where the policy has several.
    pub entry: Option<&'a str>,
    /// Why, as a code.
    pub reason: &'a str,
}

/// Text units as AWS bills them: one per started 1,000 characters, for each policy that was evaluated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Denied topics.
    pub topic_policy_units: u64,
    /// Content filters: prompt attacks only.
    pub content_policy_units: u64,
    /// Words and profanity.
    pub word_policy_units: u64,
    /// Built-in sensitive information.
    pub sensitive_information_policy_units: u64,
    /// Custom regexes.
    pub sensitive_information_policy_free_units: u64,
}

/// How much of the request was looked at, in characters (Unicode scalar values).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Characters evaluated.
    pub guarded: u64,
    /// Characters in the request.
    pub total: u64,
}

/// The decision on one request.
///
/// It borrows names from the engine and matches from the request; [`Decision::to_json`] and
/// [`Decision::record`] make owned forms.
#[derive(Clone, Debug)]
pub struct Decision<'a> {
    pub(crate) engine: &'a Engine,
    pub(crate) request: &'a Request<'a>,
    pub(crate) reason: Reason,
    pub(crate) outputs: Vec<String>,
    pub(crate) findings: Vec<Finding<'a>>,
    pub(crate) found: usize,
    /// Why topics and prompt attacks were detected.
    pub(crate) explanations: Vec<Explanation>,
    /// Per content block, what is masked; empty unless [`Reason::Masked`].
    pub(crate) masks: Vec<Vec<Mask<'a>>>,
    /// Per guardrail, what its own findings come to.
    pub(crate) would: Vec<Reason>,
    pub(crate) deferred: Vec<Deferred<'a>>,
    pub(crate) units: u64,
    pub(crate) coverage: Coverage,
    /// Which guardrails looked at what, where the bundle says so.
    pub(crate) reach: Option<Reach>,
    pub(crate) failure: Option<Failure>,
}

impl<'a> Decision<'a> {
    /// The overall result.
    #[must_use]
    pub const fn action(&self) -> Action {
        match self.reason {
            Reason::NoAction => Action::None,
            Reason::Masked | Reason::Blocked => Action::GuardrailIntervened,
        }
    }

    /// Why.
    #[must_use]
    pub const fn reason(&self) -> Reason {
        self.reason
    }

    /// The texts to use instead of the request's: none if nothing happened, the blocked message, or
    /// every block with its masks.
    #[must_use]
    pub fn outputs(&self) -> &[String] {
        &self.outputs
    }

    /// What was found, by place; at most [`crate::Limits::findings`].
    #[must_use]
    pub fn findings(&self) -> &[Finding<'a>] {
        &self.findings
    }

    /// Why topics and prompt attacks were detected.
    #[must_use]
    pub fn explanations(&self) -> &[Explanation] {
        &self.explanations
    }

    /// How much was found, listed or not.
    #[must_use]
    pub const fn found(&self) -> usize {
        self.found
    }

    /// What is masked in a content block, by place and without overlaps: with each stretch replaced by
    /// its label in braces, the block is its output. Empty unless the reason is [`Reason::Masked`].
    #[must_use]
    pub fn masks(&self, block: usize) -> &[Mask<'a>] {
        self.masks.get(block).map_or(&[], Vec::as_slice)
    }

    /// What is left to the cloud.
    #[must_use]
    pub fn deferred(&self) -> &[Deferred<'a>] {
        &self.deferred
    }

    /// How much was looked at.
    #[must_use]
    pub const fn coverage(&self) -> Coverage {
        self.coverage
    }

    /// Why nothing was evaluated, if so.
    #[must_use]
    pub const fn failure(&self) -> Option<Failure> {
        self.failure
    }

    /// Whether a guardrail applies to the request: an enforced one may be for other models.
    #[must_use]
    pub fn applies(&self, guardrail: usize) -> bool {
        let reach = self.reach.as_ref();
        reach.is_none_or(|reach| reach.applies(guardrail))
    }

    /// How much a guardrail looked at.
    #[must_use]
    pub fn coverage_of(&self, guardrail: usize) -> Coverage {
        match &self.reach {
            None => self.coverage,
            Some(reach) => Coverage {
                guarded: reach.guarded(guardrail),
                total: self.coverage.total,
            },
        }
    }

    /// Which levels bind a guardrail to the request.
    #[must_use]
    pub fn origins(&self, guardrail: usize) -> Vec<Origin> {
        let Some(guardrail) = self.engine.policy().guardrails.get(guardrail) else {
            return Vec::new();
        };
        if guardrail.enforcement.is_empty() || !rule!("enforcement.origins") {
            return Vec::from([Origin::Request]);
        }
        let model = self.request.model.as_deref();
        let mut origins = Vec::new();
        for origin in Origin::ALL {
            if guardrail.binding(model).any(|level| level.origin == origin) {
                origins.push(origin);
            }
        }
        origins
    }

    /// The exception because of which a finding does nothing.
    #[must_use]
    pub fn exception(&self, finding: &Finding<'_>) -> Option<&'a Exception> {
        let guardrail = self.engine.policy().guardrails.get(finding.guardrail)?;
        guardrail.exceptions.get(finding.exception?)
    }

    /// The text units a guardrail used.
    #[must_use]
    pub fn usage(&self, guardrail: usize) -> Usage {
        let source = self.request.source;
        let text_units = match &self.reach {
            None => self.units,
            Some(reach) => reach.guarded(guardrail).div_ceil(UNIT),
        };
        let Some(guardrail) = self.engine.policy().guardrails.get(guardrail) else {
            return Usage::default();
        };
        let units = |evaluated: bool| if evaluated { text_units } else { 0 };
        let acts = |actions: crate::policy::Actions| {
            actions.of(source) != crate::policy::EntryAction::Disabled
        };
        let words = guardrail.words.of(source) > 0 || guardrail.profanity.is_some_and(acts);
        // As AWS counts: the policy as a whole, also where some or all topics are left to the cloud.
        let mut deferred = guardrail.cloud.iter();
        let topics = guardrail.topics.iter().any(|entry| acts(entry.actions))
            || deferred.any(|entry| entry.policy == "topicPolicy" && entry.acts_on(source));
        let attack = guardrail
            .prompt_attack
            .is_some_and(|attack| acts(attack.actions));
        Usage {
            topic_policy_units: units(topics),
            content_policy_units: units(attack),
            word_policy_units: units(words),
            sensitive_information_policy_units: units(
                guardrail.pii.iter().any(|entry| acts(entry.actions)),
            ),
            sensitive_information_policy_free_units: units(
                guardrail.regexes.iter().any(|entry| acts(entry.actions)),
            ),
        }
    }

    /// What a guardrail's own findings come to, regardless of the others and of its mode.
    #[must_use]
    pub fn would(&self, guardrail: usize) -> Reason {
        self.would
            .get(guardrail)
            .copied()
            .unwrap_or(Reason::NoAction)
    }

    /// The decision for a request that was not evaluated.
    pub(crate) fn failed(
        engine: &'a Engine,
        request: &'a Request<'a>,
        failure: Failure,
    ) -> Decision<'a> {
        let source = request.source;
        let guardrails = &engine.policy().guardrails;
        let model = request.model.as_deref();
        let reach = Reach::of(engine, request);
        let mut enforced = guardrails
            .iter()
            .filter(|guardrail| guardrail.mode == Mode::Enforce && guardrail.applies_to(model));
        let enforced = enforced.next();
        let blocks =
            failure == Failure::PolicyStale || engine.policy().on_error(source) == OnError::Block;
        let (reason, outputs) = match enforced.filter(|_| blocks) {
            Some(guardrail) => (
                Reason::Blocked,
                Vec::from([String::from(guardrail.blocked_message(source))]),
            ),
            None => (Reason::NoAction, Vec::new()),
        };
        let applying = guardrails.iter().enumerate();
        let applying = applying.filter(|(_, guardrail)| guardrail.applies_to(model));
        let deferred = applying.map(|(number, _)| Deferred {
            guardrail: number,
            policy: "all",
            entry: None,
            reason: failure.code(),
        });
        Decision {
            engine,
            request,
            reason,
            outputs,
            findings: Vec::new(),
            found: 0,
            explanations: Vec::new(),
            masks: Vec::new(),
            would: Vec::new(),
            deferred: deferred.collect(),
            units: 0,
            coverage: Coverage::default(),
            reach,
            failure: Some(failure),
        }
    }
}
