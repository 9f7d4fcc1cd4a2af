//! Signed metadata of any role: its canonical form, its file, its signatures.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::num::NonZeroU64;

use serde_json::Value;
use tough::schema::decoded::{Decoded, Hex};
use tough::schema::key::Key;
use tough::schema::{
    Delegations, Hashes, Metafile, Role, RoleKeys, RoleType, Root, Signature, Signed, Snapshot,
    Targets, Timestamp,
};

use crate::error::{Error, Result};
use crate::keys::{Signer, key_id, verify};
use crate::record;
use crate::text::{hex, seconds};

/// The version of the specification that the metadata follows.
pub(crate) const SPEC_VERSION: &str = "1.0.34";

/// Metadata of one role.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Document {
    Root(Box<Signed<Root>>),
    Timestamp(Box<Signed<Timestamp>>),
    Snapshot(Box<Signed<Snapshot>>),
    /// The top-level role and the delegated ones.
    Targets(Box<Signed<Targets>>),
}

macro_rules! each {
    ($document:expr, $signed:ident => $body:expr) => {
        match $document {
            Document::Root($signed) => $body,
            Document::Timestamp($signed) => $body,
            Document::Snapshot($signed) => $body,
            Document::Targets($signed) => $body,
        }
    };
}

fn unsigned<T>(signed: T) -> Box<Signed<T>> {
    let signatures = Vec::new();
    Box::new(Signed { signed, signatures })
}

impl From<Root> for Document {
    fn from(root: Root) -> Document {
        Document::Root(unsigned(root))
    }
}

impl From<Timestamp> for Document {
    fn from(timestamp: Timestamp) -> Document {
        Document::Timestamp(unsigned(timestamp))
    }
}

impl From<Snapshot> for Document {
    fn from(snapshot: Snapshot) -> Document {
        Document::Snapshot(unsigned(snapshot))
    }
}

impl From<Targets> for Document {
    fn from(targets: Targets) -> Document {
        Document::Targets(unsigned(targets))
    }
}

impl Document {
    /// Reads the metadata of a role: `root`, `timestamp`, `snapshot`, `targets` or a delegated one.
    pub(crate) fn parse(role: &str, place: &str, bytes: &[u8]) -> Result<Document> {
        let read = match role {
            "root" => serde_json::from_slice(bytes).map(Document::Root),
            "timestamp" => serde_json::from_slice(bytes).map(Document::Timestamp),
            "snapshot" => serde_json::from_slice(bytes).map(Document::Snapshot),
            _ => serde_json::from_slice(bytes).map(Document::Targets),
        };
        read.map_err(|error| {
            let message = format!("is no TUF metadata of the role {role}: {error}");
            Error::new("metadata", place, message)
        })
    }

    /// The bytes that are signed: canonical JSON.
    pub(crate) fn payload(&self) -> Result<Vec<u8>> {
        each!(self, signed => signed.signed.canonical_form())
            .map_err(|error| Error::new("metadata", "the metadata", error.to_string()))
    }

    /// The file. Equal documents give equal bytes.
    pub(crate) fn to_bytes(&self) -> Result<Vec<u8>> {
        // By way of a value, whose members are sorted.
        let value = each!(self, signed => serde_json::to_value(signed));
        value
            .and_then(|value| serde_json::to_vec(&value))
            .map_err(|error| Error::new("metadata", "the metadata", error.to_string()))
    }

    /// The name of its file in the repository.
    pub(crate) fn file_name(&self, role: &str) -> String {
        match self {
            Document::Timestamp(_) => "timestamp.json".to_owned(),
            other => versioned(role, other.version()),
        }
    }

    pub(crate) fn version(&self) -> u64 {
        each!(self, signed => signed.signed.version()).get()
    }

    /// Seconds since 1970.
    pub(crate) fn expires(&self) -> u64 {
        seconds(each!(self, signed => signed.signed.expires()))
    }

    /// A signed member that TUF does not have.
    pub(crate) fn extra(&self, member: &str) -> Option<&Value> {
        each!(self, signed => signed.signed._extra.get(member))
    }

    /// Sets a member that TUF does not have, before anything is signed.
    pub(crate) fn set_extra(&mut self, member: &str, value: Value) {
        each!(self, signed => {
            signed.signed._extra.insert(member.to_owned(), value);
        });
    }

    /// The hash of the newest record of the role.
    pub(crate) fn record(&self) -> Option<&str> {
        self.extra(record::MEMBER)?.as_str()
    }

    /// Whether it says what is published, or who may: not the snapshot and the timestamp, which follow from these.
    pub(crate) const fn is_content(&self) -> bool {
        matches!(self, Document::Root(_) | Document::Targets(_))
    }

    pub(crate) fn signatures(&self) -> &[Signature] {
        each!(self, signed => &signed.signatures)
    }

