//! The conversations of `tests/corpus/reversible`: masked messages and restored answers.

use std::path::Path;

use serde::Deserialize;

use crate::bundle_of;

/// The conversations, and the bundle that says what is masked in them.
#[derive(Debug)]
pub struct Conversations {
    /// The compiled guardrail of the file.
    pub bundle: Vec<u8>,
    /// The conversations, as they stand in the file.
    pub all: Vec<Conversation>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    guardrail: Guardrail,
    conversation: Vec<Conversation>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Guardrail {
    definition: String,
}

/// One conversation; the head of the file describes the fields.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Conversation {
    pub name: String,
    pub rule: String,
    pub why: String,
    pub steps: Vec<Step>,
}

/// What happens in a conversation.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
#[allow(missing_docs)]
pub enum Step {
    /// A message is masked and gives exactly this.
    Mask { mask: String, expect: String },
    /// An answer is restored and gives exactly this.
    Restore { restore: String, expect: String },
    /// A message that is masked and at once restored comes back as it was.
    Round { round: String },
}

impl Conversations {
    /// Those of this repository.
    ///
    /// # Panics
    /// If the file is malformed or its definition does not compile: it is ours.
    #[must_use]
    pub fn ours() -> Conversations {
        let path =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/reversible/conversations.toml");
        let text = std::fs::read_to_string(path).expect("the file can be read");
        let file: File = toml::from_str(&text).unwrap_or_else(|error| panic!("{error}"));
        Conversations {
            bundle: bundle_of(&file.guardrail.definition, ""),
            all: file.conversation,
        }
    }
}
