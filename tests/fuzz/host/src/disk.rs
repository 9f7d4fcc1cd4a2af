//! A disk in memory, and a repository that is made from seeds.

use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::{Arc, LazyLock, Mutex};
use std::task::{Context, Poll, Waker};

use edgerail_sync::archive::{Archive, Builder};
use edgerail_sync::store::Disk;
use edgerail_sync::transport::Base;
use edgerail_trust::testing::{Repository, Signer};

use crate::files::Files;

/// The target of the repository.
pub(crate) const TARGET: &str = "aws~o-exampleorgid~r-ab12~us-east-1.bundle";

/// What the repository lists.
pub(crate) const BUNDLE: &[u8] = b"a bundle that a loader of tests takes";

const CUSTOM: &str = r#"{"version":3,"audience":"server","engine_abi":1,"scope":"aws~o-exampleorgid~r-ab12~us-east-1"}"#;

/// A repository with the bundle, a delegated role and a rotated root.
pub(crate) static REPOSITORY: LazyLock<Repository> = LazyLock::new(|| {
    let mut repository = Repository::new(1);
    repository.delegate("targets", "role", Signer::ed25519(9), &["b*"]);
    repository.target("targets", TARGET, BUNDLE, Some(CUSTOM));
    repository.target("role", "b.bundle", b"another", None);
    let old = repository.roles["root"].keys.clone();
    repository.rotate("root", Signer::ed25519(10));
    repository.role("root").signers.extend(old);
    repository.publish(&["root", "role", "targets", "snapshot", "timestamp"]);
    repository
});

/// The repository in one file.
pub(crate) fn packed() -> Vec<u8> {
    let mut builder = Builder::default();
    for (path, bytes) in &REPOSITORY.files {
        builder.add(Base::Metadata, path, bytes.clone());
    }
    // The repository has every target under the names of both hashes and its own; one is what clients ask for.
    let asked = |path: &str| path.find('.') == Some(64);
    for (path, bytes) in REPOSITORY.contents.iter().filter(|(path, _)| asked(path)) {
        builder.add(Base::Targets, path, bytes.clone());
    }
    builder.finish()
}

/// The same, read.
pub(crate) static PACKED: LazyLock<Archive> =
    LazyLock::new(|| Archive::read(packed().into()).expect("our own archive"));

/// Runs what waits for nothing.
pub(crate) fn now<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    match future
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()))
    {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("it waits for something"),
    }
}

/// Clones are of the same disk.
#[derive(Clone, Default)]
pub(crate) struct Memory {
    pub(crate) files: Arc<Mutex<Files>>,
}

impl Memory {
    pub(crate) fn of(files: Files) -> Memory {
        Memory {
            files: Arc::new(Mutex::new(files)),
        }
    }

    pub(crate) fn all(&self) -> Files {
        self.files.lock().expect("no panic before").clone()
    }

    fn with<T>(&self, use_it: impl FnOnce(&mut Files) -> T) -> T {
        use_it(&mut self.files.lock().expect("no panic before"))
    }
}

impl Disk for Memory {
    fn read(&self, path: &str, max: u64) -> io::Result<Option<Vec<u8>>> {
        let bytes = self.with(|files| files.get(path).cloned());
        let longer = |bytes: &Vec<u8>| u64::try_from(bytes.len()).map_or(true, |len| len > max);
        if bytes.as_ref().is_some_and(longer) {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        Ok(bytes)
    }

    fn write(&self, path: &str, bytes: &[u8]) -> io::Result<()> {
        self.with(|files| files.insert(path.to_owned(), bytes.to_vec()));
        Ok(())
    }

    fn sync(&self, _path: &str) -> io::Result<()> {
        Ok(())
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.with(|files| {
            let bytes = files.remove(from).ok_or(io::ErrorKind::NotFound)?;
            files.insert(to.to_owned(), bytes);
            Ok(())
        })
    }

    fn sync_folder(&self, _folder: &str) -> io::Result<()> {
        Ok(())
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        self.with(|files| files.remove(path));
        Ok(())
    }

    fn make_folder(&self, _folder: &str) -> io::Result<()> {
        Ok(())
    }

    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        let name = |path: &String| {
            let rest = path.strip_prefix(folder)?.strip_prefix('/')?;
            (!rest.contains('/')).then(|| rest.to_owned())
        };
        Ok(self.with(|files| files.keys().filter_map(name).collect()))
    }

    fn lock(&self) -> io::Result<()> {
        Ok(())
    }

    fn place(&self, path: &str) -> String {
        format!("memory: {path}")
    }
}
