//! A disk in memory that can lose its power.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::sync::{Arc, Mutex};

use edgerail_sync::store::Disk;

/// What is done to a disk.
#[derive(Clone, Debug)]
pub(crate) enum Op {
    Write(String, Vec<u8>),
    Sync(String),
    Rename(String, String),
    SyncFolder(String),
    Remove(String),
}

/// What is left of that which was not made durable.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Loss {
    /// All of it is there.
    Nothing,
    /// None of it is: contents and names as at the last sync.
    Everything,
    /// Names are as they were last, contents that were not synced are cut in half.
    Torn,
    /// Names are as they were last, contents that were not synced are empty.
    Empty,
}

pub(crate) const LOSSES: [Loss; 4] = [Loss::Nothing, Loss::Everything, Loss::Torn, Loss::Empty];

pub(crate) type Tree = BTreeMap<String, Vec<u8>>;

#[derive(Debug, Default)]
struct Inner {
    /// What processes see.
    files: Tree,
    journal: Vec<Op>,
    locked: bool,
    /// Every write fails so, after as many that go well.
    fails: Option<(usize, ErrorKind)>,
    /// Files that begin so cannot be read.
    unreadable: String,
    /// No folder can be made.
    folderless: Option<ErrorKind>,
}

/// Clones are the same disk.
#[derive(Clone, Debug, Default)]
pub(crate) struct MemoryDisk {
    inner: Arc<Mutex<Inner>>,
}

impl MemoryDisk {
    pub(crate) fn with(files: Tree) -> MemoryDisk {
        let disk = MemoryDisk::default();
        disk.inner.lock().unwrap().files = files;
        disk
    }

    pub(crate) fn files(&self) -> Tree {
        self.inner.lock().unwrap().files.clone()
    }

    pub(crate) fn change(&self, change: impl FnOnce(&mut Tree)) {
        change(&mut self.inner.lock().unwrap().files);
    }

    pub(crate) fn journal(&self) -> Vec<Op> {
        self.inner.lock().unwrap().journal.clone()
    }

    pub(crate) fn fail(&self, fails: Option<ErrorKind>) {
        self.inner.lock().unwrap().fails = fails.map(|kind| (0, kind));
    }

    pub(crate) fn fail_after(&self, writes: usize, kind: ErrorKind) {
        self.inner.lock().unwrap().fails = Some((writes, kind));
    }

    /// Reading what begins so fails from now on; with nothing, all can be read.
    pub(crate) fn unreadable(&self, prefix: &str) {
        self.inner.lock().unwrap().unreadable = prefix.to_owned();
    }

    /// Making a folder fails so from now on.
    pub(crate) fn without_folders(&self, kind: Option<ErrorKind>) {
        self.inner.lock().unwrap().folderless = kind;
    }

    /// Takes over what was done to the disk that this one continues.
    pub(crate) fn adopt(&self, journal: &[Op]) {
        self.inner.lock().unwrap().journal = journal.to_vec();
    }

    pub(crate) fn unlock(&self) {
        self.inner.lock().unwrap().locked = false;
    }

    fn op(&self, op: Op) -> io::Result<()> {
        let mut inner = self.inner.lock().unwrap();
        if let (Some((left, kind)), true) = (&mut inner.fails, matches!(op, Op::Write(..))) {
            match left.checked_sub(1) {
                None => return Err((*kind).into()),
                Some(rest) => *left = rest,
            }
        }
        match &op {
            Op::Write(path, bytes) => {
                inner.files.insert(path.clone(), bytes.clone());
            }
            Op::Rename(from, to) => {
                let bytes = inner.files.remove(from).ok_or(ErrorKind::NotFound)?;
                inner.files.insert(to.clone(), bytes);
            }
            Op::Remove(path) => {
                inner.files.remove(path);
            }
            Op::Sync(_) | Op::SyncFolder(_) => {}
        }
        inner.journal.push(op);
        Ok(())
    }
}

fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// The disk after the power went before operation `count` of a journal that began on an empty disk.
pub(crate) fn after_power_loss(journal: &[Op], count: usize, loss: Loss) -> Tree {
    // Per name: the content now and whether it is durable. Names become durable with their folder.
    let mut now: BTreeMap<String, (Vec<u8>, bool)> = BTreeMap::new();
    let mut durable: Tree = BTreeMap::new();
    for op in &journal[..count] {
        match op {
            Op::Write(path, bytes) => {
                now.insert(path.clone(), (bytes.clone(), false));
            }
            Op::Sync(path) => now.get_mut(path).unwrap().1 = true,
            Op::Rename(from, to) => {
                let moved = now.remove(from).unwrap();
                now.insert(to.clone(), moved);
            }
            Op::Remove(path) => {
                now.remove(path);
            }
            Op::SyncFolder(of) => {
                durable.retain(|path, _| folder(path) != of);
                let named = now.iter().filter(|(path, _)| folder(path) == of);
                durable.extend(named.map(|(path, (bytes, synced))| {
                    (
                        path.clone(),
                        if *synced { bytes.clone() } else { Vec::new() },
                    )
                }));
            }
        }
    }
    let cut = |bytes: Vec<u8>, synced: bool| match loss {
        _ if synced => bytes,
        Loss::Torn => bytes[..bytes.len() / 2].to_vec(),
        Loss::Empty => Vec::new(),
        Loss::Nothing | Loss::Everything => bytes,
    };
    match loss {
        Loss::Everything => durable,
        _ => now
            .into_iter()
            .map(|(path, (bytes, synced))| (path, cut(bytes, synced)))
            .collect(),
    }
}

impl Disk for MemoryDisk {
    fn read(&self, path: &str, max: u64) -> io::Result<Option<Vec<u8>>> {
        let inner = self.inner.lock().unwrap();
        if !inner.unreadable.is_empty() && path.starts_with(&inner.unreadable) {
            return Err(io::Error::from_raw_os_error(5));
        }
        let bytes = inner.files.get(path).cloned();
        match bytes {
            Some(bytes) if bytes.len() as u64 > max => Err(ErrorKind::FileTooLarge.into()),
            bytes => Ok(bytes),
        }
    }

    fn write(&self, path: &str, bytes: &[u8]) -> io::Result<()> {
        self.op(Op::Write(path.to_owned(), bytes.to_vec()))
    }

    fn sync(&self, path: &str) -> io::Result<()> {
        self.op(Op::Sync(path.to_owned()))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.op(Op::Rename(from.to_owned(), to.to_owned()))
    }

    fn sync_folder(&self, folder: &str) -> io::Result<()> {
        self.op(Op::SyncFolder(folder.to_owned()))
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        self.op(Op::Remove(path.to_owned()))
    }

    fn make_folder(&self, _folder: &str) -> io::Result<()> {
        let inner = self.inner.lock().unwrap();
        if let Some(kind) = inner.folderless {
            return Err(kind.into());
        }
        match inner.fails {
            Some((_, kind @ (ErrorKind::ReadOnlyFilesystem | ErrorKind::PermissionDenied))) => {
                Err(kind.into())
            }
            _ => Ok(()),
        }
    }

    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        let inner = self.inner.lock().unwrap();
        let below = inner
            .files
            .keys()
            .filter_map(|path| path.strip_prefix(folder)?.strip_prefix('/'));
        Ok(below
            .filter(|name| !name.contains('/'))
            .map(str::to_owned)
            .collect())
    }

    fn lock(&self) -> io::Result<()> {
        let mut inner = self.inner.lock().unwrap();
        if inner.locked {
            return Err(ErrorKind::WouldBlock.into());
        }
        inner.locked = true;
        Ok(())
    }

    fn place(&self, path: &str) -> String {
        format!("disk/{path}")
    }
}
