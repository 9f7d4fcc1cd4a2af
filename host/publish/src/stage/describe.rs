//! What a signature would be given for, in plain words, taken from the documents themselves.

use std::collections::BTreeMap;

use tough::schema::{RoleType, Root, Target, Targets};

use super::Stage;
use crate::custom::Custom;
use crate::document::{Authority, Document};
use crate::error::Result;
use crate::settings::{MEMBER, Settings};
use crate::text::{count, hex, rfc3339};

impl Stage {
    /// One line for each thing that publishing this changes, by role.
    ///
    /// # Errors
    /// `metadata` if a document before the new one cannot be read, and as [`Stage::check`] for a bundle.
    pub fn describe(&self) -> Result<Vec<String>> {
        let mut lines = Vec::new();
        let listed = self.listed()?;
        let taken = |name: &str, target: &Target| {
            let bundle = self.candidate(name, target)?;
            Ok(self.review(&listed, name, &bundle)?.lines())
        };
        for (role, document) in &self.documents {
            let until = rfc3339(document.expires());
            lines.push(format!(
                "{role} version {}, valid until {until}",
                document.version()
            ));
            let base = self.base_document(role)?;
            match document {
                Document::Root(root) => {
                    let before = base.as_ref().and_then(Document::root);
                    root_lines(before, &root.signed, &mut lines);
                }
                Document::Targets(targets) => {
                    let before = base.as_ref().and_then(Document::targets);
                    targets_lines(before, &targets.signed, &mut lines, &taken)?;
                }
                Document::Snapshot(_) | Document::Timestamp(_) => {}
            }
        }
        if let Some(record) = self.record()? {
            lines.push(format!("on record: {}", record.summary()));
        }
        if let Some((before, after)) = listed.numbers() {
            let listed = count(after, "bundle");
            lines.push(format!(
                "the changed metadata lists {listed}, {before} before"
            ));
        }
        Ok(lines)
    }
}

fn root_lines(before: Option<&Root>, root: &Root, lines: &mut Vec<String>) {
    for (name, role) in [
        ("root", RoleType::Root),
        ("targets", RoleType::Targets),
        ("snapshot", RoleType::Snapshot),
        ("timestamp", RoleType::Timestamp),
    ] {
        let old = before.and_then(|before| Authority::of_root(before, role));
        let new = Authority::of_root(root, role);
        let (Some(new), true) = (&new, old != new) else {
            continue;
        };
        let keys = count(new.keys.len(), "key");
        lines.push(format!("  role {name}: {} of {keys}", new.threshold));
        let old = old.map(|old| old.keys).unwrap_or_default();
        let added = new.keys.keys().filter(|id| !old.contains_key(*id));
        added.for_each(|id| lines.push(format!("    + key {id}")));
        let removed = old.keys().filter(|id| !new.keys.contains_key(*id));
        removed.for_each(|id| lines.push(format!("    - key {id}")));
    }
}

fn by_name(targets: Option<&Targets>) -> BTreeMap<&str, &Target> {
    let targets = targets.iter().flat_map(|targets| &targets.targets);
    targets.map(|(name, target)| (name.raw(), target)).collect()
}

fn targets_lines(
    before: Option<&Targets>,
    targets: &Targets,
    lines: &mut Vec<String>,
    taken: &dyn Fn(&str, &Target) -> Result<Vec<String>>,
) -> Result<()> {
    let (old, new) = (by_name(before), by_name(Some(targets)));
    for (name, target) in &new {
        let sign = match old.get(name) {
            None => '+',
            Some(before) if before != target => '~',
            Some(_) => continue,
        };
        lines.push(format!("  {sign} {name}: {}", target_line(name, target)?));
        let taken = taken(name, target)?;
        lines.extend(taken.into_iter().map(|line| format!("    {line}")));
    }
    for name in old.keys().filter(|name| !new.contains_key(*name)) {
        lines.push(format!("  - {name}"));
    }
    settings_lines(before, targets, lines)?;
    if targets.delegations != before.and_then(|before| before.delegations.clone()) {
        let roles = targets
            .delegations
            .iter()
            .flat_map(|delegations| &delegations.roles);
        for role in roles {
            let keys = count(role.keyids.len(), "key");
            lines.push(format!(
                "  role {}: {} of {keys}",
                role.name, role.threshold
            ));
        }
    }
    Ok(())
}

/// What the repository asks of publications, if this is its first metadata or says something else than before.
fn settings_lines(
    before: Option<&Targets>,
    targets: &Targets,
    lines: &mut Vec<String>,
) -> Result<()> {
    let old = before.and_then(|before| before._extra.get(MEMBER));
    let new = targets._extra.get(MEMBER);
    if old == new {
        return Ok(());
    }
    if before.is_some() {
        lines.push("  ~ what the repository asks of publications is no longer the same".to_owned());
        settings_line("before: ", &Settings::read(old)?, lines);
        settings_line("after: ", &Settings::read(new)?, lines);
    } else {
        settings_line("", &Settings::read(new)?, lines);
    }
    Ok(())
}

fn settings_line(when: &str, settings: &Settings, lines: &mut Vec<String>) {
    let approvals = usize::try_from(settings.approvals).unwrap_or(usize::MAX);
    let approvals = count(approvals, "approval");
    let percent = settings.max_shrink_percent;
    lines.push(format!(
        "  {when}every publication needs {approvals}, a loss of more than {percent} % must be allowed"
    ));
    if settings.require_corpus {
        lines.push(format!(
            "  {when}every bundle that follows another one is compared on texts"
        ));
    }
}

fn target_line(name: &str, target: &Target) -> Result<String> {
    let hash = hex(&target.hashes.sha256);
    let custom = Custom::read(name, &target.custom)?;
    let counts = custom
        .counts
        .named()
        .map(|(name, number)| format!("{number} {name}"));
    let rollout = custom.rollout.map(|rollout| {
        let (ring, permille) = (rollout.ring.name(), rollout.permille);
        format!(", for {permille} of 1000 clients up to ring {ring}")
    });
    Ok(format!(
        "version {}{}, {} bytes, sha256 {hash}, {}",
        custom.version,
        rollout.unwrap_or_default(),
        target.length,
        counts.join(", ")
    ))
}
