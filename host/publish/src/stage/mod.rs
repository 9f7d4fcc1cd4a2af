//! A staged change: metadata that is not published yet, with the signatures it has so far.
//!
//! Documents are signed in the order in which they depend on each other. Root, targets and delegated roles come
//! first, in any order; the snapshot lists their files by hash, so that it is made when they have all their
//! signatures; the timestamp is made when the snapshot has all of its. Whoever signs last in a step makes the
//! documents of the next one.

mod base;
mod check;
mod clock;
mod describe;
mod folder;
mod kept;
mod record;
mod review;

pub(crate) use base::{ROOT_BEFORE, previous};

use std::collections::{BTreeMap, HashMap};
use std::num::NonZeroU64;

use serde_json::Value;
use tough::schema::{RoleType, Root, Snapshot, Targets, Timestamp};

use crate::document::{Authority, Document, SPEC_VERSION, metafile, role_type};
use crate::error::{Error, Result};
use crate::keys::{Signer, key_id};
use crate::repository::Repository;
use crate::settings::{MEMBER, Settings};
use crate::text::{moment, rfc3339};

/// The name of the time of issue in the signed part of the timestamp.
pub(crate) const ISSUED: &str = "x-issued";

/// A staged change.
#[derive(Clone, Debug, Default)]
pub struct Stage {
    /// The files of the repository it is made from, by role: what the new documents come after.
    pub(crate) base: BTreeMap<String, Vec<u8>>,
    /// The new documents by role.
    pub(crate) documents: BTreeMap<String, Document>,
    /// New files by path: bundles below `targets`, records below `records`.
    pub(crate) files: BTreeMap<String, Vec<u8>>,
    /// The bundles that new ones are compared with, by path. They are looked at and not published.
    pub(crate) previous: BTreeMap<String, Vec<u8>>,
    /// The version of the snapshot to make, if there has to be one.
    pub(crate) snapshot: Option<u64>,
    /// The version of the timestamp to make, if there has to be one.
    pub(crate) timestamp: Option<u64>,
    /// Whether the time may be long after that of what is published. Each machine answers for its own clock.
    pub(crate) lapsed: bool,
}

/// A signature that is needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// The role.
    pub role: String,
    /// How many signatures are needed yet.
    pub signatures: u64,
    /// The ids of the keys that have not signed.
    pub keys: Vec<String>,
    /// Which keys these are: `previous` root's or the role's own.
    pub of: &'static str,
}

impl Stage {
    /// A change of a repository, with nothing in it yet.
    pub(crate) fn of(repository: &Repository) -> Stage {
        Stage {
            base: repository.bytes.clone(),
            ..Stage::default()
        }
    }

    /// Ends a change that is being made. Leaves away what nobody needs to sign or check, delegated roles that stay as
    /// they are, and has the new documents name what they come after.
    pub(crate) fn trim_base(&mut self) {
        let documents = &self.documents;
        self.base.retain(|role, _| {
            role_type(role).is_some() || role == ROOT_BEFORE || documents.contains_key(role)
        });
        self.link_base();
    }

    /// The new bundles by path.
    pub fn bundles(&self) -> impl Iterator<Item = (&str, &[u8])> {
        let files = self.files.iter();
        let bundles = files.filter(|(path, _)| path.starts_with("targets/"));
        bundles.map(|(path, bytes)| (path.as_str(), bytes.as_slice()))
    }

    /// The document before the new one.
    pub(crate) fn base_document(&self, role: &str) -> Result<Option<Document>> {
        let bytes = self.base.get(role);
        bytes
            .map(|bytes| Document::parse(role, &format!("base {role}"), bytes))
            .transpose()
    }

    /// The document that holds once this is published: the new one, or the one there is.
    pub(crate) fn effective(&self, role: &str) -> Result<Option<Document>> {
        match self.documents.get(role) {
            Some(document) => Ok(Some(document.clone())),
            None => self.base_document(role),
        }
    }

    fn effective_root(&self) -> Result<Root> {
        let root = self.effective("root")?;
        root.as_ref()
            .and_then(Document::root)
            .cloned()
            .ok_or_else(|| Error::new("stage", "root", "is in neither the stage nor its base"))
    }

    pub(crate) fn effective_targets(&self) -> Result<Targets> {
        let targets = self.effective("targets")?;
        targets
            .as_ref()
            .and_then(Document::targets)
            .cloned()
            .ok_or_else(|| Error::new("stage", "targets", "is in neither the stage nor its base"))
    }

