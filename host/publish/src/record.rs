//! The record of a publication: who approved what, when and why, and what the gate said. It is a file of the
//! repository below `records`, named by its hash; the signed metadata links it by that hash, and each record
//! names those before it, so that none can be changed or taken out without notice. It names people: web servers
//! should give `records` to machines of the organization only.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::{Error, Result};
use crate::text::{count, sha256};

/// The name of the member of targets metadata that holds the hash of the newest record.
pub(crate) const MEMBER: &str = "x-record";

/// Who wants a publication, and why.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Publication {
    /// The people who approved; each counts once.
    pub approved_by: Vec<String>,
    /// The ticket or review in which they did.
    pub ticket: Option<String>,
    /// Why it is published.
    pub reason: Option<String>,
    /// The files that the bundles were made from.
    pub sources: Vec<Source>,
}

/// A file that a bundle was made from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// Its name.
    pub file: String,
    /// The SHA-256 of its bytes.
    pub sha256: String,
}

/// What a publication does to one target.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// `add`, `promote`, `revert`, `remove` …
    pub action: String,
    /// The target's name.
    pub target: String,
    /// Its version; none if it is removed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<u64>,
    /// The hash of the bundle.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// What the gate said.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub gate: Value,
}

/// A publication as it is kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The form of the document.
    pub format: u32,
    /// When it was staged.
    pub when: String,
    /// Who approved.
    pub approved_by: Vec<String>,
    /// The ticket or review.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ticket: Option<String>,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What the bundles were made from.
    pub sources: Vec<Source>,
    /// What was done.
    pub changes: Vec<Entry>,
    /// The hashes of the records before.
    pub previous: Vec<String>,
}

impl Record {
    pub(crate) fn bytes(&self) -> Result<Vec<u8>> {
        let value = serde_json::to_value(self);
        value
            .and_then(|value| serde_json::to_vec(&value))
            .map_err(|error| Error::new("record", "the record", error.to_string()))
    }
}

/// Where a record is.
pub(crate) fn path(hash: &str) -> String {
    format!("records/{hash}.json")
}

/// The hash of a record from its path.
pub(crate) fn hash_of(bytes: &[u8]) -> (String, String) {
    let hash = sha256(bytes);
    (path(&hash), hash)
}

impl Publication {
    /// Refuses a publication that fewer people approved than the repository asks for.
    pub(crate) fn check(&self, approvals: u32) -> Result<Vec<String>> {
        let mut people: Vec<String> = self
            .approved_by
            .iter()
            .map(|person| person.trim().to_owned())
            .filter(|person| !person.is_empty())
            .collect();
        people.sort();
        people.dedup();
        let needed = usize::try_from(approvals).unwrap_or(usize::MAX);
        if people.len() < needed {
            let message = format!(
                "the repository asks for {} of different people, {} given; name them with --approved-by",
                count(needed, "approval"),
                people.len()
            );
            return Err(Error::new("approvals_missing", "the publication", message));
        }
        Ok(people)
    }
}
