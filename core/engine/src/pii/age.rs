//! AGE: the age of a person.
//!
//! Rule: a number from 0 to 125 with
//! - a unit phrase that says age: the span is number and unit, without the words that follow (`40 years` of `40 years
//!   old`, `40 years of age`, `34 Jahre alt`, `34 años de edad`); one written word is kept whole (`7-year-old`, `34yo`,
//!   `34 y/o`, `34-jährige`);
//! - a label or verb before it: `age: 34`, `aged 34`, `turned 34`, `I am 34` — the span is the number, with its unit
//!   if one follows (`age: 40 years`, `tengo 34 años`, `elle a 34 ans`). After a verb the clause has to end there.
//!
//! Negative context: durations (`40 years of experience`, `5 years ago`, `30 days`), limits (`over 18`, `at least 18
//! years old`, `18+`), things that are old (`the house is 90 years old`), percentages, sizes, ranges.
//!
//! Context words: `age`, `aged`, `edad`, `alter` … Source: the conventions of this project; units as people write them.

use super::shape::{
    Link, digits_end, is_one_of, is_word, link, previous_word, skip_blanks, word_end,
};
use super::{
    Candidate, Found, Lengths, Lexicon, LexiconHit, PiiType, Recognizer, Scan, Trigger, Verdict,
};
use crate::rules::rule;
use crate::text::lowercase;
use crate::words::{Words, words};

const LABEL: Lexicon = Lexicon::context(PiiType::Age);
const THING: Lexicon = Lexicon::negative(PiiType::Age);

pub(crate) const CONTEXT: &[&str] = &[
    "age",
    "aged",
    "patient age",
    "patient_age",
    "user_age",
    "customer_age",
    "userage",
    "edad",
    "âge",
    "âgé",
    "âgée",
    "alter",
    "età",
    "idade",
    "leeftijd",
    "wiek",
    "ålder",
    "alder",
    "yaş",
    "возраст",
    "ηλικία",
    "年龄",
    "年齢",
    "나이",
    "turned",
    "turning",
    "turns",
    "i am",
    "i'm",
    "i’m",
    "he is",
    "he's",
    "she is",
    "she's",
    "who is",
    "ich bin",
    "er ist",
    "sie ist",
    "tengo",
    "tiene",
    "cumplí",
    "cumplió",
    "j'ai",
    "j’ai",
    "il a",
    "elle a",
    "ho",
    "ha",
    "tenho",
    "tem",
    "ik ben",
    "mam",
    "мне",
    "daughter is",
    "son is",
    "child is",
    "kid is",
    "wife is",
    "husband is",
    "father is",
    "mother is",
    "sister is",
    "brother is",
    "patient is",
    "client is",
    "baby is",
];

pub(crate) const NEGATIVE: &[&str] = &[
    "house",
    "building",
    "company",
    "tree",
    "car",
    "bridge",
    "wine",
    "whisky",
    "whiskey",
    "startup",
    "firm",
    "church",
    "castle",
    "laptop",
    "computer",
    "server",
    "codebase",
    "code",
    "software",
    "tradition",
    "city",
    "town",
    "law",
    "bug",
    "system",
    "machine",
    "account",
    "backup",
    "record",
    "certificate",
    "file",
    "cache",
    "library",
    "project",
    "repository",
    "technology",
    "universe",
    "earth",
    "model",
    "device",
    "engine",
    "empresa",
    "casa",
    "maison",
    "haus",
    "firma",
    "gebäude",
    "data",
    "snapshot",
];

pub(crate) static RECOGNIZER: Recognizer = Recognizer {
    ty: PiiType::Age,
    verdict: Verdict::DefersWhenNegative,
    threshold: 500,
    triggers: Trigger::Digits.bit() | Trigger::Mixed.bit(),
    lengths: Lengths::ANY,
    called_by: &[],
    reads: &[LABEL, THING],
    recognize,
};

