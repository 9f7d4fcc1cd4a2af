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
