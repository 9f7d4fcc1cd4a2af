use std::collections::BTreeSet;

use super::extend;

pub(super) fn forms(word: &str, all: &mut BTreeSet<String>) {
    extend(all, word, &["", "n", "en", "s", "es", "e"]);
    if word.chars().count() < 5 {
        return;
    }
    if let Some(stem) = word.strip_suffix("ieren") {
        extend(all, stem, &["iere", "iert", "ierst", "ierte", "ierten"]);
        return;
    }
    if let Some(stem) = word.strip_suffix("en") {
        extend(all, stem, &["", "e", "st", "t", "te", "ten", "end"]);
        extend(all, &format!("ge{stem}"), &["t", "en"]);
    } else if let Some(stem) = word.strip_suffix('e') {
        extend(all, stem, &["", "er", "em"]);
        if let Some(plain) = without_umlaut(stem) {
            extend(all, &plain, &["", "s", "es"]);
        }
    } else if word.ends_with("er") {
        extend(all, word, &["in", "innen"]);
    }
}

/// The stem with the vowel it has in the singular: `abzüg-e`, `abzug`.
fn without_umlaut(stem: &str) -> Option<String> {
    let place = stem.rfind(['ä', 'ö', 'ü'])?;
    let plain = stem.get(place..)?;
    let vowel = match plain.chars().next()? {
        'ä' => "a",
        'ö' => "o",
        _ => "u",
    };
    Some(format!("{}{vowel}{}", stem.get(..place)?, plain.get(2..)?))
}
