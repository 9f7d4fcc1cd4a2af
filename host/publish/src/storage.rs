//! Where a repository is: a folder or an object store.

use std::path::PathBuf;

use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _, PutMode, PutOptions, UpdateVersion};
use tokio::runtime::Runtime;

use crate::error::{Error, Result};

/// No file of a repository is larger: bundles have 8 MiB at most, metadata less.
const FILE_BYTES: u64 = 64 << 20;

/// What a place can be.
const REMEDY: &str = "give a folder, file:///FOLDER, s3://BUCKET/PREFIX, gs://BUCKET/PREFIX or az://CONTAINER/PREFIX; region, endpoint and credentials come from the variables of the store's own tools";

/// A file with what a conditional write needs.
#[derive(Clone, Debug, Default)]
pub struct Stored {
    /// The content.
    pub bytes: Vec<u8>,
    /// What a store calls this version of the file.
    pub tag: Option<Tag>,
}

/// What a store calls a version of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    e_tag: Option<String>,
    version: Option<String>,
}

/// Files by path: what publishing needs of a folder or an object store.
pub trait Storage {
    /// Where it is, for messages.
    fn place(&self) -> String;

    /// A whole file; `None` if there is none.
    ///
    /// # Errors
    /// `storage` with what the store says.
    fn get(&self, path: &str) -> Result<Option<Stored>>;

    /// The paths of the files in a folder of the repository, in any order; none if it is not there.
    ///
    /// # Errors
    /// `storage` with what the store says.
    fn list(&self, folder: &str) -> Result<Vec<String>>;

    /// Writes a file that does not exist; `false` if one does.
    ///
    /// # Errors
    /// `storage` with what the store says.
    fn create(&self, path: &str, bytes: &[u8]) -> Result<bool>;

    /// Replaces a file, if it still is the version of the tag where the store can tell; `false` if it is not.
    ///
    /// # Errors
    /// `storage` with what the store says.
    fn replace(&self, path: &str, bytes: &[u8], tag: Option<&Tag>) -> Result<bool>;

    /// Removes a file; that there is none is no error.
    ///
    /// # Errors
    /// `storage` with what the store says.
    fn remove(&self, path: &str) -> Result<()>;
}

/// A folder, or an object store: S3, Google Cloud Storage, Azure, memory.
#[derive(Debug)]
pub struct Store {
    store: Box<dyn ObjectStore>,
    prefix: Path,
    place: String,
    runtime: Runtime,
    /// Folders have no conditional replacement.
    conditional: bool,
}

impl Store {
    /// Opens a folder (made if it is not there) or a URL: `file:///srv/tuf`, `s3://bucket/prefix`,
    /// `gs://bucket/prefix`, `az://container/prefix`, `memory:///`. Credentials and regions come from the
    /// variables that the store's own tools have.
    ///
    /// # Errors
    /// `repository` if it is no URL of a store that this build knows, `storage` if the folder cannot be made.
    pub fn open(place: &str) -> Result<Store> {
        if !place.contains("://") {
            return Store::folder(PathBuf::from(place));
        }
        let wrong = |why: &str| Error::new("repository", place, format!("{why}; {REMEDY}"));
        let url = place.parse().map_err(|_| wrong("is no URL"))?;
        if let Some(path) = place.strip_prefix("file://") {
            return Store::folder(PathBuf::from(path));
        }
        let variables = std::env::vars_os().filter_map(|(name, value)| {
            let (name, value) = (name.into_string().ok()?, value.into_string().ok()?);
            Some((name.to_ascii_lowercase(), value))
        });
        let (store, prefix) =
            object_store::parse_url_opts(&url, variables).map_err(|error| match error {
                object_store::Error::Generic { store: "URL", .. } => {
                    wrong("names no store that is known")
                }
                object_store::Error::Generic {
                    store: "parse_url", ..
                } => wrong("names a store that this build cannot write"),
                error => wrong(&format!("cannot be opened: {error}")),
            })?;
        Store::new(store, prefix, place.to_owned(), true)
    }

