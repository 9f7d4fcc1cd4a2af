use std::collections::BTreeSet;

use super::{extend, has_vowel};

/// Words whose forms no rule gives: each line is one word.
const IRREGULAR: &[&str] = &[
    "analysis analyses",
    "begin begins began begun beginning",
    "bet bets betting",
    "bid bids bidding",
    "bleed bleeds bled bleeding",
    "borrow borrows borrowed borrowing",
    "break breaks broke broken breaking",
    "breed breeds bred breeding",
    "build builds built building",
    "buy buys bought buying",
    "catch catches caught catching",
    "child children",
    "choose chooses chose chosen choosing",
    "crisis crises",
    "diagnosis diagnoses",
    "draw draws drew drawn drawing",
    "drink drinks drank drunk drinking",
    "drive drives drove driven driving",
    "eat eats ate eaten eating",
    "fight fights fought fighting",
    "fly flies flew flown flying",
    "forbid forbids forbade forbidden",
    "forge forges forged forging",
    "foot feet",
    "grow grows grew grown growing",
    "half halves",
    "hide hides hid hidden hiding",
    "hurt hurts hurting",
    "hypothesis hypotheses",
    "knife knives",
    "lend lends lent lending",
    "life lives",
    "lose loses lost losing",
    "man men",
    "medium media",
    "mouse mice",
    "overtake overtakes overtook overtaken overtaking",
    "parenthesis parentheses",
    "phenomenon phenomena",
    "quit quits quitting",
    "rise rises rose risen rising",
    "sell sells sold selling",
    "shoot shoots shot shots shooting",
    "sing sings sang sung singing",
    "sleep sleeps slept sleeping",
    "speak speaks spoke spoken speaking",
    "spend spends spent spending",
    "steal steals stole stolen stealing",
    "stimulus stimuli",
    "strike strikes struck striking",
    "sue sues sued suing",
    "swear swears swore sworn swearing",
    "teach teaches taught teaching",
    "thesis theses",
    "thief thieves",
    "tooth teeth",
    "treat treats treated treating",
    "virus viruses",
    "wear wears wore worn wearing",
    "wife wives",
    "win wins won winning",
    "withdraw withdraws withdrew withdrawn withdrawing",
    "woman women",
    "write writes wrote written writing",
];

/// Endings of nouns and adjectives that no verb has: these words have a plural at most.
const NOUNS: &[&str] = &[
    "tion", "sion", "ment", "ness", "ity", "ship", "ance", "ence", "ist", "ism", "ology", "graphy",
    "hood", "dom", "cracy", "eer", "ician", "ant", "ent", "or", "er", "th", "age",
];
/// Endings of adjectives and adverbs, which have no other form.
const ADJECTIVES: &[&str] = &[
    "al", "ive", "ous", "ic", "able", "ible", "ful", "less", "ly", "ary", "ical", "ish", "ory",
];

pub(super) fn forms(word: &str, all: &mut BTreeSet<String>) {
    for line in IRREGULAR {
        if line.split(' ').any(|form| form == word) {
            all.extend(line.split(' ').map(str::to_owned));
        }
    }
    if !all.is_empty() {
        return;
    }
    for base in bases(word) {
        inflect(&base, all);
    }
}

/// The words that this may be a form of, itself first.
fn bases(word: &str) -> Vec<String> {
    let mut bases = vec![word.to_owned()];
    let mut push = |base: String| {
        if base.len() >= 3 && has_vowel(&base) {
            bases.push(base);
        }
    };
    if let Some(stem) = word.strip_suffix("ies") {
        push(format!("{stem}y"));
    } else if ["sses", "xes", "zes", "ches", "shes"]
        .iter()
        .any(|end| word.ends_with(end))
    {
        push(word.strip_suffix("es").unwrap_or(word).to_owned());
    } else if let Some(stem) = word.strip_suffix('s')
        && !["s", "u", "i"].iter().any(|end| stem.ends_with(end))
    {
        push(stem.to_owned());
    }
    let singular = bases.last().map_or(word, String::as_str).to_owned();
    for ending in ["ing", "ed"] {
        let Some(stem) = singular.strip_suffix(ending) else {
            continue;
        };
        if !has_vowel(stem) || stem.len() < 3 {
            continue;
        }
        let mut letters = stem.chars().rev();
        let (last, before) = (letters.next(), letters.next());
        if last == before && !matches!(last, Some('l' | 's' | 'z' | 'e')) {
            bases.push(stem.chars().take(stem.chars().count() - 1).collect());
        } else if ends_like_mute_e(stem) {
            bases.push(format!("{stem}e"));
        } else {
            bases.push(stem.to_owned());
        }
    }
    bases
}

/// Whether a stem before `-ing` lost an `e`: `fil-ing`, `mortgag-ing`, `creat-ing`.
fn ends_like_mute_e(stem: &str) -> bool {
    let letters: Vec<char> = stem.chars().rev().take(3).collect();
    let is_vowel = |c: &char| "aeiou".contains(*c);
    match letters.as_slice() {
        ['g', second, ..] => *second != 'n' && *second != 'i',
        ['c' | 'v' | 'u' | 'z', ..] => true,
        ['s', second, ..] => is_vowel(second),
        ['t', 'a', ..] => stem.len() > 3,
        // A single vowel between consonants: `fil`, `mak`, but not `build`, `visit`, `offer`.
        [last, second, third] => {
            !is_vowel(last)
                && is_vowel(second)
                && !is_vowel(third)
                && stem.len() <= 4
                && !matches!(last, 'w' | 'x' | 'y')
        }
        _ => false,
    }
}

fn inflect(base: &str, all: &mut BTreeSet<String>) {
    all.insert(base.to_owned());
    let ends = |endings: &[&str]| {
        endings
            .iter()
            .any(|end| base.len() > end.len() + 2 && base.ends_with(end))
    };
    if ends(ADJECTIVES) {
        return;
    }
    if base.ends_with("ss") || ["x", "z", "ch", "sh"].iter().any(|end| base.ends_with(end)) {
        extend(all, base, &["es"]);
    } else if base.ends_with('s') {
        return;
    } else if let Some(stem) = consonant_y(base) {
        extend(all, stem, &["ies"]);
    } else {
        extend(all, base, &["s"]);
    }
    if ends(NOUNS) && !base.ends_with("age") {
        return;
    }
    if base.ends_with("ing") || base.ends_with("ed") {
        return;
    }
    if let Some(stem) = base.strip_suffix('e') {
        extend(all, stem, &["ed", "ing"]);
    } else if let Some(stem) = consonant_y(base) {
        extend(all, stem, &["ied", "ying"]);
    } else if let Some(last) = doubles(base) {
        extend(all, &format!("{base}{last}"), &["ed", "ing"]);
    } else {
        extend(all, base, &["ed", "ing"]);
    }
}

/// The stem of a word in a consonant and `y`.
fn consonant_y(base: &str) -> Option<&str> {
    let stem = base.strip_suffix('y')?;
    (!stem.ends_with(['a', 'e', 'i', 'o', 'u'])).then_some(stem)
}

/// The letter that doubles before `-ing`: one short syllable that ends in vowel and consonant.
fn doubles(base: &str) -> Option<char> {
    let letters: Vec<char> = base.chars().rev().take(3).collect();
    let is_vowel = |c: char| "aeiou".contains(c);
    match letters.as_slice() {
        [last, second, third]
            if base.len() <= 4
                && !is_vowel(*last)
                && !matches!(last, 'w' | 'x' | 'y')
                && is_vowel(*second)
                && !is_vowel(*third) =>
        {
            Some(*last)
        }
        _ => None,
    }
}
