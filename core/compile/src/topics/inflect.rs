//! The forms in which a word stands in running text.

use edgerail_core::text::{Tokens, View, fold_into};

use super::Language;

/// The forms of a word or phrase as the engine compares them: normalised and case-folded, sorted.
pub(super) fn phrase_forms(_language: Language, term: &str) -> Vec<String> {
    vec![folded(term)]
}

/// A term normalised and case-folded, with white space where it has some.
pub(super) fn folded(term: &str) -> String {
    let mut out = String::new();
    if let Ok(view) = View::new(term, usize::MAX) {
        for token in Tokens::new(view.text()) {
            if token.spaced && !out.is_empty() {
                out.push(' ');
            }
            fold_into(
                view.text().get(token.start..token.end).unwrap_or(""),
                &mut out,
            );
        }
    }
    out
}
