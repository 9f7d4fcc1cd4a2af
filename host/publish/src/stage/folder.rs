//! A stage as a folder that can be carried from machine to machine.
//!
//! `stage.json` says which files belong to it and their hashes; `base` holds the metadata it comes after
//! and the bundles that the new ones are compared with, `metadata` the new documents, `targets` and `records` the new files.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::Stage;
use crate::document::Document;
use crate::error::{Error, Result};
use crate::text::sha256;

/// No file of a stage is larger.
const FILE_BYTES: u64 = 64 << 20;

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
        let manifest = read(folder, MANIFEST)?;
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
            let bytes = read_hashed(folder, &base_path(&role), &hash)?;
            stage.base.insert(role, bytes);
        }
        for (role, path) in manifest.documents {
            let document = Document::parse(&role, &path, &read(folder, &path)?)?;
            stage.documents.insert(role, document);
        }
        for (path, hash) in manifest.files {
            let bytes = read_hashed(folder, &path, &hash)?;
            stage.files.insert(path, bytes);
        }
        for (path, hash) in manifest.previous {
            let bytes = read_hashed(folder, &format!("base/{path}"), &hash)?;
            stage.previous.insert(path, bytes);
        }
        Ok(stage)
    }
}

/// A path of the stage below the folder; a list from elsewhere must not lead out of it.
fn below(folder: &Path, path: &str) -> Result<PathBuf> {
    let parts = Path::new(path).components();
    let mut inside = parts.map(|part| matches!(part, Component::Normal(_)));
    if path.is_empty() || !inside.all(|inside| inside) {
        return Err(Error::new("tampered", path, "is no path inside the stage"));
    }
    Ok(folder.join(path))
}

fn read(folder: &Path, path: &str) -> Result<Vec<u8>> {
    let path = below(folder, path)?;
    let size = std::fs::metadata(&path)
        .map_err(|error| failed(&path, &error))?
        .len();
    if size > FILE_BYTES {
        let message = "is larger than any file of a stage";
        return Err(Error::new("stage", path.display().to_string(), message));
    }
    std::fs::read(&path).map_err(|error| failed(&path, &error))
}

fn read_hashed(folder: &Path, path: &str, hash: &str) -> Result<Vec<u8>> {
    let bytes = read(folder, path)?;
    if sha256(&bytes) != *hash {
        let message =
            "is not the file that the stage lists; make the change anew and ask who had it last";
        return Err(Error::new("tampered", path, message));
    }
    Ok(bytes)
}

fn write(folder: &Path, path: &str, bytes: &[u8]) -> Result<()> {
    let path = below(folder, path)?;
    let parent = path.parent().unwrap_or(folder);
    std::fs::create_dir_all(parent).map_err(|error| failed(parent, &error))?;
    std::fs::write(&path, bytes).map_err(|error| failed(&path, &error))
}
