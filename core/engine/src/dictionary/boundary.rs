use crate::rules::rule;
use crate::text::{CharClass, class};
use crate::words::{Words, words};

/// Elided articles and pronouns before an apostrophe: French, Italian, Catalan, Occitan.
const ELISIONS: Words = words![
    "l", "d", "j", "m", "t", "s", "n", "c", "qu", "jusqu", "lorsqu", "puisqu", "quelqu", "un",
    "all", "dall", "dell", "nell", "sull", "coll", "quell", "bell", "sant",
];

/// Whether `start..end` of `text`, which begins and ends at tokens, stands as a word of its own.
///
/// Tokens alone would be too eager at the places where UAX 29 sees one word: inside a number (`3.14`,
/// `1,400`) and around an apostrophe (`don't`). A possessive `'s` after the word and an elision before
/// it (`l'amour`) are boundaries all the same, or a guarded name would escape in the commonest of
/// phrases. `docs/compatibility.md` lists these rules with their reasons.
#[must_use]
pub fn is_bounded(text: &str, start: usize, end: usize) -> bool {
    // Nearly always a blank or other punctuation stands on both sides.
    let bytes = text.as_bytes();
    let before = start.checked_sub(1).and_then(|at| bytes.get(at));
    if !before.is_some_and(|&byte| may_join(byte)) && !bytes.get(end).is_some_and(|&b| may_join(b))
    {
        return true;
    }
    let (Some(before), Some(word), Some(after)) =
        (text.get(..start), text.get(start..end), text.get(end..))
    else {
        return false;
    };
    starts_bounded(before, word) && ends_bounded(word, after)
}

/// Whether a byte may belong to a character that joins two tokens to one word.
fn may_join(byte: u8) -> bool {
    matches!(byte, b'\'' | b'.' | b',') || !byte.is_ascii()
}

fn starts_bounded(before: &str, word: &str) -> bool {
    let mut back = before.chars().rev();
    let (Some(mark), Some(beyond)) = (back.next(), back.next()) else {
        return true;
    };
    let Some(first) = word.chars().next() else {
        return true;
    };
    if is_number_joint(mark) && beyond.is_ascii_digit() && first.is_ascii_digit() {
        return !rule!("words.boundary.number");
    }
    if is_apostrophe(mark) && is_word(beyond) && is_word(first) {
        let elision = before.trim_end_matches(is_apostrophe);
        let from = elision.rfind(|c| !is_word(c)).map_or(0, |at| {
            at.saturating_add(
                elision
                    .get(at..)
                    .and_then(|s| s.chars().next())
                    .map_or(0, char::len_utf8),
            )
        });
        let elision = elision.get(from..).unwrap_or("");
        let elided = ELISIONS.contains_any_case(elision);
        return if elided {
            rule!("words.boundary.elision")
        } else {
            !rule!("words.boundary.apostrophe")
        };
    }
    true
}

fn ends_bounded(word: &str, after: &str) -> bool {
    let mut next = after.chars();
    let (Some(mark), Some(beyond)) = (next.next(), next.next()) else {
        return true;
    };
    let Some(last) = word.chars().next_back() else {
        return true;
    };
    if is_number_joint(mark) && beyond.is_ascii_digit() && last.is_ascii_digit() {
        return !rule!("words.boundary.number");
    }
    if is_apostrophe(mark) && is_word(beyond) && is_word(last) {
        let possessive = matches!(beyond, 's' | 'S') && !next.next().is_some_and(is_word);
        return if possessive {
            rule!("words.boundary.possessive")
        } else {
            !rule!("words.boundary.apostrophe")
        };
    }
    true
}

fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '\u{2019}')
}

fn is_number_joint(c: char) -> bool {
    matches!(c, '.' | ',')
}

fn is_word(c: char) -> bool {
    matches!(class(c), CharClass::Spaced | CharClass::Mark)
}
