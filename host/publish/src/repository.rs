//! A repository as it is: its metadata, read and verified.

use std::collections::BTreeMap;

use tough::schema::{Metafile, RoleType, Root, Targets};

use crate::document::{Authority, Document, role_type, versioned};
use crate::error::{Error, Result};
use crate::keys::Key;
use crate::roles::TopRole;
use crate::settings::{MEMBER, Settings};
use crate::stage::ROOT_BEFORE;
use crate::storage::Storage;
use crate::text::{hex, sha256};

/// No chain of roots is longer: one a day for ten years.
const ROOTS: u64 = 4096;

/// The metadata of a repository. All signatures and hashes in it have been verified, from the first root on.
#[derive(Clone, Debug)]
pub struct Repository {
    root: Root,
    targets: Targets,
    /// The roots before, the newest first.
    pub(crate) roots: Vec<Document>,
    /// The newest metadata by role, root included.
    pub(crate) documents: BTreeMap<String, Document>,
    /// The exact bytes of the newest file of every role, root included.
    pub(crate) bytes: BTreeMap<String, Vec<u8>>,
}

fn broken(place: &str, why: &str) -> Error {
    Error::new("repository_broken", place, why)
}

impl Repository {
    /// Reads and verifies a repository; `None` if there is none yet. `pin` is a root that one has from elsewhere:
    /// the repository's root of that version must be it.
    ///
    /// # Errors
    /// `repository_broken` naming the file that is missing, forged or does not fit the others; `pin` if the
    /// repository is another one.
    pub fn load(storage: &dyn Storage, pin: Option<&[u8]>) -> Result<Option<Repository>> {
        let Some((roots, root_bytes)) = load_roots(storage, pin)? else {
            return Ok(None);
        };
        let mut loader = Loader {
            storage,
            roots,
            documents: BTreeMap::new(),
            bytes: BTreeMap::from([("root".to_owned(), root_bytes)]),
        };
        loader.load_role("timestamp", "timestamp.json", None)?;
        let meta = loader.listed("timestamp", "snapshot")?;
        loader.load_numbered("snapshot", &meta)?;
        let meta = loader.listed("snapshot", "targets")?;
        loader.load_numbered("targets", &meta)?;
        for role in delegated_names(loader.targets()?) {
            let meta = loader.listed("snapshot", &role)?;
            loader.load_numbered(&role, &meta)?;
        }
        loader.finish().map(Some)
    }

    /// The newest root.
    pub(crate) const fn root(&self) -> &Root {
        &self.root
    }

    pub(crate) const fn targets(&self) -> &Targets {
        &self.targets
    }

    /// The roles with targets, each with its metadata.
    pub(crate) fn homes(&self) -> impl Iterator<Item = (&str, &Targets)> {
        let documents = self.documents.iter();
        documents.filter_map(|(role, document)| Some((role.as_str(), document.targets()?)))
    }

    /// The keys of a role and how many of them have to sign.
    ///
    /// # Errors
    /// `roles` if the root lists none.
    pub fn quorum(&self, role: TopRole) -> Result<(Vec<Key>, u64)> {
        let authority = Authority::of_root(&self.root, role.ty());
        let authority = authority.ok_or_else(|| Error::new("roles", role.name(), "has no keys"))?;
        let threshold = authority.threshold.get();
        Ok((authority.keys.into_values().collect(), threshold))
    }

    /// What the repository asks of publications.
    ///
    /// # Errors
    /// `metadata` if that cannot be read.
    pub fn settings(&self) -> Result<Settings> {
        Settings::read(self.targets._extra.get(MEMBER))
    }
}

/// The names of the delegated roles, in their order.
pub(crate) fn delegated_names(targets: &Targets) -> Vec<String> {
    let roles = targets
        .delegations
        .iter()
        .flat_map(|delegations| &delegations.roles);
    roles.map(|role| role.name.clone()).collect()
}

/// Reads file after file, each verified by the ones before.
struct Loader<'s> {
    storage: &'s dyn Storage,
    /// The newest first.
    roots: Vec<Document>,
    documents: BTreeMap<String, Document>,
    bytes: BTreeMap<String, Vec<u8>>,
}

