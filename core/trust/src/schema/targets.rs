//! The targets role and its delegations (section 4.5), succinct hash bins (TAP 15) included.

use super::{Head, TOP_LEVEL, role_keys};
use crate::envelope::RoleKeys;
use crate::error::{Code, Error, Result, fail};
use crate::glob;
use crate::json::{self, Value};
use crate::key::{self, Key, Schemes};
use crate::sort;
use crate::target::Target;
use crate::text::{percent_encoded, to_hex};
use alloc::{borrow::ToOwned, string::String, vec::Vec};
use sha2::{Digest, Sha256};

/// A file's name has at most 255 bytes in all usual file systems; `.json` and a temporary suffix must fit.
const MAX_FILE_NAME: usize = 200;

#[derive(Clone, Debug)]
pub(crate) struct Targets {
    pub(crate) head: Head,
    /// By name, ascending.
    targets: Vec<Target>,
    pub(crate) keys: Vec<Key>,
    /// In the order of the search.
    pub(crate) delegations: Vec<Delegation>,
}

/// A delegation to one role, or to all bins of a TAP 15 delegation.
#[derive(Clone, Debug)]
pub(crate) struct Delegation {
    /// The role's name, or what the names of the bins begin with.
    name: String,
    pub(crate) keys: RoleKeys,
    pub(crate) terminating: bool,
    scope: Scope,
}

/// Which targets a delegation is for.
#[derive(Clone, Debug)]
enum Scope {
    Paths(Vec<String>),
    HashPrefixes(Vec<String>),
    /// 2^n bins by the first n bits of the hash of the target's name.
    Bins(u32),
}

impl Targets {
    pub(crate) fn read(signed: &Value<'_>, schemes: Schemes) -> Result<Targets> {
        let head = Head::read(signed, "targets")?;
        let list = json::object(signed, "targets")?;
        let mut targets = Vec::with_capacity(list.len());
        for entry in list {
            targets.push(
                Target::read(&entry.name, &entry.value)
                    .map_err(|error| error.about(&entry.name))?,
            );
        }
        let (keys, delegations) = match signed.member("delegations") {
            None | Some(Value::Null) => (Vec::new(), Vec::new()),
            Some(value) => (key::read_all(value, schemes)?, delegations(value)?),
        };
        Ok(Targets {
            head,
            targets,
            keys,
            delegations,
        })
    }

    /// The target of that name.
    pub(crate) fn target(&self, name: &str) -> Option<&Target> {
        let at = self
            .targets
            .binary_search_by(|target| target.name.as_str().cmp(name))
            .ok()?;
        self.targets.get(at)
    }

    /// The names of all targets, ascending.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.targets.iter().map(|target| target.name.as_str())
    }

    /// The keys of a role that this one delegates to.
    pub(crate) fn role(&self, role: &str) -> Option<&RoleKeys> {
        self.delegations
            .iter()
            .find(|delegation| delegation.has(role))
            .map(|delegation| &delegation.keys)
    }
}

impl Delegation {
    /// The role that the delegation gives a target to.
    pub(crate) fn role_for(&self, target: &str) -> Option<String> {
        match &self.scope {
            Scope::Paths(patterns) => patterns
                .iter()
                .any(|pattern| glob::matches(pattern, target))
                .then(|| self.name.clone()),
            Scope::HashPrefixes(prefixes) => {
                let hash = to_hex(&Sha256::digest(target));
                prefixes
                    .iter()
                    .any(|prefix| hash.starts_with(prefix.as_str()))
                    .then(|| self.name.clone())
            }
            Scope::Bins(bits) => {
                let hash: [u8; 32] = Sha256::digest(target).into();
                let first = u32::from_be_bytes(*hash.first_chunk()?);
                Some(self.bin(first.checked_shr(32_u32.checked_sub(*bits)?)?, *bits))
            }
        }
    }

    /// `<prefix>-<bin>`: as many hexadecimal digits as the last bin has (TAP 15).
    fn bin(&self, bin: u32, bits: u32) -> String {
        let digits = usize::try_from(bits.div_ceil(4)).unwrap_or(8);
        let hex = to_hex(&bin.to_be_bytes());
        let mut name = self.name.clone();
        name.push('-');
        name.push_str(
            hex.get(hex.len().saturating_sub(digits)..)
                .unwrap_or_default(),
        );
        name
    }

    fn has(&self, role: &str) -> bool {
        let Scope::Bins(bits) = self.scope else {
            return self.name == role;
        };
        let digits = role
            .strip_prefix(self.name.as_str())
            .and_then(|rest| rest.strip_prefix('-'));
        let number = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
        number.is_some_and(|bin| {
            u64::from(bin) < 1_u64.checked_shl(bits).unwrap_or(0) && self.bin(bin, bits) == role
        })
    }
}

fn delegations(value: &Value<'_>) -> Result<Vec<Delegation>> {
    let mut read = Vec::new();
    match (value.member("roles"), value.member("succinct_roles")) {
        (Some(roles), None) => {
            let roles = roles
                .as_array()
                .ok_or_else(|| Error::new(Code::Schema, "roles"))?;
            for role in roles {
                read.push(delegation(role)?);
            }
            let names = read.iter().map(|role: &Delegation| role.name.as_str());
            if sort::has_duplicates(names.collect()) {
                return fail(Code::Schema, "roles");
            }
        }
        (None, Some(bins)) => read.push(succinct(bins)?),
        _ => return fail(Code::Schema, "roles"),
    }
    Ok(read)
}

fn delegation(role: &Value<'_>) -> Result<Delegation> {
    let name = json::string(role, "name")?;
    check_name(name)?;
    let terminating = json::required(role, "terminating")?.as_bool();
    let scope = match (role.member("paths"), role.member("path_hash_prefixes")) {
        (Some(paths), None) => Scope::Paths(strings(paths, "paths")?),
        (None, Some(prefixes)) => Scope::HashPrefixes(strings(prefixes, "path_hash_prefixes")?),
        _ => return Err(Error::new(Code::Schema, "paths").about(name)),
    };
    Ok(Delegation {
        name: name.to_owned(),
        keys: role_keys(role).map_err(|error| error.about(name))?,
        terminating: terminating.ok_or_else(|| Error::new(Code::Schema, "terminating"))?,
        scope,
    })
}

fn succinct(bins: &Value<'_>) -> Result<Delegation> {
    let prefix = json::string(bins, "name_prefix")?;
    check_name(prefix)?;
    let bits = json::positive(bins, "bit_length")?;
    let bits = u32::try_from(bits).ok().filter(|bits| *bits <= 32);
    Ok(Delegation {
        name: prefix.to_owned(),
        keys: role_keys(bins)?,
        terminating: false,
        scope: Scope::Bins(bits.ok_or_else(|| Error::new(Code::Schema, "bit_length"))?),
    })
}

/// A delegated role has a name of its own, which can name a file.
fn check_name(name: &str) -> Result<()> {
    let taken = TOP_LEVEL.iter().any(|top| top.eq_ignore_ascii_case(name));
    if name.is_empty() || taken || percent_encoded(name).len() > MAX_FILE_NAME {
        return Err(Error::new(Code::Schema, "name").about(name));
    }
    Ok(())
}

fn strings(list: &Value<'_>, place: &str) -> Result<Vec<String>> {
    let list = list
        .as_array()
        .ok_or_else(|| Error::new(Code::Schema, place))?;
    let mut strings = Vec::with_capacity(list.len());
    for text in list {
        strings.push(
            text.as_str()
                .ok_or_else(|| Error::new(Code::Schema, place))?
                .to_owned(),
        );
    }
    Ok(strings)
}
