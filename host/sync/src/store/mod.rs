//! What survives a restart: a folder with
//!
//! | file | content |
//! |---|---|
//! | `activation.a`, `activation.b` | the activation state, written in turns; the one with the higher number holds |
//! | `tuf/…` | metadata, each role as it was verified last |
//! | `tuf/root_history/N.root.json` | every root on the way from the pinned one |
//! | `lkg/SHA256.tar` | the active bundle with the metadata that lists it: an exported repository |
//! | `instance` | what tells this installation from others in a rollout |
//! | `status.json` | what the last check came to: `edgerail sync --status` shows it; nothing is decided by it |
//! | `lock` | held by the one process that writes here |
//!
//! The folder is a cache and not trusted: what it holds is verified from the pinned root at every start.

mod disk;

use std::io::ErrorKind;

use edgerail_trust::activation::Activation;
use edgerail_trust::text::to_hex;
use sha2::{Digest as _, Sha256};

pub(crate) use disk::Overlay;
pub use disk::{Disk, SystemDisk};

use crate::driver::Files;
use crate::error::Error;

/// A stored metadata file is never longer: TUF's largest limit is a third of it.
pub(crate) const METADATA_BYTES: u64 = 16 << 20;
/// A bundle of at most 8 MiB, its metadata and the root's history.
const LKG_BYTES: u64 = 64 << 20;
/// The activation state: 32 poisoned hashes are 4 KiB.
const STATE_BYTES: u64 = 1 << 20;

const SLOTS: [&str; 2] = ["activation.a", "activation.b"];
const MAGIC: &str = "edgerail-activation 1";

/// The folder, opened.
pub(crate) struct Store {
    disk: Box<dyn Disk>,
    /// The number of the newest state, and its slot.
    newest: (u64, usize),
    readonly: bool,
    corrupt: bool,
    /// Why the folder is not used as it is meant to be.
    trouble: Option<Error>,
}

impl Store {
    /// Opens the folder to write. One that cannot be made or written to is opened to read, with all changes in memory: a
    /// disk that is full or broken must not leave the application without its policy.
    pub(crate) fn open(disk: Box<dyn Disk>) -> Result<(Store, Activation), Error> {
        let folders = ["", "tuf", "tuf/root_history", "lkg"];
        let made = folders
            .iter()
            .try_for_each(|folder| disk.make_folder(folder));
        match made.and_then(|()| disk.lock()) {
            Ok(()) => Store::read(disk),
            Err(error) if error.kind() == ErrorKind::WouldBlock => Err(Error::new(
                "state_locked",
                disk.place(""),
                "another process keeps its state here",
            )),
            Err(error) if no_folder(disk.as_ref(), &error) => {
                Err(Error::new("state_write", disk.place(""), error.to_string())
                    .remedy_is("Give the path of a folder."))
            }
            Err(error) => {
                // What may well be so on purpose is reported as a state and not as an error.
                let trouble = Some(&error).filter(|error| !forbids(error.kind()));
                let trouble = trouble.map(|error| failed("state_write", &disk.place(""), error));
                let (store, state) = Store::look(disk)?;
                let store = Store {
                    readonly: true,
                    trouble: trouble.or(store.trouble),
                    ..store
                };
                Ok((store, state))
            }
        }
    }

    /// Opens the folder to look at it, although another process may be writing.
    pub(crate) fn look(disk: Box<dyn Disk>) -> Result<(Store, Activation), Error> {
        Store::read(Box::new(Overlay::new(disk)))
    }

    fn read(disk: Box<dyn Disk>) -> Result<(Store, Activation), Error> {
        let mut found: Option<(u64, usize, Activation)> = None;
        let mut damaged = false;
        let mut unreadable = None;
        for (slot, name) in SLOTS.iter().enumerate() {
            let bytes = match disk.read(name, STATE_BYTES) {
                Ok(None) => continue,
                Ok(Some(bytes)) => bytes,
                Err(error) if error.kind() == ErrorKind::FileTooLarge => Vec::new(),
                Err(error) => {
                    unreadable = Some(failed("state_read", &disk.place(name), &error));
                    continue;
                }
            };
            match unseal(&bytes) {
                None => damaged = true,
                Some((number, state)) => {
                    if found.as_ref().is_none_or(|(best, ..)| number > *best) {
                        found = Some((number, slot, state));
                    }
                }
            }
        }
        // One damaged slot beside a good one is a write that was interrupted; one that cannot be read may be the newer one.
        let corrupt = unreadable.is_some() || (damaged && found.is_none());
        // The state may be there when the disk is well again: nothing is written over it meanwhile. Beside a slot that
        // can be read, the next write replaces the other one, so that what it held cannot come back.
        let readonly = found.is_none() && unreadable.is_some();
        let disk: Box<dyn Disk> = match readonly {
            true => Box::new(Overlay::new(disk)),
            false => disk,
        };
        let (number, slot, state) = found.unwrap_or((0, 1, Activation::default()));
        let store = Store {
            disk,
            newest: (number, slot),
            readonly,
            corrupt,
            trouble: unreadable,
        };
        Ok((store, state))
    }

