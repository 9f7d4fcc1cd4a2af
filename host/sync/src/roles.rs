//! All roles of a repository, one by one: who carries one over a gap needs more than the way to one target.

use std::collections::{BTreeMap, BTreeSet};

use edgerail_trust::{Client, Code, RoleId};
use serde_json::Value;

use crate::driver::{Remote, drive};
use crate::error::Error;
use crate::memory::Memory;
use crate::repository::EXPORT_LESS;

/// The most delegated roles of a repository that is carried as a whole. Hash bins for a hundred thousand scopes are as many.
const MAX_ROLES: usize = 4096;

/// The most targets: an exported file holds no more files.
const MAX_NAMES: usize = 1 << 16;

/// The most bytes of delegated roles: 32 KiB each, if there are as many as there may be.
const MAX_BYTES: usize = 128 << 20;

/// The delegated roles that the snapshot lists, with their versions.
pub(crate) fn delegated(files: &Memory) -> BTreeMap<String, u64> {
    let snapshot = files.now.get("snapshot.json");
    let snapshot = snapshot.and_then(|bytes| serde_json::from_slice::<Value>(bytes).ok());
    let meta = snapshot
        .as_ref()
        .and_then(|file| file.get("signed")?.get("meta")?.as_object());
    let roles = meta.into_iter().flatten().filter_map(|(file, meta)| {
        let role = file.strip_suffix(".json")?;
        Some((role.to_owned(), meta.get("version")?.as_u64()?))
    });
    roles.filter(|(role, _)| role != "targets").collect()
}

/// What [`walk`] came to.
#[derive(Debug, Default)]
pub(crate) struct Walked {
    /// The names that the roles list, those of the top-level one too.
    pub(crate) names: BTreeSet<String>,
    /// Roles that cannot be had.
    pub(crate) absent: BTreeSet<String>,
}

/// Reads the `roles` that anybody delegates to. The list of none is looked into before it is verified by the keys that
/// its delegator gives it: who holds no key can neither name a target nor make this long.
///
/// # Errors
/// [`Error`] of the transport or the TUF client, `too_large` if there is more than is carried at a time.
pub(crate) async fn walk(
    client: &mut Client,
    files: &mut Memory,
    remote: &mut Remote<'_>,
    mut roles: BTreeMap<String, u64>,
) -> Result<Walked, Error> {
    let place = "the repository's delegated roles";
    let most = |have: usize, most: usize, what: &str| {
        if have > most {
            let message = format!("are more than {most} {what}");
            return Err(Error::new("too_large", place, message).remedy_is(EXPORT_LESS));
        }
        Ok(())
    };
    most(roles.len(), MAX_ROLES, "roles")?;
    let mut walked = Walked::default();
    let mut delegators = vec![RoleId::TOP];
    let mut bytes = 0;
    while let Some(delegator) = delegators.pop() {
        for name in client.listed(delegator) {
            walked.names.insert(name.to_owned());
        }
        most(walked.names.len(), MAX_NAMES, "targets")?;
        let below: Vec<String> = roles
            .keys()
            .filter(|role| client.delegates(delegator, role))
            .cloned()
            .collect();
        for role in below {
            roles.remove(&role);
            client.read_role(delegator, &role);
            let mut seen = Vec::new();
            match drive(client, files, Some(remote), &mut seen).await {
                Ok(()) => delegators.extend(client.role_read()),
                Err(error) if error.code() == Code::NotFound.name() => {
                    walked.absent.insert(role);
                }
                Err(error) => return Err(error),
            }
            let read = seen.iter().filter_map(|file| files.now.get(file));
            bytes += read.map(|bytes| bytes.len()).sum::<usize>();
            most(bytes, MAX_BYTES, "bytes")?;
        }
    }
    Ok(walked)
}
