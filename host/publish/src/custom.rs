//! What stands in `custom` of a bundle's target: what a client decides by before it has the bundle.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::{Error, Result};
use crate::name::{Audience, Ring};
use crate::text::is_hex;

/// How much of a bundle acts: rules that block or mask in the engine, of guardrails that enforce.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Guardrails.
    pub guardrails: u64,
    /// Words of the word policies.
    pub words: u64,
    /// Built-in types.
    pub pii: u64,
    /// Custom regexes.
    pub regexes: u64,
    /// Denied topics that are evaluated by the engine.
    pub topics: u64,
    /// Values and rules that are excepted.
    pub exceptions: u64,
}

impl Counts {
    /// Every count with its name, in their order.
    #[must_use]
    pub const fn named(&self) -> [(&'static str, u64); 6] {
        [
            ("guardrails", self.guardrails),
            ("words", self.words),
            ("pii", self.pii),
            ("regexes", self.regexes),
            ("topics", self.topics),
            ("exceptions", self.exceptions),
        ]
    }
}

/// Who takes the bundle of a rollout.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rollout {
    /// The outermost ring that does.
    pub ring: Ring,
    /// How many of 1000 clients of these rings do.
    pub permille: u16,
    /// What the clients' instance ids are hashed with, so that each rollout begins with others.
    pub salt: String,
}

/// What stands in `custom`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Custom {
    /// Grows with every bundle of the scope and audience, from 1.
    pub version: u64,
    /// Who may get the bundle.
    pub audience: Audience,
    /// The number in the bundle's header.
    pub engine_abi: u16,
    /// The scope.
    pub scope: String,
    /// How much it holds.
    pub counts: Counts,
    /// Who takes it, if it is the one of a rollout.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollout: Option<Rollout>,
    /// The path of the publication's record in the repository; never of browser bundles.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<String>,
}

impl Custom {
    pub(crate) fn read(target: &str, custom: &HashMap<String, Value>) -> Result<Custom> {
        let wrong = |why: String| Error::new("metadata", target, why);
        let object = Value::Object(custom.clone().into_iter().collect());
        let read: Custom = serde_json::from_value(object)
            .map_err(|error| wrong(format!("its custom data cannot be read: {error}")))?;
        if let Some(rollout) = &read.rollout
            && (rollout.permille > 1000 || !is_hex(&rollout.salt, rollout.salt.len()))
        {
            return Err(wrong(
                "its rollout is no ring, permille up to 1000 and salt".to_owned(),
            ));
        }
        Ok(read)
    }

    pub(crate) fn write(&self) -> HashMap<String, Value> {
        match serde_json::to_value(self) {
            Ok(Value::Object(members)) => members.into_iter().collect(),
            _ => HashMap::new(),
        }
    }
}