    /// Nothing that is stored now will be there after a restart.
    pub(crate) const fn is_readonly(&self) -> bool {
        self.readonly
    }

    /// A state was stored here and cannot be read.
    pub(crate) const fn is_corrupt(&self) -> bool {
        self.corrupt
    }

    /// What was wrong with the folder when it was opened.
    pub(crate) const fn trouble(&self) -> Option<&Error> {
        self.trouble.as_ref()
    }

    /// Stores the state; when this returns, it is on the disk.
    pub(crate) fn save(&mut self, state: &Activation) -> Result<(), Error> {
        let (number, slot) = (self.newest.0.saturating_add(1), 1 - self.newest.1);
        self.put(SLOTS[slot], &seal(number, &state.to_json()))?;
        self.newest = (number, slot);
        Ok(())
    }

    /// Forgets the newest state, so that the one before it holds: removing needs no room on a full disk.
    pub(crate) fn take_back(&mut self) {
        let (number, slot) = self.newest;
        let other = 1 - slot;
        let before = self.disk.read(SLOTS[other], STATE_BYTES).ok().flatten();
        let before = before.and_then(|bytes| unseal(&bytes));
        // Before the very first one there was none.
        let known = match before {
            None => number == 1,
            Some((older, _)) => older.saturating_add(1) == number,
        };
        if known && self.disk.remove(SLOTS[slot]).is_ok() {
            let _ = self.disk.sync_folder("");
            self.newest = (number - 1, other);
        }
    }

    /// The last-known-good bundle's file.
    pub(crate) fn bundle(&self, sha256: &str) -> Result<Option<Vec<u8>>, Error> {
        let path = bundle_path(sha256);
        self.get(&path, LKG_BYTES)
    }

    /// Stores a bundle's file.
    pub(crate) fn put_bundle(&self, sha256: &str, archive: &[u8]) -> Result<(), Error> {
        let path = bundle_path(sha256);
        // It could not be read back.
        if u64::try_from(archive.len()).map_or(true, |length| length > LKG_BYTES) {
            let message = format!(
                "the bundle and its metadata are longer than the {LKG_BYTES} bytes that are kept"
            );
            return Err(Error::new("too_large", self.disk.place(&path), message)
                .remedy_is("Publish smaller roles."));
        }
        self.put(&path, archive)
    }

    /// Removes all bundles but one. What cannot be removed does no harm.
    pub(crate) fn keep_bundle(&self, sha256: &str) {
        let keep = format!("{sha256}.tar");
        for name in self.disk.list("lkg").unwrap_or_default() {
            if name != keep {
                let _ = self.disk.remove(&format!("lkg/{name}"));
            }
        }
    }

    /// Stores a file; when this returns, it is on the disk.
    pub(crate) fn put(&self, path: &str, bytes: &[u8]) -> Result<(), Error> {
        put(self.disk.as_ref(), path, bytes)
    }

    /// Writes a file that may be lost.
    pub(crate) fn note(&self, path: &str, bytes: &[u8]) {
        let passing = format!("{path}.tmp");
        let written = self.disk.write(&passing, bytes);
        let _ = written.and_then(|()| self.disk.rename(&passing, path));
    }

    /// Reads what [`Store::note`] wrote, if it is there and can be read.
    pub(crate) fn read_note(&self, path: &str, max: u64) -> Option<Vec<u8>> {
        self.disk.read(path, max).ok().flatten()
    }

    fn get(&self, path: &str, max: u64) -> Result<Option<Vec<u8>>, Error> {
        match self.disk.read(path, max) {
            // Longer than anything we store: it is not ours.
            Err(error) if error.kind() == ErrorKind::FileTooLarge => Ok(None),
            Err(error) => Err(failed("state_read", &self.disk.place(path), &error)),
            Ok(bytes) => Ok(bytes),
        }
    }
}

