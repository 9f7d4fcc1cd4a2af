//! A repository's metadata in memory, as the TUF client stores it: what is carried over a gap, or only looked at.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::driver::Files;
use crate::error::Error;
use crate::evidence::metadata_path;
use crate::store::Disk;

/// The TUF client's files, in memory.
#[derive(Default)]
pub(crate) struct Memory {
    pub(crate) now: BTreeMap<String, Arc<[u8]>>,
    /// What the client stored.
    pub(crate) stored: BTreeSet<String>,
}

impl Memory {
    /// What a repository's folder holds, as if a client had stored it: what is imported must not be older.
    pub(crate) fn of_repository(folder: &dyn Disk) -> Result<Memory, Error> {
        let mut memory = Memory::default();
        let mut newest: BTreeMap<String, u64> = BTreeMap::new();
        let wrong = |error: std::io::Error| {
            Error::new("state_read", folder.place("metadata"), error.to_string())
        };
        for path in folder.list("metadata").map_err(wrong)? {
            let numbered = path
                .split_once('.')
                .and_then(|(number, file)| Some((number.parse::<u64>().ok()?, file.to_owned())));
            let (number, file) = match numbered {
                Some((_, file)) if file == "root.json" => (0, format!("root_history/{path}")),
                Some((number, file)) => (number, file),
                None => (0, path.clone()),
            };
            let known = newest.get(&file).is_some_and(|known| *known > number);
            let whole = folder.read(&format!("metadata/{path}"), crate::store::METADATA_BYTES);
            if let (false, Some(bytes)) = (known, whole.map_err(wrong)?) {
                newest.insert(file.clone(), number);
                memory.now.insert(file, bytes.into());
            }
        }
        Ok(memory)
    }

    /// All files, by their names in a repository.
    pub(crate) fn named(&self, consistent: bool) -> Vec<(String, Arc<[u8]>)> {
        let files = self
            .now
            .iter()
            .filter(|(file, _)| file.as_str() != "root.json");
        let named = files.map(|(file, bytes)| {
            let name = match file.strip_prefix("root_history/") {
                Some(root) => root.to_owned(),
                None => metadata_path(file, bytes, consistent),
            };
            (name, Arc::clone(bytes))
        });
        named.collect()
    }

    /// The files that the client stored, by their names in a repository.
    pub(crate) fn written(&self, consistent: bool) -> Vec<(String, Arc<[u8]>)> {
        let now = self
            .now
            .iter()
            .filter(|(file, _)| self.stored.contains(*file));
        let now = now.map(|(file, bytes)| (file.clone(), Arc::clone(bytes)));
        let stored = Memory {
            now: now.collect(),
            stored: BTreeSet::new(),
        };
        stored.named(consistent)
    }
}

impl Files for Memory {
    fn load(&self, file: &str) -> Result<Option<Vec<u8>>, Error> {
        Ok(self.now.get(file).map(|bytes| bytes.to_vec()))
    }

    fn store(&mut self, file: &str, bytes: &[u8]) -> Result<(), Error> {
        self.now.insert(file.to_owned(), bytes.into());
        self.stored.insert(file.to_owned());
        Ok(())
    }

    fn remove(&mut self, file: &str) -> Result<(), Error> {
        self.now.remove(file);
        Ok(())
    }

    fn place(&self, file: &str) -> String {
        file.to_owned()
    }
}
