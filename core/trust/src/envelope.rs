//! The envelope of all metadata: what is signed, and the signatures.

use crate::error::{Code, Error, Result, fail};
use crate::json::{self, Value};
use crate::key::Key;
use crate::sort;
use alloc::{string::String, vec::Vec};
use core::num::NonZeroU64;
use sha2::{Digest, Sha256};

/// Metadata read, but not verified.
pub(crate) struct Envelope<'a> {
    /// The signed object.
    pub(crate) signed: Value<'a>,
    /// Its canonical bytes: what the signatures are over.
    canonical: Vec<u8>,
    signatures: Vec<(String, String)>,
}

/// The keys of a role, and how many of them must sign.
#[derive(Clone, Debug)]
pub(crate) struct RoleKeys {
    pub(crate) threshold: NonZeroU64,
    pub(crate) ids: Vec<String>,
}

impl<'a> Envelope<'a> {
    /// Reads `{"signatures":[{"keyid","sig"}],"signed":{…}}`. Other members are refused: nothing signs them,
    /// so whoever reads them is misled.
    pub(crate) fn read(bytes: &'a [u8]) -> Result<Envelope<'a>> {
        let value = json::parse(bytes)?;
        let Value::Object(members) = value else {
            return fail(Code::Schema, "envelope");
        };
        let (mut signed, mut list) = (None, None);
        for member in members {
            match member.name.as_ref() {
                "signed" => signed = Some(member.value),
                "signatures" => list = Some(member.value),
                _ => return fail(Code::Schema, "envelope"),
            }
        }
        let signed = signed.ok_or_else(|| Error::new(Code::Schema, "signed"))?;
        signed
            .as_object()
            .ok_or_else(|| Error::new(Code::Schema, "signed"))?;
        let Some(Value::Array(list)) = list else {
            return fail(Code::Schema, "signatures");
        };
        let mut signatures: Vec<(String, String)> = Vec::with_capacity(list.len());
        for entry in &list {
            if entry.as_object().is_none_or(|members| members.len() != 2) {
                return fail(Code::Schema, "signatures");
            }
            let id = json::string(entry, "keyid")?;
            let signature = json::string(entry, "sig")?;
            signatures.push((String::from(id), String::from(signature)));
        }
        no_duplicates(signatures.iter().map(|(id, _)| id.as_str()), "signatures")?;
        Ok(Envelope {
            canonical: signed.canonical(),
            signed,
            signatures,
        })
    }

    /// Checks that a threshold of the role's keys signed. Keys are counted, not ids: a key under two ids
    /// counts once. Malformed signatures and those of other keys count nothing.
    pub(crate) fn verify(&self, keys: &[Key], role: &RoleKeys) -> Result<()> {
        let mut signers: Vec<&[u8]> = Vec::new();
        for (id, signature) in &self.signatures {
            if !role.ids.contains(id) {
                continue;
            }
            let Some(public) = find(keys, id) else {
                continue;
            };
            if !signers.contains(&public.raw()) && public.verify(&self.canonical, signature) {
                signers.push(public.raw());
                if reached(signers.len(), role.threshold) {
                    return Ok(());
                }
            }
        }
        // Say whether signatures are missing or the client is.
        let all_known = role
            .ids
            .iter()
            .all(|id| keys.iter().any(|key| key.id == *id && key.public.is_some()));
        let mut known: Vec<&[u8]> = Vec::new();
        for public in role.ids.iter().filter_map(|id| find(keys, id)) {
            if !known.contains(&public.raw()) {
                known.push(public.raw());
            }
        }
        if all_known || reached(known.len(), role.threshold) {
            fail(Code::Signatures, "signatures")
        } else {
            fail(Code::UnknownScheme, "keys")
        }
    }

    /// Tells contents under the same version apart.
    pub(crate) fn digest(&self) -> [u8; 32] {
        Sha256::digest(&self.canonical).into()
    }
}

fn reached(count: usize, threshold: NonZeroU64) -> bool {
    u64::try_from(count).is_ok_and(|count| count >= threshold.get())
}

fn find<'k>(keys: &'k [Key], id: &str) -> Option<&'k crate::key::Public> {
    keys.iter().find(|key| key.id == id)?.public.as_ref()
}

/// Checks that no id stands twice in a list.
pub(crate) fn no_duplicates<'i>(ids: impl Iterator<Item = &'i str>, place: &str) -> Result<()> {
    if sort::has_duplicates(ids.collect()) {
        fail(Code::DuplicateKey, place)
    } else {
        Ok(())
    }
}
