//! The policy section: guardrails and their entries, as the compiler wrote them.

mod enforcement;
mod exceptions;
mod tiers;
mod topics;

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;

use crate::bundle::{Bundle, BundleError, Messages, SectionKind};
use crate::json::{self, Value};
use crate::pii::PiiType;
use crate::request::Source;

pub use enforcement::{ContentGuarding, Enforcement, Guarding, ModelScope, Origin, Ownership};
pub use exceptions::{ExceptedRule, Exception};
pub use tiers::Tiers;
use tiers::tiers;
pub use topics::{Confidence, PromptAttack, TopicEntry};
use topics::{prompt_attack, topic_entry};

/// What an entry does in one direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum EntryAction {
    /// Not evaluated, not reported.
    Disabled = 0,
    /// Detect mode: reported, nothing else happens.
    None = 1,
    /// The text is replaced by the blocked message.
    Block = 2,
    /// The value is masked.
    Anonymize = 3,
}

impl EntryAction {
    const ALL: [EntryAction; 4] = [
        EntryAction::Disabled,
        EntryAction::None,
        EntryAction::Block,
        EntryAction::Anonymize,
    ];

    /// The action's number in bundles.
    #[must_use]
    #[allow(clippy::as_conversions)] // a fieldless `repr(u8)` enum has no other way out
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// The action with this number.
    #[must_use]
    pub fn from_number(number: u8) -> Option<EntryAction> {
        EntryAction::ALL.get(usize::from(number)).copied()
    }

    /// The action's name in the policy section: the API's, and `DISABLED`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            EntryAction::Disabled => "DISABLED",
            EntryAction::None => "NONE",
            EntryAction::Block => "BLOCK",
            EntryAction::Anonymize => "ANONYMIZE",
        }
    }
}

/// An entry's actions in both directions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Actions {
    /// For [`Source::Input`].
    pub input: EntryAction,
    /// For [`Source::Output`].
    pub output: EntryAction,
}

impl Actions {
    /// The action for texts of `source`.
    #[must_use]
    pub const fn of(self, source: Source) -> EntryAction {
        match source {
            Source::Input => self.input,
            Source::Output => self.output,
        }
    }
}

/// Whether a guardrail acts or only reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// It blocks and masks.
    Enforce,
    /// It evaluates, reports what it would have done, and lets pass.
    Observe,
}

/// What happens when no decision can be made: a limit, a trap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnError {
    /// The text is blocked.
    Block,
    /// The text passes, and everything is deferred.
    Pass,
}

/// A built-in type of one guardrail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PiiEntry {
    /// The type.
    pub ty: PiiType,
    /// What it does.
    pub actions: Actions,
    /// The lowest score that acts; `None` is the recogniser's own.
    pub threshold: Option<u16>,
}

/// A custom regex of one guardrail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegexEntry {
    /// The name, which is also the mask.
    pub name: String,
    /// The pattern as AWS has it; left out of browser bundles.
    pub pattern: Option<String>,
    /// The number of the automaton: equal patterns share one.
    pub automaton: usize,
    /// What it does.
    pub actions: Actions,
}

/// Something the guardrail asks for and this engine leaves to the cloud.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloudEntry {
    /// The policy, e.g. `contentPolicy`.
    pub policy: String,
    /// The type or name, where the policy has several.
    pub entry: Option<String>,
    /// Why, as a code: `cloud_only`, `no_keywords`, `confidential`.
    pub reason: String,
    /// Whether it acts on INPUT.
    pub input: bool,
    /// Whether it acts on OUTPUT.
    pub output: bool,
}

impl CloudEntry {
    /// Whether it acts on texts of `source`.
    #[must_use]
    pub const fn acts_on(&self, source: Source) -> bool {
        match source {
            Source::Input => self.input,
            Source::Output => self.output,
        }
    }
}

/// How many entries a policy has, and how many of them act in each direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// All entries.
    pub total: usize,
    /// Those evaluated on INPUT.
    pub input: usize,
    /// Those evaluated on OUTPUT.
    pub output: usize,
}

impl Counts {
    /// Those evaluated on texts of `source`.
    #[must_use]
    pub const fn of(self, source: Source) -> usize {
        match source {
            Source::Input => self.input,
            Source::Output => self.output,
        }
    }
}

