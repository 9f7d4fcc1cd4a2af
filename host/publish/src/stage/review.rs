//! The gate on what is staged: the bundles themselves, not what is said about them.
//!
//! A change may have been anywhere between the machine that made it and the one that signs it. So whoever signs or
//! publishes it loads every new bundle with the client's own loader, and compares it with what the metadata says of
//! it, with the bundle before, and with the record.

use std::collections::{BTreeMap, BTreeSet};

use tough::schema::{Target, Targets};

use super::Stage;
use super::check::tampered;
use crate::custom::Custom;
use crate::document::Document;
use crate::error::Result;
use crate::gate::Candidate;
use crate::lines::Last;
use crate::name::Line;
use crate::record::{Entry, Publication, Record};
use crate::repository::target_path;
use crate::review::{REMOVED, Review, losses_json};
use crate::storage::Storage;
use crate::text::{hex, sha256};

/// What the metadata of a change says of bundles, before it and after it.
#[derive(Default)]
pub(super) struct Listed {
    before: BTreeMap<String, Target>,
    after: BTreeMap<String, Target>,
    removed: BTreeMap<String, Last>,
}

fn add(targets: &Targets, to: &mut BTreeMap<String, Target>) {
    let targets = targets.targets.iter();
    to.extend(targets.map(|(name, target)| (name.raw().to_owned(), target.clone())));
}

impl Listed {
    /// The targets that are new or another than before.
    fn changed(&self) -> impl Iterator<Item = (&String, &Target)> {
        let after = self.after.iter();
        after.filter(|(name, target)| self.before.get(*name) != Some(target))
    }

    /// How many targets there are before and after, if any metadata of targets is new.
    pub(super) fn numbers(&self) -> Option<(usize, usize)> {
        let (before, after) = (self.before.len(), self.after.len());
        (before + after > 0).then_some((before, after))
    }

    fn gone(&self) -> impl Iterator<Item = &String> {
        let before = self.before.keys();
        before.filter(|name| !self.after.contains_key(*name))
    }

    /// What a line has now, or had last.
    fn last(&self, line: &Line) -> Result<Option<Last>> {
        let name = line.target(false);
        match self.before.get(&name) {
            Some(target) => Last::of(&name, target).map(Some),
            None => Ok(self.removed.get(&name).cloned()),
        }
    }
}

fn line_of(name: &str) -> Result<(Line, bool)> {
    Line::of_target(name).ok_or_else(|| tampered(name, "is no name of a bundle"))
}

impl Stage {
    pub(super) fn listed(&self) -> Result<Listed> {
        let mut listed = Listed::default();
        for (role, document) in &self.documents {
            let Some(targets) = document.targets() else {
                continue;
            };
            add(targets, &mut listed.after);
            let base = self.base_document(role)?;
            if let Some(base) = base.as_ref().and_then(Document::targets) {
                add(base, &mut listed.before);
                listed.removed.extend(Last::read(base)?);
            }
        }
        Ok(listed)
    }

    /// Takes the bundles that new ones are compared with from where they are published.
    pub(crate) fn fetch_previous(&mut self, storage: &dyn Storage) -> Result<()> {
        let listed = self.listed()?;
        for (name, _) in listed.changed() {
            let (line, _) = line_of(name)?;
            if let Some(last) = listed.last(&line)? {
                let path = target_path(&line.target(false), &last.sha256);
                if let Some(stored) = storage.get(&path)? {
                    self.previous.insert(path, stored.bytes);
                }
            }
        }
        Ok(())
    }

    /// What a new bundle takes away.
    pub(super) fn review(&self, listed: &Listed, name: &str, bundle: &Candidate) -> Result<Review> {
        let (line, _) = line_of(name)?;
        let before = listed.last(&line)?.map(|last| {
            let path = target_path(&line.target(false), &last.sha256);
            let bytes = self.previous.get(&path);
            last.before(&line, bytes.filter(|bytes| sha256(bytes) == last.sha256))
        });
        let percent = self.settings()?.max_shrink_percent;
        Ok(Review::of(before.as_ref(), bundle, percent))
    }

    /// A new bundle, loaded as clients do.
    pub(super) fn candidate(&self, name: &str, target: &Target) -> Result<Candidate> {
        let path = target_path(name, &hex(&target.hashes.sha256));
        let bytes = self.files.get(&path);
        let bytes = bytes.ok_or_else(|| tampered(name, "its bundle is not in the change"))?;
        let (line, _) = line_of(name)?;
        Candidate::read(&path, bytes.clone(), Some(&line.scope))
    }

