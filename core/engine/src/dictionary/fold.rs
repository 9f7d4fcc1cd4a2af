use alloc::string::String;

use crate::rules::rule;
use crate::text::fold_into;

/// Appends the form of a token under which it stands in the dictionary: case-folded, and the typographic
/// apostrophe as the plain one, since keyboards and editors give now this and now that for the same word.
pub fn fold_token(token: &str, out: &mut String) {
    if token == "\u{2019}" && rule!("words.apostrophe-fold") {
        out.push('\'');
    } else if rule!("words.fold") {
        fold_into(token, out);
    } else {
        out.push_str(token);
    }
}