    /// An empty store that is gone when the program ends.
    ///
    /// # Errors
    /// `storage` if no runtime can be made.
    pub fn memory() -> Result<Store> {
        Store::new(
            Box::new(InMemory::new()),
            Path::default(),
            "memory".to_owned(),
            true,
        )
    }

    fn folder(folder: PathBuf) -> Result<Store> {
        let place = folder.display().to_string();
        let wrong = |why: String| Error::new("storage", &place, why);
        std::fs::create_dir_all(&folder).map_err(|error| wrong(error.to_string()))?;
        let store = LocalFileSystem::new_with_prefix(&folder)
            .map_err(|error| wrong(error.to_string()))?
            .with_fsync(true);
        Store::new(Box::new(store), Path::default(), place, false)
    }

    fn new(
        store: Box<dyn ObjectStore>,
        prefix: Path,
        place: String,
        conditional: bool,
    ) -> Result<Store> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Error::new("storage", &place, error.to_string()))?;
        Ok(Store {
            store,
            prefix,
            place,
            runtime,
            conditional,
        })
    }

    fn path(&self, path: &str) -> Result<Path> {
        let whole = if self.prefix.as_ref().is_empty() {
            path.to_owned()
        } else {
            format!("{}/{path}", self.prefix)
        };
        // Not `from`, which would write a tilde as an escape.
        Path::parse(&whole).map_err(|error| Error::new("storage", whole, error.to_string()))
    }

    fn wrong(&self, path: &str, error: &object_store::Error) -> Error {
        Error::new(
            "storage",
            format!("{}/{path}", self.place),
            error.to_string(),
        )
    }

    fn put(
        &self,
        path: &str,
        bytes: &[u8],
        mode: PutMode,
    ) -> Result<core::result::Result<(), object_store::Error>> {
        let (location, payload) = (self.path(path)?, bytes.to_vec().into());
        let options = PutOptions::from(mode);
        let put = self.store.put_opts(&location, payload, options);
        Ok(self.runtime.block_on(put).map(drop))
    }
}

impl Storage for Store {
    fn place(&self) -> String {
        self.place.clone()
    }

    fn get(&self, path: &str) -> Result<Option<Stored>> {
        let location = self.path(path)?;
        let read = async {
            let result = self.store.get(&location).await?;
            if result.meta.size > FILE_BYTES {
                return Ok(None);
            }
            let (e_tag, version) = (result.meta.e_tag.clone(), result.meta.version.clone());
            let bytes = result.bytes().await?.to_vec();
            let tag = Some(Tag { e_tag, version });
            Ok::<_, object_store::Error>(Some(Stored { bytes, tag }))
        };
        match self.runtime.block_on(read) {
            Ok(Some(stored)) => Ok(Some(stored)),
            Ok(None) => {
                let message = "is larger than any file of a repository";
                Err(Error::new(
                    "storage",
                    format!("{}/{path}", self.place),
                    message,
                ))
            }
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(self.wrong(path, &error)),
        }
    }

    fn list(&self, folder: &str) -> Result<Vec<String>> {
        let location = self.path(folder.trim_end_matches('/'))?;
        let listed = self.store.list_with_delimiter(Some(&location));
        let listed = match self.runtime.block_on(listed) {
            Ok(listed) => listed.objects,
            Err(object_store::Error::NotFound { .. }) => Vec::new(),
            Err(error) => return Err(self.wrong(folder, &error)),
        };
        let prefix = match self.prefix.as_ref() {
            "" => String::new(),
            prefix => format!("{prefix}/"),
        };
        let below = |path: &Path| path.as_ref().strip_prefix(&prefix).map(str::to_owned);
        Ok(listed
            .iter()
            .filter_map(|meta| below(&meta.location))
            .collect())
    }

