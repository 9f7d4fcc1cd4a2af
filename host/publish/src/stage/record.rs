//! The record of a staged change: which one it is, and that it says what the change does.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use tough::schema::RoleType;

use super::Stage;
use super::check::tampered;
use crate::document::{Authority, Document, role_type};
use crate::error::Result;
use crate::record::{self, FOLLOWED, Publication, Record, RoleEntry};
use crate::text::rfc3339;

impl Stage {
    /// The new root and targets metadata. What else is new follows from it.
    fn content(&self) -> impl Iterator<Item = (&String, &Document)> {
        let documents = self.documents.iter();
        documents.filter(|(_, document)| document.is_content())
    }

    /// Keeps a record of new keys, or of a longer time. A change of snapshot and timestamp only, which a job makes
    /// every day, leaves none.
    pub(crate) fn leave_record(&mut self, publication: &Publication, now: u64) -> Result<()> {
        if self.content().next().is_none() {
            return Ok(());
        }
        let record = Record {
            roles: self.role_entries()?,
            previous: self.records_before()?,
            ..Record::new(publication, publication.people(), now)
        };
        let bytes = record.bytes()?;
        let (path, hash) = record::hash_of(&bytes);
        for document in self.documents.values_mut().filter(|d| d.is_content()) {
            document.set_extra(record::MEMBER, Value::from(hash.clone()));
        }
        self.files.insert(path, bytes);
        Ok(())
    }

    /// What the change does to each role, beside the targets in its metadata.
    fn role_entries(&self) -> Result<Vec<RoleEntry>> {
        let mut roles: BTreeSet<&str> = self.content().map(|(role, _)| role.as_str()).collect();
        roles.extend(["root", "targets", "snapshot", "timestamp"]);
        let mut entries = Vec::new();
        for role in roles {
            let document = self.documents.get(role).filter(|d| d.is_content());
            let keys = self.new_keys(role)?;
            if document.is_none() && keys.is_none() {
                continue;
            }
            let action = match (self.base.is_empty(), &keys) {
                (true, _) => "init",
                (false, Some(_)) => "rotate",
                (false, None) => "refresh",
            };
            let (threshold, added, removed) = match keys {
                None => (None, Vec::new(), Vec::new()),
                Some((old, new)) => {
                    let without = |these: &Authority, those: &Authority| {
                        let ids = these.keys.keys();
                        ids.filter(|id| !those.keys.contains_key(*id))
                            .cloned()
                            .collect()
                    };
                    match old {
                        None => (
                            Some(new.threshold.get()),
                            new.keys.into_keys().collect(),
                            Vec::new(),
                        ),
                        Some(old) => (
                            Some(new.threshold.get()),
                            without(&new, &old),
                            without(&old, &new),
                        ),
                    }
                }
            };
            entries.push(RoleEntry {
                action: action.to_owned(),
                role: role.to_owned(),
                version: document.map(Document::version),
                expires: document.map(|document| rfc3339(document.expires())),
                threshold,
                added,
                removed,
            });
        }
        Ok(entries)
    }

    /// The keys of a top-level role before and after, if they or their threshold change.
    fn new_keys(&self, role: &str) -> Result<Option<(Option<Authority>, Authority)>> {
        let Some(ty) = role_type(role) else {
            return Ok(None);
        };
        let of = |document: Option<&Document>, ty: RoleType| {
            let root = document.and_then(Document::root)?;
            Authority::of_root(root, ty)
        };
        let old = of(self.base_document("root")?.as_ref(), ty);
        let new = of(self.documents.get("root"), ty);
        Ok(new
            .filter(|new| old.as_ref() != Some(new))
            .map(|new| (old, new)))
    }

    /// The records that a record of this change has to name.
    fn records_before(&self) -> Result<Vec<String>> {
        let mut roles: BTreeSet<&str> = self.content().map(|(role, _)| role.as_str()).collect();
        roles.extend(FOLLOWED);
        let mut before = BTreeMap::new();
        for role in roles {
            if let Some(document) = self.base_document(role)? {
                before.insert(role, document);
            }
        }
        Ok(record::newest(before.values()))
    }

    /// The record of the change, if it is one that leaves a record.
    ///
    /// # Errors
    /// `tampered` if the new metadata does not name one record, or the change does not carry it, or another one.
    pub fn record(&self) -> Result<Option<Record>> {
        let mut hashes = BTreeSet::new();
        for (role, document) in self.content() {
            let base = self.base_document(role)?;
            let before = base.as_ref().and_then(Document::record);
            hashes.extend(document.record().filter(|after| Some(*after) != before));
        }
        let mut records = self.files.iter();
        let mut records = records
            .by_ref()
            .filter(|(path, _)| path.starts_with(record::FOLDER));
        let (file, more) = (records.next(), records.next());
        if self.content().next().is_none() && file.is_none() {
            return Ok(None);
        }
        let mut hashes = hashes.into_iter();
        let (Some(hash), None, None) = (hashes.next(), hashes.next(), more) else {
            return Err(tampered("records", "the change has not one record"));
        };
        let path = record::path(hash);
        let bytes = file.filter(|(own, _)| **own == path);
        let (_, bytes) = bytes.ok_or_else(|| tampered(&path, "is not in the change"))?;
        let record = serde_json::from_slice(bytes);
        record
            .map(Some)
            .map_err(|_| tampered(&path, "is no record"))
    }

    /// Refuses a record that does not come after those there are, or that does not say which roles get other keys or
    /// more time. A change of bundles renews what lists them, and says nothing of that.
    pub(super) fn check_record(&self, record: &Record, of_bundles: bool) -> Result<()> {
        if record.previous != self.records_before()? {
            let why = "the record does not name the records before it";
            return Err(tampered("records", why));
        }
        let expected = if of_bundles && !self.documents.contains_key("root") {
            Vec::new()
        } else {
            self.check_named()?;
            self.role_entries()?
        };
        if record.roles != expected {
            let why = "the record does not say which roles get other keys or more time";
            return Err(tampered("records", why));
        }
        Ok(())
    }

    /// Where roles change, all new metadata names the record.
    fn check_named(&self) -> Result<()> {
        let named: BTreeSet<_> = self.content().map(|(_, d)| d.record()).collect();
        if named.len() == 1 {
            return Ok(());
        }
        Err(tampered("records", "the change has not one record"))
    }
}