    /// Adds a signature, unless the key has signed already; says whether it did.
    pub(crate) fn sign(&mut self, signer: &dyn Signer) -> Result<bool> {
        let key = signer.key();
        let id = key
            .key_id()
            .map_err(|error| Error::new("key", "the key", error.to_string()))?;
        if self
            .signatures()
            .iter()
            .any(|signature| signature.keyid == id)
        {
            return Ok(false);
        }
        let payload = self.payload()?;
        let sig = signer.sign(&payload)?;
        if !verify(&key, &payload, &sig) {
            let message = "gave a signature that does not verify; nothing is kept of it";
            return Err(Error::new("signer", hex(&id), message));
        }
        let signature = Signature {
            keyid: id,
            sig: sig.into(),
        };
        each!(self, signed => {
            signed.signatures.push(signature);
            signed.signatures.sort_by_key(|signature| hex(&signature.keyid));
        });
        Ok(true)
    }

    pub(crate) fn root(&self) -> Option<&Root> {
        match self {
            Document::Root(signed) => Some(&signed.signed),
            _ => None,
        }
    }

    pub(crate) fn snapshot(&self) -> Option<&Snapshot> {
        match self {
            Document::Snapshot(signed) => Some(&signed.signed),
            _ => None,
        }
    }

    pub(crate) fn timestamp(&self) -> Option<&Timestamp> {
        match self {
            Document::Timestamp(signed) => Some(&signed.signed),
            _ => None,
        }
    }

    pub(crate) fn targets(&self) -> Option<&Targets> {
        match self {
            Document::Targets(signed) => Some(&signed.signed),
            _ => None,
        }
    }
}

/// The name of a numbered file.
pub(crate) fn versioned(role: &str, version: u64) -> String {
    format!("{version}.{role}.json")
}

/// How metadata lists a file.
pub(crate) fn metafile(version: u64, bytes: &[u8]) -> Metafile {
    let sha256 = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes);
    Metafile {
        length: u64::try_from(bytes.len()).ok(),
        hashes: Some(Hashes {
            sha256: sha256.as_ref().to_vec().into(),
            _extra: HashMap::new(),
        }),
        version: NonZeroU64::new(version).unwrap_or(NonZeroU64::MIN),
        _extra: HashMap::new(),
    }
}

/// Whose signatures a role needs, and how many.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Authority {
    /// By key id.
    pub(crate) keys: BTreeMap<String, Key>,
    pub(crate) threshold: NonZeroU64,
}

/// What the signatures of a document come to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Keys of the role whose signature verifies.
    pub(crate) valid: BTreeSet<String>,
    /// Keys of the role whose signature does not.
    pub(crate) invalid: BTreeSet<String>,
}

impl Authority {
    fn new<'k>(
        known: impl Fn(&Decoded<Hex>) -> Option<&'k Key>,
        ids: &[Decoded<Hex>],
        threshold: NonZeroU64,
    ) -> Authority {
        let keys = ids
            .iter()
            .filter_map(|id| known(id).map(|key| (hex(id), key.clone())));
        Authority {
            keys: keys.collect(),
            threshold,
        }
    }

    /// Of a top-level role.
    pub(crate) fn of_root(root: &Root, role: RoleType) -> Option<Authority> {
        let keys: &RoleKeys = root.roles.get(&role)?;
        Some(Authority::new(
            |id| root.keys.get(id),
            &keys.keyids,
            keys.threshold,
        ))
    }

    /// Of a delegated role.
    pub(crate) fn of_delegation(delegations: &Delegations, name: &str) -> Option<Authority> {
        let role = delegations.roles.iter().find(|role| role.name == name)?;
        Some(Authority::new(
            |id| delegations.keys.get(id),
            &role.keyids,
            role.threshold,
        ))
    }

    pub(crate) fn tally(&self, document: &Document) -> Result<Tally> {
        let payload = document.payload()?;
        let mut tally = Tally::default();
        for signature in document.signatures() {
            let id = hex(&signature.keyid);
            if let Some(key) = self.keys.get(&id) {
                if verify(key, &payload, &signature.sig) {
                    tally.valid.insert(id);
                } else {
                    tally.invalid.insert(id);
                }
            }
        }
        Ok(tally)
    }

    pub(crate) fn has(&self, key: &Key) -> bool {
        self.keys.contains_key(&key_id(key))
    }

    /// How many signatures are still missing.
    pub(crate) fn missing(&self, document: &Document) -> Result<u64> {
        let have = u64::try_from(self.tally(document)?.valid.len()).unwrap_or(u64::MAX);
        Ok(self.threshold.get().saturating_sub(have))
    }
}

/// The role's type, if it is a top-level one.
pub(crate) fn role_type(role: &str) -> Option<RoleType> {
    match role {
        "root" => Some(RoleType::Root),
        "timestamp" => Some(RoleType::Timestamp),
        "snapshot" => Some(RoleType::Snapshot),
        "targets" => Some(RoleType::Targets),
        _ => None,
    }
}
