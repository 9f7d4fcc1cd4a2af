//! What is published: roles with their versions and expiry, and what every scope has.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::custom::Custom;
use crate::document::{Authority, Document, role_type};
use crate::error::Result;
use crate::name::Line;
use crate::repository::Repository;
use crate::stage::ISSUED;
use crate::text::{hex, rfc3339};

/// A role's metadata.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RoleStatus {
    /// The name.
    pub role: String,
    /// The version.
    pub version: u64,
    /// Until when it is valid.
    pub expires: String,
    /// For how many seconds yet; negative once it has expired.
    pub expires_in_seconds: i64,
    /// Whether less than a quarter of its time is left: renew it.
    pub expires_soon: bool,
    /// How many keys have to sign.
    pub threshold: u64,
    /// The ids of the keys that can.
    pub keys: Vec<String>,
}

/// A published target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TargetStatus {
    /// Its name.
    pub target: String,
    /// Its hash.
    pub sha256: String,
    /// Its length in bytes.
    pub length: u64,
    /// What stands in `custom`.
    pub custom: Custom,
}

/// What a scope and audience has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LineStatus {
    /// The current bundle.
    pub current: Option<TargetStatus>,
    /// The bundle of a rollout.
    pub next: Option<TargetStatus>,
}

/// What is published.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Status {
    /// The roles: the top-level ones, then the delegated ones.
    pub roles: Vec<RoleStatus>,
    /// Each scope and audience.
    pub scopes: BTreeMap<String, LineStatus>,
    /// When the timestamp was issued.
    pub issued: Option<String>,
    /// How many people have to approve a publication.
    pub approvals: u32,
}

impl Status {
    /// Of a repository at this time, in seconds since 1970.
    ///
    /// # Errors
    /// `metadata` if the metadata is none of this program.
    pub fn of(repository: &Repository, now: u64) -> Result<Status> {
        let settings = repository.settings()?;
        let mut roles = Vec::new();
        for (role, document) in &repository.documents {
            let authority = match role_type(role) {
                Some(ty) => Authority::of_root(repository.root(), ty),
                None => {
                    let delegations = repository.targets().delegations.as_ref();
                    delegations.and_then(|delegations| Authority::of_delegation(delegations, role))
                }
            };
            let (expires, period) = (document.expires(), settings.expires.of(role, 0));
            roles.push(RoleStatus {
                role: role.clone(),
                version: document.version(),
                expires: rfc3339(expires),
                expires_in_seconds: expires.cast_signed().saturating_sub(now.cast_signed()),
                expires_soon: expires.saturating_sub(now) < period / 4,
                threshold: authority
                    .as_ref()
                    .map_or(0, |authority| authority.threshold.get()),
                keys: authority
                    .map_or_else(Vec::new, |authority| authority.keys.into_keys().collect()),
            });
        }
        roles.sort_by_key(|status| {
            let order = ["root", "timestamp", "snapshot", "targets"];
            let place = order.iter().position(|role| *role == status.role);
            (place.unwrap_or(order.len()), status.role.clone())
        });
        let timestamp = repository
            .documents
            .get("timestamp")
            .and_then(Document::timestamp);
        let issued = timestamp
            .and_then(|timestamp| timestamp._extra.get(ISSUED)?.as_str().map(str::to_owned));
        Ok(Status {
            roles,
            scopes: scopes(repository)?,
            issued,
            approvals: settings.approvals,
        })
    }
}

fn scopes(repository: &Repository) -> Result<BTreeMap<String, LineStatus>> {
    let mut scopes: BTreeMap<String, LineStatus> = BTreeMap::new();
    for (name, target) in repository.homes().flat_map(|(_, targets)| &targets.targets) {
        let Some((line, next)) = Line::of_target(name.raw()) else {
            continue;
        };
        let status = TargetStatus {
            target: name.raw().to_owned(),
            sha256: hex(&target.hashes.sha256),
            length: target.length,
            custom: Custom::read(name.raw(), &target.custom)?,
        };
        let line = scopes.entry(line.to_string()).or_default();
        let place = if next {
            &mut line.next
        } else {
            &mut line.current
        };
        *place = Some(status);
    }
    Ok(scopes)
}
