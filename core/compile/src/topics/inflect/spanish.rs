use std::collections::BTreeSet;

use super::extend;

const AR: &[&str] = &[
    "ar", "o", "as", "a", "amos", "an", "ando", "ado", "ada", "ados", "adas", "é", "ó", "aron",
    "aba", "aban", "aré", "ará", "arán", "e", "es", "en", "aría", "arme", "arse", "arlo",
];
const ER: &[&str] = &[
    "er", "o", "es", "e", "emos", "en", "iendo", "ido", "ida", "idos", "idas", "í", "ió", "ieron",
    "ía", "ían", "eré", "erá", "a", "as", "an", "ería", "erlo",
];
const IR: &[&str] = &[
    "ir", "o", "es", "e", "imos", "en", "iendo", "ido", "ida", "idos", "idas", "í", "ió", "ieron",
    "ía", "ían", "iré", "irá", "a", "as", "an", "iría", "irlo",
];

pub(super) fn forms(word: &str, all: &mut BTreeSet<String>) {
    nominal(&singular(word), all);
    // `esteroides` is of `esteroide`, `redes` of `red`: the ending does not tell.
    if let Some(stem) = word.strip_suffix('s').filter(|stem| stem.ends_with('e')) {
        nominal(stem, all);
    }
    if word.chars().count() < 5 {
        return;
    }
    for (ending, endings) in [("ar", AR), ("er", ER), ("ir", IR)] {
        if let Some(stem) = word.strip_suffix(ending) {
            verb(stem, endings, all);
        }
    }
}

fn singular(word: &str) -> String {
    if let Some(stem) = word.strip_suffix("ciones") {
        format!("{stem}ción")
    } else if let Some(stem) = word.strip_suffix("siones") {
        format!("{stem}sión")
    } else if let Some(stem) = word.strip_suffix("ces") {
        format!("{stem}z")
    } else if let Some(stem) = word.strip_suffix("es")
        && stem.ends_with(['d', 'l', 'r', 'n', 'j'])
    {
        stem.to_owned()
    } else if let Some(stem) = word.strip_suffix('s')
        && stem.ends_with(['a', 'e', 'o'])
    {
        stem.to_owned()
    } else {
        word.to_owned()
    }
}

/// Number and gender of nouns and adjectives.
fn nominal(word: &str, all: &mut BTreeSet<String>) {
    extend(all, word, &[""]);
    if let Some(stem) = word.strip_suffix("ión") {
        extend(all, stem, &["iones"]);
    } else if let Some(stem) = word.strip_suffix('z') {
        extend(all, stem, &["ces"]);
    } else if let Some(stem) = word.strip_suffix(['o', 'a']) {
        extend(all, stem, &["o", "a", "os", "as"]);
    } else if word.ends_with('e') {
        extend(all, word, &["s"]);
    } else if word.ends_with(['d', 'l', 'r', 'n', 'j', 'y']) {
        extend(all, word, &["es"]);
    }
}

/// A conjugation with the stem as it is, with its diphthong (`invertir`, `invierto`), with its vowel
/// raised (`invirtiendo`), and with the spelling that keeps its sound (`pagar`, `pagué`).
fn verb(stem: &str, endings: &[&str], all: &mut BTreeSet<String>) {
    extend(all, stem, endings);
    let letters: Vec<char> = stem.chars().collect();
    if let Some(place) = letters.iter().rposition(|c| "eo".contains(*c))
        && place + 3 >= letters.len()
        && place > 0
    {
        let changed = |vowel: &str| -> String {
            let (head, tail) = (&letters[..place], &letters[place + 1..]);
            head.iter().collect::<String>() + vowel + &tail.iter().collect::<String>()
        };
        let open = if letters[place] == 'e' { "ie" } else { "ue" };
        extend(
            all,
            &changed(open),
            &["o", "a", "as", "an", "e", "es", "en"],
        );
        if letters[place] == 'e' && endings.first() == Some(&"ir") {
            extend(all, &changed("i"), &["iendo", "ió", "ieron"]);
        }
    }
    let sounds = [('g', "gu"), ('c', "qu"), ('z', "c")];
    for (last, spelled) in sounds {
        if endings.first() == Some(&"ar")
            && let Some(short) = stem.strip_suffix(last)
        {
            extend(all, &format!("{short}{spelled}"), &["é", "e", "es", "en"]);
        }
    }
}