fn recognize(scan: &Scan<'_>, at: Candidate, found: &mut Found) {
    let digits = digits_end(scan, at.start);
    let number = scan.slice(at.start, digits);
    if number.is_empty() || number.len() > 3 || (number.len() > 1 && number.starts_with('0')) {
        return;
    }
    let Ok(value) = number.parse::<u16>() else {
        return;
    };
    if (rule!("pii.age.range") && value > 125) || joined_before(scan, at.start) {
        return;
    }
    let phrase = phrase_end(scan, digits);
    let label = scan.hit_before(LABEL, at.start, 24);
    let label = label.filter(|_| at.trigger == Trigger::Digits);
    if phrase.is_none() && label.is_none() {
        return;
    }
    if rule!("pii.age.limit") && limit_before(scan, at.start) {
        return;
    }
    if let Some(end) = phrase {
        let thing = scan
            .hit_before(THING, at.start, 40)
            .filter(|hit| !scan.slice(hit.end, at.start).contains(['.', ',', '\n']));
        let person = is_one_of(previous_word(scan, at.start), words!["aged", "am", "m"]);
        if person || thing.is_none() || !rule!("pii.age.thing") {
            found.push(PiiType::Age, at.start, end, 900);
        }
        return;
    }
    if let Some(label) = label {
        labelled(scan, at, label, digits, found);
    }
}

/// Part of a date, an amount, a version, a range.
fn joined_before(scan: &Scan<'_>, start: usize) -> bool {
    let before = scan.char_before(start);
    before.is_some_and(|c| {
        matches!(c, '.' | '-' | '/' | '$' | '€' | '£' | '#' | '+' | '_')
            || is_word(c) && c.is_ascii()
    })
}

/// "over 18", "at least 18", "between 18 and 65".
fn limit_before(scan: &Scan<'_>, start: usize) -> bool {
    const WORDS: Words = words![
        "over",
        "under",
        "least",
        "minimum",
        "maximum",
        "than",
        "below",
        "above",
        "to",
        "and",
        "between",
        "limit",
        "be",
        "most",
        "moins",
        "menos",
        "más",
        "mindestens",
        "über",
        "unter",
        "until",
        "hace",
        "depuis",
        "pendant",
        "durante",
        "seit",
        "vor",
        "after",
        "for",
        "every",
        "within",
        "last",
        "past",
        "next",
        "per",
        "about",
        "ages",
        "group",
    ];
    is_one_of(previous_word(scan, start), WORDS)
}

/// The end of a unit phrase that says age by itself, after the digits that end at `at`.
fn phrase_end(scan: &Scan<'_>, at: usize) -> Option<usize> {
    let hyphen = scan.byte(at) == b'-';
    let from = if hyphen {
        at.saturating_add(1)
    } else {
        skip_blanks(scan, at)
    };
    let end = word_end(scan, from);
    let unit = scan.slice(from, end);
    if !unit.starts_with(may_begin_unit) {
        return None;
    }
    let unit = lowercase(unit);
    match unit.as_str() {
        "yo" => return closed(scan, end),
        "y" if matches!(scan.byte(end), b'/' | b'.') => {
            let rest = end.saturating_add(1);
            let letter = scan.byte(rest).eq_ignore_ascii_case(&b'o');
            let done = word_end(scan, rest);
            return (letter && done == rest.saturating_add(1)).then_some(done);
        }
        _ => {}
    }
    if unit.starts_with("jährige")
        || unit == "jährig"
        || unit == "enne"
        || unit == "jarige"
        || unit == "letni"
        || unit == "letnia"
    {
        return closed(scan, end);
    }
    let years = is_unit(&unit);
    if !years {
        return None;
    }
    let gap = usize::from(matches!(scan.byte(end), b' ' | b'-'));
    let next = end.saturating_add(gap);
    let next_end = word_end(scan, next);
    let word = lowercase(scan.slice(next, next_end));
    if matches!(
        word.as_str(),
        "old" | "olds" | "alt" | "oud" | "gammal" | "gammel" | "yaşında"
    ) && gap == 1
    {
        let whole = closed(scan, next_end)?;
        // "7-year-old" is one word, "40 years old" is not.
        let joined = scan.byte(end) == b'-';
        return Some(if joined { whole } else { end });
    }
    if matches!(word.as_str(), "of" | "de" | "di") {
        let last = skip_blanks(scan, next_end);
        let last_end = word_end(scan, last);
        let age = scan.slice(last, last_end);
        return is_one_of(age, words!["age", "edad", "idade", "età"]).then_some(end);
    }
    None
}