/// One guardrail of a bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guardrail {
    /// The name.
    pub name: String,
    /// The guardrail id.
    pub id: Option<String>,
    /// The version, `DRAFT` or a number.
    pub version: Option<String>,
    /// The ARN; left out of browser bundles.
    pub arn: Option<String>,
    /// Whether it acts.
    pub mode: Mode,
    /// What is answered instead of a blocked input.
    pub blocked_input: String,
    /// What is answered instead of a blocked output.
    pub blocked_output: String,
    /// Custom words: their counts (the words are in the dictionary).
    pub words: Counts,
    /// The profanity list.
    pub profanity: Option<Actions>,
    /// Built-in types.
    pub pii: Vec<PiiEntry>,
    /// Custom regexes.
    pub regexes: Vec<RegexEntry>,
    /// Denied topics that are evaluated here.
    pub topics: Vec<TopicEntry>,
    /// The filter for prompt attacks.
    pub prompt_attack: Option<PromptAttack>,
    /// What is left to the cloud.
    pub cloud: Vec<CloudEntry>,
    /// Values of built-in types that do not act.
    pub allowed: Vec<Allowed>,
    /// Which policies read evasion views.
    pub tiers: Tiers,
    /// What binds it to requests; empty if requests themselves do, and nothing else.
    pub enforcement: Vec<Enforcement>,
    /// Whose it is.
    pub ownership: Ownership,
    /// Rules that do not act for a while.
    pub exceptions: Vec<Exception>,
}

impl Guardrail {
    /// Whether it applies to requests for a model; `None` if that is not known.
    #[must_use]
    pub fn applies_to(&self, model: Option<&str>) -> bool {
        self.enforcement.is_empty() || self.binding(model).next().is_some()
    }

    /// What binds it to requests for a model.
    pub(crate) fn binding<'s>(
        &'s self,
        model: Option<&'s str>,
    ) -> impl Iterator<Item = &'s Enforcement> {
        let bound = self.enforcement.iter();
        bound.filter(move |enforcement| enforcement.models.applies_to(model))
    }

    /// The tiers of the policies that have an entry for texts of `source`: the others need no views.
    pub(crate) fn acting_tiers(&self, source: Source) -> Tiers {
        let acts = |actions: Actions| actions.of(source) != EntryAction::Disabled;
        Tiers {
            pii: self.tiers.pii && self.pii.iter().any(|entry| acts(entry.actions)),
            profanity: self.tiers.profanity && self.profanity.is_some_and(acts),
            words: self.tiers.words && self.words.of(source) > 0,
            topics: self.tiers.topics && self.topics.iter().any(|entry| acts(entry.actions)),
            content: self.tiers.content
                && self
                    .prompt_attack
                    .is_some_and(|attack| acts(attack.actions)),
        }
    }

    /// The message for blocked texts of `source`.
    #[must_use]
    pub fn blocked_message(&self, source: Source) -> &str {
        match source {
            Source::Input => &self.blocked_input,
            Source::Output => &self.blocked_output,
        }
    }
}

/// A value that findings of a built-in type may have without acting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allowed {
    /// The type.
    pub ty: PiiType,
    /// What is allowed.
    pub what: AllowedValue,
    /// Who allowed it; left out of browser bundles.
    pub who: Option<String>,
    /// Why; left out of browser bundles.
    pub why: Option<String>,
    /// When it ends, in seconds since 1970.
    pub until: u64,
}

/// What an allow-list entry matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AllowedValue {
    /// This value, case-folded.
    Value(String),
    /// Any e-mail address or URL of this host or a host below it.
    Domain(String),
}

/// All that a bundle says besides its tables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Who may get the bundle: `server` or `browser`.
    pub audience: String,
    /// The scope it was compiled for.
    pub scope: Option<String>,
    /// What happens to inputs that cannot be decided.
    pub on_error_input: OnError,
    /// What happens to outputs that cannot be decided.
    pub on_error_output: OnError,
    /// The guardrails, in the order in which their messages win.
    pub guardrails: Vec<Guardrail>,
    /// The families of prompt attacks, by the group number of their rules.
    pub attack_families: Vec<String>,
    /// How much text the bundle's author allows at most, in bytes.
    pub text_bytes: Option<usize>,
    /// How many findings the bundle's author wants listed at most.
    pub findings: Option<usize>,
}

