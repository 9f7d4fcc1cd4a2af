//! The record of a publication: who approved what, when and why, and what the gate said. It is a file of the
//! repository below `records`, named by its hash; the signed metadata links it by that hash, and each record
//! names those before it, so that none can be changed or taken out without notice. It names people: web servers
//! should give `records` to machines of the organization only.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::document::Document;
use crate::error::{Error, Result};
use crate::text::{count, rfc3339, sha256};

/// The name of the member of root and targets metadata that holds the hash of the newest record.
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

/// What a publication does to the metadata of one role, beside the targets in it: new keys, a longer time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleEntry {
    /// `init`, `rotate` (other keys or another threshold) or `refresh` (valid for longer).
    pub action: String,
    /// The role.
    pub role: String,
    /// The version of its metadata; none of roles whose metadata is made when the rest has its signatures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u64>,
    /// Until when that is valid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<String>,
    /// How many keys have to sign, if that or the keys are others than before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threshold: Option<u64>,
    /// The ids of keys that got the role.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub added: Vec<String>,
    /// The ids of keys that lost it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub removed: Vec<String>,
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
    /// What was done to targets.
    pub changes: Vec<Entry>,
    /// What was done to roles.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<RoleEntry>,
    /// The hashes of the records before.
    pub previous: Vec<String>,
}

impl Record {
    /// Of a publication at this time, in seconds since 1970, by these people.
    pub(crate) fn new(publication: &Publication, people: Vec<String>, now: u64) -> Record {
        Record {
            format: 1,
            when: rfc3339(now),
            approved_by: people,
            ticket: publication.ticket.clone(),
            reason: publication.reason.clone(),
            sources: publication.sources.clone(),
            changes: Vec::new(),
            roles: Vec::new(),
            previous: Vec::new(),
        }
    }

    /// Who approved, where and why, in a line.
    #[must_use]
    pub fn summary(&self) -> String {
        summary(
            &self.approved_by,
            self.ticket.as_deref(),
            self.reason.as_deref(),
        )
    }

    pub(crate) fn bytes(&self) -> Result<Vec<u8>> {
        let value = serde_json::to_value(self);
        value
            .and_then(|value| serde_json::to_vec(&value))
            .map_err(|error| Error::new("record", "the record", error.to_string()))
    }
}

/// Who approved, where and why, in a line.
pub(crate) fn summary(people: &[String], ticket: Option<&str>, reason: Option<&str>) -> String {
    let people = if people.is_empty() {
        "nobody named".to_owned()
    } else {
        people.join(", ")
    };
    let said = [Some(people.as_str()), ticket, reason];
    said.into_iter().flatten().collect::<Vec<_>>().join(": ")
}

/// Where all records are.
pub(crate) const FOLDER: &str = "records/";

/// The roles whose newest record every record names, besides those that it is of: so that none stands apart.
pub(crate) const FOLLOWED: [&str; 2] = ["root", "targets"];

/// The hashes of the newest records of these roles, each once.
pub(crate) fn newest<'d>(documents: impl Iterator<Item = &'d Document>) -> Vec<String> {
    let hashes: BTreeSet<&str> = documents.filter_map(Document::record).collect();
    hashes.into_iter().map(str::to_owned).collect()
}

/// Where a record is.
pub(crate) fn path(hash: &str) -> String {
    format!("{FOLDER}{hash}.json")
}

/// The hash of a record from its path.
pub(crate) fn hash_of(bytes: &[u8]) -> (String, String) {
    let hash = sha256(bytes);
    (path(&hash), hash)
}

impl Publication {
    /// The people who approved, each once.
    pub(crate) fn people(&self) -> Vec<String> {
        let people = self.approved_by.iter();
        let mut people: Vec<String> = people
            .map(|person| person.trim().to_owned())
            .filter(|person| !person.is_empty())
            .collect();
        people.sort();
        people.dedup();
        people
    }

    /// Refuses a publication that fewer people approved than the repository asks for.
    pub(crate) fn check(&self, approvals: u32) -> Result<Vec<String>> {
        let people = self.people();
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
