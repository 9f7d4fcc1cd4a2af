//! Who signs what: the keys and thresholds of the four top-level roles.

use std::collections::{BTreeMap, HashMap};
use std::num::NonZeroU64;

use tough::schema::key::Key;
use tough::schema::{DelegatedRole, Delegations, PathPattern, PathSet, RoleKeys, RoleType, Root};

use crate::document::Authority;
use crate::error::{Error, Result};
use crate::keys::key_id;

/// The most keys a role may have: more signatures than that make metadata long and ceremonies unlikely.
const KEYS: usize = 16;

/// A role for whose keys there is an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TopRole {
    /// Says which keys have which role.
    Root,
    /// Says which bundles there are.
    Targets,
    /// Says which versions of the targets metadata belong together.
    Snapshot,
    /// Says that this is the newest snapshot.
    Timestamp,
}

impl TopRole {
    /// All, in the order of their weight.
    pub const ALL: [TopRole; 4] = [
        TopRole::Root,
        TopRole::Targets,
        TopRole::Snapshot,
        TopRole::Timestamp,
    ];

    /// The name in metadata.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            TopRole::Root => "root",
            TopRole::Targets => "targets",
            TopRole::Snapshot => "snapshot",
            TopRole::Timestamp => "timestamp",
        }
    }

    pub(crate) const fn ty(self) -> RoleType {
        match self {
            TopRole::Root => RoleType::Root,
            TopRole::Targets => RoleType::Targets,
            TopRole::Snapshot => RoleType::Snapshot,
            TopRole::Timestamp => RoleType::Timestamp,
        }
    }
}

/// The keys of a role and how many of them have to sign.
#[derive(Clone, Debug, PartialEq)]
pub struct Quorum {
    pub(crate) keys: BTreeMap<String, Key>,
    pub(crate) threshold: NonZeroU64,
}

impl Quorum {
    /// `threshold` of these keys.
    ///
    /// # Errors
    /// `threshold` if it is zero or more than there are keys, `duplicate_key` if a key is there twice, `keys` if
    /// there are none or too many.
    pub fn new(role: TopRole, keys: Vec<Key>, threshold: u64) -> Result<Quorum> {
        let wrong = |code, why: String| Error::new(code, role.name(), why);
        if keys.is_empty() || keys.len() > KEYS {
            let message = format!("has {} keys; give 1 to {KEYS}", keys.len());
            return Err(wrong("keys", message));
        }
        let mut by_id = BTreeMap::new();
        let mut raw = Vec::new();
        for key in keys {
            let (id, public) = (key_id(&key), public_bytes(&key).to_vec());
            // The same key may be written in several ways, each with an id of its own.
            if raw.contains(&public) || by_id.insert(id.clone(), key).is_some() {
                let message = format!("the key {id} is given twice; each counts once");
                return Err(wrong("duplicate_key", message));
            }
            raw.push(public);
        }
        let most = u64::try_from(by_id.len()).unwrap_or(u64::MAX);
        match NonZeroU64::new(threshold).filter(|threshold| threshold.get() <= most) {
            Some(threshold) => Ok(Quorum {
                keys: by_id,
                threshold,
            }),
            None => {
                let message = format!(
                    "a threshold of {threshold} cannot be: give 1 to {most}, the number of its keys"
                );
                Err(wrong("threshold", message))
            }
        }
    }

    /// What a role has now.
    #[must_use]
    pub(crate) fn of(root: &Root, role: TopRole) -> Option<Quorum> {
        let authority = Authority::of_root(root, role.ty())?;
        Some(Quorum {
            keys: authority.keys,
            threshold: authority.threshold,
        })
    }

    fn role_keys(&self) -> RoleKeys {
        let ids = self.keys.values().filter_map(|key| key.key_id().ok());
        RoleKeys {
            keyids: ids.collect(),
            threshold: self.threshold,
            _extra: HashMap::new(),
        }
    }
}

fn public_bytes(key: &Key) -> &[u8] {
    match key {
        Key::Rsa { keyval, .. } => &keyval.public,
        Key::Ed25519 { keyval, .. } => &keyval.public,
        Key::Ecdsa { keyval, .. } | Key::EcdsaOld { keyval, .. } => &keyval.public,
    }
}

/// Puts these keys and thresholds into a root; keys that no role has any more go.
pub(crate) fn write(root: &mut Root, quorums: &BTreeMap<TopRole, Quorum>) {
    root.roles.clear();
    root.keys.clear();
    for (role, quorum) in quorums {
        root.roles.insert(role.ty(), quorum.role_keys());
        for key in quorum.keys.values() {
            if let Ok(id) = key.key_id() {
                root.keys.insert(id, key.clone());
            }
        }
    }
}

/// Delegates scopes to roles with these keys: by the scopes' patterns, each role alone for its own.
pub(crate) fn delegations(
    quorum: &Quorum,
    patterns: &BTreeMap<String, Vec<String>>,
) -> Result<Delegations> {
    let mut delegations = Delegations::new();
    for key in quorum.keys.values() {
        if let Ok(id) = key.key_id() {
            delegations.keys.insert(id, key.clone());
        }
    }
    let keys = quorum.role_keys();
    for (name, patterns) in patterns {
        let paths = patterns.iter().map(|pattern| {
            PathPattern::new(pattern)
                .map_err(|error| Error::new("metadata", pattern, error.to_string()))
        });
        delegations.roles.push(DelegatedRole {
            name: name.clone(),
            keyids: keys.keyids.clone(),
            threshold: keys.threshold,
            paths: PathSet::Paths(paths.collect::<Result<_>>()?),
            terminating: true,
            targets: None,
        });
    }
    Ok(delegations)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::{KeyType, LocalKey, Signer as _};

    fn keys(count: usize) -> Vec<Key> {
        let key = || LocalKey::generate(KeyType::Ed25519).unwrap().key();
        core::iter::repeat_with(key).take(count).collect()
    }

    #[test]
    fn a_threshold_is_one_to_the_number_of_keys() {
        let two = keys(2);
        for (threshold, good) in [
            (0, false),
            (1, true),
            (2, true),
            (3, false),
            (u64::MAX, false),
        ] {
            let quorum = Quorum::new(TopRole::Root, two.clone(), threshold);
            match quorum {
                Ok(quorum) => assert!(good && quorum.threshold.get() == threshold),
                Err(error) => assert!(!good && error.code() == "threshold", "{error}"),
            }
        }
    }

    #[test]
    fn the_same_key_twice_is_refused_however_it_is_written() {
        let key = keys(1).remove(0);
        let twice = Quorum::new(TopRole::Targets, vec![key.clone(), key], 1);
        assert_eq!(twice.unwrap_err().code(), "duplicate_key");
        let ecdsa = LocalKey::generate(KeyType::EcdsaP256).unwrap().key();
        let json = serde_json::to_string(&ecdsa).unwrap();
        let old = json.replace(r#""keytype":"ecdsa""#, r#""keytype":"ecdsa-sha2-nistp256""#);
        let old: Key = serde_json::from_str(&old).unwrap();
        assert_ne!(key_id(&old), key_id(&ecdsa));
        let twice = Quorum::new(TopRole::Targets, vec![ecdsa, old], 2);
        assert_eq!(twice.unwrap_err().code(), "duplicate_key");
    }

    #[test]
    fn no_keys_and_too_many_are_refused() {
        for count in [0, 17] {
            let error = Quorum::new(TopRole::Root, keys(count), 1).unwrap_err();
            assert_eq!(error.code(), "keys");
        }
    }
}
