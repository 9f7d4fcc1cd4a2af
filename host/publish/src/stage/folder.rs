//! A stage as a folder that can be carried from machine to machine.
//!
//! `stage.json` says which files belong to it and their hashes; `base` holds the metadata it comes after
//! and the bundles that the new ones are compared with, `metadata` the new documents, `targets` and `records` the new files.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::Stage;
use crate::document::Document;
use crate::error::{Error, Result};
use crate::text::sha256;

/// No file of a stage is larger.
const FILE_BYTES: u64 = 64 << 20;

/// All files of a stage together are not larger: as much as an exported repository may be.
const STAGE_BYTES: u64 = 1 << 30;

#[derive(Serialize, Deserialize)]
struct Manifest {
    format: u32,
    base: BTreeMap<String, String>,
    documents: BTreeMap<String, String>,
    files: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    previous: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    snapshot: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timestamp: Option<u64>,
}

const MANIFEST: &str = "stage.json";

fn failed(path: &Path, error: &std::io::Error) -> Error {
    let code = match error.kind() {
        std::io::ErrorKind::NotFound => "not_found",
        std::io::ErrorKind::AlreadyExists => "exists",
        _ => "input_output",
    };
    if code != "not_found" {
        return Error::new(code, path.display().to_string(), error.to_string());
    }
    // Without its list, it is no stage at all.
    let (place, message) = if path.ends_with(MANIFEST) {
        let message = "holds no staged change; give the folder that --stage made";
        (path.parent().unwrap_or(path), message)
    } else {
        let message = "there is no such file; have the folder of the change carried over whole, or make the change anew";
        (path, message)
    };
    Error::new(code, place.display().to_string(), message)
}

fn base_path(role: &str) -> String {
    format!("base/{role}.json")
}

impl Stage {
    /// Writes a new stage.
    ///
    /// # Errors
    /// `exists` if there is a stage in the folder, `input_output` for all else.
    pub fn create(&self, folder: &Path) -> Result<()> {
        if folder.join(MANIFEST).exists() {
            let message = "holds a change that is not published; publish it, or remove the folder to give it up";
            return Err(Error::new("exists", folder.display().to_string(), message));
        }
        self.save(folder)
    }

    /// Writes a stage over the one that was read from the folder: the files first, then the list of them.
    ///
    /// # Errors
    /// `input_output` naming the file.
    pub fn save(&self, folder: &Path) -> Result<()> {
        let mut manifest = Manifest {
            format: 1,
            base: BTreeMap::new(),
            documents: BTreeMap::new(),
            files: BTreeMap::new(),
            previous: BTreeMap::new(),
            snapshot: self.snapshot,
            timestamp: self.timestamp,
        };
        for (role, bytes) in &self.base {
            write(folder, &base_path(role), bytes)?;
            manifest.base.insert(role.clone(), sha256(bytes));
        }
        for (role, document) in &self.documents {
            let bytes = document.to_bytes()?;
            let path = format!("metadata/{}", document.file_name(role));
            write(folder, &path, &bytes)?;
            manifest.documents.insert(role.clone(), path);
        }
        for (path, bytes) in &self.files {
            write(folder, path, bytes)?;
            manifest.files.insert(path.clone(), sha256(bytes));
        }
        for (path, bytes) in &self.previous {
            write(folder, &format!("base/{path}"), bytes)?;
            manifest.previous.insert(path.clone(), sha256(bytes));
        }
        let json = serde_json::to_vec_pretty(&manifest)
            .map_err(|error| Error::new("stage", MANIFEST, error.to_string()))?;
        write(folder, MANIFEST, &json)
    }