impl Policy {
    /// Reads the policy and message sections of a bundle.
    ///
    /// # Errors
    /// [`BundleError::Section`] naming what is wrong.
    pub fn read(bundle: &Bundle) -> Result<Policy, BundleError> {
        let wrong = |what| BundleError::Section("policy", what);
        let text = core::str::from_utf8(bundle.section(SectionKind::Policy));
        let text = text.map_err(|_| wrong("is not UTF-8"))?;
        let document = json::parse(text).map_err(|error| wrong(error.problem))?;
        let messages = Messages::read(bundle.section(SectionKind::Messages))?;
        Reader { messages }.policy(&document).map_err(wrong)
    }

    /// Whether any guardrail is bound by something else than requests.
    pub(crate) fn is_enforced(&self) -> bool {
        let mut guardrails = self.guardrails.iter();
        guardrails.any(|guardrail| !guardrail.enforcement.is_empty())
    }

    /// What happens to texts of `source` that cannot be decided.
    #[must_use]
    pub const fn on_error(&self, source: Source) -> OnError {
        match source {
            Source::Input => self.on_error_input,
            Source::Output => self.on_error_output,
        }
    }
}

type Read<T> = Result<T, &'static str>;

struct Reader {
    messages: Messages,
}

impl Reader {
    fn policy(&self, document: &Value<'_>) -> Read<Policy> {
        let on_error = document.member("onError");
        let on_error = |side: &str| match on_error.and_then(|phases| phases.member(side)) {
            None => Ok(OnError::Block),
            Some(value) => match value.as_str() {
                Some("block") => Ok(OnError::Block),
                Some("pass") => Ok(OnError::Pass),
                _ => Err("has an onError that is neither block nor pass"),
            },
        };
        let guardrails = array(document, "guardrails")?;
        if guardrails.is_empty() {
            return Err("has no guardrail");
        }
        Ok(Policy {
            audience: string(document, "audience")?,
            scope: optional(document, "scope"),
            on_error_input: on_error("input")?,
            on_error_output: on_error("output")?,
            guardrails: each(document, "guardrails", &|guardrail| {
                self.guardrail(guardrail)
            })?,
            attack_families: each(document, "attackFamilies", &|family| {
                let name = family.as_str().ok_or("has a family without a name")?;
                Ok(name.to_owned())
            })?,
            text_bytes: document.member("textBytes").map(whole).transpose()?,
            findings: document.member("findings").map(whole).transpose()?,
        })
    }

    fn guardrail(&self, value: &Value<'_>) -> Read<Guardrail> {
        let message = |name: &str| {
            let number = value.member(name).and_then(Value::as_u64);
            let number = number.and_then(|number| usize::try_from(number).ok());
            let text = number.and_then(|number| self.messages.text(number));
            text.map(str::to_owned)
                .ok_or("has a guardrail without its blocked message")
        };
        let mode = match value.member("mode").and_then(Value::as_str) {
            Some("enforce") => Mode::Enforce,
            Some("observe") => Mode::Observe,
            _ => return Err("has a guardrail whose mode is neither enforce nor observe"),
        };
        Ok(Guardrail {
            name: string(value, "name")?,
            id: optional(value, "id"),
            version: optional(value, "version"),
            arn: optional(value, "arn"),
            mode,
            blocked_input: message("blockedInput")?,
            blocked_output: message("blockedOutput")?,
            words: value
                .member("words")
                .map_or(Ok(Counts::default()), counts)?,
            profanity: value.member("profanity").map(actions).transpose()?,
            pii: each(value, "pii", &pii_entry)?,
            regexes: each(value, "regexes", &regex_entry)?,
            topics: each(value, "topics", &topic_entry)?,
            prompt_attack: value
                .member("promptAttack")
                .map(prompt_attack)
                .transpose()?,
            cloud: each(value, "cloud", &cloud_entry)?,
            allowed: each(value, "allow", &allowed)?,
            tiers: value.member("tier").map_or(Ok(Tiers::default()), tiers)?,
            enforcement: each(value, "enforcement", &enforcement::enforcement)?,
            ownership: enforcement::ownership(value)?,
            exceptions: each(value, "exceptions", &exceptions::exception)?,
        })
    }
}

