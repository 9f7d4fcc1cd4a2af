//! Whether a stage that comes from elsewhere is what it says.

use tough::schema::{RoleType, Targets};

use super::Stage;
use crate::document::{Authority, Document, metafile};
use crate::error::{Error, Result};
use crate::record;
use crate::repository::{delegated_names, target_path};
use crate::text::{hex, sha256};

pub(super) fn tampered(place: &str, why: &str) -> Error {
    Error::new(
        "tampered",
        place,
        format!("{why}; make the change anew and ask who had it last"),
    )
}

impl Stage {
    /// Refuses a stage in which a file is not what was signed, a document does not come after the one there is, a
    /// file is missing or too much, or a bundle is not what the metadata and the record say. Every new bundle goes
    /// through the gate again, in its exact bytes.
    ///
    /// # Errors
    /// `tampered` naming the file, `clock`, `approvals_missing`, the codes of [`Candidate::read`](crate::gate::Candidate::read).
    pub fn check(&self) -> Result<()> {
        self.check_base()?;
        for (role, document) in &self.documents {
            self.check_signatures(role, document)?;
            self.check_version(role, document)?;
        }
        self.check_kept()?;
        self.check_files()?;
        self.check_listed()?;
        self.check_issued()?;
        self.check_bundles()
    }

    /// Refuses a change of another repository than the one whose root one has from elsewhere. Roots between that
    /// one and the change's are not carried: the base must be the root itself, or be signed by its keys.
    ///
    /// # Errors
    /// `pin` if it is another one, `metadata` if the root is none.
    pub fn check_root(&self, pin: &[u8]) -> Result<()> {
        let pinned = Document::parse("root", "the pinned root", pin)?;
        let base = match self.base_document("root")? {
            Some(base) => Some(base),
            // A first publication: its own root.
            None => self.documents.get("root").cloned(),
        };
        let authority = pinned
            .root()
            .and_then(|root| Authority::of_root(root, RoleType::Root));
        if let (Some(base), Some(authority)) = (base, authority)
            && (base.payload()? == pinned.payload()? || authority.missing(&base)? == 0)
        {
            return Ok(());
        }
        let message = "the change comes after another root than the one you trust; do not sign it before you know why";
        Err(Error::new("pin", "root", message))
    }

    fn check_signatures(&self, role: &str, document: &Document) -> Result<()> {
        let authorities = self.authorities(role)?;
        for (_, authority) in &authorities {
            if let Some(id) = authority.tally(document)?.invalid.first() {
                let why = format!("the signature of key {id} is not of this content");
                return Err(tampered(role, &why));
            }
        }
        for signature in document.signatures() {
            let id = hex(&signature.keyid);
            if !authorities
                .iter()
                .any(|(_, authority)| authority.keys.contains_key(&id))
            {
                return Err(tampered(
                    role,
                    &format!("key {id} signed it and has not this role"),
                ));
            }
        }
        Ok(())
    }

    fn check_version(&self, role: &str, document: &Document) -> Result<()> {
        let base = self.base_document(role)?.map_or(0, |base| base.version());
        let version = document.version();
        let fits = if role == "root" {
            base.checked_add(1) == Some(version)
        } else {
            version > base
        };
        if fits {
            Ok(())
        } else {
            Err(tampered(
                role,
                &format!("version {version} does not come after {base}"),
            ))
        }
    }

    /// The new files are the bundles that the new metadata lists, and the record that it names.
    fn check_files(&self) -> Result<()> {
        for (path, bytes) in &self.files {
            let hash = sha256(bytes);
            let name = path.rsplit('/').next().unwrap_or_default();
            if !name.starts_with(&hash) {
                return Err(tampered(path, "its content is not the one of its name"));
            }
            if !self.names_file(path) {
                return Err(tampered(path, "no metadata of this change names it"));
            }
        }
        Ok(())
    }

    fn names_file(&self, path: &str) -> bool {
        self.documents.values().any(|document| {
            let bundles = document.targets().map(|targets| targets.targets.iter());
            document
                .record()
                .is_some_and(|hash| record::path(hash) == path)
                || bundles.into_iter().flatten().any(|(name, target)| {
                    target_path(name.raw(), &hex(&target.hashes.sha256)) == path
                })
        })
    }

    /// The new snapshot and timestamp list what is here.
    fn check_listed(&self) -> Result<()> {
        if let Some(snapshot) = self.documents.get("snapshot").and_then(Document::snapshot) {
            let targets: Targets = self.effective_targets()?;
            let mut roles = delegated_names(&targets);
            roles.push("targets".to_owned());
            for role in roles {
                let listed = snapshot.meta.get(&format!("{role}.json"));
                if listed != self.file(&role)?.as_ref() {
                    return Err(tampered(
                        "snapshot",
                        &format!("it does not list the {role} metadata there is"),
                    ));
                }
            }
        }
        if let Some(timestamp) = self
            .documents
            .get("timestamp")
            .and_then(Document::timestamp)
            && timestamp.meta.get("snapshot.json") != self.file("snapshot")?.as_ref()
        {
            return Err(tampered(
                "timestamp",
                "it does not list the snapshot there is",
            ));
        }
        Ok(())
    }

    /// How a role's file is listed: the new one, or the one there is.
    fn file(&self, role: &str) -> Result<Option<tough::schema::Metafile>> {
        if let Some(document) = self.documents.get(role) {
            return Ok(Some(metafile(document.version(), &document.to_bytes()?)));
        }
        if role == "snapshot" {
            let document = self.base_document(role)?;
            let bytes = self.base.get(role);
            return Ok(bytes
                .zip(document)
                .map(|(bytes, document)| metafile(document.version(), bytes)));
        }
        // A stage carries only those of the other files that it changes.
        let snapshot = self.base_document("snapshot")?;
        let meta = snapshot
            .as_ref()
            .and_then(Document::snapshot)
            .map(|snapshot| &snapshot.meta);
        Ok(meta.and_then(|meta| meta.get(&format!("{role}.json")).cloned()))
    }
}