/// Whether a unit can begin with `c`, which spares most words the comparison.
fn may_begin_unit(c: char) -> bool {
    matches!(
        c.to_ascii_lowercase(),
        'a' | 'd' | 'e' | 'j' | 'l' | 'm' | 'w' | 'y'
    ) || !c.is_ascii()
}

fn closed(scan: &Scan<'_>, end: usize) -> Option<usize> {
    let next = scan.char_at(end);
    (!next.is_some_and(is_word) && scan.byte(end) != b'_').then_some(end)
}

fn is_unit(word: &str) -> bool {
    matches!(
        word,
        "years"
            | "year"
            | "yrs"
            | "yr"
            | "months"
            | "month"
            | "mos"
            | "mo"
            | "weeks"
            | "week"
            | "days"
            | "day"
            | "años"
            | "año"
            | "meses"
            | "ans"
            | "an"
            | "mois"
            | "jahre"
            | "jahren"
            | "jahr"
            | "monate"
            | "anni"
            | "mesi"
            | "anos"
            | "jaar"
            | "lat"
            | "lata"
            | "år"
            | "года"
            | "лет"
            | "yaşında"
    )
}

/// A number after a label or a verb.
fn labelled(scan: &Scan<'_>, at: Candidate, label: LexiconHit, digits: usize, found: &mut Found) {
    let word = lowercase(scan.slice(label.start, label.end));
    let between = scan.slice(label.end, at.start);
    let strong = is_label(&word);
    let tied = if strong {
        let linked = link(scan, label.start, label.end);
        matches!(word.as_str(), "age" | "alter") && is_one_of(between.trim(), words!["of", "von"])
            || is_one_of(between.trim(), words!["de", "di"])
            || linked.is_some_and(|l| {
                l.start == at.start && (l.link != Link::Adjacent || between == " ")
            })
    } else {
        between == " "
    };
    if !tied {
        return;
    }
    let from = skip_blanks(scan, digits);
    let unit_end = word_end(scan, from);
    let unit = lowercase(scan.slice(from, unit_end));
    let end = if is_unit(&unit) { unit_end } else { digits };
    let next = scan.char_at(end);
    let after = scan.char_at(end.saturating_add(1));
    let ranged = next.is_some_and(|c| {
        matches!(c, '+' | '%' | '-' | '–' | '/' | '°' | '\'') || is_word(c) || c == '_'
    }) || matches!(next, Some('.' | ',' | ':'))
        && after.is_some_and(|c| c.is_ascii_digit());
    if rule!("pii.age.range-or-size") && ranged {
        return;
    }
    if strong {
        let to = scan.slice(
            skip_blanks(scan, end),
            word_end(scan, skip_blanks(scan, end)),
        );
        if !is_one_of(to, words!["to", "or", "and", "percent", "bis", "a"])
            || !rule!("pii.age.label-range")
        {
            found.push(PiiType::Age, at.start, end, 900);
        }
        return;
    }
    let clause = Clause {
        verb: &word,
        unit: &unit,
        bare: end == digits,
    };
    if clause.says_age(scan, end) {
        found.push(PiiType::Age, at.start, end, 700);
    }
}

/// What a verb says with a number: `I am 34`, `tengo 34 años`.
struct Clause<'a> {
    verb: &'a str,
    unit: &'a str,
    /// No unit stands behind the number.
    bare: bool,
}