fn pii_entry(value: &Value<'_>) -> Read<PiiEntry> {
    let ty = value
        .member("type")
        .and_then(Value::as_str)
        .and_then(PiiType::from_name);
    let threshold = value.member("threshold").map(|threshold| {
        let number = threshold
            .as_u64()
            .and_then(|number| u16::try_from(number).ok());
        number
            .filter(|&number| number <= 1000)
            .ok_or("has a threshold that is not 0 to 1000")
    });
    Ok(PiiEntry {
        ty: ty.ok_or("has a sensitive-information type that is not known")?,
        actions: actions(value)?,
        threshold: threshold.transpose()?,
    })
}

fn regex_entry(value: &Value<'_>) -> Read<RegexEntry> {
    Ok(RegexEntry {
        name: string(value, "name")?,
        pattern: optional(value, "pattern"),
        automaton: number(value, "automaton")?,
        actions: actions(value)?,
    })
}

fn cloud_entry(value: &Value<'_>) -> Read<CloudEntry> {
    let flag = |name: &str| value.member(name).and_then(Value::as_bool).unwrap_or(false);
    Ok(CloudEntry {
        policy: string(value, "policy")?,
        entry: optional(value, "entry"),
        reason: string(value, "reason")?,
        input: flag("input"),
        output: flag("output"),
    })
}

fn allowed(value: &Value<'_>) -> Read<Allowed> {
    let ty = value
        .member("type")
        .and_then(Value::as_str)
        .and_then(PiiType::from_name);
    let what = match (optional(value, "value"), optional(value, "domain")) {
        (Some(text), None) => AllowedValue::Value(text),
        (None, Some(domain)) => AllowedValue::Domain(domain),
        _ => return Err("has an allow-list entry without a value or a domain"),
    };
    Ok(Allowed {
        ty: ty.ok_or("has an allow-list entry of an unknown type")?,
        what,
        who: optional(value, "who"),
        why: optional(value, "why"),
        until: value
            .member("until")
            .and_then(Value::as_u64)
            .ok_or("has an allow-list entry without an end")?,
    })
}

fn counts(value: &Value<'_>) -> Read<Counts> {
    Ok(Counts {
        total: number(value, "total")?,
        input: number(value, "input")?,
        output: number(value, "output")?,
    })
}

fn actions(value: &Value<'_>) -> Read<Actions> {
    let action = |side: &str| {
        let name = value.member(side).and_then(Value::as_str);
        let action = name.and_then(|name| EntryAction::ALL.into_iter().find(|a| a.name() == name));
        action.ok_or("has an entry with an unknown action")
    };
    Ok(Actions {
        input: action("input")?,
        output: action("output")?,
    })
}

fn array<'v, 'j>(value: &'v Value<'j>, name: &str) -> Read<&'v [Value<'j>]> {
    match value.member(name) {
        None => Ok(&[]),
        Some(items) => items.as_array().ok_or("has a member that should be a list"),
    }
}

/// What `read` makes of each element of the list `name`.
fn each<T>(value: &Value<'_>, name: &str, read: &dyn Fn(&Value<'_>) -> Read<T>) -> Read<Vec<T>> {
    let items = array(value, name)?;
    let mut all = Vec::with_capacity(items.len());
    for item in items {
        all.push(read(item)?);
    }
    Ok(all)
}

fn string(value: &Value<'_>, name: &str) -> Read<String> {
    optional(value, name).ok_or("lacks a string it needs")
}

fn optional(value: &Value<'_>, name: &str) -> Option<String> {
    value
        .member(name)
        .and_then(Value::as_str)
        .map(str::to_owned)
}

fn number(value: &Value<'_>, name: &str) -> Read<usize> {
    value
        .member(name)
        .map_or(Err("lacks a number it needs"), whole)
}

fn whole(value: &Value<'_>) -> Read<usize> {
    let number = value
        .as_u64()
        .and_then(|number| usize::try_from(number).ok());
    number.ok_or("has a number that is not whole or too large")
}