    /// Whose signatures a role's new document needs, each with what these keys are called.
    pub(crate) fn authorities(&self, role: &str) -> Result<Vec<(&'static str, Authority)>> {
        let unknown = || {
            Error::new(
                "stage",
                role,
                "has no keys in the root or the targets metadata",
            )
        };
        let Some(ty) = role_type(role) else {
            let targets = self.effective_targets()?;
            let delegations = targets.delegations.as_ref();
            let authority =
                delegations.and_then(|delegations| Authority::of_delegation(delegations, role));
            return Ok(vec![("role's", authority.ok_or_else(unknown)?)]);
        };
        let own = Authority::of_root(&self.effective_root()?, ty).ok_or_else(unknown)?;
        let mut authorities = vec![("role's", own)];
        if ty == RoleType::Root
            && let Some(Document::Root(base)) = self.base_document("root")?
        {
            let previous = Authority::of_root(&base.signed, ty).ok_or_else(unknown)?;
            if authorities.iter().all(|(_, own)| *own != previous) {
                authorities.insert(0, ("previous root's", previous));
            }
        }
        Ok(authorities)
    }

    /// What is missing before a role's new document is accepted.
    pub(crate) fn missing_of(&self, role: &str, document: &Document) -> Result<Vec<Missing>> {
        let mut missing = Vec::new();
        for (of, authority) in self.authorities(role)? {
            let signatures = authority.missing(document)?;
            if signatures > 0 {
                let valid = authority.tally(document)?.valid;
                let keys = authority.keys.keys().filter(|id| !valid.contains(*id));
                missing.push(Missing {
                    role: role.to_owned(),
                    signatures,
                    keys: keys.cloned().collect(),
                    of,
                });
            }
        }
        Ok(missing)
    }

    /// What is missing before the change can be published. Documents that are not made yet, because others have
    /// to be signed first, are missing all their signatures.
    ///
    /// # Errors
    /// `stage` if the documents do not fit each other.
    pub fn missing(&self) -> Result<Vec<Missing>> {
        let mut missing = Vec::new();
        for (role, document) in &self.documents {
            missing.extend(self.missing_of(role, document)?);
        }
        for (role, wanted) in [("snapshot", self.snapshot), ("timestamp", self.timestamp)] {
            if wanted.is_some() && !self.documents.contains_key(role) {
                for (of, authority) in self.authorities(role)? {
                    missing.push(Missing {
                        role: role.to_owned(),
                        signatures: authority.threshold.get(),
                        keys: authority.keys.keys().cloned().collect(),
                        of,
                    });
                }
            }
        }
        Ok(missing)
    }

    /// The roles whose new document has all its signatures.
    ///
    /// # Errors
    /// `stage` if the documents do not fit each other.
    pub fn complete(&self) -> Result<Vec<&str>> {
        let mut complete = Vec::new();
        for (role, document) in &self.documents {
            if self.missing_of(role, document)?.is_empty() {
                complete.push(role.as_str());
            }
        }
        Ok(complete)
    }

    /// Adds the signatures of these keys to every document that needs them, and makes the documents that can be
    /// made then. Gives the roles and key ids that signed. `now` is in seconds since 1970.
    ///
    /// # Errors
    /// `tampered` if a file is not what was signed before, `key_role` if a key has no role in this change, or what
    /// the key says.
    pub fn sign(&mut self, signers: &[&dyn Signer], now: u64) -> Result<Vec<(String, String)>> {
        self.check()?;
        self.sign_checked(signers, now)
    }

    /// Signs what has been checked.
    pub(crate) fn sign_checked(
        &mut self,
        signers: &[&dyn Signer],
        now: u64,
    ) -> Result<Vec<(String, String)>> {
        let mut signed = Vec::new();
        let mut used = vec![false; signers.len()];
        loop {
            let roles: Vec<String> = self.documents.keys().cloned().collect();
            for role in roles {
                self.sign_role(&role, signers, &mut used, &mut signed)?;
            }
            if !self.advance(now)? {
                break;
            }
        }
        for (signer, used) in signers.iter().zip(used) {
            let key = signer.key();
            if !used && !self.will_need(&key)? {
                let message = "is a key of none of the roles that this change signs; leave it away";
                return Err(Error::new("key_role", key_id(&key), message));
            }
        }
        Ok(signed)
    }

    fn sign_role(
        &mut self,
        role: &str,
        signers: &[&dyn Signer],
        used: &mut [bool],
        signed: &mut Vec<(String, String)>,
    ) -> Result<()> {
        let authorities = self.authorities(role)?;
        // The hash of a listed file must not change any more.
        let listed = role != "root" && self.is_listed(role);
        let Some(document) = self.documents.get_mut(role) else {
            return Ok(());
        };
        for (signer, used) in signers.iter().zip(used) {
            let key = signer.key();
            if authorities.iter().any(|(_, authority)| authority.has(&key)) {
                *used = true;
                if !listed && document.sign(*signer)? {
                    signed.push((role.to_owned(), key_id(&key)));
                }
            }
        }
        Ok(())
    }

