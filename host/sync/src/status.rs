//! What a client reports: for people and for whoever watches a fleet.

use edgerail_trust::Client;
use edgerail_trust::activation::{Activation, Degraded, Facts, Health, Pins, health};
use serde::Serialize;

use crate::environment::rfc3339;
use crate::error::Error;
use crate::noted::{Note, NotedStatus};

/// How a client does. Its JSON has times as `2026-11-21T18:00:00Z` and ages in seconds; a member that is not
/// known is left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// The pinned target.
    pub target: String,
    /// The bundle that is enforced.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub active: Option<ActiveStatus>,
    /// Whether every request is to be blocked, with the reason `policy_stale`.
    pub deny: bool,
    /// Why it could be better; empty if it could not. The codes are explained in `docs/sync.md`.
    pub degraded: Vec<&'static str>,
    /// The verified metadata that is stored.
    pub metadata: Vec<RoleStatus>,
    /// The newest signed time: the clock never counts below it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issued: Option<String>,
    /// The version below which nothing is activated.
    pub floor: u64,
    /// Bundles that are not tried again.
    pub poisoned: Vec<PoisonedStatus>,
    /// What was passed over in the last check.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skipped: Option<&'static str>,
    /// When the repository was last asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_check: Option<String>,
    /// Seconds since then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_check_age: Option<u64>,
    /// When it last answered well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_success: Option<String>,
    /// Seconds since then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_success_age: Option<u64>,
    /// When another bundle became active.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_change: Option<String>,
    /// What went wrong last; gone after a check that went well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_error: Option<ErrorStatus>,
    /// Only for who looks from outside ([`crate::Sync::look`]): what `status.json` says of the last check of the process
    /// that checks. `degraded` counts it in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_file: Option<NotedStatus>,
    /// When the repository is asked next.
    pub poll: PollStatus,
    /// Since the process began.
    pub counters: Counters,
}

/// The bundle that is enforced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ActiveStatus {
    /// The target's name.
    pub name: String,
    /// Its version.
    pub version: u64,
    /// Its SHA-256.
    pub sha256: String,
    /// Its bytes.
    pub length: u64,
    /// Whether it comes from a rollout and is not current yet.
    pub next: bool,
    /// Whether it came with the application.
    pub baseline: bool,
    /// When it was activated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
}

/// A role's metadata.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RoleStatus {
    /// `root`, `timestamp`, `snapshot` or `targets`.
    pub role: &'static str,
    /// Its version.
    pub version: u64,
    /// When it expires.
    pub expires: String,
}

/// A bundle that is not tried again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PoisonedStatus {
    /// Its SHA-256.
    pub sha256: String,
    /// What it failed with.
    pub code: &'static str,
}

/// What went wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ErrorStatus {
    /// The stable code.
    pub code: &'static str,
    /// The file or address.
    pub place: String,
    /// In words.
    pub message: String,
    /// What to do; empty if the message says it.
    pub remedy: String,
    /// When.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
}

/// When the repository is asked next.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PollStatus {
    /// Failures in a row.
    pub failures: u32,
    /// The wait that was drawn last, in milliseconds; none outside of a daemon.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wait_ms: Option<u64>,
    /// Whether the server holds answers back until there is something new.
    pub long_poll: bool,
}

/// Counts since the process began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Counters {
    /// Checks.
    pub checks: u64,
    /// Of them, those that failed.
    pub failures: u64,
    /// Bundles activated.
    pub activations: u64,
    /// Bundles refused.
    pub refusals: u64,
    /// Files asked for.
    pub requests: u64,
    /// Bytes that came.
    pub bytes: u64,
}

/// Everything the status is made from; the rest is the time at which somebody asks.
#[derive(Clone, Debug)]
pub(crate) struct Report {
    pub(crate) pins: Pins,
    pub(crate) state: Activation,
    pub(crate) facts: Facts,
    pub(crate) active: Option<ActiveStatus>,
    pub(crate) metadata: Vec<RoleStatus>,
    pub(crate) skipped: Option<&'static str>,
    pub(crate) last_check: Option<u64>,
    pub(crate) last_success: Option<u64>,
    pub(crate) last_change: Option<u64>,
    pub(crate) last_error: Option<(Error, Option<u64>)>,
    pub(crate) note: Option<Note>,
    pub(crate) poll: PollStatus,
    pub(crate) counters: Counters,
}

impl Report {
    pub(crate) fn new(pins: Pins) -> Report {
        Report {
            pins,
            state: Activation::default(),
            facts: Facts::default(),
            active: None,
            metadata: Vec::new(),
            skipped: None,
            last_check: None,
            last_success: None,
            last_change: None,
            last_error: None,
            note: None,
            poll: PollStatus::default(),
            counters: Counters::default(),
        }
    }

    pub(crate) fn health(&self, now: Option<u64>) -> Health {
        let facts = Facts { now, ..self.facts };
        health(&self.pins, &self.state, &facts)
    }

    pub(crate) fn status(&self, now: Option<u64>) -> Status {
        let health = self.health(now);
        let issued = Some(self.state.issued).filter(|issued| *issued > 0);
        let age = |time: Option<u64>| now.zip(time).map(|(now, then)| now.saturating_sub(then));
        Status {
            target: self.pins.target.clone(),
            active: self.active.clone(),
            deny: health.deny,
            degraded: health
                .degraded
                .iter()
                .map(|reason| Degraded::code(*reason))
                .collect(),
            metadata: self.metadata.clone(),
            issued: issued.map(rfc3339),
            floor: self.state.floor,
            poisoned: self
                .state
                .poisoned
                .iter()
                .map(|poisoned| PoisonedStatus {
                    sha256: poisoned.sha256.clone(),
                    code: poisoned.refusal.code(),
                })
                .collect(),
            skipped: self.skipped,
            last_check: self.last_check.map(rfc3339),
            last_check_age: age(self.last_check),
            last_success: self.last_success.map(rfc3339),
            last_success_age: age(self.last_success),
            last_change: self.last_change.map(rfc3339),
            last_error: self.last_error.as_ref().map(|(error, at)| ErrorStatus {
                code: error.code(),
                place: error.place().to_owned(),
                message: error.message().to_owned(),
                remedy: error.remedy().to_owned(),
                at: at.map(rfc3339),
            }),
            status_file: self.note.as_ref().map(|note| note.status(now)),
            poll: self.poll.clone(),
            counters: self.counters,
        }
    }
}

/// The roles that are trusted.
pub(crate) fn roles(client: &Client) -> Vec<RoleStatus> {
    let roles = ["root", "timestamp", "snapshot", "targets"];
    let known = roles.into_iter().filter_map(|role| {
        Some(RoleStatus {
            role,
            version: client.version(role)?,
            expires: rfc3339(client.expires(role)?),
        })
    });
    known.collect()
}
