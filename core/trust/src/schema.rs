//! The roles of TUF 1.0.34 (section 4), as far as a client uses them. Unknown members are tolerated: the
//! signatures are over them too.

use crate::date;
use crate::envelope::{RoleKeys, no_duplicates};
use crate::error::{Code, Error, Result, fail};
use crate::json::{self, Value};
use crate::key::{self, Key, Schemes};
use alloc::{borrow::ToOwned, string::String, vec::Vec};
use core::num::NonZeroU64;

mod targets;
pub(crate) use targets::Targets;

/// The names that delegated roles may not have, in any case: files of all roles lie in one folder.
pub(crate) const TOP_LEVEL: [&str; 4] = ["root", "timestamp", "snapshot", "targets"];

/// What all roles have.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    pub(crate) version: u64,
    /// Seconds since 1970.
    pub(crate) expires: u64,
}

impl Head {
    pub(crate) fn read(signed: &Value<'_>, role_type: &str) -> Result<Head> {
        if json::string(signed, "_type")? != role_type {
            return fail(Code::RoleType, "_type");
        }
        if !is_1_x(json::string(signed, "spec_version")?) {
            return fail(Code::SpecVersion, "spec_version");
        }
        Ok(Head {
            version: json::positive(signed, "version")?,
            expires: time(signed, "expires")?,
        })
    }
}

/// Any minor version of 1: what it adds must be tolerated (section 4.3, SPEC_VERSION).
fn is_1_x(version: &str) -> bool {
    let mut parts = version.split('.');
    let number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    parts.next() == Some("1") && matches!(parts.clone().count(), 1 | 2) && parts.all(number)
}

fn time(signed: &Value<'_>, name: &str) -> Result<u64> {
    date::parse(json::string(signed, name)?).ok_or_else(|| Error::new(Code::Schema, name))
}

/// Reads `keyids` and `threshold`. A threshold above the number of keys is tolerated, as others do: it is
/// never reached.
pub(crate) fn role_keys(role: &Value<'_>) -> Result<RoleKeys> {
    let list = json::required(role, "keyids")?.as_array();
    let list = list.ok_or_else(|| Error::new(Code::Schema, "keyids"))?;
    let mut ids = Vec::with_capacity(list.len());
    for id in list {
        ids.push(
            id.as_str()
                .ok_or_else(|| Error::new(Code::Schema, "keyids"))?
                .to_owned(),
        );
    }
    no_duplicates(ids.iter().map(String::as_str), "keyids")?;
    let threshold = match json::required(role, "threshold")? {
        Value::Int(_) => json::positive(role, "threshold")
            .ok()
            .and_then(NonZeroU64::new),
        _ => return fail(Code::Schema, "threshold"),
    };
    let threshold = threshold.ok_or_else(|| Error::new(Code::Threshold, "threshold"))?;
    Ok(RoleKeys { threshold, ids })
}

/// The root role (section 4.3).
#[derive(Clone, Debug)]
pub(crate) struct Root {
    pub(crate) head: Head,
    pub(crate) consistent: bool,
    pub(crate) keys: Vec<Key>,
    /// In the order of [`TOP_LEVEL`].
    roles: [RoleKeys; 4],
}

impl Root {
    pub(crate) fn read(signed: &Value<'_>, schemes: Schemes) -> Result<Root> {
        let head = Head::read(signed, "root")?;
        let consistent = match signed.member("consistent_snapshot") {
            None => false,
            Some(value) => value
                .as_bool()
                .ok_or_else(|| Error::new(Code::Schema, "consistent_snapshot"))?,
        };
        let roles = json::required(signed, "roles")?;
        let role = |name: &str| -> Result<RoleKeys> {
            role_keys(json::required(roles, name)?).map_err(|error| error.within(name))
        };
        let [root, timestamp, snapshot, targets] = TOP_LEVEL;
        Ok(Root {
            head,
            consistent,
            keys: key::read_all(signed, schemes)?,
            roles: [
                role(root)?,
                role(timestamp)?,
                role(snapshot)?,
                role(targets)?,
            ],
        })
    }

    /// The keys of a top-level role.
    pub(crate) fn role(&self, name: &str) -> &RoleKeys {
        let [root, timestamp, snapshot, targets] = &self.roles;
        match name {
            "timestamp" => timestamp,
            "snapshot" => snapshot,
            "targets" => targets,
            _ => root,
        }
    }

    /// Whether a key of a role no longer is one of it in the next root: then what the role signed before may
    /// be the work of who stole the key (5.3.11).
    pub(crate) fn rotated(&self, next: &Root, role: &str) -> bool {
        let now = self.public(role);
        let then = next.public(role);
        now.iter().any(|key| !then.contains(key))
    }

