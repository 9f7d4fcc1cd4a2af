//! Publishing a staged change: the last checks, and the writes in an order in which a client that reads at any
//! moment sees a consistent repository.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::accept::accept;
use crate::document::Document;
use crate::error::{Error, Result};
use crate::keys::Signer;
use crate::renew::free_version;
use crate::repository::Repository;
use crate::stage::{Missing, Stage};
use crate::storage::Storage;
use crate::text::{count, random_hex, rfc3339, sha256};

/// Held while files are written.
pub const LOCK: &str = "publish.lock";

/// How a change is published.
#[derive(Clone, Copy, Debug)]
pub struct PushOptions {
    /// Seconds since 1970.
    pub now: u64,
    /// Take the lock although somebody holds it: after a publication that was interrupted.
    pub break_lock: bool,
}

/// Publishes a change. The keys given sign what can only be signed now, because the repository has a newer
/// timestamp than the change was made from.
///
/// # Errors
/// `signatures_missing` naming roles and keys, `stale_stage` if the repository has moved on, `tampered`,
/// `publish_conflict` if somebody else publishes at the same time, `not_accepted` if clients would refuse the
/// result, `storage`. Before `publish_conflict` and `storage`, files may have been written that no client reads;
/// publishing the same change again completes it.
pub fn push(
    stage: &mut Stage,
    storage: &dyn Storage,
    signers: &[&dyn Signer],
    options: PushOptions,
) -> Result<()> {
    stage.fetch_previous(storage)?;
    stage.check()?;
    let lock = Lock::take(storage, options)?;
    let published = publish(stage, storage, signers, options.now, &lock);
    // What went wrong before matters more than that the lock stays.
    let released = lock.release();
    published.and(released)
}

/// What is done while the lock is held.
fn publish(
    stage: &mut Stage,
    storage: &dyn Storage,
    signers: &[&dyn Signer],
    now: u64,
    lock: &Lock<'_>,
) -> Result<()> {
    // The first publication may have been interrupted: then there is no repository to load yet.
    if !stage.base.is_empty() {
        let repository = Repository::load(storage, None)?.ok_or_else(|| stale("root"))?;
        rebase(stage, &repository, storage)?;
    }
    resume(stage, storage)?;
    stage.sign_checked(signers, now)?;
    refuse_missing(&stage.missing()?)?;
    refuse_expired(stage, now)?;
    stage.refuse_future(now)?;
    let files = files(stage)?;
    accept(storage, &files, stage, now)?;
    write(stage, storage, &files, lock)
}

fn refuse_missing(missing: &[Missing]) -> Result<()> {
    let Some(first) = missing.first() else {
        return Ok(());
    };
    let list: Vec<String> = missing
        .iter()
        .map(|missing| {
            let number = usize::try_from(missing.signatures).unwrap_or(usize::MAX);
            let keys: Vec<&str> = missing.keys.iter().filter_map(|id| id.get(..8)).collect();
            let role = &missing.role;
            format!(
                "{role}: {} by the {} keys {}",
                count(number, "signature"),
                missing.of,
                keys.join(", ")
            )
        })
        .collect();
    let message = format!(
        "{}; sign with `edgerail publish sign`, or give --key",
        list.join("; ")
    );
    Err(Error::new(
        "signatures_missing",
        first.role.clone(),
        message,
    ))
}

fn refuse_expired(stage: &Stage, now: u64) -> Result<()> {
    for (role, document) in &stage.documents {
        if document.expires() <= now {
            let message = format!(
                "expired on {} while it waited for signatures; make the change anew",
                rfc3339(document.expires())
            );
            return Err(Error::new("stale_stage", role.clone(), message));
        }
    }
    Ok(())
}

fn stale(role: &str) -> Error {
    let message = "the repository has another version of it than the change was made from; make the change anew";
    Error::new("stale_stage", role, message)
}

