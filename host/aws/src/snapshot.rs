//! The snapshot folder: every answer as the bytes that came, and an index that says what each is and its hash.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Component, Path, PathBuf};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use crate::client::Answer;
use crate::error::{Error, Kind};
use crate::operation::{Operation, Service, operation};
use crate::retry::rfc3339;

/// The index's file.
pub const INDEX: &str = "index.json";

/// The index's version.
const FORMAT: u32 = 1;

/// The longest answer or index that is read back, in bytes.
pub(crate) const FILE_BYTES: u64 = 64 << 20;

/// What the index says of an answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// The file, from the folder, with slashes.
    pub file: String,
    /// `bedrock` or `organizations`.
    pub service: String,
    /// The API's name of the operation.
    pub operation: String,
    /// The region that was asked; none for Organizations.
    pub region: Option<String>,
    /// The account that it is about, where known.
    pub account: Option<String>,
    /// The operation's input, by the API's names.
    pub input: Map<String, Value>,
    /// The HTTP status. What is not 200 is an answer too: that there is no such policy, for one.
    pub status: u16,
    /// SHA-256 of the file, in hex.
    pub sha256: String,
    /// When it came, RFC 3339.
    pub received: String,
}

#[derive(Debug, Serialize, Deserialize)]
struct Index {
    format: u32,
    pulled: String,
    answers: Vec<Entry>,
}

/// An answer and what is known of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// What the index says of it.
    pub entry: Entry,
    /// The bytes that came.
    pub bytes: Vec<u8>,
}

/// What tells answers apart: what was asked, where, and of which account.
type Key = (String, String, Option<String>, Option<String>, String);

impl Entry {
    fn key(&self) -> Key {
        let input = Value::Object(self.input.clone()).to_string();
        (
            self.service.clone(),
            self.operation.clone(),
            self.region.clone(),
            self.account.clone(),
            input,
        )
    }
}

/// Answers, in the order they were asked for.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    records: Vec<Record>,
    known: BTreeMap<Key, usize>,
    /// How many files each folder has.
    folders: BTreeMap<String, usize>,
}

/// What a snapshot says that the one before did not; files by their names, each list in order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Changes {
    /// Answers to what was not asked before.
    pub added: Vec<String>,
    /// Answers that are other bytes than before.
    pub changed: Vec<String>,
    /// Files of the old snapshot whose question was not asked again.
    pub removed: Vec<String>,
    /// How many answers are the bytes they were.
    pub same: usize,
}

impl Snapshot {
    /// The answers.
    #[must_use]
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// Takes an answer of AWS.
    pub(crate) fn add_answer(
        &mut self,
        answer: &Answer,
        account: Option<String>,
    ) -> Result<(), Error> {
        let call = &answer.call;
        self.add(Added {
            operation: call.operation,
            region: call.region.clone(),
            account,
            input: call.input.clone(),
            status: 200,
            received: rfc3339(answer.received),
            bytes: answer.bytes.clone(),
        })
    }

    /// Takes an answer; one that is here already is not taken twice.
    pub(crate) fn add(&mut self, added: Added) -> Result<(), Error> {
        let service = added.operation.service;
        let mut folder = service.name().to_owned();
        let regional = service != Service::Organizations;
        if regional {
            folder = format!("{folder}/{}", added.region);
        }
        folder = format!("{folder}/{}/", added.operation.command);
        let entry = Entry {
            file: String::new(),
            service: service.name().to_owned(),
            operation: added.operation.name.to_owned(),
            region: regional.then_some(added.region),
            account: added.account,
            input: added.input,
            status: added.status,
            sha256: sha256(&added.bytes),
            received: added.received,
        };
        let key = entry.key();
        let known = self
            .known
            .get(&key)
            .and_then(|known| self.records.get(*known));
        if let Some(known) = known {
            if known.entry.sha256 == entry.sha256 {
                return Ok(());
            }
            let message = format!(
                "there are two different answers to {} with the input {}; keep the newer one",
                key.1, key.4
            );
            return Err(Error::new(Kind::Snapshot, "the answers", message));
        }
        let number = self.folders.entry(folder.clone()).or_default();
        *number += 1;
        let entry = Entry {
            file: format!("{folder}{number}.json"),
            ..entry
        };
        self.known.insert(key, self.records.len());
        let bytes = added.bytes;
        self.records.push(Record { entry, bytes });
        Ok(())
    }

    /// Reads a snapshot folder back, and checks every file against the index.
    ///
    /// # Errors
    ///
    /// A folder or file that cannot be read, an index of another form, a file that is not what was stored.
    pub fn read(folder: &Path) -> Result<Snapshot, Error> {
        let index = read_index(folder)?;
        let mut snapshot = Snapshot::default();
        let mut files = BTreeSet::new();
        for entry in index.answers {
            let path = below(folder, &entry.file)?;
            let place = || path.display().to_string();
            if !files.insert(entry.file.clone()) {
                return Err(Error::new(
                    Kind::Snapshot,
                    place(),
                    "the index names the file twice",
                ));
            }
            let bytes = read_file(&path)?;
            if sha256(&bytes) != entry.sha256 {
                let message = "the file is not what was stored: its SHA-256 differs from the index; pull again";
                return Err(Error::new(Kind::Snapshot, place(), message));
            }
            if operation(&entry.operation).is_none_or(|o| o.service.name() != entry.service) {
                let message =
                    "the index names an operation that is not known; pull again with this version";
                return Err(Error::new(Kind::Snapshot, place(), message));
            }
            snapshot.records.push(Record { entry, bytes });
        }
        Ok(snapshot)
    }

