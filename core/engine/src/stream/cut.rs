//! How far a text that still grows can be walked: to the last place at which a token surely ends.

use crate::text::{CharClass, class};

/// How many bytes the rules of a word's edges may read behind it: three characters.
const LOOKAHEAD: usize = 12;

/// What is known of the end of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cut {
    /// The last place, at or behind the start of the search, at which a token surely ends and all that
    /// its edges depend on is there.
    pub(super) limit: usize,
    /// The class of the characters of the token that reaches the end of the text, if the search found no
    /// other token.
    pub(super) only: Option<CharClass>,
}

/// Finds the cut of `view`, of which everything before `from`, where a token begins, was walked.
pub(super) fn cut(view: &str, from: usize) -> Cut {
    let bytes = view.as_bytes();
    let is_space = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
    let rest = bytes.get(from..).unwrap_or(&[]);
    let space = rest.iter().rposition(is_space);
    let start = space.map_or(from, |at| from.saturating_add(at).saturating_add(1));
    let last = view.len().saturating_sub(LOOKAHEAD);
    let mut found = Cut {
        limit: start,
        only: None,
    };
    if start == from || start < last {
        let mut kind = None;
        let mut alone = start == from;
        for (at, c) in view.get(start..).unwrap_or("").char_indices() {
            let class = class(c);
            let at = start.saturating_add(at);
            let goes_on = matches!(kind, Some(CharClass::Spaced | CharClass::Unspaced))
                && (class == CharClass::Mark || kind == Some(class));
            if goes_on {
                continue;
            }
            if kind.is_some() {
                alone = false;
                if at > last {
                    break;
                }
                found.limit = at;
            }
            // A mark on nothing begins a word.
            kind = Some(if class == CharClass::Mark {
                CharClass::Spaced
            } else {
                class
            });
        }
        found.only = kind.filter(|_| alone);
    }
    found
}

/// The end of the token of characters of `kind` that goes on at `from`.
pub(super) fn token_end(view: &str, from: usize, kind: CharClass) -> usize {
    let rest = view.get(from..).unwrap_or("");
    let belongs = |c: char| {
        let class = class(c);
        class == kind || class == CharClass::Mark
    };
    let end = rest.find(|c| !belongs(c));
    end.map_or(view.len(), |end| from.saturating_add(end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    fn limit(view: &str) -> usize {
        cut(view, 0).limit
    }

    #[test]
    fn cuts_behind_white_space_and_where_enough_follows() {
        assert_eq!(limit("one two "), 8);
        assert_eq!(limit("one two"), 4);
        assert_eq!(limit("one two,"), 4);
        assert_eq!(limit("one two, and-more-of-it"), 9);
        assert_eq!(limit("one two,and-more-of-it"), 8);
        assert_eq!(
            limit("\u{6f22}\u{5b57}\u{3002}\u{6f22}\u{5b57}\u{6f22}\u{5b57}"),
            9
        );
        assert_eq!(cut("one", 0).only, Some(CharClass::Spaced));
        assert_eq!(cut("one two", 0).only, None);
        assert_eq!(cut("one.", 0).only, None);
    }

    /// Wherever a text is cut, the tokens before the cut are those of the whole text.
    #[test]
    fn no_token_crosses_a_cut() {
        let text = "It's 3.14, l\u{2019}amour na\u{ef}ve\u{301}, \u{6f22}\u{5b57}abc\u{e01}\u{e34}x_1 \u{301}a --\u{301}b {\"k\":[1,2]}";
        let ends: alloc::vec::Vec<usize> = crate::text::Tokens::new(text).map(|t| t.end).collect();
        for (at, _) in text.char_indices() {
            let limit = limit(&text[..at]);
            let inside = crate::text::Tokens::new(text).find(|t| t.start < limit && limit < t.end);
            assert_eq!(inside, None, "{limit} of {:?} {ends:?}", &text[..at]);
        }
    }

    #[test]
    fn a_long_token_is_known_by_its_class() {
        let text = format!("{}.", "a".repeat(900));
        assert_eq!(cut(&text[..900], 0).only, Some(CharClass::Spaced));
        assert_eq!(token_end(&text, 300, CharClass::Spaced), 900);
    }
}