    fn create(&self, path: &str, bytes: &[u8]) -> Result<bool> {
        match self.put(path, bytes, PutMode::Create)? {
            Ok(()) => Ok(true),
            Err(object_store::Error::AlreadyExists { .. }) => Ok(false),
            Err(error) => Err(self.wrong(path, &error)),
        }
    }

    fn replace(&self, path: &str, bytes: &[u8], tag: Option<&Tag>) -> Result<bool> {
        let mode = match tag.filter(|_| self.conditional) {
            None => PutMode::Overwrite,
            Some(tag) => PutMode::Update(UpdateVersion {
                e_tag: tag.e_tag.clone(),
                version: tag.version.clone(),
            }),
        };
        match self.put(path, bytes, mode)? {
            Ok(()) => Ok(true),
            Err(object_store::Error::Precondition { .. }) => Ok(false),
            Err(error) => Err(self.wrong(path, &error)),
        }
    }

    fn remove(&self, path: &str) -> Result<()> {
        let location = self.path(path)?;
        match self.runtime.block_on(self.store.delete(&location)) {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(self.wrong(path, &error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn both(test: &str) -> [Store; 2] {
        let folder =
            std::env::temp_dir().join(format!("edgerail-publish-{test}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        let folder = Store::open(&folder.display().to_string()).unwrap();
        [folder, Store::memory().unwrap()]
    }

    #[test]
    fn files_are_made_once_and_replaced_on_purpose() {
        for store in both("once") {
            let path = "targets/ab.aws~o-exampleorgid~us-east-1.bundle";
            assert!(store.get(path).unwrap().is_none());
            assert!(store.create(path, b"one").unwrap());
            assert!(!store.create(path, b"two").unwrap());
            let stored = store.get(path).unwrap().unwrap();
            assert_eq!(stored.bytes, b"one");
            assert!(store.replace(path, b"three", stored.tag.as_ref()).unwrap());
            if store.conditional {
                assert!(!store.replace(path, b"four", stored.tag.as_ref()).unwrap());
            }
            assert_eq!(store.get(path).unwrap().unwrap().bytes, b"three");
            store.remove(path).unwrap();
            store.remove(path).unwrap();
            assert!(store.get(path).unwrap().is_none());
        }
    }

    #[test]
    fn the_files_of_a_folder_are_listed_and_those_of_no_other() {
        for store in both("list") {
            assert_eq!(store.list("records").unwrap(), Vec::<String>::new());
            for path in [
                "records/b.json",
                "records/a~1.json",
                "recordsx/c.json",
                "d.json",
            ] {
                store.create(path, b"{}").unwrap();
            }
            for folder in ["records", "records/"] {
                let mut listed = store.list(folder).unwrap();
                listed.sort();
                assert_eq!(listed, ["records/a~1.json", "records/b.json"]);
            }
        }
    }

    #[test]
    fn a_folder_has_the_names_as_they_are() {
        let [store, _] = both("names");
        store.create("metadata/1.root.json", b"{}").unwrap();
        store.create("targets/a~b.bundle", b"x").unwrap();
        let folder = PathBuf::from(store.place());
        assert_eq!(
            std::fs::read(folder.join("targets/a~b.bundle")).unwrap(),
            b"x"
        );
        assert!(folder.join("metadata/1.root.json").is_file());
    }

    #[test]
    fn what_is_no_store_is_refused() {
        for place in [
            "ftp://example.com/x",
            "nonsense://",
            "s3:// /",
            "s4://bucket/x",
            "https://example.com/x",
        ] {
            let error = Store::open(place).unwrap_err();
            assert_eq!((error.code(), error.place()), ("repository", place));
            // What can be given is said, not what the library calls it.
            assert!(error.message().contains("s3://BUCKET/PREFIX"), "{error}");
            assert!(!error.message().contains("Generic"), "{error}");
        }
        let file =
            std::env::temp_dir().join(format!("edgerail-publish-file-{}", std::process::id()));
        std::fs::write(&file, "x").unwrap();
        let error = Store::open(&file.display().to_string()).unwrap_err();
        assert_eq!(error.code(), "storage");
    }
}