    /// Writes the folder in one step, so that a reader sees the old snapshot or this one; an old one is replaced.
    ///
    /// # Errors
    ///
    /// What is there and is no snapshot stays; nothing is left behind of one that could not be written.
    pub fn write(&self, folder: &Path, now: SystemTime) -> Result<Changes, Error> {
        recover(folder)?;
        let exists = folder.symlink_metadata().is_ok();
        let old = if exists {
            old_entries(folder)?
        } else {
            Vec::new()
        };
        let staging = sibling(folder, "tmp")?;
        if let Some(parent) = staging
            .parent()
            .filter(|parent| !parent.as_os_str().is_empty())
        {
            fs::create_dir_all(parent).map_err(|error| Error::file(parent, &error))?;
        }
        let written = self
            .write_new(&staging, now)
            .and_then(|()| replace(folder, &staging, exists));
        if written.is_err() {
            // Whether there was anything to remove is not worth a second error.
            let _ = fs::remove_dir_all(&staging);
        }
        written.map(|()| self.changes(&old))
    }

    fn write_new(&self, folder: &Path, now: SystemTime) -> Result<(), Error> {
        fs::create_dir(folder).map_err(|error| Error::file(folder, &error))?;
        let mut folders = BTreeSet::from([folder.to_owned()]);
        for record in &self.records {
            let path = below(folder, &record.entry.file)?;
            let mut parent = path.parent();
            while let Some(own) = parent.filter(|own| own.starts_with(folder)) {
                folders.insert(own.to_owned());
                parent = own.parent();
            }
            if let Some(own) = path.parent() {
                fs::create_dir_all(own).map_err(|error| Error::file(own, &error))?;
            }
            write_file(&path, &record.bytes)?;
        }
        let index = Index {
            format: FORMAT,
            pulled: rfc3339(now),
            answers: self
                .records
                .iter()
                .map(|record| record.entry.clone())
                .collect(),
        };
        let path = folder.join(INDEX);
        let mut text = serde_json::to_vec_pretty(&index)
            .map_err(|error| Error::new(Kind::Snapshot, INDEX, error.to_string()))?;
        text.push(b'\n');
        write_file(&path, &text)?;
        folders.iter().try_for_each(|own| sync_folder(own))
    }

    fn changes(&self, old: &[Entry]) -> Changes {
        let before: BTreeMap<Key, &Entry> = old.iter().map(|entry| (entry.key(), entry)).collect();
        let mut changes = Changes::default();
        let mut asked = BTreeSet::new();
        for Record { entry, .. } in &self.records {
            let key = entry.key();
            match before.get(&key) {
                None => changes.added.push(entry.file.clone()),
                Some(known) if (&known.sha256, known.status) != (&entry.sha256, entry.status) => {
                    changes.changed.push(entry.file.clone());
                }
                Some(_) => changes.same += 1,
            }
            asked.insert(key);
        }
        let gone = old.iter().filter(|entry| !asked.contains(&entry.key()));
        changes.removed = gone.map(|entry| entry.file.clone()).collect();
        changes
    }
}

/// An answer to take.
pub(crate) struct Added {
    pub(crate) operation: &'static Operation,
    pub(crate) region: String,
    pub(crate) account: Option<String>,
    pub(crate) input: Map<String, Value>,
    pub(crate) status: u16,
    pub(crate) received: String,
    pub(crate) bytes: Vec<u8>,
}

/// Whether a folder is a snapshot already.
pub(crate) fn is_snapshot(folder: &Path) -> bool {
    folder.join(INDEX).is_file()
}

fn read_index(folder: &Path) -> Result<Index, Error> {
    let path = folder.join(INDEX);
    let bytes = read_file(&path)?;
    let place = || path.display().to_string();
    let index: Index = serde_json::from_slice(&bytes).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        let message = format!("is no index of a snapshot (line {line}, column {column})");
        Error::new(Kind::Snapshot, place(), message)
    })?;
    if index.format != FORMAT {
        let message = format!(
            "is of format {}; this version reads format {FORMAT}",
            index.format
        );
        return Err(Error::new(Kind::Snapshot, place(), message));
    }
    Ok(index)
}

/// The index of what is to be replaced. What somebody else put there is not ours to replace.
fn old_entries(folder: &Path) -> Result<Vec<Entry>, Error> {
    let place = || folder.display().to_string();
    if !folder.is_dir() {
        return Err(Error::new(
            Kind::Snapshot,
            place(),
            "is no folder; name another one",
        ));
    }
    if is_snapshot(folder) {
        return read_index(folder).map(|index| index.answers);
    }
    let mut entries = fs::read_dir(folder).map_err(|error| Error::file(folder, &error))?;
    if entries.next().is_some() {
        let message = "the folder holds something else than a snapshot; name an empty or new one";
        return Err(Error::new(Kind::Snapshot, place(), message));
    }
    Ok(Vec::new())
}

