//! What may stand left of the place that calls a recogniser, for the stream's reach: the words and signs
//! that recognisers look for there, by the recognisers' own lists.

use super::{
    address, credit_debit_card_expiry, name, password, shape, uk_national_insurance_number,
};

use super::number::joins;

pub(crate) use super::number::separator;

/// Letters, digits, combining marks.
pub(crate) fn is_word(c: char) -> bool {
    shape::is_word(c)
}

/// Whether a number cannot begin behind `c`: a letter, digit or underscore, of a script that puts spaces
/// between words.
pub(crate) fn is_glued(c: char) -> bool {
    c == '_' || joins(c)
}

/// Whether two letters are the prefix of a national insurance number.
pub(crate) fn is_nino_prefix(letters: [u8; 2]) -> bool {
    letters.iter().all(u8::is_ascii_alphabetic)
        && uk_national_insurance_number::assigned(letters.map(|b| b.to_ascii_uppercase()))
}

/// Whether `word` is a month's name before a year.
pub(crate) fn is_month(word: &str) -> bool {
    shape::is_one_of(word, credit_debit_card_expiry::MONTHS)
}

/// Whether `word` stands between `as` and `password` behind a value.
pub(crate) fn is_owner(word: &str) -> bool {
    shape::is_one_of(word, password::OWNERS)
}

/// Whether `word` stands before a password that its label follows.
pub(crate) fn is_given_verb(word: &str) -> bool {
    shape::is_one_of(word, password::VERBS)
}

/// Whether `word` stands inside names: `van`, `de`.
pub(crate) fn is_particle(word: &str) -> bool {
    shape::is_exactly_one_of(word, name::PARTICLES)
}

/// Whether `word` names a unit of a house: `flat`.
pub(crate) fn is_unit(word: &str) -> bool {
    shape::is_one_of(word, address::UNITS)
}

/// Whether a sign for a house number may begin with `word` of lower-case letters, or end with it as far as
/// it has come: the `no` of `house no`.
pub(crate) fn begins_house_sign(word: &str) -> bool {
    matches!(
        word.as_bytes().first(),
        Some(b'h' | b'p' | b'd' | b'f' | b'n')
    )
}

/// Where a sign for a house number (`H.No.`) begins whose start, or all of it, ends the text.
pub(crate) fn house_sign_start(text: &str) -> Option<usize> {
    let text = text.trim_end_matches([' ', '\t']);
    let from = text.len().saturating_sub(address::LONGEST_HOUSE_SIGN);
    let bytes = text.as_bytes();
    (from..text.len()).find(|&at| {
        let first = bytes.get(at).map_or(0, u8::to_ascii_lowercase);
        if !matches!(first, b'h' | b'p' | b'd' | b'f') {
            return false;
        }
        let (Some(before), Some(rest)) = (text.get(..at), bytes.get(at..)) else {
            return false;
        };
        let fits = |sign: &str| {
            let start = sign.as_bytes().get(..rest.len());
            start.is_some_and(|start| start.eq_ignore_ascii_case(rest))
        };
        !before.chars().next_back().is_some_and(is_word) && address::HOUSE_SIGNS.iter().any(fits)
    })
}

/// Where the first head of a military address begins in `line`, or the office that ends it.
pub(crate) fn military_head(line: &str) -> Option<usize> {
    let bytes = line.as_bytes();
    (0..bytes.len()).find(|&at| {
        if !bytes.get(at).is_some_and(u8::is_ascii_uppercase) {
            return false;
        }
        let rest = line.get(at..).unwrap_or("");
        let is = |head: &str| rest.starts_with(head) || rest == head.trim_end();
        let office = rest.len() <= 7 && address::OFFICES.iter().any(&is);
        office || address::HEADS.iter().any(is)
    })
}
