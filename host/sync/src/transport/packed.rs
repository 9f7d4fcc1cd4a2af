use std::path::Path;

use super::{Answer, Base, Boxed, Get, Transport};
use crate::archive::Archive;
use crate::error::Error;

/// A repository in one file.
#[derive(Clone, Debug)]
pub struct Packed {
    archive: Archive,
    place: String,
}

impl Packed {
    /// The repository in an archive; `place` names it in messages.
    pub fn new(archive: Archive, place: impl Into<String>) -> Packed {
        Packed {
            archive,
            place: place.into(),
        }
    }

    /// Opens the file.
    ///
    /// # Errors
    /// [`Error`] if it cannot be read or is no exported repository.
    pub fn read(path: &Path) -> Result<Packed, Error> {
        let archive = Archive::open(path)?;
        Ok(Packed::new(archive, path.display().to_string()))
    }

    fn answer(&self, get: Get<'_>) -> Result<Answer, Error> {
        let Some(bytes) = self.archive.get(get.base, get.path) else {
            return Ok(Answer::Absent);
        };
        if super::http::longer(bytes.len(), get.max_bytes) {
            let place = self.place(get.base, get.path);
            return Err(super::http::too_large(&place, get.max_bytes));
        }
        Ok(Answer::Body {
            bytes: bytes.to_vec(),
            etag: None,
            waited: false,
        })
    }
}

impl Transport for Packed {
    fn get<'a>(&'a self, get: Get<'a>) -> Boxed<'a, Result<Answer, Error>> {
        Box::pin(std::future::ready(self.answer(get)))
    }

    fn place(&self, base: Base, path: &str) -> String {
        format!("{}: {}/{path}", self.place, base.folder())
    }
}