    /// What identifies the keys of a role: their bytes, or the ids of those of unknown schemes.
    fn public(&self, role: &str) -> Vec<&[u8]> {
        let ids = &self.role(role).ids;
        let listed = self.keys.iter().filter(|key| ids.contains(&key.id));
        listed
            .map(|key| {
                key.public
                    .as_ref()
                    .map_or(key.id.as_bytes(), |public| public.raw())
            })
            .collect()
    }
}

/// What a role says of the file of another (METAFILES, section 4.4).
#[derive(Clone, Debug)]
pub(crate) struct Meta {
    pub(crate) version: u64,
    pub(crate) length: Option<u64>,
    pub(crate) hashes: Option<Hashes>,
}

impl Meta {
    fn read(value: &Value<'_>) -> Result<Meta> {
        Ok(Meta {
            version: json::positive(value, "version")?,
            length: match value.member("length") {
                None => None,
                Some(length) => Some(
                    length
                        .as_u64()
                        .ok_or_else(|| Error::new(Code::Schema, "length"))?,
                ),
            },
            hashes: match value.member("hashes") {
                None => None,
                Some(hashes) => Some(Hashes::read(hashes)?),
            },
        })
    }

    /// Checks a file's length and hashes, where they are listed (5.5.2, 5.6.2).
    pub(crate) fn check(&self, bytes: &[u8]) -> Result<()> {
        if self
            .length
            .is_some_and(|length| u64::try_from(bytes.len()) != Ok(length))
        {
            return fail(Code::Length, "length");
        }
        match &self.hashes {
            None => Ok(()),
            Some(hashes) => hashes.check(bytes),
        }
    }
}

pub(crate) use crate::target::Hashes;

/// The timestamp role (section 4.6).
#[derive(Clone, Debug)]
pub(crate) struct Timestamp {
    pub(crate) head: Head,
    /// The hash of the canonical signed bytes: tells contents of one version apart.
    pub(crate) digest: [u8; 32],
    pub(crate) snapshot: Meta,
    /// `x-issued`: when the publisher signed, in seconds since 1970.
    pub(crate) issued: Option<u64>,
}

impl Timestamp {
    pub(crate) fn read(signed: &Value<'_>, digest: [u8; 32]) -> Result<Timestamp> {
        let head = Head::read(signed, "timestamp")?;
        let issued = match signed.member("x-issued") {
            None => None,
            // A clock that never counts below this time would find the timestamp itself expired: it is not the time of
            // signing, and a publisher's wrong clock is no reason to go without updates.
            Some(_) => Some(time(signed, "x-issued")?).filter(|issued| *issued < head.expires),
        };
        let meta = json::required(signed, "meta")?;
        Ok(Timestamp {
            head,
            digest,
            snapshot: Meta::read(json::required(meta, "snapshot.json")?)?,
            issued,
        })
    }
}

/// The snapshot role (section 4.4).
#[derive(Clone, Debug)]
pub(crate) struct Snapshot {
    pub(crate) head: Head,
    /// As that of the timestamp.
    pub(crate) digest: [u8; 32],
    /// By file name, ascending.
    meta: Vec<(String, Meta)>,
}

impl Snapshot {
    pub(crate) fn read(signed: &Value<'_>, digest: [u8; 32]) -> Result<Snapshot> {
        let head = Head::read(signed, "snapshot")?;
        let list = json::object(signed, "meta")?;
        let mut meta = Vec::with_capacity(list.len());
        for entry in list {
            let read = Meta::read(&entry.value).map_err(|error| error.about(&entry.name))?;
            meta.push((entry.name.as_ref().to_owned(), read));
        }
        Ok(Snapshot { head, digest, meta })
    }

    fn file(&self, name: &str) -> Option<&Meta> {
        let at = self
            .meta
            .binary_search_by(|(file, _)| file.as_str().cmp(name))
            .ok()?;
        self.meta.get(at).map(|(_, meta)| meta)
    }

    /// What is listed for a targets role.
    pub(crate) fn role(&self, role: &str) -> Result<&Meta> {
        let mut name = String::from(role);
        name.push_str(".json");
        self.file(&name)
            .ok_or_else(|| Error::new(Code::Unlisted, "meta").about(role))
    }

    /// Checks that the next snapshot lists all that this one does, in no lower version (5.5.5).
    pub(crate) fn check_rollback(&self, next: &Snapshot) -> Result<()> {
        for (name, meta) in &self.meta {
            if next
                .file(name)
                .is_none_or(|next| next.version < meta.version)
            {
                return fail(Code::Rollback, name);
            }
        }
        Ok(())
    }
}
