use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use super::{Answer, Base, Boxed, Get, Transport};
use crate::error::Error;

/// A repository in two folders.
#[derive(Clone, Debug)]
pub struct Folder {
    metadata: PathBuf,
    targets: PathBuf,
}

impl Folder {
    /// A repository whose metadata and targets are in these folders.
    pub fn new(metadata: impl Into<PathBuf>, targets: impl Into<PathBuf>) -> Folder {
        Folder {
            metadata: metadata.into(),
            targets: targets.into(),
        }
    }

    fn path(&self, base: Base, path: &str) -> PathBuf {
        match base {
            Base::Metadata => self.metadata.join(path),
            Base::Targets => self.targets.join(path),
        }
    }

    fn read(&self, get: Get<'_>) -> Result<Answer, Error> {
        let path = self.path(get.base, get.path);
        if !inside(get.path) {
            return Ok(Answer::Absent);
        }
        let wrong = |error: std::io::Error| {
            Error::network("unreachable", path.display().to_string(), error.to_string())
        };
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                // A folder that is not there at all is a mistake or a drive that is not mounted, and no proof
                // that a file is missing.
                return if path.parent().is_some_and(Path::is_dir) || get.base == Base::Targets {
                    Ok(Answer::Absent)
                } else {
                    let folder = path.parent().unwrap_or(&path).display().to_string();
                    let error = Error::network("unreachable", folder, "there is no such folder");
                    Err(error.remedy_is(
                        "Give the folder that has metadata/ and targets/ in it, and see that its drive is there.",
                    ))
                };
            }
            Err(error) => return Err(wrong(error)),
        };
        let mut bytes = Vec::new();
        file.take(get.max_bytes.saturating_add(1))
            .read_to_end(&mut bytes)
            .map_err(wrong)?;
        if super::http::longer(bytes.len(), get.max_bytes) {
            return Err(super::http::too_large(
                &path.display().to_string(),
                get.max_bytes,
            ));
        }
        Ok(Answer::Body {
            bytes,
            etag: None,
            waited: false,
        })
    }
}

/// Whether a path stays below the folder it is joined to.
pub(crate) fn inside(path: &str) -> bool {
    !path.is_empty()
        && !path.contains(['\\', '\0'])
        && path
            .split('/')
            .all(|part| !part.is_empty() && part != "." && part != "..")
}

impl Transport for Folder {
    fn get<'a>(&'a self, get: Get<'a>) -> Boxed<'a, Result<Answer, Error>> {
        // Small files of a local disk: shorter than handing them to another thread.
        Box::pin(std::future::ready(self.read(get)))
    }

    fn place(&self, base: Base, path: &str) -> String {
        self.path(base, path).display().to_string()
    }
}
