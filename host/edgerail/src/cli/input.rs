//! What there is to check: arguments, files, standard input.
//!
//! An argument that names an existing file is that file; `-` is standard input; anything else is a text.
//! Because a mistyped file name must not be checked as if it were a text, an argument that looks like a
//! file name and names none is an error, unless `--text` says that all arguments are texts.

use std::fs::File;
use std::io::{IsTerminal as _, Read};
use std::path::{Path, PathBuf};

use super::error::CliError;

/// Endings that tell a file name from a text.
const EXTENSIONS: &[&str] = &[
    "txt", "text", "md", "markdown", "rst", "adoc", "csv", "tsv", "json", "jsonl", "ndjson",
    "yaml", "yml", "toml", "xml", "html", "htm", "log", "eml", "ini", "conf", "sql", "py", "js",
    "ts", "rs", "java", "sh", "pdf", "doc", "docx", "bundle", "gz", "zip",
];

/// Where a text is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Input {
    /// An argument, with its number counted from 1.
    Text(usize, String),
    /// A file.
    File(PathBuf),
    /// Standard input.
    Stdin,
}

impl Input {
    /// Sorts arguments; no argument is standard input.
    pub(super) fn all(arguments: &[String], all_text: bool) -> Result<Vec<Input>, CliError> {
        if arguments.is_empty() {
            if std::io::stdin().is_terminal() {
                return Err(CliError::new(
                    "usage",
                    "check",
                    "nothing to check; give a text, files, or - for standard input",
                ));
            }
            return Ok(vec![Input::Stdin]);
        }
        let inputs = arguments.iter().enumerate();
        Ok(inputs
            .map(|(place, argument)| Input::of(place + 1, argument, all_text))
            .collect())
    }

    /// A data file; `-` is standard input.
    pub(super) fn data(path: &Path) -> Input {
        if path.as_os_str() == "-" {
            Input::Stdin
        } else {
            Input::File(path.to_owned())
        }
    }

    fn of(number: usize, argument: &str, all_text: bool) -> Input {
        if all_text {
            Input::Text(number, argument.to_owned())
        } else if argument == "-" {
            Input::Stdin
        } else if Path::new(argument).exists() || looks_like_a_file(argument) {
            Input::File(argument.into())
        } else {
            Input::Text(number, argument.to_owned())
        }
    }

    /// How reports name it. A text's argument is not repeated.
    pub(super) fn label(&self) -> String {
        match self {
            Input::Text(number, _) => format!("argument {number}"),
            Input::File(path) => path.display().to_string(),
            Input::Stdin => "standard input".to_owned(),
        }
    }

    /// The file, if it is one.
    pub(super) fn path(&self) -> Option<&Path> {
        match self {
            Input::File(path) => Some(path),
            _ => None,
        }
    }

    /// The bytes, to be read piece by piece.
    pub(super) fn open(&self) -> Result<Box<dyn Read + Send>, CliError> {
        match self {
            Input::Text(_, text) => Ok(Box::new(std::io::Cursor::new(text.clone().into_bytes()))),
            Input::Stdin => Ok(Box::new(std::io::stdin())),
            Input::File(path) => {
                let wrong = |error: std::io::Error| match CliError::file(path, &error) {
                    CliError::Message {
                        code: "not_found",
                        place,
                        message,
                    } => {
                        let message = format!("{message}; if it is a text, give --text");
                        CliError::Message {
                            code: "not_found",
                            place,
                            message,
                        }
                    }
                    other => other,
                };
                let file = File::open(path).map_err(wrong)?;
                if file.metadata().is_ok_and(|meta| meta.is_dir()) {
                    return Err(wrong(std::io::ErrorKind::IsADirectory.into()));
                }
                Ok(Box::new(file))
            }
        }
    }

    /// The text. Of one that is longer than the engine's limit only so much is read that the engine
    /// sees it is too long.
    pub(super) fn read(&self) -> Result<String, CliError> {
        let limit = edgerail_core::Limits::default().text_bytes;
        // Four more bytes hold whatever character the limit falls into.
        let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(5);
        let mut bytes = Vec::new();
        let read = self.open()?.take(most).read_to_end(&mut bytes);
        read.map_err(|error| CliError::file(Path::new(&self.label()), &error))?;
        match String::from_utf8(bytes) {
            Ok(text) => Ok(text),
            Err(error) => {
                let valid = error.utf8_error().valid_up_to();
                let mut bytes = error.into_bytes();
                if valid > limit {
                    bytes.truncate(valid);
                    return Ok(String::from_utf8(bytes).unwrap_or_default());
                }
                let message = format!(
                    "is not valid UTF-8 at byte {valid}; convert it to UTF-8 first, for example with iconv"
                );
                Err(CliError::new("invalid_utf8", self.label(), message))
            }
        }
    }
}

/// Whether an argument that names no file was probably meant to.
fn looks_like_a_file(argument: &str) -> bool {
    if argument.contains("://") {
        return false;
    }
    let known = argument.rsplit_once('.').is_some_and(|(stem, ending)| {
        !stem.is_empty() && EXTENSIONS.contains(&ending.to_lowercase().as_str())
    });
    let separated = argument.contains(['/', '\\']);
    let rooted = ["./", "../", "~/", "/", ".\\", "..\\"];
    let rooted = rooted.iter().any(|start| argument.starts_with(start));
    if argument.contains(char::is_whitespace) {
        known && (separated || rooted)
    } else {
        known || separated
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_a_file_name_is_not_taken_for_a_text() {
        for name in [
            "prompts.txt",
            "PROMPT.TXT",
            "dir/prompt",
            "../x",
            "/etc/nothing",
            "my notes/to do.md",
            "C:\\x",
            "a.jsonl",
            ".hidden/x",
        ] {
            assert!(looks_like_a_file(name), "{name}");
        }
        for text in [
            "hello",
            "mail ann@example.com",
            "ann@example.com",
            "192.0.2.1",
            "https://example.com/a.html",
            "Is 3/4 more than 1/2?",
            "read notes.txt",
            "",
            ".",
            "1.5",
            "What is this.",
        ] {
            assert!(!looks_like_a_file(text), "{text}");
        }
    }

    #[test]
    fn text_wins_when_asked_for() {
        assert_eq!(Input::of(1, "x.txt", true), Input::Text(1, "x.txt".into()));
        assert_eq!(Input::of(1, "-", true), Input::Text(1, "-".into()));
        assert_eq!(Input::of(1, "-", false), Input::Stdin);
        assert_eq!(Input::of(1, "x.txt", false), Input::File("x.txt".into()));
    }
}