/// The TUF client's files.
impl Files for Store {
    fn load(&self, file: &str) -> Result<Option<Vec<u8>>, Error> {
        self.get(&format!("tuf/{file}"), METADATA_BYTES)
    }

    fn store(&mut self, file: &str, bytes: &[u8]) -> Result<(), Error> {
        self.put(&format!("tuf/{file}"), bytes)
    }

    fn remove(&mut self, file: &str) -> Result<(), Error> {
        let path = format!("tuf/{file}");
        let removed = self
            .disk
            .remove(&path)
            .and_then(|()| self.disk.sync_folder("tuf"));
        removed.map_err(|error| failed("state_write", &self.disk.place(&path), &error))
    }

    fn place(&self, file: &str) -> String {
        self.disk.place(&format!("tuf/{file}"))
    }
}

/// Writes a file so that a reader, and whoever starts after a crash, finds the old one or the new one.
pub(crate) fn put(disk: &dyn Disk, path: &str, bytes: &[u8]) -> Result<(), Error> {
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let passing = format!("{path}.tmp");
    let written = disk
        .write(&passing, bytes)
        .and_then(|()| disk.sync(&passing))
        .and_then(|()| disk.rename(&passing, path))
        .and_then(|()| disk.sync_folder(folder));
    written.map_err(|error| failed("state_write", &disk.place(path), &error))
}

/// What tells this installation from others in a rollout: drawn once and kept beside the state. Where nothing can be
/// kept it is drawn anew at each start.
#[must_use]
pub fn instance(disk: &dyn Disk, environment: &dyn crate::Environment) -> String {
    let stored = disk.read("instance", STATE_BYTES).ok().flatten();
    let stored = stored.and_then(|bytes| String::from_utf8(bytes).ok());
    if let Some(known) = stored.map(|text| text.trim().to_owned())
        && known.len() == 32
    {
        return known;
    }
    let drawn = format!("{:016x}{:016x}", environment.random(), environment.random());
    let _ = disk
        .make_folder("")
        .map_err(|_| ())
        .and_then(|()| put(disk, "instance", format!("{drawn}\n").as_bytes()).map_err(|_| ()));
    drawn
}

fn bundle_path(sha256: &str) -> String {
    format!("lkg/{sha256}.tar")
}

/// A first line with a number and the hash of what follows: a file that was written in part, or of another
/// time, is told from a good one.
fn seal(number: u64, json: &str) -> Vec<u8> {
    let body = format!("{number}\n{json}\n");
    let hash = to_hex(&Sha256::digest(body.as_bytes()));
    format!("{MAGIC} {hash}\n{body}").into_bytes()
}

fn unseal(bytes: &[u8]) -> Option<(u64, Activation)> {
    let text = std::str::from_utf8(bytes).ok()?;
    let (first, body) = text.split_once('\n')?;
    let hash = first.strip_prefix(MAGIC)?.strip_prefix(' ')?;
    if hash != to_hex(&Sha256::digest(body.as_bytes())) {
        return None;
    }
    let (number, json) = body.split_once('\n')?;
    let state = Activation::read(json.as_bytes()).ok()?;
    Some((number.parse().ok()?, state))
}

/// SHA-256 in lower-case hexadecimal digits.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    to_hex(&Sha256::digest(bytes))
}

fn forbids(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem
    )
}

/// Whether something else is where the folder is to be: a mistake in the configuration.
fn no_folder(disk: &dyn Disk, error: &std::io::Error) -> bool {
    let kind = matches!(
        error.kind(),
        ErrorKind::AlreadyExists | ErrorKind::NotADirectory
    );
    kind && disk.make_folder("").is_err()
}

fn failed(code: &'static str, place: &str, error: &std::io::Error) -> Error {
    let remedy = match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            "Make room on the disk; what was stored before is still there."
        }
        kind if forbids(kind) => "Let this user read and write here, or give another folder.",
        _ => "Check the disk; what was stored before is still there.",
    };
    Error::new(code, place, error.to_string()).remedy_is(remedy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seal_tells_every_changed_or_cut_state() {
        let state = Activation {
            floor: 7,
            ..Activation::default()
        };
        let whole = seal(3, &state.to_json());
        assert_eq!(unseal(&whole), Some((3, state)));
        for cut in 0..whole.len() {
            assert_eq!(unseal(&whole[..cut]), None, "{cut}");
        }
        for at in 0..whole.len() {
            for bit in 0..8 {
                let mut changed = whole.clone();
                changed[at] ^= 1 << bit;
                assert_eq!(unseal(&changed), None, "byte {at}, bit {bit}");
            }
        }
    }
}
