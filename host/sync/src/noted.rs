//! What the last check came to, as the process that made it wrote down in `status.json`: for a look at the state from
//! outside. Whoever writes to the folder may have written anything, so it is shown and decides nothing.

use edgerail_trust::date;
use serde::{Deserialize, Serialize};

use crate::environment::rfc3339;

/// The longest file that is read; ours have some 2 KiB.
pub(crate) const NOTE_BYTES: u64 = 64 << 10;

/// The longest text that is taken from it.
const TEXT_CHARS: usize = 500;

/// What `status.json` says of the last check: of the daemon's, or of the last `edgerail sync`. Times are those of
/// that process' clock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NotedStatus {
    /// When the repository was last asked, which is when the file was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_check: Option<String>,
    /// Seconds since then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_check_age: Option<u64>,
    /// When it last answered well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_success: Option<String>,
    /// Seconds since then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_success_age: Option<u64>,
    /// When another bundle became active.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_change: Option<String>,
    /// What the last check failed with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_error: Option<NotedError>,
}

/// An error that another process had, perhaps of another release: its code may be unknown here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NotedError {
    /// The stable code.
    pub code: String,
    /// The file or address.
    pub place: String,
    /// In words.
    pub message: String,
    /// What to do; empty if the message says it.
    pub remedy: String,
}

/// The file, as far as it is read back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Note {
    last_check: Option<u64>,
    pub(crate) last_success: Option<u64>,
    pub(crate) last_change: Option<u64>,
    last_error: Option<NotedError>,
    pub(crate) unreachable: bool,
    pub(crate) rejected: bool,
    pub(crate) poisoned: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    target: String,
    #[serde(default)]
    degraded: Vec<String>,
    last_check: Option<String>,
    last_success: Option<String>,
    last_change: Option<String>,
    last_error: Option<DocumentError>,
}

#[derive(Deserialize)]
struct DocumentError {
    code: String,
    place: String,
    message: String,
    #[serde(default)]
    remedy: String,
}

impl Note {
    /// Reads the file; `None` if it is none, or is about another target than the pinned one.
    pub(crate) fn read(bytes: &[u8], target: &str) -> Option<Note> {
        let document: Document = serde_json::from_slice(bytes).ok()?;
        if document.target != target {
            return None;
        }
        let time = |text: Option<String>| text.as_deref().and_then(date::parse);
        let has = |code: &str| document.degraded.iter().any(|known| known == code);
        Some(Note {
            unreachable: has("unreachable"),
            rejected: has("rejected"),
            poisoned: has("poisoned"),
            last_check: time(document.last_check),
            last_success: time(document.last_success),
            last_change: time(document.last_change),
            last_error: document.last_error.map(|error| NotedError {
                code: short(&error.code),
                place: short(&error.place),
                message: short(&error.message),
                remedy: short(&error.remedy),
            }),
        })
    }

    pub(crate) fn status(&self, now: Option<u64>) -> NotedStatus {
        let age = |time: Option<u64>| now.zip(time).map(|(now, then)| now.saturating_sub(then));
        NotedStatus {
            last_check: self.last_check.map(rfc3339),
            last_check_age: age(self.last_check),
            last_success: self.last_success.map(rfc3339),
            last_success_age: age(self.last_success),
            last_change: self.last_change.map(rfc3339),
            last_error: self.last_error.clone(),
        }
    }
}

fn short(text: &str) -> String {
    text.chars().take(TEXT_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_says_anything_is_read_within_bounds_or_not_at_all() {
        for bad in [
            "",
            "{",
            "[]",
            "{}",
            r#"{"target":7}"#,
            r#"{"target":"other"}"#,
            r#"{"target":"t","lastError":{"code":"x"}}"#,
            r#"{"target":"t","degraded":"rejected"}"#,
        ] {
            assert_eq!(Note::read(bad.as_bytes(), "t"), None, "{bad}");
        }
        let long = "é".repeat(TEXT_CHARS + 1);
        let text = format!(
            r#"{{"target":"t","new":[],"degraded":["rejected","of the future"],"lastCheck":"2026-11-21T18:00:00Z",
               "lastSuccess":"yesterday","lastError":{{"code":"html","place":"p","message":"{long}"}}}}"#
        );
        let note = Note::read(text.as_bytes(), "t").unwrap();
        assert_eq!(
            (note.rejected, note.unreachable, note.poisoned),
            (true, false, false)
        );
        let status = note.status(Some(1_795_284_035));
        assert_eq!(
            (status.last_check_age, status.last_success),
            (Some(35), None)
        );
        assert_eq!(
            status.last_error.unwrap().message.chars().count(),
            TEXT_CHARS
        );
        // Written by a clock that is ahead.
        assert_eq!(note.status(Some(0)).last_check_age, Some(0));
        assert_eq!(note.status(None).last_check_age, None);
    }
}
