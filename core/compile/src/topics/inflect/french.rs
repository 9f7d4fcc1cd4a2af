use std::collections::BTreeSet;

use super::extend;

const ER: &[&str] = &[
    "er", "e", "es", "ons", "ez", "ent", "é", "ée", "és", "ées", "ant", "ais", "ait", "aient",
    "era", "erai",
];
const IR: &[&str] = &[
    "ir", "is", "it", "issons", "issez", "issent", "issant", "i", "ie", "ies", "issait", "ira",
];
const RE: &[&str] = &[
    "re", "s", "t", "ons", "ez", "ent", "u", "ue", "us", "ues", "ant", "rait",
];

pub(super) fn forms(word: &str, all: &mut BTreeSet<String>) {
    let singular = singular(word);
    nominal(&singular, all);
    if word.chars().count() < 5 {
        return;
    }
    if let Some(stem) = word.strip_suffix("er") {
        verb_er(stem, all);
    } else if let Some(stem) = word.strip_suffix("ir") {
        extend(all, stem, IR);
    } else if let Some(stem) = word.strip_suffix("re") {
        extend(all, stem, RE);
    } else if let Some(stem) = ["ez", "ées", "és", "ée", "é"]
        .iter()
        .find_map(|end| word.strip_suffix(end))
        .filter(|stem| stem.chars().count() >= 3)
    {
        verb_er(stem, all);
    }
}

fn singular(word: &str) -> String {
    if let Some(stem) = word.strip_suffix("eaux") {
        format!("{stem}eau")
    } else if let Some(stem) = word.strip_suffix("aux") {
        format!("{stem}al")
    } else if let Some(stem) = word.strip_suffix('s')
        && !stem.ends_with(['s', 'u', 'i'])
    {
        stem.to_owned()
    } else {
        word.to_owned()
    }
}

/// Number and gender of nouns and adjectives.
fn nominal(word: &str, all: &mut BTreeSet<String>) {
    extend(all, word, &[""]);
    if word.ends_with(['s', 'x', 'z']) {
        if let Some(stem) = word.strip_suffix("eux") {
            extend(all, stem, &["euse", "euses"]);
        }
        return;
    }
    let endings: &[(&str, &[&str])] = &[
        ("eau", &["eaux"]),
        ("ale", &["al", "ale", "ales", "aux"]),
        ("al", &["al", "ale", "ales", "aux"]),
        ("elle", &["el", "els", "elle", "elles"]),
        ("el", &["els", "elle", "elles"]),
        ("ive", &["if", "ifs", "ive", "ives"]),
        ("if", &["ifs", "ive", "ives"]),
        ("ienne", &["ien", "iens", "ienne", "iennes"]),
        ("ien", &["iens", "ienne", "iennes"]),
        ("euse", &["eux", "eur", "eurs", "euse", "euses"]),
        ("ière", &["ier", "iers", "ière", "ières"]),
        ("ier", &["iers", "ière", "ières"]),
    ];
    for (ending, forms) in endings {
        if let Some(stem) = word.strip_suffix(ending) {
            extend(all, stem, forms);
            return;
        }
    }
    extend(all, word, &["s"]);
}

/// The first conjugation, with `è` before mute endings: `acheter`, `achète`; `gérer`, `gère`.
fn verb_er(stem: &str, all: &mut BTreeSet<String>) {
    extend(all, stem, ER);
    if stem.ends_with('g') {
        extend(all, stem, &["eons", "eant", "eait"]);
    }
    if let Some(short) = stem.strip_suffix('c') {
        extend(all, short, &["çons", "çant", "çait"]);
    }
    let letters: Vec<char> = stem.chars().collect();
    if let [head @ .., 'e' | 'é', last] = letters.as_slice()
        && !"aeiouéèê".contains(*last)
    {
        let head: String = head.iter().collect();
        extend(all, &format!("{head}è{last}"), &["e", "es", "ent", "era"]);
    }
}