    /// Whether another new document lists this one by its hash.
    fn is_listed(&self, role: &str) -> bool {
        let by = if role == "snapshot" {
            "timestamp"
        } else {
            "snapshot"
        };
        role != "timestamp" && self.documents.contains_key(by)
    }

    /// Whether a document that is not made yet needs a key.
    fn will_need(&self, key: &tough::schema::key::Key) -> Result<bool> {
        for (role, wanted) in [("snapshot", self.snapshot), ("timestamp", self.timestamp)] {
            if wanted.is_some()
                && self
                    .authorities(role)?
                    .iter()
                    .any(|(_, authority)| authority.has(key))
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Makes the next document, if there is one to make and all it depends on is signed.
    pub(crate) fn advance(&mut self, now: u64) -> Result<bool> {
        let signed = |stage: &Stage, wanted: &dyn Fn(&str) -> bool| -> Result<bool> {
            let mut documents = stage.documents.iter().filter(|(role, _)| wanted(role));
            documents.try_fold(true, |all, (role, document)| {
                Ok(all && stage.missing_of(role, document)?.is_empty())
            })
        };
        if let Some(version) = self
            .snapshot
            .filter(|_| !self.documents.contains_key("snapshot"))
        {
            let below = |role: &str| !matches!(role, "root" | "timestamp");
            if !signed(self, &below)? {
                return Ok(false);
            }
            let snapshot = self.make_snapshot(version, now)?;
            self.documents
                .insert("snapshot".to_owned(), snapshot.into());
            return Ok(true);
        }
        if let Some(version) = self
            .timestamp
            .filter(|_| !self.documents.contains_key("timestamp"))
        {
            if !signed(self, &|role| role == "snapshot")? {
                return Ok(false);
            }
            let timestamp = self.make_timestamp(version, now)?;
            self.documents
                .insert("timestamp".to_owned(), timestamp.into());
            return Ok(true);
        }
        Ok(false)
    }

    /// What was asked before the change holds for it, too. Only a first publication says itself what it asks.
    fn settings(&self) -> Result<Settings> {
        let base = self.base_document("targets")?;
        match base.as_ref().and_then(Document::targets) {
            Some(before) => Settings::read(before._extra.get(MEMBER)),
            None => Settings::read(self.effective_targets()?._extra.get(MEMBER)),
        }
    }

    fn make_snapshot(&self, version: u64, now: u64) -> Result<Snapshot> {
        let expires = self.settings()?.expires.of("snapshot", now);
        let base = self.base_document("snapshot")?;
        let mut meta = base
            .as_ref()
            .and_then(Document::snapshot)
            .map_or_else(HashMap::new, |base| base.meta.clone());
        for (role, document) in &self.documents {
            if document.targets().is_some() {
                let file = metafile(document.version(), &document.to_bytes()?);
                meta.insert(format!("{role}.json"), file);
            }
        }
        Ok(Snapshot {
            spec_version: SPEC_VERSION.to_owned(),
            version: number(version),
            expires: moment(expires),
            meta,
            _extra: HashMap::new(),
        })
    }

    fn make_timestamp(&self, version: u64, now: u64) -> Result<Timestamp> {
        self.check_clock(now)?;
        let expires = self.settings()?.expires.of("timestamp", now);
        let snapshot = match self.documents.get("snapshot") {
            Some(document) => metafile(document.version(), &document.to_bytes()?),
            None => {
                let none =
                    || Error::new("stage", "snapshot", "is in neither the stage nor its base");
                let bytes = self.base.get("snapshot").ok_or_else(none)?;
                let document = Document::parse("snapshot", "base snapshot", bytes)?;
                metafile(document.version(), bytes)
            }
        };
        Ok(Timestamp {
            spec_version: SPEC_VERSION.to_owned(),
            version: number(version),
            expires: moment(expires),
            meta: HashMap::from([("snapshot.json".to_owned(), snapshot)]),
            _extra: HashMap::from([(ISSUED.to_owned(), Value::from(rfc3339(now)))]),
        })
    }
}

/// A version; what is none counts as the first.
pub(crate) fn number(version: u64) -> NonZeroU64 {
    NonZeroU64::new(version).unwrap_or(NonZeroU64::MIN)
}