    /// Refuses bundles that the gate would not let pass, of which the metadata says something else, or that are not
    /// those of the record; and a record that does not say what they take away, or that too few people approved.
    pub(super) fn check_bundles(&self) -> Result<()> {
        let listed = self.listed()?;
        let Some(record) = self.record()? else {
            return Ok(());
        };
        let of_bundles = listed.changed().next().is_some() || listed.gone().next().is_some();
        self.check_record(&record, of_bundles)?;
        let mut lossy = false;
        let mut named = BTreeSet::new();
        for (name, target) in listed.changed() {
            let bundle = self.candidate(name, target)?;
            check_custom(name, target, &bundle)?;
            let entry = entry(&record, name)?;
            check_entry(name, target, entry)?;
            let review = self.review(&listed, name, &bundle)?;
            if !review.is_noted(&entry.gate) {
                let why =
                    "the record does not say what this bundle takes away, or says something else";
                return Err(tampered(name, why));
            }
            let follows = listed.last(&line_of(name)?.0)?.is_some();
            if self.settings()?.require_corpus && follows && entry.gate["diff"].is_null() {
                let why = "the repository asks for a comparison on texts, and the record has none";
                return Err(tampered(name, why));
            }
            lossy |= review.needs_approval();
            named.insert(name.as_str());
        }
        for name in listed.gone() {
            lossy |= check_gone(name, &record)?;
            named.insert(name.as_str());
        }
        let mut entries = record.changes.iter();
        if let Some(entry) = entries.find(|entry| !named.contains(entry.target.as_str())) {
            return Err(tampered(
                &entry.target,
                "the record names it, and the change does not change it",
            ));
        }
        if !of_bundles {
            // Keys are changed by those who hold them; nobody else has to approve.
            return Ok(());
        }
        let approvals = self.settings()?.approvals.max(u32::from(lossy));
        let publication = Publication {
            approved_by: record.approved_by,
            ..Publication::default()
        };
        publication.check(approvals).map(drop)
    }
}

/// What the metadata says of a bundle must be what it is.
fn check_custom(name: &str, target: &Target, bundle: &Candidate) -> Result<()> {
    let custom = Custom::read(name, &target.custom)?;
    let (line, next) = line_of(name)?;
    let facts = [
        (
            "length",
            u64::try_from(bundle.bytes().len()).ok() == Some(target.length),
        ),
        (
            "scope",
            custom.scope == line.scope.as_str() && *bundle.line() == line,
        ),
        ("audience", custom.audience == line.audience),
        ("engine_abi", custom.engine_abi == bundle.engine_abi),
        ("counts", custom.counts == *bundle.counts()),
        ("rollout", custom.rollout.is_some() == next),
    ];
    match facts.iter().find(|(_, holds)| !holds) {
        None => Ok(()),
        Some((what, _)) => {
            let why = format!("the metadata says another {what} than the bundle");
            Err(tampered(name, &why))
        }
    }
}

fn entry<'r>(record: &'r Record, name: &str) -> Result<&'r Entry> {
    let mut entries = record.changes.iter().filter(|entry| entry.target == name);
    match (entries.next(), entries.next()) {
        (Some(entry), None) => Ok(entry),
        _ => Err(tampered(name, "the record does not name it once")),
    }
}

/// The record must name this very bundle.
fn check_entry(name: &str, target: &Target, entry: &Entry) -> Result<()> {
    let hash = hex(&target.hashes.sha256);
    let version = Custom::read(name, &target.custom)?.version;
    let gate = &entry.gate["sha256"];
    let passed = gate.is_null() || gate.as_str() == Some(hash.as_str());
    if entry.sha256.as_deref() == Some(hash.as_str()) && entry.version == Some(version) && passed {
        return Ok(());
    }
    Err(tampered(name, "the record is of another bundle or version"))
}

/// A current bundle goes only if the record says that this is a loss; a rollout ends with any change of its line.
/// Gives whether it is a loss.
fn check_gone(name: &str, record: &Record) -> Result<bool> {
    let (line, next) = line_of(name)?;
    if next {
        let mut entries = record.changes.iter();
        let of_line =
            entries.any(|entry| entry.target == name || entry.target == line.target(false));
        return if of_line {
            Ok(false)
        } else {
            Err(tampered(name, "is gone, and the record does not say so"))
        };
    }
    let entry = entry(record, name)?;
    if entry.action == "remove" && entry.gate["shrink"] == losses_json(&[REMOVED]) {
        return Ok(true);
    }
    Err(tampered(name, "is gone, and the record does not say so"))
}
