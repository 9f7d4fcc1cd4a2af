//! Whether what a stage says was there before was there.
//!
//! Signers are shown a change as a difference. So what it is the difference to must be signed itself, and the new
//! documents name it by its hash, so that nobody is shown another one than is compared with what is published.

use serde_json::Value;
use tough::schema::{RoleType, Targets};

use super::Stage;
use super::check::tampered;
use crate::document::{Authority, Document, metafile, role_type};
use crate::error::Result;
use crate::text::sha256;

/// The member of targets metadata with the hash of the role's file before.
const PREVIOUS: &str = "x-previous";

/// The root before the newest, in the base: a rotation may have been interrupted after its root was written.
pub(crate) const ROOT_BEFORE: &str = "root-before";

/// The hash of the role's file before.
pub(crate) fn previous(targets: &Targets) -> Option<&str> {
    targets._extra.get(PREVIOUS).and_then(Value::as_str)
}

impl Stage {
    /// Has new targets metadata name what it comes after.
    pub(super) fn link_base(&mut self) {
        for (role, document) in &mut self.documents {
            if let Document::Targets(targets) = document {
                let extra = &mut targets.signed._extra;
                match self.base.get(role) {
                    Some(bytes) => extra.insert(PREVIOUS.to_owned(), Value::from(sha256(bytes))),
                    None => extra.remove(PREVIOUS),
                };
            }
        }
    }

    /// Whether the change comes after something that is published.
    #[must_use]
    pub fn follows(&self) -> bool {
        !self.base.is_empty()
    }

    /// Refuses a base that is not signed, whose files do not list each other, or that the new documents do not name.
    pub(super) fn check_base(&self) -> Result<()> {
        for (role, document) in &self.documents {
            let base = self.base.get(role).map(|bytes| sha256(bytes));
            if let Some(targets) = document.targets()
                && previous(targets) != base.as_deref()
            {
                let why = "it does not come after the metadata that the change is shown against";
                return Err(tampered(role, why));
            }
        }
        if self.base.is_empty() {
            return Ok(());
        }
        self.check_base_whole()?;
        let roots = self.base_roots()?;
        for role in self.base.keys().filter(|role| *role != ROOT_BEFORE) {
            self.check_base_signed(role, &roots)?;
            self.check_base_listed(role)?;
        }
        Ok(())
    }

    /// Refuses a base without what the new documents have to be compared with.
    fn check_base_whole(&self) -> Result<()> {
        let snapshot = self.base_document("snapshot")?;
        let meta = snapshot.as_ref().and_then(Document::snapshot);
        let listed =
            |role: &str| meta.is_some_and(|s| s.meta.contains_key(&format!("{role}.json")));
        let changed = self.documents.keys().map(String::as_str);
        let needed = changed.filter(|role| listed(role));
        let mut needed = needed.chain(["root", "targets", "snapshot", "timestamp"]);
        match needed.find(|role| !self.base.contains_key(*role)) {
            None => Ok(()),
            Some(role) => Err(tampered(&format!("base {role}"), "is not in the change")),
        }
    }

    /// The base's root, and the one before if the base's is signed by its keys, too.
    fn base_roots(&self) -> Result<Vec<Document>> {
        let unsigned = || tampered("base root", "has not the signatures that it needs");
        let root = self.base_document("root")?.ok_or_else(unsigned)?;
        let signed_by = |document: &Document, by: &Document| -> Result<bool> {
            let authority = by
                .root()
                .and_then(|r| Authority::of_root(r, RoleType::Root));
            Ok(authority.map(|a| a.missing(document)).transpose()? == Some(0))
        };
        if !signed_by(&root, &root)? {
            return Err(unsigned());
        }
        let mut roots = vec![root];
        if let (Some(bytes), Some(root)) = (self.base.get(ROOT_BEFORE), roots.first()) {
            let before = Document::parse("root", "base root-before", bytes)?;
            let chained = before.version().checked_add(1) == Some(root.version())
                && signed_by(&before, &before)?
                && signed_by(root, &before)?;
            if !chained {
                return Err(unsigned());
            }
            roots.push(before);
        }
        Ok(roots)
    }

    fn check_base_signed(&self, role: &str, roots: &[Document]) -> Result<()> {
        let Some(document) = self.base_document(role)? else {
            return Ok(());
        };
        let targets = self.base_document("targets")?;
        let delegations = targets
            .as_ref()
            .and_then(Document::targets)
            .and_then(|targets| targets.delegations.as_ref());
        let authorities: Vec<Authority> = match role_type(role) {
            Some(ty) => {
                let roots = roots.iter().filter_map(Document::root);
                roots
                    .filter_map(|root| Authority::of_root(root, ty))
                    .collect()
            }
            None => delegations
                .and_then(|delegations| Authority::of_delegation(delegations, role))
                .into_iter()
                .collect(),
        };
        for authority in &authorities {
            if authority.missing(&document)? == 0 {
                return Ok(());
            }
        }
        let why = "has not the signatures that its role needs";
        Err(tampered(&format!("base {role}"), why))
    }

    fn check_base_listed(&self, role: &str) -> Result<()> {
        let by = match role {
            "root" | "timestamp" => return Ok(()),
            "snapshot" => "timestamp",
            _ => "snapshot",
        };
        let lister = self.base_document(by)?;
        let meta = match &lister {
            Some(Document::Timestamp(signed)) => Some(&signed.signed.meta),
            Some(Document::Snapshot(signed)) => Some(&signed.signed.meta),
            _ => None,
        };
        let listed = meta.and_then(|meta| meta.get(&format!("{role}.json")));
        let document = self.base_document(role)?;
        let file = document.zip(self.base.get(role));
        let file = file.map(|(document, bytes)| metafile(document.version(), bytes));
        if listed.is_some() && listed == file.as_ref() {
            return Ok(());
        }
        let why = format!("the {by} before does not list it");
        Err(tampered(&format!("base {role}"), &why))
    }
}
