//! Where a repository's files come from: a server, a folder, an exported repository.

mod folder;
mod http;
mod packed;

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use crate::error::Error;

pub use folder::Folder;
pub(crate) use folder::inside;
pub use http::{Http, HttpOptions};
pub use packed::Packed;

/// A future that a thread pool may move.
pub type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Which of a repository's two places a path is below.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Base {
    /// Signed documents.
    Metadata,
    /// What they list: bundles.
    Targets,
}

impl Base {
    /// The folder's usual name below a repository.
    #[must_use]
    pub const fn folder(self) -> &'static str {
        match self {
            Base::Metadata => "metadata",
            Base::Targets => "targets",
        }
    }
}

/// One file to get.
#[derive(Clone, Copy, Debug)]
pub struct Get<'a> {
    /// Below which place.
    pub base: Base,
    /// The path below it, as TUF names it.
    pub path: &'a str,
    /// More bytes than this are an error, found while they come.
    pub max_bytes: u64,
    /// The validator of what is here already.
    pub if_none_match: Option<&'a str>,
    /// How long the server may hold the answer back until there is something new.
    pub wait: Option<Duration>,
}

/// What came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The file.
    Body {
        /// All of its bytes.
        bytes: Vec<u8>,
        /// Its validator.
        etag: Option<String>,
        /// Whether the server says that it held the answer back as asked.
        waited: bool,
    },
    /// It is what is here already.
    NotModified {
        /// A newer validator for it.
        etag: Option<String>,
        /// Whether the server says that it held the answer back as asked.
        waited: bool,
    },
    /// There is no such file, or it is not to be seen: object stores answer 403 for what is not there.
    Absent,
}

/// Gets files. Implementations keep to [`Get::max_bytes`] while reading, end in bounded time, and follow no
/// redirect to another host. They check nothing else: what comes is not trusted.
pub trait Transport: Send + Sync {
    /// Gets one file.
    ///
    /// # Errors
    /// [`Error`] if there is neither a file nor the certainty that there is none.
    fn get<'a>(&'a self, get: Get<'a>) -> Boxed<'a, Result<Answer, Error>>;

    /// Names a file for messages.
    fn place(&self, base: Base, path: &str) -> String;
}

/// The transport for a repository at `address`: `http://…` or `https://…`, a folder (also as `file://…`), or a file
/// made by `edgerail repository export`. `metadata` and `targets` override where its two parts are; without
/// them they are subfolders of these names.
///
/// # Errors
/// [`Error`] `usage` if an address is of another kind or they are of different kinds, or if the file is no
/// exported repository.
pub fn open(
    address: Option<&str>,
    metadata: Option<&str>,
    targets: Option<&str>,
    options: &HttpOptions,
) -> Result<Box<dyn Transport>, Error> {
    let below = |base: Base| address.map(|address| join(address, base.folder()));
    let pick = |own: Option<&str>, base: Base| {
        own.map(str::to_owned)
            .or_else(|| below(base))
            .ok_or_else(|| {
                Error::new("usage", "the repository's address", "is not given")
                    .remedy_is("Give it, or the addresses of its metadata and of its targets.")
            })
    };
    if let (Some(file), None, None) = (address.and_then(local), metadata, targets)
        && file.is_file()
    {
        return Packed::read(&file).map(|packed| Box::new(packed) as Box<dyn Transport>);
    }
    let (metadata, targets) = (
        pick(metadata, Base::Metadata)?,
        pick(targets, Base::Targets)?,
    );
    match (local(&metadata), local(&targets)) {
        (Some(metadata), Some(targets)) => Ok(Box::new(Folder::new(metadata, targets))),
        (None, None) => {
            Http::new(&metadata, &targets, options).map(|http| Box::new(http) as Box<dyn Transport>)
        }
        _ => Err(Error::new(
            "usage",
            // Not the addresses: they may hold a password.
            "the addresses of metadata and targets",
            "one is a folder and the other is not",
        )
        .remedy_is("Give two folders or two addresses.")),
    }
}

fn join(address: &str, folder: &str) -> String {
    format!("{}/{folder}", address.trim_end_matches('/'))
}

/// The path, if the address is one of this machine.
fn local(address: &str) -> Option<std::path::PathBuf> {
    match address.split_once("://") {
        Some(("file", path)) => Some(path.into()),
        Some(_) => None,
        None => Some(address.into()),
    }
}
