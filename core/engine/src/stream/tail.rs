//! The last two words of nearly all text, read once for all questions of `reach.rs`.

use crate::pii::left::{
    begins_house_sign, is_given_verb, is_month, is_owner, is_particle, is_unit,
};

/// A text that ends in a word of lower-case ASCII letters and a space.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tail<'t> {
    /// That word.
    pub(super) last: &'t str,
    /// The ASCII letters and digits before the space before it; empty where a sign stands there.
    pub(super) previous: &'t str,
}

/// The longest word that is read. Longer ones are rare, and what reads back stops inside some of them.
const LONGEST: usize = 20;

impl<'t> Tail<'t> {
    /// The tail of `text`; `None` where it ends otherwise, so that it has to be read character by
    /// character.
    pub(super) fn of(text: &'t str) -> Option<Tail<'t>> {
        let line = text.strip_suffix(' ')?;
        let (before, last) = last_run(line, u8::is_ascii_lowercase)?;
        let before = before.strip_suffix(' ')?;
        let (rest, previous) = last_run(before, u8::is_ascii_alphanumeric)?;
        // More blanks, or a character that may go on with the word.
        let odd = |byte: &u8| !byte.is_ascii() || byte.is_ascii_whitespace();
        let sign = rest.as_bytes().last();
        let clear = match sign {
            Some(byte) if previous.is_empty() => !odd(byte),
            Some(byte) => byte.is_ascii(),
            None => !previous.is_empty(),
        };
        (clear && !last.is_empty()).then_some(Tail { last, previous })
    }

    /// Whether the last word may be a group of letters before a number, but for two letters of a national
    /// insurance number; no type has others in lower case.
    pub(super) fn is_group(self) -> bool {
        self.last.len() == 4 || is_month(self.last)
    }

    /// Whether a password and its label may stand here: `use hunter2 `, `as your `.
    pub(super) fn is_password(self) -> bool {
        self.last == "as" || is_owner(self.last) || is_given_verb(self.previous)
    }

    /// Whether the last word may stand in a name.
    pub(super) fn is_particle(self) -> bool {
        is_particle(self.last)
    }

    /// Whether a unit of a house stands here, or a sign for its number has begun.
    pub(super) fn is_house(self) -> bool {
        let short = self.last.len() <= 5;
        is_unit(self.last) || (short && (is_unit(self.previous) || begins_house_sign(self.last)))
    }
}

/// Splits off the last bytes for which `inside` holds; `None` if there are more than [`LONGEST`].
fn last_run(text: &str, inside: impl Fn(&u8) -> bool) -> Option<(&str, &str)> {
    let bytes = text.as_bytes().iter().rev();
    let length = bytes
        .take(LONGEST.saturating_add(1))
        .take_while(|byte| inside(byte))
        .count();
    if length > LONGEST {
        return None;
    }
    text.split_at_checked(text.len().saturating_sub(length))
}
