//! The words of a text as the engine's dictionary sees them.

use edgerail_core::dictionary::fold_token;
use edgerail_core::text::{TokenKind, Tokens, View};

/// One token of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word {
    /// Normalised and case-folded.
    pub(super) folded: String,
    /// Whether white space stands before it.
    pub(super) spaced: bool,
    /// Whether it is a word and not a symbol.
    pub(super) is_word: bool,
}

/// The tokens of a text.
pub(super) fn words(text: &str) -> Vec<Word> {
    // Definitions and examples are short, so no view of them is too long.
    let Ok(view) = View::new(text, usize::MAX) else {
        return Vec::new();
    };
    let word = |token: edgerail_core::text::Token| {
        let mut folded = String::new();
        let original = view.text().get(token.start..token.end).unwrap_or("");
        fold_token(original, &mut folded);
        Word {
            folded,
            spaced: token.spaced,
            is_word: token.kind != TokenKind::Symbol,
        }
    };
    Tokens::new(view.text()).map(word).collect()
}

/// Tokens put together again, with a blank where white space stood.
pub(super) fn join(words: &[Word]) -> String {
    let mut out = String::new();
    for word in words {
        if word.spaced && !out.is_empty() {
            out.push(' ');
        }
        out.push_str(&word.folded);
    }
    out
}