    /// Reads a stage.
    ///
    /// # Errors
    /// `not_found` if there is none, `stage` or `metadata` if its files cannot be read, `tampered` if they are not
    /// the files of its list.
    pub fn read(folder: &Path) -> Result<Stage> {
        let mut files = Reader::new(folder);
        let manifest = files.read(MANIFEST)?;
        let manifest: Manifest = serde_json::from_slice(&manifest)
            .map_err(|error| Error::new("stage", MANIFEST, format!("cannot be read: {error}")))?;
        if manifest.format != 1 {
            let message =
                "is of another version of this program; sign and publish it with that one";
            return Err(Error::new("stage", MANIFEST, message));
        }
        let mut stage = Stage {
            snapshot: manifest.snapshot,
            timestamp: manifest.timestamp,
            ..Stage::default()
        };
        for (role, hash) in manifest.base {
            let bytes = files.read_hashed(&base_path(&role), &hash)?;
            stage.base.insert(role, bytes);
        }
        for (role, path) in manifest.documents {
            let document = Document::parse(&role, &path, &files.read(&path)?)?;
            stage.documents.insert(role, document);
        }
        for (path, hash) in manifest.files {
            let bytes = files.read_hashed(&path, &hash)?;
            stage.files.insert(path, bytes);
        }
        for (path, hash) in manifest.previous {
            let bytes = files.read_hashed(&format!("base/{path}"), &hash)?;
            stage.previous.insert(path, bytes);
        }
        Ok(stage)
    }
}

/// A path of the stage below the folder. Neither a list from elsewhere nor a link that came with it may lead out of it:
/// what is signed is written back.
fn below(folder: &Path, path: &str) -> Result<PathBuf> {
    let refused = |why| Err(Error::new("tampered", path, why));
    let mut whole = folder.to_owned();
    for part in path.split('/') {
        if part.is_empty() || matches!(part, "." | "..") || part.contains(['\\', ':', '\0']) {
            return refused("is no path inside the stage");
        }
        whole.push(part);
        let is_link = whole
            .symlink_metadata()
            .is_ok_and(|meta| meta.file_type().is_symlink());
        if is_link {
            return refused("is a link, and a stage has none; make the change anew");
        }
    }
    Ok(whole)
}

/// The files of a stage, which are not trusted: neither that they end, nor how many there are.
struct Reader<'f> {
    folder: &'f Path,
    /// How many bytes there may be yet.
    left: u64,
}

impl Reader<'_> {
    const fn new(folder: &Path) -> Reader<'_> {
        let left = STAGE_BYTES;
        Reader { folder, left }
    }

    fn read(&mut self, path: &str) -> Result<Vec<u8>> {
        let whole = below(self.folder, path)?;
        let place = || whole.display().to_string();
        let meta = whole.metadata().map_err(|error| failed(&whole, &error))?;
        if !meta.is_file() {
            let message = "is no plain file, and a stage has no others; make the change anew";
            return Err(Error::new("tampered", place(), message));
        }
        let most = FILE_BYTES.min(self.left);
        let mut bytes = Vec::new();
        File::open(&whole)
            .and_then(|file| file.take(most.saturating_add(1)).read_to_end(&mut bytes))
            .map_err(|error| failed(&whole, &error))?;
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        if length > most {
            let message = "is larger than any file of a stage, or makes the stage larger than any";
            return Err(Error::new("stage", place(), message));
        }
        self.left = self.left.saturating_sub(length);
        Ok(bytes)
    }

    fn read_hashed(&mut self, path: &str, hash: &str) -> Result<Vec<u8>> {
        let bytes = self.read(path)?;
        if sha256(&bytes) != *hash {
            let message = "is not the file that the stage lists; make the change anew and ask who had it last";
            return Err(Error::new("tampered", path, message));
        }
        Ok(bytes)
    }
}

fn write(folder: &Path, path: &str, bytes: &[u8]) -> Result<()> {
    let path = below(folder, path)?;
    let parent = path.parent().unwrap_or(folder);
    std::fs::create_dir_all(parent).map_err(|error| failed(parent, &error))?;
    std::fs::write(&path, bytes).map_err(|error| failed(&path, &error))
}