impl Loader<'_> {
    fn targets(&self) -> Result<&Targets> {
        let targets = self.documents.get("targets").and_then(Document::targets);
        targets.ok_or_else(|| broken("targets.json", "is missing"))
    }

    fn finish(mut self) -> Result<Repository> {
        let targets = self.targets()?.clone();
        if let Some(before) = self.roots.get(1) {
            self.bytes
                .insert(ROOT_BEFORE.to_owned(), before.to_bytes()?);
        }
        let newest = (!self.roots.is_empty()).then(|| self.roots.remove(0));
        let (root, document) = newest
            .and_then(|document| Some((document.root()?.clone(), document)))
            .ok_or_else(|| broken("1.root.json", "is missing"))?;
        self.documents.insert("root".to_owned(), document);
        Ok(Repository {
            root,
            targets,
            roots: self.roots,
            documents: self.documents,
            bytes: self.bytes,
        })
    }

    fn load_numbered(&mut self, role: &str, meta: &Metafile) -> Result<()> {
        let name = versioned(role, meta.version.get());
        self.load_role(role, &name, Some(meta))
    }

    fn load_role(&mut self, role: &str, name: &str, meta: Option<&Metafile>) -> Result<()> {
        let path = format!("metadata/{name}");
        let stored = self.storage.get(&path)?;
        let bytes = stored
            .ok_or_else(|| broken(&path, "is missing, though the metadata before it lists it"))?
            .bytes;
        if let Some(meta) = meta {
            let hash = meta.hashes.as_ref().map(|hashes| hex(&hashes.sha256));
            let length = u64::try_from(bytes.len()).ok();
            if (meta.length.is_some() && meta.length != length)
                || hash.is_some_and(|hash| hash != sha256(&bytes))
            {
                return Err(broken(
                    &path,
                    "is not the file that the metadata before it lists",
                ));
            }
        }
        let document = Document::parse(role, &path, &bytes)?;
        if meta.is_some_and(|meta| meta.version.get() != document.version()) {
            return Err(broken(&path, "has another version than its name says"));
        }
        self.verify(role, &path, &document)?;
        self.documents.insert(role.to_owned(), document);
        self.bytes.insert(role.to_owned(), bytes);
        Ok(())
    }

    /// By the newest root; or by the one before it, if a rotation has been interrupted.
    fn verify(&self, role: &str, path: &str, document: &Document) -> Result<()> {
        let authorities: Vec<Authority> = match role_type(role) {
            Some(ty) => {
                let roots = self.roots.iter().take(2).filter_map(Document::root);
                roots
                    .filter_map(|root| Authority::of_root(root, ty))
                    .collect()
            }
            None => {
                let delegations = self.targets()?.delegations.as_ref();
                delegations
                    .and_then(|delegations| Authority::of_delegation(delegations, role))
                    .into_iter()
                    .collect()
            }
        };
        for authority in &authorities {
            if authority.missing(document)? == 0 {
                return Ok(());
            }
        }
        let message =
            "has not the signatures that its role needs; find out who wrote it, and publish again";
        Err(broken(path, message))
    }

    /// How `by` lists the metadata of a role.
    fn listed(&self, by: &str, role: &str) -> Result<Metafile> {
        let name = format!("{role}.json");
        let meta = match self.documents.get(by) {
            Some(Document::Timestamp(signed)) => signed.signed.meta.get(&name),
            Some(Document::Snapshot(signed)) => signed.signed.meta.get(&name),
            _ => None,
        };
        meta.cloned()
            .ok_or_else(|| broken(&format!("{by}.json"), &format!("does not list {name}")))
    }
}

/// The bytes of a target, checked by its hash.
pub(crate) fn read_target(storage: &dyn Storage, name: &str, hash: &str) -> Result<Vec<u8>> {
    let path = target_path(name, hash);
    let stored = storage.get(&path)?;
    let bytes = stored
        .ok_or_else(|| broken(&path, "is missing, though the metadata lists it"))?
        .bytes;
    if sha256(&bytes) != hash {
        return Err(broken(&path, "is not the file that the metadata lists"));
    }
    Ok(bytes)
}

/// Where the bytes of a target are.
pub(crate) fn target_path(name: &str, hash: &str) -> String {
    format!("targets/{hash}.{name}")
}

/// The chain of roots, the newest first, and the newest one's bytes; `None` without a first one.
fn load_roots(
    storage: &dyn Storage,
    pin: Option<&[u8]>,
) -> Result<Option<(Vec<Document>, Vec<u8>)>> {
    let pinned = pin
        .map(|bytes| Document::parse("root", "the pinned root", bytes))
        .transpose()?;
    let mut roots: Vec<Document> = Vec::new();
    let mut newest = Vec::new();
    for version in 1..=ROOTS {
        let path = format!("metadata/{version}.root.json");
        let Some(stored) = storage.get(&path)? else {
            break;
        };
        let document = Document::parse("root", &path, &stored.bytes)?;
        if document.version() != version {
            return Err(broken(&path, "has another version than its name says"));
        }
        let signers = [Some(&document), roots.first()];
        for root in signers.into_iter().flatten().filter_map(Document::root) {
            let authority = Authority::of_root(root, RoleType::Root);
            if authority.map(|a| a.missing(&document)).transpose()? != Some(0) {
                return Err(broken(
                    &path,
                    "is not signed by its own and the previous root's keys",
                ));
            }
        }
        if let Some(pinned) = pinned.as_ref().filter(|pinned| pinned.version() == version)
            && pinned.payload()? != document.payload()?
        {
            let message =
                "is another root than the pinned one; this is not the repository you think it is";
            return Err(Error::new("pin", path, message));
        }
        newest = stored.bytes;
        roots.insert(0, document);
    }
    let reached = roots.first().map_or(0, Document::version);
    if let Some(pinned) = pinned.filter(|pinned| pinned.version() > reached && reached > 0) {
        let message = format!(
            "the pinned root has version {}; the repository ends with {reached}",
            pinned.version()
        );
        return Err(Error::new("pin", storage.place(), message));
    }
    Ok((!roots.is_empty()).then_some((roots, newest)))
}