/// Brings the snapshot and the timestamp up to date with the repository; refuses a change of anything else that has
/// been changed since.
fn rebase(stage: &mut Stage, repository: &Repository, storage: &dyn Storage) -> Result<()> {
    let same = |stage: &Stage, role: &str| -> Result<bool> {
        let there = repository.bytes.get(role);
        let written = match (stage.documents.get(role), repository.documents.get(role)) {
            (Some(new), Some(there)) => new.payload()? == there.payload()?,
            _ => false,
        };
        Ok(written || there == stage.base.get(role))
    };
    let content: Vec<String> = stage
        .documents
        .iter()
        .filter(|(role, document)| *role == "root" || matches!(document, Document::Targets(_)))
        .map(|(role, _)| role.clone())
        .chain(["root".to_owned(), "targets".to_owned()])
        .collect();
    for role in content {
        if !same(stage, &role)? {
            return Err(stale(&role));
        }
    }
    let moved = !same(stage, "snapshot")? || !same(stage, "timestamp")?;
    if moved {
        let version = |role: &str| repository.documents.get(role).map_or(0, Document::version);
        if stage.snapshot.is_some() {
            stage.documents.remove("snapshot");
            stage.snapshot = Some(free_version(storage, "snapshot", version("snapshot"))?);
        }
        stage.documents.remove("timestamp");
        stage.timestamp = stage
            .timestamp
            .map(|_| version("timestamp").saturating_add(1));
        for role in ["snapshot", "timestamp"] {
            if let Some(bytes) = repository.bytes.get(role) {
                stage.base.insert(role.to_owned(), bytes.clone());
            }
        }
    }
    Ok(())
}

/// Takes over what an interrupted publication of the same change has written: signatures of the same content may have
/// other bytes each time, and a snapshot that is made again is valid for longer, so that it gets another number.
fn resume(stage: &mut Stage, storage: &dyn Storage) -> Result<()> {
    if stage.documents.contains_key("snapshot") {
        return Ok(());
    }
    let roles: Vec<String> = stage.documents.keys().cloned().collect();
    for role in roles.iter().filter(|role| *role != "timestamp") {
        let Some(document) = stage.documents.get(role) else {
            continue;
        };
        let path = format!("metadata/{}", document.file_name(role));
        let Some(stored) = storage.get(&path)? else {
            continue;
        };
        if let Ok(there) = Document::parse(role, &path, &stored.bytes)
            && there.payload()? == document.payload()?
            && there.to_bytes()? == stored.bytes
            && stage.missing_of(role, &there)?.is_empty()
        {
            stage.documents.insert(role.clone(), there);
        }
    }
    if let Some(version) = stage.snapshot {
        stage.snapshot = Some(free_version(
            storage,
            "snapshot",
            version.saturating_sub(1),
        )?);
    }
    Ok(())
}

/// The new files by path.
fn files(stage: &Stage) -> Result<BTreeMap<String, Vec<u8>>> {
    let mut files = stage.files.clone();
    for (role, document) in &stage.documents {
        files.insert(
            format!("metadata/{}", document.file_name(role)),
            document.to_bytes()?,
        );
    }
    Ok(files)
}

/// When a file is written: what others list comes before them, and what clients ask for first comes last. A new
/// root comes after the bundles, because nothing lists it, and before what its keys sign.
fn order(path: &str) -> u8 {
    let metadata = path.strip_prefix("metadata/");
    match metadata {
        None => 0,
        Some("timestamp.json") => 5,
        Some(name) if name.ends_with(".snapshot.json") => 4,
        Some(name) if name.ends_with(".root.json") => 3,
        Some(name) if name.ends_with(".targets.json") => 2,
        Some(_) => 1,
    }
}

