//! Metadata that is made without a change of bundles: the first, new keys, a longer time.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::num::NonZeroU64;

use serde_json::json;
use tough::schema::{Root, Targets};

use crate::document::{Document, SPEC_VERSION, versioned};
use crate::error::{Error, Result};
use crate::layout::Layout;
use crate::record::Publication;
use crate::repository::Repository;
use crate::roles::{self, Quorum, TopRole};
use crate::settings::{self, Settings};
use crate::stage::{Stage, number};
use crate::storage::Storage;
use crate::text::moment;

/// The first metadata of a repository: four roles, no bundle yet.
///
/// # Errors
/// `roles` if a role has no keys.
pub fn init(
    quorums: &BTreeMap<TopRole, Quorum>,
    settings: &Settings,
    publication: &Publication,
    now: u64,
) -> Result<Stage> {
    if let Some(role) = TopRole::ALL.iter().find(|role| !quorums.contains_key(role)) {
        return Err(Error::new(
            "roles",
            role.name(),
            "has no keys; give every role at least one",
        ));
    }
    let mut root = Root {
        spec_version: SPEC_VERSION.to_owned(),
        consistent_snapshot: true,
        version: NonZeroU64::MIN,
        expires: moment(settings.expires.of("root", now)),
        keys: HashMap::new(),
        roles: HashMap::new(),
        _extra: HashMap::new(),
    };
    roles::write(&mut root, quorums);
    let mut targets = Targets::new(
        SPEC_VERSION.to_owned(),
        NonZeroU64::MIN,
        moment(settings.expires.of("targets", now)),
    );
    targets.delegations = None;
    targets
        ._extra
        .insert(settings::MEMBER.to_owned(), json!(settings));
    let mut stage = Stage {
        documents: BTreeMap::from([
            ("root".to_owned(), root.into()),
            ("targets".to_owned(), targets.into()),
        ]),
        snapshot: Some(1),
        timestamp: Some(1),
        ..Stage::default()
    };
    stage.leave_record(publication, now)?;
    Ok(stage)
}

/// The first version of a role, after the one there is, whose file does not exist: an interrupted publication may
/// have left some behind, and what has a number is never written again.
pub(crate) fn free_version(storage: &dyn Storage, role: &str, current: u64) -> Result<u64> {
    let mut version = current.saturating_add(1);
    while storage
        .get(&format!("metadata/{}", versioned(role, version)))?
        .is_some()
    {
        version = version.saturating_add(1);
    }
    Ok(version)
}

/// Has the stage end with a new snapshot and timestamp.
pub(crate) fn wanted(
    stage: &mut Stage,
    repository: &Repository,
    storage: &dyn Storage,
) -> Result<()> {
    let version = |role| repository.documents.get(role).map_or(0, Document::version);
    stage.snapshot = Some(free_version(storage, "snapshot", version("snapshot"))?);
    stage.timestamp = Some(version("timestamp").saturating_add(1));
    Ok(())
}

/// New keys and thresholds for some roles, or, without any, a root that is valid for longer. What the changed roles
/// sign is made anew.
///
/// # Errors
/// `metadata` if the repository's own cannot be read.
pub fn rotate(
    repository: &Repository,
    storage: &dyn Storage,
    new: &BTreeMap<TopRole, Quorum>,
    publication: &Publication,
    now: u64,
) -> Result<Stage> {
    let mut stage = rotated(repository, storage, new, now)?;
    stage.trim_base();
    stage.leave_record(publication, now)?;
    Ok(stage)
}

/// The same without its record yet, and with all that it comes after.
fn rotated(
    repository: &Repository,
    storage: &dyn Storage,
    new: &BTreeMap<TopRole, Quorum>,
    now: u64,
) -> Result<Stage> {
    let settings = repository.settings()?;
    let mut quorums = BTreeMap::new();
    for role in TopRole::ALL {
        let quorum = new
            .get(&role)
            .cloned()
            .or_else(|| Quorum::of(repository.root(), role));
        quorums.insert(
            role,
            quorum.ok_or_else(|| Error::new("roles", role.name(), "has no keys"))?,
        );
    }
    let mut root = repository.root().clone();
    root.version = number(root.version.get().saturating_add(1));
    root.expires = moment(settings.expires.of("root", now));
    roles::write(&mut root, &quorums);
    let mut stage = Stage::of(repository);
    stage.documents.insert("root".to_owned(), root.into());
    let mut again: BTreeSet<TopRole> = new.keys().copied().collect();
    again.remove(&TopRole::Root);
    renew(&mut stage, repository, storage, &again, &quorums, now)?;
    Ok(stage)
}

/// Metadata of the same content that is valid for longer.
///
/// # Errors
/// `metadata` if the repository's own cannot be read.
pub fn refresh(
    repository: &Repository,
    storage: &dyn Storage,
    which: &BTreeSet<TopRole>,
    publication: &Publication,
    now: u64,
) -> Result<Stage> {
    let unchanged = BTreeMap::new();
    let mut stage = if which.contains(&TopRole::Root) {
        rotated(repository, storage, &unchanged, now)?
    } else {
        Stage::of(repository)
    };
    renew(&mut stage, repository, storage, which, &unchanged, now)?;
    stage.trim_base();
    stage.leave_record(publication, now)?;
    Ok(stage)
}

fn renew(
    stage: &mut Stage,
    repository: &Repository,
    storage: &dyn Storage,
    which: &BTreeSet<TopRole>,
    quorums: &BTreeMap<TopRole, Quorum>,
    now: u64,
) -> Result<()> {
    let settings = repository.settings()?;
    if which.contains(&TopRole::Targets) {
        for (role, targets) in repository.homes() {
            let mut targets = targets.clone();
            targets.version = number(free_version(storage, role, targets.version.get())?);
            targets.expires = moment(settings.expires.of(role, now));
            if let (Some(quorum), true) = (
                quorums.get(&TopRole::Targets),
                targets.delegations.is_some(),
            ) {
                let patterns = Layout::of(&targets).patterns();
                targets.delegations = Some(roles::delegations(quorum, &patterns)?);
            }
            stage.documents.insert(role.to_owned(), targets.into());
        }
    }
    if which.contains(&TopRole::Targets) || which.contains(&TopRole::Snapshot) {
        wanted(stage, repository, storage)?;
    }
    if which.contains(&TopRole::Timestamp) {
        let version = repository
            .documents
            .get("timestamp")
            .map_or(0, Document::version);
        stage.timestamp = Some(version.saturating_add(1));
    }
    Ok(())
}
