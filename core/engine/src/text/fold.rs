//! Case folding of tokens.

use alloc::string::String;

use super::normalize::nfkc_into;
use super::unicode;

/// Appends the case folding of `token`, a slice of a view, to `out`: full folding (statuses C and F of
/// `CaseFolding.txt`), so `ß` is `ss` and `ς` is `σ`, and then NFKC, as folding takes composites apart.
///
/// Two tokens are the same word but for case exactly if their foldings have the same bytes. Folding a
/// folding changes nothing. It is the same in every language: Turkish `İ` becomes `i` with a dot above,
/// `I` becomes `i`.
pub fn fold_into(token: &str, out: &mut String) {
    if token.is_ascii() {
        out.extend(token.chars().map(|c| c.to_ascii_lowercase()));
        return;
    }
    let start = out.len();
    let mut normal = true;
    let mut before = 0;
    for c in token.chars() {
        unicode::fold(c, |folded| {
            let info = unicode::info(folded);
            normal = normal && info.is_nfkc() && (info.ccc == 0 || before <= info.ccc);
            before = info.ccc;
            out.push(folded);
        });
    }
    if !normal {
        let folded = out.split_off(start);
        nfkc_into(&folded, out);
    }
}

/// `text` in lower case, character by character: a final sigma stays `σ`. The standard library's tables
/// for this are as large as all of ours.
pub(crate) fn lowercase(text: &str) -> String {
    let mut lower = String::with_capacity(text.len());
    for c in text.chars() {
        lower_into(c, &mut lower);
    }
    lower
}

/// Folding leads to lower case, but for letters that it takes apart and for Cherokee, which folds to
/// capitals.
fn lower_into(c: char, out: &mut String) {
    if c.is_ascii() {
        out.push(c.to_ascii_lowercase());
        return;
    }
    let code = u32::from(c);
    let lower = match code {
        0x1E9E => 0xDF,
        0x13A0..=0x13EF => code.saturating_add(0x97D0),
        0x13F0..=0x13F5 => code.saturating_add(8),
        // Titlecase: digraphs, and Greek letters with an iota beside them.
        0x1C5 | 0x1C8 | 0x1CB | 0x1F2 => code.saturating_add(1),
        0x1F88..=0x1F8F | 0x1F98..=0x1F9F | 0x1FA8..=0x1FAF => code.saturating_sub(8),
        0x1FBC | 0x1FCC | 0x1FFC => code.saturating_sub(9),
        _ if unicode::is_uppercase(c) => return unicode::fold(c, |folded| out.push(folded)),
        _ => code,
    };
    out.push(char::from_u32(lower).unwrap_or(c));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lower_case_is_that_of_the_standard_library() {
        // Letters that are younger than the tables have no case in them.
        for &c in super::super::tests::assigned() {
            let expected: String = c.to_lowercase().collect();
            assert_eq!(lowercase(c.encode_utf8(&mut [0; 4])), expected, "{c:?}");
        }
        assert_eq!(lowercase("ΟΔΟΣ Straße"), "οδοσ straße");
    }
}