fn write(
    stage: &Stage,
    storage: &dyn Storage,
    files: &BTreeMap<String, Vec<u8>>,
    lock: &Lock<'_>,
) -> Result<()> {
    let mut paths: Vec<&String> = files.keys().collect();
    paths.sort_by_key(|path| order(path));
    for path in paths {
        let bytes = files.get(path).map(Vec::as_slice).unwrap_or_default();
        if path == "metadata/timestamp.json" {
            lock.hold()?;
            write_timestamp(stage, storage, path, bytes)?;
        } else if !storage.create(path, bytes)? {
            // An interrupted publication of the same change got this far; anything else is somebody else's.
            let there = storage.get(path)?.map(|stored| stored.bytes);
            if there.as_deref() != Some(bytes) {
                let message =
                    "somebody else has written it; make the change anew from what is published now";
                return Err(Error::new("publish_conflict", path.clone(), message));
            }
        }
    }
    Ok(())
}

/// Replaces the timestamp that the change comes after, and no other. Object stores compare and replace in one step;
/// with a folder, somebody who does not hold the lock may come between the two, so that it is looked at again.
fn write_timestamp(stage: &Stage, storage: &dyn Storage, path: &str, bytes: &[u8]) -> Result<()> {
    let there = storage.get(path)?;
    let hash = there.as_ref().map(|stored| sha256(&stored.bytes));
    let expected = stage.base.get("timestamp").map(|bytes| sha256(bytes));
    let written = match there {
        Some(stored) if stored.bytes == bytes => true,
        Some(stored) if hash == expected => storage.replace(path, bytes, stored.tag.as_ref())?,
        None if expected.is_none() => storage.create(path, bytes)?,
        _ => false,
    };
    // A write that was sent again after its answer was lost fails though it happened.
    let after = storage.get(path)?.map(|stored| stored.bytes);
    if after.as_deref() == Some(bytes) {
        return Ok(());
    }
    let message = if written {
        "somebody else published at the same time and wrote over it; look at what is published now with `edgerail publish status --history`, and make the change anew"
    } else {
        "somebody else published at the same time; make the change anew from what is published now"
    };
    Err(Error::new("publish_conflict", path, message))
}

/// The one right to write. Whoever has it is known by the bytes of the file.
struct Lock<'s> {
    storage: &'s dyn Storage,
    content: Vec<u8>,
}

impl<'s> Lock<'s> {
    fn take(storage: &'s dyn Storage, options: PushOptions) -> Result<Lock<'s>> {
        let (since, holder) = (rfc3339(options.now), random_hex::<16>()?);
        let content = format!("{{\"holder\":\"{holder}\",\"since\":\"{since}\"}}").into_bytes();
        if options.break_lock {
            storage.remove(LOCK)?;
        }
        if storage.create(LOCK, &content)? {
            return Ok(Lock { storage, content });
        }
        let there = storage.get(LOCK)?.map(|stored| stored.bytes);
        let there: Option<Value> = there.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        let since = there.and_then(|lock| lock["since"].as_str().map(str::to_owned));
        // Whoever can write the file could have us print anything.
        let since = since.filter(|since| since.parse::<jiff::Timestamp>().is_ok());
        let since = since.map_or(String::new(), |since| format!(" since {since}"));
        let message = format!(
            "somebody is publishing{since}, or a publication was interrupted; if you know that nobody is, give --break-lock"
        );
        Err(Lock::conflict(storage, &message))
    }

    fn conflict(storage: &dyn Storage, message: &str) -> Error {
        let place = format!("{}/{LOCK}", storage.place());
        Error::new("publish_conflict", place, message)
    }

    fn is_held(&self) -> Result<bool> {
        let there = self.storage.get(LOCK)?;
        Ok(there.is_some_and(|stored| stored.bytes == self.content))
    }

    /// Refuses to go on if somebody has broken the lock.
    fn hold(&self) -> Result<()> {
        if self.is_held()? {
            return Ok(());
        }
        let message = "somebody else has broken the lock and may be publishing; clients still read what was published before. Make the change anew from what is published now";
        Err(Lock::conflict(self.storage, message))
    }

    /// Gives it back, unless it is somebody else's by now.
    fn release(self) -> Result<()> {
        if self.is_held()? {
            self.storage.remove(LOCK)?;
        }
        Ok(())
    }
}
