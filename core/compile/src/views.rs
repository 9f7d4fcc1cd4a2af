//! The section `views`, and what else words need to be read in evasion views.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use edgerail_core::views::Class;

/// Characters that look like ASCII ones; `data/views/README.md` says where they come from.
const CONFUSABLES: &str = include_str!("../data/views/confusables.txt");
/// Words that need their double letter.
const DOUBLES: &str = include_str!("../data/views/doubles.txt");
/// How words are spelled.
const PAIRS: &str = include_str!("../data/views/pairs.txt");

/// Signs and digits with the letters they stand for, the likeliest first.
const LEET: &[(char, &str)] = &[
    ('!', "il"),
    ('$', "s"),
    ('(', "c"),
    ('+', "t"),
    ('0', "o"),
    ('1', "il"),
    ('3', "e"),
    ('4', "a"),
    ('5', "s"),
    ('6', "g"),
    ('7', "t"),
    ('8', "b"),
    ('9', "g"),
    ('@', "a"),
    ('|', "il"),
    ('¢', "c"),
    ('£', "l"),
    ('¥', "y"),
    ('§', "s"),
    ('€', "e"),
];

/// English words that are other English words rotated, though not all are spelled as most words are.
const ROTATIONS: [&str; 18] = [
    "balk", "barf", "crag", "ebbs", "envy", "errs", "flap", "frag", "gnat", "ones", "onyx", "pent",
    "rail", "reef", "roof", "sent", "sync", "tang",
];

/// The fewest letters of a word that is looked for rotated.
const ROTATED: usize = 4;

/// The section for a bundle whose words and phrases `terms` are read in views; `None` if it would not fit
/// 32-bit numbers. The engine's `views/tables.rs` has its layout.
pub(crate) fn section(terms: &[&str]) -> Option<Vec<u8>> {
    let alike: Vec<(u32, [u8; 4])> = CONFUSABLES.lines().map(confusable).collect::<Option<_>>()?;
    let leet = LEET
        .iter()
        .map(|(c, letters)| Some((u32::from(*c), padded(letters)?)));
    let leet: Vec<(u32, [u8; 4])> = leet.collect::<Option<_>>()?;
    let doubles: String = doubles(terms)
        .iter()
        .flat_map(|word| [word, "\n"])
        .collect();
    let mut section = Vec::new();
    for number in [alike.len(), leet.len(), doubles.len(), 0] {
        section.extend_from_slice(&u32::try_from(number).ok()?.to_le_bytes());
    }
    for (key, target) in alike.iter().chain(&leet) {
        section.extend_from_slice(&key.to_le_bytes());
        section.extend_from_slice(target);
    }
    section.extend_from_slice(doubles.as_bytes());
    Some(section)
}

/// A line of the data: code point, what it looks like, class.
fn confusable(line: &str) -> Option<(u32, [u8; 4])> {
    let mut fields = line.split(' ');
    let code = u32::from_str_radix(fields.next()?, 16).ok()?;
    let target = padded(fields.next()?)?;
    let class = match fields.next()? {
        "f" => Class::Foreign,
        "c" => Class::ByCapital,
        "n" => Class::Alphabet,
        "x" => Class::Odd,
        "d" => Class::Digit,
        "p" => Class::Sign,
        _ => return None,
    };
    Some((code | u32::from(class.number()) << 24, target))
}

fn padded(target: &str) -> Option<[u8; 4]> {
    let mut padded = [0; 4];
    padded
        .get_mut(..target.len())?
        .copy_from_slice(target.as_bytes());
    Some(padded)
}

/// The doubles of which the single form is a word of `terms`: `good` where `god` is looked for.
fn doubles(terms: &[&str]) -> BTreeSet<&'static str> {
    let lower: Vec<String> = terms.iter().map(|term| term.to_lowercase()).collect();
    let words = lower
        .iter()
        .flat_map(|term| term.split(|c: char| !c.is_alphanumeric()));
    let words: BTreeSet<&str> = words.collect();
    let is_single = |double: &str| {
        let bytes = double.as_bytes();
        let mut places = (1..bytes.len()).filter(|&at| bytes[at] == bytes[at - 1]);
        places.any(|at| words.contains(format!("{}{}", &double[..at], &double[at + 1..]).as_str()))
    };
    DOUBLES.lines().filter(|double| is_single(double)).collect()
}

/// `term` with its letters moved by 13 places; `None` if it is too short, has other letters than those of
/// ASCII, or could be an ordinary word then.
pub(crate) fn rotated(term: &str) -> Option<String> {
    let letters = term.chars().filter(char::is_ascii_alphabetic).count();
    let plain = term.chars().all(|c| c.is_ascii_alphabetic() || c == ' ');
    if letters < ROTATED || !plain {
        return None;
    }
    let rotated: String = term.to_ascii_lowercase().chars().map(rotate).collect();
    let odd = rotated
        .split(' ')
        .any(|word| word.len() > 1 && !ROTATIONS.contains(&word) && !is_spelled_like_a_word(word));
    odd.then_some(rotated)
}

fn rotate(c: char) -> char {
    match c {
        'a'..='m' => char::from_u32(u32::from(c) + 13).unwrap_or(c),
        'n'..='z' => char::from_u32(u32::from(c) - 13).unwrap_or(c),
        other => other,
    }
}

/// Whether every two letters of a word stand side by side in English words, and its first and last two
/// begin and end some.
fn is_spelled_like_a_word(word: &str) -> bool {
    let marked = format!("^{word}$");
    static KNOWN: LazyLock<BTreeSet<&str>> = LazyLock::new(|| PAIRS.lines().collect());
    let length = marked.len();
    let edges = [&marked[..3], &marked[length - 3..]];
    (2..=length)
        .map(|end| &marked[end - 2..end])
        .chain(edges)
        .all(|part| KNOWN.contains(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_data_is_well_formed_and_sorted() {
        assert!(section(&["Kestrel", "god"]).is_some());
        assert!(CONFUSABLES.lines().count() > 1_500);
        let codes: Vec<u32> = CONFUSABLES
            .lines()
            .map(|line| confusable(line).unwrap().0 & 0x00ff_ffff)
            .collect();
        assert!(codes.is_sorted_by(|a, b| a < b));
        assert!(LEET.is_sorted_by(|(a, _), (b, _)| a < b));
        assert!(DOUBLES.lines().is_sorted() && PAIRS.lines().is_sorted());
        assert!(confusable("41").is_none() && confusable("0430 a z").is_none());
        assert!(padded("abcde").is_none());
    }

    #[test]
    fn only_doubles_of_the_words_are_kept() {
        let kept = doubles(&["God Father", "shot"]);
        assert!(kept.contains("good") && kept.contains("shoot") && !kept.contains("boot"));
        assert!(doubles(&[]).is_empty());
    }

    #[test]
    fn rotations_that_could_be_words_are_not_looked_for() {
        assert_eq!(rotated("Kestrel").as_deref(), Some("xrfgery"));
        assert_eq!(rotated("fuck").as_deref(), Some("shpx"));
        assert_eq!(
            rotated("Project Kestrel").as_deref(),
            Some("cebwrpg xrfgery")
        );
        for word in [
            "terra", "envy", "rail", "gnat", "irk", "abc", "Größe", "x1y2z3", "pub-quiz",
        ] {
            assert_eq!(rotated(word), None, "{word}");
        }
    }
}
