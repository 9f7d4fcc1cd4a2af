//! What was published before: the targets metadata of a role, back to its first.
//!
//! Each names the file before it by its hash, and the newest has been verified. So nothing that is found here can
//! have been changed, and what an interrupted publication left behind is not taken for something published.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use tough::schema::Targets;

use crate::custom::Custom;
use crate::document::{Document, versioned};
use crate::error::{Error, Result};
use crate::layout::Layout;
use crate::name::Line;
use crate::repository::{Repository, read_target};
use crate::stage::previous;
use crate::storage::Storage;
use crate::text::{hex, sha256};

/// Content that a line had before.
#[derive(Clone, Debug, PartialEq)]
pub struct Old {
    /// What stood in `custom`.
    pub custom: Custom,
    /// The bundle.
    pub bytes: Vec<u8>,
}

impl Repository {
    /// Shows a role's metadata, the newest first, until that ends it or there is none before. Gives the file that
    /// ought to be there and is not, if the way back is broken.
    pub(crate) fn walk(
        &self,
        storage: &dyn Storage,
        role: &str,
        mut visit: impl FnMut(&Targets) -> Result<ControlFlow<()>>,
    ) -> Result<Option<String>> {
        let mut at = self.documents.get(role).cloned();
        while let Some(document) = at {
            let Some(targets) = document.targets() else {
                break;
            };
            if visit(targets)?.is_break() {
                break;
            }
            let Some(hash) = previous(targets) else {
                break;
            };
            let newer = targets.version.get();
            at = find_before(storage, role, newer, hash)?;
            if at.is_none() {
                let path = versioned(role, newer.saturating_sub(1));
                return Ok(Some(format!("metadata/{path}")));
            }
        }
        Ok(None)
    }

    /// The roles that list a scope's targets now, or did before there were delegations.
    pub(crate) fn homes_of(&self, name: &str) -> Vec<String> {
        let home = Layout::of(self.targets()).home(name).to_owned();
        let mut roles = vec![home];
        if !roles.iter().any(|role| role == "targets") {
            roles.push("targets".to_owned());
        }
        roles
    }

    /// What a line had under a version, or, if none is given, what it had before the current content.
    ///
    /// # Errors
    /// `not_published` if it never had that version or nothing else, naming those it had; `repository_broken` if the
    /// bytes are gone.
    pub fn old(&self, storage: &dyn Storage, line: &Line, version: Option<u64>) -> Result<Old> {
        let name = line.target(false);
        let mut had = BTreeMap::new();
        let mut current = None;
        let mut found = None;
        let mut broken = None;
        for role in self.homes_of(&name) {
            let gap = self.walk(storage, &role, |targets| {
                let Some((custom, hash)) = listed(targets, &name)? else {
                    return Ok(ControlFlow::Continue(()));
                };
                had.insert(custom.version, hash.clone());
                let (now, then) = current.get_or_insert((custom.version, hash.clone()));
                let wanted = match version {
                    Some(version) => custom.version == version,
                    None => custom.version < *now && hash != *then,
                };
                if !wanted {
                    return Ok(ControlFlow::Continue(()));
                }
                found = Some((custom, hash));
                Ok(ControlFlow::Break(()))
            })?;
            broken = broken.or(gap);
            if let Some((custom, hash)) = found.take() {
                let bytes = read_target(storage, &name, &hash)?;
                return Ok(Old { custom, bytes });
            }
        }
        Err(never(line, version, &had, broken.as_deref()))
    }
}

/// How metadata lists a target: its `custom` and its hash.
fn listed(targets: &Targets, name: &str) -> Result<Option<(Custom, String)>> {
    let mut targets = targets.targets.iter();
    let target = targets.find_map(|(key, target)| (key.raw() == name).then_some(target));
    let read = |target: &tough::schema::Target| {
        let custom = Custom::read(name, &target.custom)?;
        Ok((custom, hex(&target.hashes.sha256)))
    };
    target.map(read).transpose()
}

/// The file of this hash, of a version before the one given: interrupted publications may lie between them.
fn find_before(
    storage: &dyn Storage,
    role: &str,
    newer: u64,
    hash: &str,
) -> Result<Option<Document>> {
    for number in (1..newer).rev() {
        let path = format!("metadata/{}", versioned(role, number));
        if let Some(stored) = storage.get(&path)?
            && sha256(&stored.bytes) == hash
        {
            return Document::parse(role, &path, &stored.bytes).map(Some);
        }
    }
    Ok(None)
}

/// Versions in words: `1, 2 and 4`.
fn listing(versions: &[u64]) -> String {
    let texts: Vec<String> = versions.iter().map(u64::to_string).collect();
    match texts.split_last() {
        None => "none".to_owned(),
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}

fn never(
    line: &Line,
    version: Option<u64>,
    had: &BTreeMap<u64, String>,
    broken: Option<&str>,
) -> Error {
    let current = had.values().next_back();
    let mut others: Vec<u64> = Vec::new();
    for (version, hash) in had {
        if Some(hash) != current {
            others.push(*version);
        }
    }
    let mut message = match version {
        _ if others.is_empty() => {
            "had nothing else before; there is nothing to revert to".to_owned()
        }
        Some(version) => format!(
            "was never current under version {version}; --to takes {}; `edgerail publish status --history {}` says what they are",
            listing(&others),
            line.scope
        ),
        None => format!(
            "had nothing else before the current content; --to takes {}",
            listing(&others)
        ),
    };
    if let Some(path) = broken {
        message.push_str(&format!(
            "; what was before {path} is not known, because that file is missing"
        ));
    }
    Error::new("not_published", line.to_string(), message)
}