impl Clause<'_> {
    /// The clause has to end at `end`: "I am 34.", not "I am 34 minutes late" or "I'm 5 years into it".
    fn says_age(&self, scan: &Scan<'_>, end: usize) -> bool {
        let foreign = !self.bare
            && !matches!(
                self.unit,
                "years" | "year" | "months" | "month" | "weeks" | "days" | "week" | "day" | "an"
            );
        let from = skip_blanks(scan, end);
        let word_after = scan.slice(from, word_end(scan, from));
        let ends = matches!(
            scan.char_at(end),
            None | Some('.' | ',' | ';' | '!' | '?' | '\n' | ')' | '"')
        ) || is_one_of(
            word_after,
            words![
                "and", "now", "today", "but", "y", "et", "und", "e", "en", "this", "next", "last",
                "tomorrow", "btw",
            ],
        );
        let romance = is_one_of(
            self.verb,
            words![
                "tengo", "tiene", "j'ai", "j’ai", "il a", "elle a", "ho", "ha", "tenho", "tem",
                "cumplió", "cumplí", "mam", "мне",
            ],
        );
        (self.bare && !romance || foreign) && (ends || !rule!("pii.age.clause"))
    }
}

/// Labels, as against verbs.
fn is_label(word: &str) -> bool {
    matches!(
        word,
        "age"
            | "aged"
            | "patient age"
            | "patient_age"
            | "user_age"
            | "customer_age"
            | "userage"
            | "edad"
            | "âge"
            | "âgé"
            | "âgée"
            | "alter"
            | "età"
            | "idade"
            | "leeftijd"
            | "wiek"
            | "ålder"
            | "alder"
            | "yaş"
            | "возраст"
            | "ηλικία"
            | "年龄"
            | "年齢"
            | "나이"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pii::testing::{assert_found, assert_linear, assert_none};

    #[test]
    fn finds_ages() {
        assert_found(
            &RECOGNIZER,
            &[
                ("She is 40 years old.", "40 years"),
                ("a 7-year-old boy", "7-year-old"),
                ("aged 34,", "34"),
                ("age: 34", "34"),
                ("\"age\": 34,", "34"),
                ("age=34&x", "34"),
                ("Age: 40 years", "40 years"),
                ("I am 34.", "34"),
                ("I'm 34 and", "34"),
                ("34yo male", "34yo"),
                ("34 y/o", "34 y/o"),
                ("6 months old", "6 months"),
                ("40 years of age", "40 years"),
                ("tengo 34 años y", "34 años"),
                ("34 años de edad", "34 años"),
                ("elle a 34 ans.", "34 ans"),
                ("âgé de 34 ans", "34 ans"),
                ("Ich bin 34 Jahre alt", "34 Jahre"),
                ("der 34-jährige Mann", "34-jährige"),
                ("Alter: 34", "34"),
                ("he turned 18 last week", "18"),
                ("at the age of 23 he", "23"),
                ("Edad: 41", "41"),
                ("ho 25 anni,", "25 anni"),
                ("34 y.o", "34 y.o"),
                ("Age 52", "52"),
                ("tenho 30 anos.", "30 anos"),
                ("age is 29", "29"),
                ("my daughter is 8 and", "8"),
                ("a 3-month-old infant", "3-month-old"),
            ],
        );
    }

    #[test]
    fn leaves_other_text_alone() {
        assert_none(
            &RECOGNIZER,
            &[
                "40 years of experience",
                "5 years ago",
                "30 days",
                "I am 34% sure",
                "I'm 10 minutes late",
                "over 18 years old",
                "must be at least 18 years old",
                "age 18+",
                "ages 5-12",
                "aged 18 to 65",
                "age limit 21",
                "the house is 90 years old",
                "300 years old",
                "I am 5 feet tall",
                "version 34",
                "page 34",
                "a 5-year plan",
                "2 years",
                "it is 34.",
                "age: 34.5",
                "I'm 5 years into it",
                "in 20 days",
                "10 months later",
                "image 34",
                "stage: 3",
                "the age of 1990",
                "aged 18-25",
                "hace 5 años",
                "un contrat de 3 ans",
                "I am 2nd",
                "message: 34",
                "tengo 5 perros",
                "il y a 34 ans",
                "the backup is 3 days old",
            ],
        );
    }

    #[test]
    fn hostile_text_costs_linear_time() {
        assert_linear(&RECOGNIZER, &["1", "1 ", "age 1 ", "1-year-", "age "]);
    }
}