/// A path below the folder, of plain names only.
fn below(folder: &Path, file: &str) -> Result<PathBuf, Error> {
    let path = Path::new(file);
    let plain = |part: Component<'_>| matches!(part, Component::Normal(_));
    if file.is_empty() || !path.components().all(plain) || file == INDEX {
        let message = "the index names a file outside of the snapshot";
        return Err(Error::new(
            Kind::Snapshot,
            folder.display().to_string(),
            message,
        ));
    }
    Ok(folder.join(path))
}

/// A whole file, up to the cap.
pub(crate) fn read_file(path: &Path) -> Result<Vec<u8>, Error> {
    let failed = |error: io::Error| Error::file(path, &error);
    let mut bytes = Vec::new();
    // Opening a pipe would wait for somebody who writes to it.
    if !fs::metadata(path).map_err(failed)?.is_file() {
        let message = "is no plain file; an answer of AWS is one";
        let place = path.display().to_string();
        return Err(Error::new(Kind::Snapshot, place, message));
    }
    let file = File::open(path).map_err(failed)?;
    file.take(FILE_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > FILE_BYTES {
        let message = format!("is longer than {FILE_BYTES} bytes");
        return Err(Error::new(
            Kind::TooLarge,
            path.display().to_string(),
            message,
        ));
    }
    Ok(bytes)
}

fn write_file(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let failed = |error: io::Error| Error::file(path, &error);
    let file = OpenOptions::new().write(true).create_new(true).open(path);
    let mut file = file.map_err(failed)?;
    file.write_all(bytes).map_err(failed)?;
    file.sync_all().map_err(failed)
}

/// Names are durable once their folder is.
fn sync_folder(folder: &Path) -> Result<(), Error> {
    if cfg!(windows) {
        // Folders cannot be opened as files there.
        return Ok(());
    }
    let failed = |error: io::Error| Error::file(folder, &error);
    File::open(folder)
        .and_then(|file| file.sync_all())
        .map_err(failed)
}

/// `.NAME.PID.what` beside the folder.
fn sibling(folder: &Path, what: &str) -> Result<PathBuf, Error> {
    let mut name = OsString::from(".");
    name.push(own_name(folder)?);
    name.push(format!(".{}.{what}", std::process::id()));
    Ok(folder.with_file_name(name))
}

fn own_name(folder: &Path) -> Result<&std::ffi::OsStr, Error> {
    let message = "has no name of its own; name a folder to write";
    folder
        .file_name()
        .ok_or_else(|| Error::new(Kind::Snapshot, folder.display().to_string(), message))
}

fn replace(folder: &Path, staging: &Path, exists: bool) -> Result<(), Error> {
    let failed = |error: io::Error| Error::file(folder, &error);
    let parent = match folder.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    if !exists {
        fs::rename(staging, folder).map_err(failed)?;
        return sync_folder(parent);
    }
    if exchange(folder, staging).is_ok() {
        sync_folder(parent)?;
        return fs::remove_dir_all(staging).map_err(|error| Error::file(staging, &error));
    }
    // Two steps where a file system cannot exchange names: `recover` mends what ends between them.
    let aside = sibling(folder, "old")?;
    fs::rename(folder, &aside).map_err(failed)?;
    if let Err(error) = fs::rename(staging, folder) {
        let _ = fs::rename(&aside, folder);
        return Err(failed(error));
    }
    sync_folder(parent)?;
    fs::remove_dir_all(&aside).map_err(|error| Error::file(&aside, &error))
}

#[cfg(target_os = "linux")]
fn exchange(one: &Path, other: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    Ok(renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE)?)
}

#[cfg(not(target_os = "linux"))]
fn exchange(_: &Path, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Puts the old snapshot back that a run which was stopped between two renames had set aside.
fn recover(folder: &Path) -> Result<(), Error> {
    if folder.symlink_metadata().is_ok() {
        return Ok(());
    }
    let mut start = OsString::from(".");
    start.push(own_name(folder)?);
    start.push(".");
    let start = start.to_string_lossy().into_owned();
    let parent = match folder.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let Ok(entries) = fs::read_dir(parent) else {
        return Ok(());
    };
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let middle = name
            .strip_prefix(&start)
            .and_then(|rest| rest.strip_suffix(".old"));
        let ours =
            middle.is_some_and(|pid| !pid.is_empty() && pid.bytes().all(|b| b.is_ascii_digit()));
        if ours && is_snapshot(&entry.path()) {
            return fs::rename(entry.path(), folder).map_err(|error| Error::file(folder, &error));
        }
    }
    Ok(())
}

/// In hex.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(64);
    for byte in Sha256::digest(bytes) {
        use std::fmt::Write as _;
        let _ = write!(text, "{byte:02x}");
    }
    text
}
