use std::borrow::Cow;

use serde::Deserialize;

/// What reports read of a decision's JSON.
#[derive(Debug, Deserialize)]
pub(crate) struct Answer<'j> {
    #[serde(borrow)]
    pub(crate) action: Cow<'j, str>,
    #[serde(borrow, rename = "actionReason")]
    pub(crate) reason: Cow<'j, str>,
    #[serde(borrow, default)]
    pub(crate) outputs: Vec<Output<'j>>,
    #[serde(borrow)]
    pub(crate) edgerail: Own<'j>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Output<'j> {
    #[serde(borrow)]
    pub(crate) text: Cow<'j, str>,
}

/// The members under `edgerail`.
#[derive(Debug, Deserialize)]
pub(crate) struct Own<'j> {
    #[serde(borrow)]
    pub(crate) coverage: Vec<Coverage<'j>>,
    #[serde(borrow)]
    pub(crate) deferred: Vec<Deferred<'j>>,
    #[serde(borrow)]
    pub(crate) findings: Vec<Finding<'j>>,
    pub(crate) found: u64,
    #[serde(borrow)]
    pub(crate) guardrails: Vec<Guardrail<'j>>,
    #[serde(borrow, default)]
    pub(crate) masks: Vec<MaskPlace<'j>>,
    #[serde(borrow, rename = "reasonCode")]
    pub(crate) reason_code: Cow<'j, str>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Guardrail<'j> {
    #[serde(borrow)]
    pub(crate) name: Cow<'j, str>,
    #[serde(borrow)]
    pub(crate) mode: Cow<'j, str>,
    #[serde(borrow)]
    pub(crate) reason: Cow<'j, str>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Coverage<'j> {
    #[serde(borrow)]
    pub(crate) inactive: Vec<Inactive<'j>>,
    #[serde(rename = "wordsInactive")]
    pub(crate) words_inactive: u64,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Inactive<'j> {
    #[serde(borrow)]
    pub(crate) entry: Cow<'j, str>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Deferred<'j> {
    #[serde(borrow)]
    pub(crate) policy: Cow<'j, str>,
    #[serde(borrow, default)]
    pub(crate) entry: Option<Cow<'j, str>>,
    #[serde(borrow)]
    pub(crate) reason: Cow<'j, str>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Finding<'j> {
    #[serde(borrow)]
    pub(crate) action: Cow<'j, str>,
    #[serde(borrow)]
    pub(crate) guardrail: Cow<'j, str>,
    #[serde(borrow, rename = "match")]
    pub(crate) matched: Cow<'j, str>,
    #[serde(borrow, default)]
    pub(crate) name: Option<Cow<'j, str>>,
    #[serde(borrow)]
    pub(crate) policy: Cow<'j, str>,
    pub(crate) score: u16,
    pub(crate) start: usize,
    pub(crate) end: usize,
    #[serde(borrow, default, rename = "type")]
    pub(crate) ty: Option<Cow<'j, str>>,
    /// What it would do in a guardrail that does not only observe.
    #[serde(borrow, default)]
    pub(crate) would: Option<Cow<'j, str>>,
}

/// A stretch of a content block that is masked, in bytes.
#[derive(Debug, Deserialize)]
pub(crate) struct MaskPlace<'j> {
    pub(crate) block: usize,
    #[serde(rename = "builtIn")]
    pub(crate) built_in: bool,
    pub(crate) end: usize,
    #[serde(borrow)]
    pub(crate) label: Cow<'j, str>,
    pub(crate) start: usize,
}

impl<'j> Answer<'j> {
    /// Reads a decision. The engine writes them, so that an error is a defect of ours.
    pub(crate) fn read(json: &'j str) -> Result<Answer<'j>, serde_json::Error> {
        serde_json::from_str(json)
    }

    /// Whether something was blocked or masked.
    pub(crate) fn intervened(&self) -> bool {
        self.action == "GUARDRAIL_INTERVENED"
    }

    /// What is left to the cloud, each thing once although several guardrails may ask for it.
    pub(crate) fn distinct_deferred(&self) -> Vec<&Deferred<'j>> {
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
    pub(crate) fn safe_entry(&self) -> &str {
        match (&self.ty, &self.name) {
            (Some(ty), _) => ty,
            (None, Some(name)) if self.policy != "wordPolicy" => name,
            _ => "custom word",
        }
    }

    /// What it does, or would do.
    pub(crate) fn shown_action(&self) -> String {
        match &self.would {
            Some(would) => format!("would be {would}"),
            None => self.action.clone().into_owned(),
        }
    }
}
