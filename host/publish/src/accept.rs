//! Whether clients will accept a repository as it becomes: the client's own code says so, before a byte is written.

use std::collections::BTreeMap;

use edgerail_trust::{Answer, Client, Limits, Step};

use crate::document::Document;
use crate::error::{Error, Result};
use crate::repository::target_path;
use crate::stage::Stage;
use crate::storage::Storage;
use crate::text::hex;

const FIRST_ROOT: &str = "metadata/1.root.json";

/// A client with its stored files.
struct Reader<'r> {
    client: Client,
    stored: BTreeMap<String, Vec<u8>>,
    storage: &'r dyn Storage,
}

impl<'r> Reader<'r> {
    fn new(pin: &[u8], storage: &'r dyn Storage) -> Result<Reader<'r>> {
        let client = Client::new(pin, Limits::default()).map_err(|error| refused(&error))?;
        Ok(Reader {
            client,
            stored: BTreeMap::new(),
            storage,
        })
    }

    /// Drives what was begun to its end, with `files` over what is in the storage.
    fn drive(&mut self, files: &BTreeMap<String, Vec<u8>>) -> Result<()> {
        loop {
            match self.client.step().map_err(|error| refused(&error))? {
                Step::Done => return Ok(()),
                Step::Load { file } => match self.stored.get(&file) {
                    Some(bytes) => self.client.answer(Answer::Bytes(bytes)),
                    None => self.client.answer(Answer::Absent),
                },
                Step::Fetch { path, max_bytes } => {
                    let path = format!("metadata/{path}");
                    let bytes = match files.get(&path) {
                        Some(bytes) => Some(bytes.clone()),
                        None => self.storage.get(&path)?.map(|stored| stored.bytes),
                    };
                    match bytes {
                        None => self.client.answer(Answer::Absent),
                        Some(bytes) if longer(&bytes, max_bytes) => self.client.too_large(),
                        Some(bytes) => self.client.answer(Answer::Bytes(&bytes)),
                    }
                }
                Step::Store { file, bytes } => {
                    self.stored.insert(file, bytes);
                    self.client.answer(Answer::Done);
                }
                Step::Remove { file } => {
                    self.stored.remove(&file);
                    self.client.answer(Answer::Done);
                }
            }
        }
    }

    /// Updates, then finds and checks each of the new bundles.
    fn read(&mut self, files: &BTreeMap<String, Vec<u8>>, stage: &Stage, now: u64) -> Result<()> {
        self.client.refresh(Some(now));
        self.drive(files)?;
        for (name, path) in new_targets(stage) {
            self.client.find(&name);
            self.drive(files)?;
            let found = self.client.found();
            let bytes = files.get(&path);
            let (Some(found), Some(bytes)) = (found, bytes) else {
                let message = "no role in charge lists it; please report this";
                return Err(Error::new("not_accepted", name, message));
            };
            found.verify(bytes).map_err(|error| refused(&error))?;
            if format!("targets/{}", found.path(self.client.consistent())) != path {
                let message = format!(
                    "clients look for it at {}",
                    found.path(self.client.consistent())
                );
                return Err(Error::new("not_accepted", path, message));
            }
        }
        Ok(())
    }
}

fn longer(bytes: &[u8], most: u64) -> bool {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX) > most
}

fn refused(error: &edgerail_trust::Error) -> Error {
    let message = format!(
        "clients would refuse the result: {} ({})",
        error,
        error.code()
    );
    Error::new("not_accepted", "the repository", message)
}

/// The bundles that are published now, with their paths.
fn new_targets(stage: &Stage) -> Vec<(String, String)> {
    let listed = stage.documents.values().filter_map(Document::targets);
    let targets = listed.flat_map(|targets| &targets.targets);
    let paths = targets.map(|(name, target)| {
        let path = target_path(name.raw(), &hex(&target.hashes.sha256));
        (name.raw().to_owned(), path)
    });
    paths
        .filter(|(_, path)| stage.files.contains_key(path))
        .collect()
}

/// Reads the new repository as two clients do: one that has never been here and trusts the first root, and one that
/// has what is published now.
///
/// # Errors
/// `not_accepted` with the reason that clients would give.
pub(crate) fn accept(
    storage: &dyn Storage,
    files: &BTreeMap<String, Vec<u8>>,
    stage: &Stage,
    now: u64,
) -> Result<()> {
    let pin = match storage.get(FIRST_ROOT)? {
        Some(stored) => stored.bytes,
        None => files.get(FIRST_ROOT).cloned().ok_or_else(|| {
            Error::new(
                "not_accepted",
                FIRST_ROOT,
                "is neither published nor in the change",
            )
        })?,
    };
    Reader::new(&pin, storage)?.read(files, stage, now)?;
    let mut veteran = Reader::new(&pin, storage)?;
    veteran.client.refresh(Some(now));
    // What is published may have expired, or its publication may have been interrupted. Such a client has what it
    // verified up to there.
    if veteran.drive(&BTreeMap::new()).is_err() {
        veteran.client.abort();
    }
    veteran.read(files, stage, now)
}
