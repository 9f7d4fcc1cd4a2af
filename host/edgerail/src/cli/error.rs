use std::fmt::Write as _;
use std::io::{self, ErrorKind};
use std::path::Path;

use edgerail_compile::diagnostic::{Diagnostics, Severity};

use crate::report::one_line;

/// Why a command, or one input of it, came to nothing.
#[derive(Debug)]
pub(super) enum CliError {
    /// Nobody reads our output any more.
    BrokenPipe,
    /// Place, what is wrong, and what to do about it.
    Message {
        /// A stable name in snake case.
        code: &'static str,
        /// A file, an argument, an option.
        place: String,
        /// What is wrong and the remedy.
        message: String,
    },
    /// What the definition's or overlay's reader had to say.
    Diagnostics(String, Diagnostics),
}

impl CliError {
    pub(super) fn new(
        code: &'static str,
        place: impl Into<String>,
        message: impl Into<String>,
    ) -> CliError {
        CliError::Message {
            code,
            place: place.into(),
            message: message.into(),
        }
    }

    /// A failure to read or write a file.
    pub(super) fn file(path: &Path, error: &io::Error) -> CliError {
        let place = path.display().to_string();
        let (code, message) = match error.kind() {
            ErrorKind::NotFound => ("not_found", "there is no such file".to_owned()),
            ErrorKind::IsADirectory => (
                "is_a_directory",
                "is a directory; name the files in it".to_owned(),
            ),
            ErrorKind::PermissionDenied => (
                "permission_denied",
                "the file's permissions forbid it".to_owned(),
            ),
            _ => ("input_output", error.to_string()),
        };
        CliError::new(code, place, message)
    }

    /// Prints it on standard error.
    pub(super) fn report(&self) {
        match self {
            CliError::BrokenPipe => {}
            CliError::Message { place, message, .. } => {
                // A line of a foreign name or answer must not look like one of ours.
                let message = message.replace('\n', "\n  ");
                say(&format!("error: {}: {message}", one_line(place)));
            }
            CliError::Diagnostics(file, diagnostics) => report_diagnostics(file, diagnostics),
        }
    }

    /// Its stable name and its text, for data formats.
    pub(super) fn parts(&self) -> (&'static str, String) {
        match self {
            CliError::BrokenPipe => ("broken_pipe", "nobody reads the output".to_owned()),
            CliError::Message { code, message, .. } => (code, message.clone()),
            CliError::Diagnostics(_, diagnostics) => ("definition", diagnostics.to_string()),
        }
    }
}

impl From<io::Error> for CliError {
    /// Of writing to standard output: files are reported with [`CliError::file`].
    fn from(error: io::Error) -> CliError {
        if error.kind() == ErrorKind::BrokenPipe {
            CliError::BrokenPipe
        } else {
            CliError::new("output", "standard output", error.to_string())
        }
    }
}

/// A line on standard error. That it cannot be written is nothing we could tell anybody.
pub(super) fn say(line: &str) {
    use std::io::Write as _;
    let _ = writeln!(anstream::stderr().lock(), "edgerail: {}", harmless(line));
}

/// Messages name what comes from elsewhere, such as the files of an archive: it must not move the cursor or hide.
fn harmless(text: &str) -> String {
    let lines: Vec<String> = text.split('\n').map(one_line).collect();
    lines.join("\n")
}

/// All diagnostics of a file, each with the file's name, and how many there are.
pub(super) fn report_diagnostics(file: &str, diagnostics: &Diagnostics) {
    for diagnostic in diagnostics {
        say(&format!("{file}: {diagnostic}"));
    }
    let count = |severity| {
        diagnostics
            .iter()
            .filter(|d| d.severity == severity)
            .count()
    };
    let mut summary = String::new();
    for severity in [Severity::Error, Severity::Warning, Severity::Lint] {
        let count = count(severity);
        if count > 0 {
            let (comma, plural) = (
                if summary.is_empty() { "" } else { ", " },
                if count == 1 { "" } else { "s" },
            );
            let _ = write!(summary, "{comma}{count} {}{plural}", severity.name());
        }
    }
    if diagnostics.len() > 1 {
        say(&format!("{file}: {summary}"));
    }
}

#[cfg(test)]
mod tests {
    use super::harmless;

    #[test]
    fn foreign_names_cannot_move_the_cursor() {
        assert_eq!(
            harmless("a\u{1b}[2Jb\r\u{202e}c\u{9b}1A\n  d"),
            "a\\u{1b}[2Jb\\r\\u{202e}c\\u{9b}1A\n  d"
        );
        assert_eq!(harmless("targets/å.bundle: 5 %"), "targets/å.bundle: 5 %");
    }
}
