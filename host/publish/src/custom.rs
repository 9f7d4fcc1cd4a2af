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
    #[serde(with = "by_name")]
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
    #[serde(with = "by_name")]
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

/// What metadata says by name, in the client's own words.
trait Named: Copy {
    fn text(self) -> &'static str;
    fn of(name: &str) -> Option<Self>;
}

impl Named for Audience {
    fn text(self) -> &'static str {
        self.name()
    }

    fn of(name: &str) -> Option<Audience> {
        Audience::from_name(name)
    }
}

impl Named for Ring {
    fn text(self) -> &'static str {
        self.name()
    }

    fn of(name: &str) -> Option<Ring> {
        Ring::from_name(name)
    }
}

mod by_name {
    use serde::de::{Deserialize as _, Error as _};
    use serde::{Deserializer, Serializer};

    use super::Named;

    pub(super) fn serialize<T: Named, S: Serializer>(named: &T, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(named.text())
    }

    pub(super) fn deserialize<'de, T: Named, D: Deserializer<'de>>(from: D) -> Result<T, D::Error> {
        let name = String::deserialize(from)?;
        T::of(&name).ok_or_else(|| D::Error::custom(format!("{name:?} is no name that is known")))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(value: &Value) -> Result<Custom> {
        let members = value.as_object().unwrap().clone();
        Custom::read("x.next.bundle", &members.into_iter().collect())
    }

    #[test]
    fn names_are_the_clients_and_no_others() {
        let good = json!({
            "version": 3, "audience": "server", "engine_abi": 1, "scope": "x",
            "counts": {"guardrails": 1, "words": 2, "pii": 0, "regexes": 0, "topics": 0, "exceptions": 0},
            "rollout": {"ring": "canary", "permille": 10, "salt": "00ff"},
        });
        let custom = read(&good).unwrap();
        assert_eq!(custom.audience, Audience::Server);
        assert_eq!(custom.rollout.as_ref().unwrap().ring, Ring::Canary);
        let written = Value::Object(custom.write().into_iter().collect());
        assert_eq!(written, good);
        // What is written is what a client reads.
        let bytes = written.to_string().into_bytes();
        assert!(edgerail_trust::activation::Custom::read(&bytes).is_ok());
        for (member, bad) in [
            ("audience", json!("Server")),
            ("audience", json!("")),
            ("audience", json!(1)),
            (
                "rollout",
                json!({"ring": "all", "permille": 10, "salt": "00"}),
            ),
            (
                "rollout",
                json!({"ring": "early", "permille": 1001, "salt": "00"}),
            ),
            (
                "rollout",
                json!({"ring": "early", "permille": 10, "salt": "zz"}),
            ),
        ] {
            let mut wrong = good.clone();
            wrong[member] = bad;
            assert_eq!(read(&wrong).unwrap_err().code(), "metadata", "{wrong}");
        }
    }
}
