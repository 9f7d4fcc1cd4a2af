//! The decision's JSON, as far as it is judged and reported.

use std::borrow::Cow;

use serde::Deserialize;

/// What reports read of a decision's JSON.
#[derive(Debug, Deserialize)]
pub struct Answer<'j> {
    /// `NONE` or `GUARDRAIL_INTERVENED`.
    #[serde(borrow)]
    pub action: Cow<'j, str>,
    /// `actionReason`: what the decision comes to.
    #[serde(borrow, rename = "actionReason")]
    pub reason: Cow<'j, str>,
    /// What stands in the place of the texts; none if nothing happens to them.
    #[serde(borrow, default)]
    pub outputs: Vec<Output<'j>>,
    /// What AWS has no member for.
    #[serde(borrow)]
    pub edgerail: Own<'j>,
}

/// What stands in the place of a text.
#[derive(Debug, Deserialize)]
pub struct Output<'j> {
    /// The text.
    #[serde(borrow)]
    pub text: Cow<'j, str>,
}

/// The members under `edgerail`.
#[derive(Debug, Deserialize)]
pub struct Own<'j> {
    /// What was looked at, by guardrail.
    #[serde(borrow)]
    pub coverage: Vec<Coverage<'j>>,
    /// What is left to the cloud.
    #[serde(borrow)]
    pub deferred: Vec<Deferred<'j>>,
    /// What was found, as far as it is listed.
    #[serde(borrow)]
    pub findings: Vec<Finding<'j>>,
    /// How much was found, listed or not.
    pub found: u64,
    /// What each guardrail alone comes to.
    #[serde(borrow)]
    pub guardrails: Vec<OwnGuardrail<'j>>,
    /// What is masked.
    #[serde(borrow, default)]
    pub masks: Vec<MaskPlace<'j>>,
    /// `ok`, or why nothing was evaluated.
    #[serde(borrow, rename = "reasonCode")]
    pub reason_code: Cow<'j, str>,
}

/// What one guardrail comes to.
#[derive(Debug, Deserialize)]
pub struct OwnGuardrail<'j> {
    /// Its name.
    #[serde(borrow)]
    pub name: Cow<'j, str>,
    /// `enforce` or `observe`.
    #[serde(borrow)]
    pub mode: Cow<'j, str>,
    /// Its own `actionReason`.
    #[serde(borrow)]
    pub reason: Cow<'j, str>,
}

/// What a guardrail looked at.
#[derive(Debug, Deserialize)]
pub struct Coverage<'j> {
    /// Entries that do not act in this direction.
    #[serde(borrow)]
    pub inactive: Vec<Inactive<'j>>,
    /// How many words do not.
    #[serde(rename = "wordsInactive")]
    pub words_inactive: u64,
}

/// An entry that does not act in this direction.
#[derive(Debug, Deserialize)]
pub struct Inactive<'j> {
    /// A type or the name of a regex or topic.
    #[serde(borrow)]
    pub entry: Cow<'j, str>,
}

/// Something that is left to the cloud.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Deferred<'j> {
    /// The policy; `all` for everything.
    #[serde(borrow)]
    pub policy: Cow<'j, str>,
    /// The type or name, where the policy has several.
    #[serde(borrow, default)]
    pub entry: Option<Cow<'j, str>>,
    /// Why, as a code.
    #[serde(borrow)]
    pub reason: Cow<'j, str>,
}

/// Something that was found, in bytes.
#[derive(Debug, Deserialize)]
pub struct Finding<'j> {
    /// What it does: `BLOCKED`, `ANONYMIZED` or `NONE`.
    #[serde(borrow)]
    pub action: Cow<'j, str>,
    /// The guardrail's name.
    #[serde(borrow)]
    pub guardrail: Cow<'j, str>,
    /// The text found.
    #[serde(borrow, rename = "match")]
    pub matched: Cow<'j, str>,
    /// The configured word, regex or topic.
    #[serde(borrow, default)]
    pub name: Option<Cow<'j, str>>,
    /// The policy.
    #[serde(borrow)]
    pub policy: Cow<'j, str>,
    /// Confidence, 0 to 1000.
    pub score: u16,
    /// The first byte.
    pub start: usize,
    /// The byte after the last.
    pub end: usize,
    /// A built-in type.
    #[serde(borrow, default, rename = "type")]
    pub ty: Option<Cow<'j, str>>,
    /// What it would do in a guardrail that does not only observe.
    #[serde(borrow, default)]
    pub would: Option<Cow<'j, str>>,
}

/// A stretch of a content block that is masked, in bytes.
#[derive(Debug, Deserialize)]
pub struct MaskPlace<'j> {
    /// The content block's number.
    pub block: usize,
    /// Whether the label is a built-in type's.
    #[serde(rename = "builtIn")]
    pub built_in: bool,
    /// The byte after the last.
    pub end: usize,
    /// What stands in its place, without braces.
    #[serde(borrow)]
    pub label: Cow<'j, str>,
    /// The first byte.
    pub start: usize,
}

impl<'j> Answer<'j> {
    /// Reads a decision. The engine writes them, so that an error is a defect of ours.
    pub fn read(json: &'j str) -> Result<Answer<'j>, serde_json::Error> {
        serde_json::from_str(json)
    }

    /// Whether something was blocked or masked.
    pub fn intervened(&self) -> bool {
        self.action == "GUARDRAIL_INTERVENED"
    }

    /// What is left to the cloud, each thing once although several guardrails may ask for it.
    pub fn distinct_deferred(&self) -> Vec<&Deferred<'j>> {
        let mut distinct: Vec<&Deferred<'j>> = Vec::new();
        for deferred in &self.edgerail.deferred {
            if !distinct.contains(&deferred) {
                distinct.push(deferred);
            }
        }
        distinct
    }
}

impl Finding<'_> {
    /// The entry without the configured words, which are secrets: a type, a regex's name, `custom word`.
    pub fn safe_entry(&self) -> &str {
        match (&self.ty, &self.name) {
            (Some(ty), _) => ty,
            (None, Some(name)) if self.policy != "wordPolicy" => name,
            _ => "custom word",
        }
    }

    /// What it does, or would do.
    pub fn shown_action(&self) -> String {
        match &self.would {
            Some(would) => format!("would be {would}"),
            None => self.action.clone().into_owned(),
        }
    }
}
