//! The placeholder map of a conversation as a file.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use clap::ArgMatches;
use clap::parser::ValueSource;
use edgerail_core::Source;
use edgerail_core::decision::Mask;
use edgerail_core::reversible::{MAX_MAP_BYTES, Origin, Placeholders};
use serde_json::Value;

use super::error::{CliError, say};
use super::policy::read_file;
use crate::report::Answer;
use crate::runtime::Evaluation;

/// Where the placeholder map is, and of which conversation.
#[derive(Debug, clap::Args)]
pub(super) struct PlaceholderArgs {
    /// The conversation's placeholder map; it holds the masked values, so that only its owner may read
    /// it. `check` makes and extends it, and masks with placeholders such as {EMAIL_1}
    #[arg(
        long,
        value_name = "FILE",
        env = "EDGERAIL_PLACEHOLDERS",
        requires = "conversation"
    )]
    placeholders: Option<PathBuf>,
    /// The id of the conversation that the placeholder map is of
    #[arg(long, value_name = "ID", env = "EDGERAIL_CONVERSATION")]
    conversation: Option<String>,
}

impl PlaceholderArgs {
    /// The file and the conversation's id, if given.
    pub(super) fn given(
        &self,
        matches: Option<&ArgMatches>,
    ) -> Result<Option<(&Path, &str)>, CliError> {
        let typed = matches.and_then(|m| m.value_source("conversation"));
        match (&self.placeholders, &self.conversation) {
            (None, Some(_)) if typed == Some(ValueSource::CommandLine) => Err(CliError::new(
                "usage",
                "--conversation",
                "has no effect without a placeholder map; give --placeholders FILE",
            )),
            (Some(_), Some(id)) if id.is_empty() => Err(CliError::new(
                "usage",
                "--conversation",
                "is empty; give an id that no other conversation has",
            )),
            (Some(file), Some(id)) => Ok(Some((file, id))),
            _ => Ok(None),
        }
    }
}

/// Reads a map that must be there.
pub(super) fn read(path: &Path, conversation: &str) -> Result<Placeholders, CliError> {
    warn_if_readable(path);
    let bytes = read_file(path, MAX_MAP_BYTES)?;
    let place = path.display().to_string();
    let text = String::from_utf8(bytes).map_err(|_| {
        let message = "is no placeholder map: it is not valid UTF-8";
        CliError::new("placeholders", &place, message)
    })?;
    Placeholders::from_json(&text, conversation)
        .map_err(|error| CliError::new("placeholders", &place, error.to_string()))
}

/// What the output of an evaluation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Masked {
    /// The text with its placeholders.
    Text,
    /// The message of a guardrail that blocked.
    Blocked,
}

/// A map that texts are masked with. No other process extends it meanwhile: two that gave the same
/// number to different values could not both be taken back.
pub(super) struct Store {
    path: PathBuf,
    map: Placeholders,
    /// What the file holds; nothing if there is none yet.
    stored: Option<String>,
    /// Locked as long as it is open.
    _lock: File,
}

impl Store {
    /// Opens the map, or begins one.
    pub(super) fn open(path: &Path, conversation: &str) -> Result<Store, CliError> {
        let lock = lock(path)?;
        let (map, stored) = match fs::symlink_metadata(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                (Placeholders::new(conversation), None)
            }
            _ => {
                let map = read(path, conversation)?;
                let stored = map.to_json();
                (map, Some(stored))
            }
        };
        Ok(Store {
            path: path.to_owned(),
            map,
            stored,
            _lock: lock,
        })
    }

    /// Makes the text with placeholders the evaluation's output, also where nothing intervened. What was
    /// blocked stays as it is.
    pub(super) fn mask(
        &mut self,
        source: Source,
        text: &str,
        evaluation: &mut Evaluation,
    ) -> Result<Masked, serde_json::Error> {
        let answer = Answer::read(&evaluation.json)?;
        if answer.reason == "Guardrail blocked." {
            return Ok(Masked::Blocked);
        }
        let places = answer.edgerail.masks.iter().filter(|m| m.block == 0);
        let masks: Vec<Mask<'_>> = places
            .map(|place| Mask {
                start: place.start,
                end: place.end,
                label: &place.label,
                built_in: place.built_in,
            })
            .collect();
        if answer.reason == "Guardrail masked." && masks.is_empty() {
            return Err(serde::de::Error::custom("masked without masks"));
        }
        let origin = match source {
            Source::Input => Origin::Original,
            Source::Output => Origin::Reply,
        };
        let masked = self.map.mask_from(origin, text, &masks);
        let mut document: Value = serde_json::from_str(&evaluation.json)?;
        if let Some(document) = document.as_object_mut() {
            let output = serde_json::json!({"text": masked});
            document.insert("outputs".into(), Value::Array(vec![output]));
        }
        evaluation.json = document.to_string();
        Ok(Masked::Text)
    }

    /// Writes the map if it changed. Do so before a masked text is let out: without its map it could not
    /// be taken back.
    pub(super) fn save(&mut self) -> Result<(), CliError> {
        let json = self.map.to_json();
        if self.stored.as_ref() == Some(&json) {
            return Ok(());
        }
        write_private(&self.path, json.as_bytes())
            .map_err(|error| CliError::file(&self.path, &error))?;
        self.stored = Some(json);
        Ok(())
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        let lost = self.map.unnumbered();
        if lost > 0 {
            let place = self.path.display();
            say(&format!(
                "warning: {place}: the map is full; {lost} values were masked for good. Begin a new conversation"
            ));
        }
    }
}

/// Waits until no other process extends the map.
fn lock(path: &Path) -> Result<File, CliError> {
    let beside = beside(path, ".lock");
    let wrong = |error: std::io::Error| CliError::file(&beside, &error);
    let file = private().create(true).truncate(false).open(&beside);
    let file = file.map_err(wrong)?;
    if file.try_lock().is_err() {
        say(&format!(
            "{}: in use by another process; waiting for it",
            path.display()
        ));
        file.lock().map_err(wrong)?;
    }
    Ok(file)
}

/// Replaces a file in one step: a crash leaves the old one or the new one.
fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    // A link keeps pointing to where the map is.
    let path = &fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let new = beside(path, ".new");
    // A left-over may have other permissions.
    match fs::remove_file(&new) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = private().create_new(true).open(&new)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&new, path)
}

/// Options for a file that only its owner may read.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

#[cfg(unix)]
fn warn_if_readable(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = fs::metadata(path).map_or(0, |meta| meta.permissions().mode());
    if mode & 0o077 != 0 {
        say(&format!(
            "warning: {}: holds secret values, and others may read it; chmod 600 it",
            path.display()
        ));
    }
}

#[cfg(not(unix))]
fn warn_if_readable(_: &Path) {}
