//! What a repository asks of every publication. It stands in the signed top-level targets metadata as
//! `x-publishing`, so that nobody loosens it without the signatures of that role.

use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// The name of the member of the top-level targets metadata.
pub(crate) const MEMBER: &str = "x-publishing";

/// What a repository asks of every publication.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// How many people have to approve.
    pub approvals: u32,
    /// How long metadata is valid.
    pub expires: Expiry,
    /// The loss, in percent, of any count (words, regexes …) against the published version, from which on a
    /// bundle is refused unless the loss is allowed by name.
    pub max_shrink_percent: u32,
    /// Whether a bundle that follows another one must have been compared with it on texts.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub require_corpus: bool,
}

/// How many days metadata is valid, by role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expiry {
    /// Root.
    pub root: NonZeroU32,
    /// Targets, also the delegated roles.
    pub targets: NonZeroU32,
    /// Snapshot.
    pub snapshot: NonZeroU32,
    /// Timestamp.
    pub timestamp: NonZeroU32,
}

const fn days(days: u32) -> NonZeroU32 {
    match NonZeroU32::new(days) {
        Some(days) => days,
        None => NonZeroU32::MIN,
    }
}

impl Default for Settings {
    /// One approval; a year, 90 days, 7 days, 1 day; a loss of more than 20 % needs to be allowed.
    fn default() -> Settings {
        Settings {
            approvals: 1,
            expires: Expiry {
                root: days(365),
                targets: days(90),
                snapshot: days(7),
                timestamp: days(1),
            },
            max_shrink_percent: 20,
            require_corpus: false,
        }
    }
}

impl Expiry {
    /// When metadata of a role that is made now expires, in seconds since 1970.
    pub(crate) fn of(&self, role: &str, now: u64) -> u64 {
        let days = match role {
            "root" => self.root,
            "snapshot" => self.snapshot,
            "timestamp" => self.timestamp,
            _ => self.targets,
        };
        now.saturating_add(u64::from(days.get()) * 86_400)
    }
}

impl Settings {
    pub(crate) fn read(value: Option<&serde_json::Value>) -> Result<Settings> {
        match value {
            None => Ok(Settings::default()),
            Some(value) => serde_json::from_value(value.clone()).map_err(|error| {
                let message = format!("the member {MEMBER} cannot be read: {error}");
                Error::new("metadata", "targets", message)
            }),
        }
    }
}
