//! What stands between the braces before the number.
//!
//! Labels are upper-case words of letters and digits joined by underscores, and begin and end with a
//! letter: that leaves no doubt where a label ends and its number begins, also where a model changed the
//! case or dropped the underscore.

use alloc::string::String;

use crate::pii::PiiType;
use crate::text;

/// How many bytes a label may have.
pub(super) const MAX_LABEL: usize = 56;

/// How many digits a number may have.
pub(super) const MAX_INDEX_DIGITS: usize = 5;

/// The highest number.
pub(super) const MAX_INDEX: usize = 99_999;

/// The label of texts that only look like placeholders.
pub(super) const LITERAL: &str = "LITERAL";

/// How much of a regex's name is used.
const MAX_SLUG: usize = 40;

/// The label that `name` would like to have.
pub(super) fn wanted(name: &str, built_in: bool) -> String {
    if built_in && PiiType::from_name(name).is_some() {
        return String::from(name);
    }
    let slug = slug(name);
    if is_reserved(&slug) {
        let mut custom = String::from("CUSTOM_");
        custom.push_str(&slug);
        return custom;
    }
    slug
}

/// `wanted`, or if that is taken `wanted_B`, `wanted_C` and so on, until one is free.
pub(super) fn free(wanted: &str, is_taken: impl Fn(&str) -> bool) -> String {
    let mut label = String::from(wanted);
    let mut number: usize = 0;
    while is_taken(&label) || (number > 0 && is_reserved(&label)) {
        number = number.saturating_add(1);
        label.truncate(wanted.len());
        label.push('_');
        push_letters(&mut label, number);
    }
    label
}

/// Whether `label` is one of our own and so none for a regex.
pub(super) fn is_reserved(label: &str) -> bool {
    label == LITERAL || PiiType::from_name(label).is_some()
}

/// Whether `label` has the form of one.
pub(super) fn is_valid(label: &str) -> bool {
    let letter = |byte: Option<u8>| byte.is_some_and(|b| b.is_ascii_uppercase());
    let allowed = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_';
    label.len() <= MAX_LABEL
        && letter(label.bytes().next())
        && letter(label.bytes().last())
        && label.bytes().all(allowed)
        && !text::contains(label, "__")
}

/// A name in the letters of a label.
fn slug(name: &str) -> String {
    let mut slug = String::new();
    for c in name.chars() {
        if c.is_ascii_alphanumeric() {
            slug.push(c.to_ascii_uppercase());
        } else if !slug.is_empty() && !slug.ends_with('_') {
            slug.push('_');
        }
        if slug.len() >= MAX_SLUG {
            break;
        }
    }
    slug.truncate(slug.trim_end_matches('_').len());
    match slug.bytes().next() {
        None => slug.push_str("CUSTOM"),
        Some(b'0'..=b'9') => slug.insert_str(0, "N_"),
        Some(_) => {}
    }
    if slug.ends_with(|c: char| c.is_ascii_digit()) {
        slug.push_str("_N");
    }
    slug
}

/// `number` in letters: 1 is `B`, 25 is `Z`, 26 is `BA`.
fn push_letters(out: &mut String, number: usize) {
    let mut letters = [0_u8; 16];
    let mut rest = number;
    let mut from = letters.len();
    for slot in letters.iter_mut().rev() {
        if rest == 0 {
            break;
        }
        *slot = u8::try_from(rest % 26).unwrap_or(0).saturating_add(b'A');
        rest /= 26;
        from = from.saturating_sub(1);
    }
    for letter in letters.get(from..).unwrap_or(&[]) {
        out.push(char::from(*letter));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    #[test]
    fn names_become_labels() {
        for (name, built_in, label) in [
            ("EMAIL", true, "EMAIL"),
            ("EMAIL", false, "CUSTOM_EMAIL"),
            ("email", false, "CUSTOM_EMAIL"),
            ("e-mail", false, "E_MAIL"),
            ("EMAIL_1", false, "EMAIL_1_N"),
            ("ticket", false, "TICKET"),
            ("Staff number (DE)", false, "STAFF_NUMBER_DE"),
            ("{EMAIL_1}", false, "EMAIL_1_N"),
            ("2FA", false, "N_2FA"),
            ("42", false, "N_42_N"),
            ("literal", false, "CUSTOM_LITERAL"),
            ("", false, "CUSTOM"),
            ("工号", false, "CUSTOM"),
            ("__a__b__", false, "A_B"),
            ("NO SUCH TYPE", true, "NO_SUCH_TYPE"),
        ] {
            assert_eq!(wanted(name, built_in), label, "{name}");
            assert!(is_valid(label), "{label}");
        }
        let long = wanted(&"x1 ".repeat(100), false);
        assert!(is_valid(&long), "{long}");
    }

    #[test]
    fn a_taken_label_gets_letters() {
        let mut taken: Vec<String> = Vec::new();
        for _ in 0..60 {
            let label = free("T", |label| taken.iter().any(|t| t == label));
            assert!(is_valid(&label), "{label}");
            taken.push(label);
        }
        assert_eq!(taken[..3], ["T", "T_B", "T_C"]);
        assert_eq!(taken[25..28], ["T_Z", "T_BA", "T_BB"]);
    }
}
