//! Publishing a staged change: the last checks, and the writes in an order in which a client that reads at any
//! moment sees a consistent repository.

use std::collections::BTreeMap;

use crate::accept::accept;
use crate::document::Document;
use crate::error::{Error, Result};
use crate::keys::Signer;
use crate::renew::free_version;
use crate::repository::Repository;
use crate::stage::{Missing, Stage};
use crate::storage::Storage;
use crate::text::{count, rfc3339, sha256};

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
    let published = publish(stage, storage, signers, options.now);
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
    write(stage, storage, &files)
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

fn write(stage: &Stage, storage: &dyn Storage, files: &BTreeMap<String, Vec<u8>>) -> Result<()> {
    let mut paths: Vec<&String> = files.keys().collect();
    paths.sort_by_key(|path| order(path));
    for path in paths {
        let bytes = files.get(path).map(Vec::as_slice).unwrap_or_default();
        if path == "metadata/timestamp.json" {
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
    if written {
        return Ok(());
    }
    let message =
        "somebody else published at the same time; make the change anew from what is published now";
    Err(Error::new("publish_conflict", path, message))
}

/// The one right to write.
struct Lock<'s>(&'s dyn Storage);

impl<'s> Lock<'s> {
    fn take(storage: &'s dyn Storage, options: PushOptions) -> Result<Lock<'s>> {
        let content = format!("{{\"since\":\"{}\"}}", rfc3339(options.now));
        if options.break_lock {
            storage.remove(LOCK)?;
        }
        if storage.create(LOCK, content.as_bytes())? {
            return Ok(Lock(storage));
        }
        let message = "somebody is publishing, or a publication was interrupted; if you know that nobody is, give --break-lock";
        Err(Error::new(
            "publish_conflict",
            format!("{}/{LOCK}", storage.place()),
            message,
        ))
    }

    fn release(self) -> Result<()> {
        self.0.remove(LOCK)
    }
}
