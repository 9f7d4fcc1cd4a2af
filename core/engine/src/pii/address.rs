//! ADDRESS: a postal address, from street to country, as one span.
//!
//! Rule: a street line and what follows it. Street lines:
//! - house number, name, kind of street: `1600 Example Ave`, `221B Baker Street`, `12 rue de la Paix`;
//! - kind of street, name, house number: `Calle Mayor 12`, `Via Roma, 12`;
//! - a compound with its number: `Musterstraße 12`, `Lange Straße 5a`, `Keizersgracht 101`;
//! - a post office box: `PO Box 123`, `Postfach 12 34`.
//!
//! The lines and parts behind it belong to it as long as each is a unit (`Apt 4B`, `Suite 200`), a post code with or without
//! town, a town with state or post code, a state, a country, or a town that ends its line; they are joined by commas, line
//! ends or blanks. A street in lower case needs a state or post code behind it.
//!
//! No finding: a lone town, post code or country; a street without a number; `5 Star Hotel Drive to …` where lower-case text
//! goes on behind a kind of street that is an ordinary word (`way`, `drive`, `court`).
//!
//! Context words raise the score: `address`, `lives at`, `ship to` … Sources: UPU S42 (address elements and their order), USPS
//! Publication 28 (units, states), the Royal Mail's post code format.

mod place;
mod words;

use super::lexicon::{COUNTRY, STATE, STREET_PREFIX, STREET_TYPE};
use super::shape::{
    digits_end, is_one_of, is_word, previous_word, skip_blanks, skip_blanks_back, word_end,
    word_start,
};
use super::{Candidate, Found, Lengths, Lexicon, PiiType, Recognizer, Scan, Trigger, Verdict};
use crate::rules::rule;
use crate::text::{is_alphabetic, is_uppercase, lowercase};
use crate::words::{Words, words};
use place::{proper_words, tail};
use words::{BOXES, ENDINGS, FRENCH, ORDINARY, QUARTERS};

pub(super) use words::UNITS;

pub(crate) use words::{CONTEXT, PREFIXES};

const LABEL: Lexicon = Lexicon::context(PiiType::Address);

pub(crate) static RECOGNIZER: Recognizer = Recognizer {
    ty: PiiType::Address,
    verdict: Verdict::DefersWhenNegative,
    threshold: 500,
    triggers: Trigger::Digits.bit() | Trigger::Mixed.bit() | Trigger::Hit.bit(),
    lengths: Lengths::range(1, 6),
    called_by: &[LABEL, STREET_PREFIX],
    reads: &[LABEL, STREET_PREFIX, STREET_TYPE, COUNTRY, STATE],
    recognize,
};

/// A street line.
struct Street {
    start: usize,
    end: usize,
    proof: Proof,
}

/// What has to stand behind a street line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Proof {
    /// Nothing: the line speaks for itself.
    Line,
    /// A post code, state or country.
    Place,
    /// A post code: there is no house number.
    Code,
    /// The six digits of an Indian post code: there is no kind of street.
    Pin,
}

impl Proof {
    fn holds(self, scan: &Scan<'_>, street: usize, end: usize, located: bool) -> bool {
        let tail = scan.slice(street, end);
        match self {
            Proof::Line => true,
            Proof::Place => located,
            Proof::Code => located && tail.bytes().any(|b| b.is_ascii_digit()),
            Proof::Pin => {
                let digits = tail.bytes().rev().take_while(u8::is_ascii_digit).count();
                located && digits == 6
            }
        }
    }
}

fn recognize(scan: &Scan<'_>, at: Candidate, found: &mut Found) {
    let street = match at.lexicon {
        Some(list) if list == LABEL => post_box(scan, at),
        Some(_) => prefixed(scan, at),
        None if !scan.byte(at.start).is_ascii_digit() => None,
        None => military(scan, at)
            .or_else(|| numbered(scan, at))
            .or_else(|| compound(scan, at)),
    };
    let Some(street) = street else { return };
    let (end, located) = tail(scan, street.end);
    if rule!("pii.address.doubtful") && !street.proof.holds(scan, street.end, end, located) {
        return;
    }
    let near = scan.hit_before(LABEL, street.start, 48).is_some();
    let score = if located { 900_u16 } else { 600 };
    found.push(
        PiiType::Address,
        street.start,
        end,
        score.saturating_add(if near { 50 } else { 0 }),
    );
}

fn post_box(scan: &Scan<'_>, at: Candidate) -> Option<Street> {
    if !is_one_of(&lowercase(scan.slice(at.start, at.end)), BOXES) {
        return None;
    }
    let start = skip_blanks(scan, at.end);
    let mut end = digits_end(scan, start);
    if end == start {
        return None;
    }
    while scan.byte(end) == b' ' && digits_end(scan, end.saturating_add(1)) == end.saturating_add(3)
    {
        end = end.saturating_add(3);
    }
    Some(Street {
        start: at.start,
        end,
        proof: Proof::Line,
    })
}

/// What a military address begins with.
pub(super) const HEADS: Words = words!["PSC ", "Unit ", "CMR ", "USNS ", "USS ", "USNV ", "USCGC "];

/// The post offices of the armed forces.
pub(super) const OFFICES: Words = words!["APO ", "FPO ", "DPO "];

/// Mail of the armed forces of the USA: `PSC 3632, Box 4673, APO AE 09012`, found at the ZIP code.
fn military(scan: &Scan<'_>, at: Candidate) -> Option<Street> {
    if at.end.saturating_sub(at.start) != 5 || at.trigger != Trigger::Digits {
        return None;
    }
    let region = at.start.checked_sub(7)?;
    let office = scan.slice(region, region.saturating_add(4));
    let zone = scan.slice(region.saturating_add(4), at.start);
    if !OFFICES.contains(office) || !matches!(zone, "AA " | "AE " | "AP ") {
        return None;
    }
    let (mut start, mut back) = (region, region);
    while region.saturating_sub(back) < 64 {
        let Some(c) = scan.char_before(back) else {
            break;
        };
        if !(c.is_ascii_alphanumeric() || matches!(c, ' ' | ',' | '#' | '-' | '\n' | '\\')) {
            break;
        }
        back = back.saturating_sub(1);
        let word = !scan.byte_before(back).is_ascii_alphanumeric()
            || scan.slice(back.saturating_sub(2), back) == "\\n";
        let length = HEADS
            .iter()
            .any(|head| scan.slice(back, back.saturating_add(head.len())) == head);
        if word && length {
            start = back;
        }
    }
    Some(Street {
        start,
        end: at.end,
        proof: Proof::Line,
    })
}

/// `1600 Example Ave`, `12 bis rue de la Paix`: the number first.
fn numbered(scan: &Scan<'_>, at: Candidate) -> Option<Street> {
    let width = at.end.saturating_sub(at.start);
    if width > 6 || !scan.byte(at.start).is_ascii_digit() || !starts_line(scan, at.start) {
        return None;
    }
    let mut from = at.end;
    while matches!(scan.byte(from), b'-' | b'/')
        && digits_end(scan, from.saturating_add(1)) > from.saturating_add(1)
    {
        from = digits_end(scan, from.saturating_add(1));
    }
    let slash = scan.slice(at.end, from).starts_with('/');
    let comma = scan.byte(from) == b',' && width <= 4;
    from = from.saturating_add(usize::from(comma));
    // What stands before the number is looked at last: most numbers have no street behind them.
    let house = || before_number(scan, at.start).1 || after_unit(scan, at.start);
    from = match line_break(scan, from) {
        Some(next) if comma || slash || house() => next,
        _ if scan.byte(from) == b' ' => from,
        _ => return None,
    };
    from = skip_blanks(scan, from);
    if !is_word(scan.char_at(from)?) {
        return None;
    }
    if matches!(scan.byte(from), b'b' | b'B' | b't' | b'T') {
        let end = word_end(scan, from);
        if is_one_of(scan.slice(from, end), words!["bis", "ter"]) {
            from = skip_blanks(scan, end);
        }
    }
    let street = |end, proof| {
        let (start, _) = before_number(scan, at.start);
        Some(Street { start, end, proof })
    };
    if let Some(end) = french(scan, from) {
        return street(end, Proof::Line);
    }
    let line = street_name(scan, from).filter(|line| !is_ordinary(scan, line));
    if let Some((end, _, lower)) = line {
        return street(end, if lower { Proof::Place } else { Proof::Line });
    }
    // India: "H.No. 12, Banjara Hills, Hyderabad 500034".
    let end = proper_words(scan, from, 4).filter(|_| slash && comma || house())?;
    street(end, Proof::Pin)
}

/// Whether a house number can start at `start`: it is no part of an amount, path, time or longer number.
fn starts_line(scan: &Scan<'_>, start: usize) -> bool {
    let second = scan.byte_before(start.saturating_sub(1));
    match scan.byte_before(start) {
        b'$' | b'_' | b'#' | b'@' | b'-' | b'/' => false,
        // "H.No.12", but not "3.12".
        b'.' => second.eq_ignore_ascii_case(&b'o'),
        b':' => !second.is_ascii_digit() && second != b':',
        _ => true,
    }
}

/// Past a line end, also one written `\n` as in JSON, with its blanks.
fn line_break(scan: &Scan<'_>, at: usize) -> Option<usize> {
    let at = skip_blanks(scan, at);
    match (scan.byte(at), scan.byte(at.saturating_add(1))) {
        (b'\n', _) => Some(at.saturating_add(1)),
        (b'\r', b'\n') | (b'\\', b'n') => Some(at.saturating_add(2)),
        _ => None,
    }
}

/// The end of `rue de la Paix` at `from`: of the kinds that stand before the name, those that the number precedes.
fn french(scan: &Scan<'_>, from: usize) -> Option<usize> {
    let prefix = scan.hit_at(STREET_PREFIX, from)?;
    let word = scan.slice(prefix.start, prefix.end);
    if !is_uppercase(scan.char_at(from)?) && !is_one_of(word, FRENCH) {
        return None;
    }
    let dot = usize::from(scan.byte(prefix.end) == b'.');
    proper_words(scan, skip_blanks(scan, prefix.end.saturating_add(dot)), 5)
}

/// `5 Star Hotel Drive to …`: the kind of street is an ordinary word in a sentence.
fn is_ordinary(scan: &Scan<'_>, line: &(usize, &str, bool)) -> bool {
    let (end, kind, _) = *line;
    let after = skip_blanks(scan, end);
    let goes_on = after > end
        && scan
            .char_at(after)
            .is_some_and(|c| is_alphabetic(c) && !is_uppercase(c));
    let next = scan.slice(after, word_end(scan, after));
    rule!("pii.address.ordinary-word")
        && goes_on
        && is_one_of(kind, ORDINARY)
        && !is_one_of(next, words!["in", "and", "near", "apt", "is", "has", "was"])
        && !is_one_of(kind, words!["st", "rd", "dr", "ct", "pl"])
}

/// How many bytes the name of a street has at most, its kind included: six words of 64 bytes and what joins
/// them.
const LONGEST_NAME: usize = 400;

/// One to five words of which the last is a kind of street: its end, the kind, whether it is in lower case.
fn street_name<'t>(scan: &Scan<'t>, from: usize) -> Option<(usize, &'t str, bool)> {
    if !scan.may_follow(STREET_TYPE, from, LONGEST_NAME) {
        return None;
    }
    let mut at = from;
    let mut best = None;
    let mut lower = false;
    for words in 0..6 {
        let end = word_end(scan, at);
        let first = scan.char_at(at)?;
        if end == at {
            break;
        }
        let ordinal = first.is_ascii_digit() && scan.slice(at, end).ends_with(['h', 'd', 't']);
        let kind = scan.hit_at(STREET_TYPE, at);
        if kind.is_some() && words > 0 {
            let hit_end = kind.map_or(end, |hit| hit.end);
            best = Some((hit_end, scan.slice(at, hit_end), lower));
        } else if best.is_some() {
            break;
        }
        if !(is_uppercase(first) || ordinal) {
            if words > 2 || !is_alphabetic(first) {
                break;
            }
            lower = true;
            best = best.map(|(end, kind, _)| (end, kind, lower));
        }
        let mut next = end;
        next = next.saturating_add(usize::from(
            scan.byte(next) == b'.' && end.saturating_sub(at) <= 4,
        ));
        while matches!(scan.byte(next), b'\'' | b'-')
            && is_word(scan.char_at(next.saturating_add(1)).unwrap_or(' '))
        {
            next = word_end(scan, next.saturating_add(1));
        }
        if scan.byte(next) != b' ' {
            break;
        }
        at = next.saturating_add(1);
    }
    let (mut end, kind, lower) = best?;
    // "Main St. NW", "Park Ave South".
    let dot = usize::from(
        scan.byte(end) == b'.' && matches!(scan.byte(end.saturating_add(1)), b' ' | b','),
    );
    let after = end.saturating_add(dot);
    let way = skip_blanks(scan, after);
    let way_end = word_end(scan, way);
    let direction = [
        "N", "S", "E", "W", "NW", "NE", "SW", "SE", "North", "South", "East", "West",
    ]
    .contains(&scan.slice(way, way_end));
    if way > after && direction {
        end = way_end;
    }
    Some((end, kind, lower))
}

/// Whether the number at `start` is that of a unit: `Flat 41`.
fn after_unit(scan: &Scan<'_>, start: usize) -> bool {
    is_one_of(previous_word(scan, start), UNITS)
}

/// What says "house number" before one; each ends in a full stop or an `o`.
pub(super) const HOUSE_SIGNS: Words = words![
    "H.No.",
    "H. No.",
    "House No.",
    "House No",
    "Plot No.",
    "Plot No",
    "Door No.",
    "D.No.",
    "Flat No.",
    "H.No",
];

/// The length of the longest of them.
pub(super) const LONGEST_HOUSE_SIGN: usize = 9;

/// The start of `Flat 3, ` or `H.No. ` before the number at `start`, and whether a word for the house itself stands there.
fn before_number(scan: &Scan<'_>, start: usize) -> (usize, bool) {
    let blank = skip_blanks_back(scan, start);
    let signs = match scan.byte_before(blank) {
        b'.' | b'o' | b'O' => HOUSE_SIGNS,
        _ => Words::NONE,
    };
    for sign in signs.iter() {
        let from = blank.saturating_sub(sign.len());
        let there = scan.slice(from, blank).eq_ignore_ascii_case(sign);
        if there && !scan.char_before(from).is_some_and(is_word) {
            return (from, true);
        }
    }
    (unit_before(scan, start), false)
}

/// The start of `Flat 3, ` or `Apt 4B ` before `start`.
fn unit_before(scan: &Scan<'_>, start: usize) -> usize {
    if after_unit(scan, start) {
        return word_start(scan, skip_blanks_back(scan, start));
    }
    let blank = skip_blanks_back(scan, start);
    let value_end = blank.saturating_sub(usize::from(scan.byte_before(blank) == b','));
    let value = word_start(scan, value_end);
    let word_stop = skip_blanks_back(scan, value);
    let word = word_start(scan, word_stop);
    let unit = is_one_of(scan.slice(word, word_stop), UNITS);
    if unit && value_end.saturating_sub(value) <= 5 && value < value_end && value > word_stop {
        word
    } else {
        start
    }
}

/// `Calle Mayor 12`, `Via Roma, 12`, `ul. Długa 3/5`: the kind first.
fn prefixed(scan: &Scan<'_>, at: Candidate) -> Option<Street> {
    // The number stood before: `12 rue …` is found from there.
    let before = scan.byte_before(skip_blanks_back(scan, at.start));
    let first = scan.char_at(at.start)?;
    let kind = scan.slice(at.start, at.end);
    let dot = usize::from(scan.byte(at.end) == b'.');
    let short = kind.len() <= 2 && kind != "C/";
    if before.is_ascii_digit() || (short && dot == 0) {
        return None;
    }
    let name = proper_words(scan, skip_blanks(scan, at.end.saturating_add(dot)), 5)?;
    let mut from = name;
    if scan.byte(from) == b',' {
        from = from.saturating_add(1);
    }
    from = skip_blanks(scan, from);
    for sign in ["n.º", "n.o", "nº", "n°", "no.", "no", "núm.", "n."] {
        let end = from.saturating_add(sign.len());
        if scan.slice(from, end) == sign {
            from = skip_blanks(scan, end);
        }
    }
    // "rue Monet, 19364 Valette": what follows the comma is the post code.
    let code = digits_end(scan, from).saturating_sub(from) == 5
        && scan.byte(name) == b','
        && proper_words(scan, from.saturating_add(6), 1).is_some();
    let Some(end) = house_number(scan, from).filter(|_| !code) else {
        return Some(Street {
            start: at.start,
            end: name,
            proof: Proof::Code,
        });
    };
    // "via Python 3": in lower case it is a word until a place follows; so are the kinds that name quarters.
    let doubtful = !is_uppercase(first) && dot == 0 || kind.len() == 1 || is_one_of(kind, QUARTERS);
    Some(Street {
        start: at.start,
        end: second_number(scan, end),
        proof: if doubtful { Proof::Place } else { Proof::Line },
    })
}

/// Mexico writes the inner number behind the outer one: `Eje Vial Juárez 534 817`.
fn second_number(scan: &Scan<'_>, at: usize) -> usize {
    let end = digits_end(scan, at.saturating_add(1));
    let width = end.saturating_sub(at.saturating_add(1));
    let ends = scan.byte(end) == b',' || line_break(scan, end).is_some();
    if scan.byte(at) == b' ' && (1..=4).contains(&width) && ends {
        end
    } else {
        at
    }
}

/// `Musterstraße 12`: the number is the trigger.
fn compound(scan: &Scan<'_>, at: Candidate) -> Option<Street> {
    let stop = at.start.checked_sub(1)?;
    if scan.byte(stop) != b' ' || at.end.saturating_sub(at.start) > 5 {
        return None;
    }
    let dot = usize::from(scan.byte_before(stop) == b'.');
    let word_stop = stop.saturating_sub(dot);
    let mut start = word_start(scan, word_stop);
    if !scan.char_at(start).is_some_and(is_uppercase) {
        return None;
    }
    let word = lowercase(scan.slice(start, word_stop));
    let last = word.as_bytes().last();
    let fits = |ending: &&str| ending.as_bytes().last() == last && word.ends_with(*ending);
    let ending = ENDINGS.iter().find(fits)?;
    let whole = word == ending;
    if !whole && word.len() < ending.len().saturating_add(3) {
        return None;
    }
    // "Engineering 101", "Monitoring 24", "Colgate 360": endings that other words have.
    if rule!("pii.address.compound-word")
        && (word.ends_with("ering")
            || matches!(ending, "ring" | "tie" | "gate" | "polku" | "kuja")
                && !house_number(scan, at.start).is_some_and(|end| located_at(scan, end)))
    {
        return None;
    }
    let mut words = 0_u32;
    while (whole || scan.byte_before(start) == b'-') && words < 4 {
        let sign = scan.byte_before(start);
        let previous_stop = start.saturating_sub(1);
        let previous = word_start(scan, previous_stop);
        let fits = scan.char_at(previous).is_some_and(is_uppercase) && previous < previous_stop;
        if !matches!(sign, b' ' | b'-') || !fits || (sign == b' ' && words > 1) {
            break;
        }
        start = previous;
        words = words.saturating_add(1);
        if sign == b' ' && scan.byte_before(start) != b'-' {
            break;
        }
    }
    if whole && words == 0 {
        return None;
    }
    let end = house_number(scan, at.start)?;
    Some(Street {
        start,
        end,
        proof: Proof::Line,
    })
}

/// Whether a post code follows the number that ends at `at`.
fn located_at(scan: &Scan<'_>, at: usize) -> bool {
    tail(scan, at).1
}

/// The end of a house number: `12`, `12a`, `12 B`, `12-14`, `3/5`.
fn house_number(scan: &Scan<'_>, at: usize) -> Option<usize> {
    let mut end = digits_end(scan, at);
    if !(1..=5).contains(&end.saturating_sub(at)) {
        return None;
    }
    let next = scan.byte(end);
    if matches!(next, b'-' | b'/')
        && digits_end(scan, end.saturating_add(1)) > end.saturating_add(1)
    {
        end = digits_end(scan, end.saturating_add(1));
    }
    let letter = end.saturating_add(usize::from(scan.byte(end) == b' '));
    let single = scan.byte(letter).is_ascii_alphabetic()
        && !scan.char_at(letter.saturating_add(1)).is_some_and(is_word);
    if single && (letter == end || scan.byte(letter).is_ascii_uppercase()) {
        end = letter.saturating_add(1);
    }
    (!scan.char_at(end).is_some_and(is_word) && scan.byte(end) != b':').then_some(end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pii::testing::{assert_found, assert_linear, assert_none};

    #[test]
    fn finds_addresses() {
        assert_found(
            &RECOGNIZER,
            &[
                (
                    "at 1600 Example Ave, Apt 4B, Springfield, IL 62704, USA.",
                    "1600 Example Ave, Apt 4B, Springfield, IL 62704, USA",
                ),
                (
                    "Musterstraße 12, 10115 Berlin",
                    "Musterstraße 12, 10115 Berlin",
                ),
                (
                    "12 rue de la Paix, 75002 Paris, France",
                    "12 rue de la Paix, 75002 Paris, France",
                ),
                (
                    "10 Downing Street, London SW1A 2AA",
                    "10 Downing Street, London SW1A 2AA",
                ),
                (
                    "PO Box 123, Springfield, IL 62704",
                    "PO Box 123, Springfield, IL 62704",
                ),
                ("P.O. Box 45", "P.O. Box 45"),
                (
                    "1234 Oak St.\nSpringfield, CA 90210",
                    "1234 Oak St.\nSpringfield, CA 90210",
                ),
                ("I live at 123 Main Street in town", "123 Main Street"),
                ("221B Baker Street, London", "221B Baker Street, London"),
                (
                    "Calle Mayor 12, 28013 Madrid, España",
                    "Calle Mayor 12, 28013 Madrid, España",
                ),
                ("Via Roma, 12, 00184 Roma", "Via Roma, 12, 00184 Roma"),
                (
                    "\"address\":\"5 Elm Drive, Troy, NY 12180\"",
                    "5 Elm Drive, Troy, NY 12180",
                ),
                (
                    "Flat 3, 12 High Street, Leeds LS1 4AB",
                    "Flat 3, 12 High Street, Leeds LS1 4AB",
                ),
                (
                    "Keizersgracht 101, 1015 CJ Amsterdam",
                    "Keizersgracht 101, 1015 CJ Amsterdam",
                ),
                (
                    "Rua Augusta, 1500, 01304-001 São Paulo",
                    "Rua Augusta, 1500, 01304-001 São Paulo",
                ),
                (
                    "Lange Straße 5a, 04103 Leipzig",
                    "Lange Straße 5a, 04103 Leipzig",
                ),
                ("Karl-Marx-Allee 33", "Karl-Marx-Allee 33"),
                (
                    "ul. Długa 3/5, 00-238 Warszawa",
                    "ul. Długa 3/5, 00-238 Warszawa",
                ),
                (
                    "111 Wellington St, Ottawa, ON K1A 0A9, Canada",
                    "111 Wellington St, Ottawa, ON K1A 0A9, Canada",
                ),
                ("742 Evergreen Terrace", "742 Evergreen Terrace"),
                (
                    "123 main st, Springfield, IL 62704",
                    "123 main st, Springfield, IL 62704",
                ),
                (
                    "PSC 3632, Box 4673, APO AA 11359",
                    "PSC 3632, Box 4673, APO AA 11359",
                ),
                (
                    "to Unit 2619 Box 5273\nDPO AP 77274 by",
                    "Unit 2619 Box 5273\nDPO AP 77274",
                ),
                ("USNS Davis\nFPO AP 12345", "USNS Davis\nFPO AP 12345"),
                (
                    "H.No. 12-3-456, Banjara Hills, Hyderabad 500034.",
                    "H.No. 12-3-456, Banjara Hills, Hyderabad 500034",
                ),
                ("58/734, Golla, Malda 947269", "58/734, Golla, Malda 947269"),
                (
                    "Flat 6\\nEvans Field\\nLeeds\\nLS9 6FN\"",
                    "Flat 6\\nEvans Field\\nLeeds\\nLS9 6FN",
                ),
                (
                    "Unit 35 04 Oak Close, Perth, WA, 2916",
                    "Unit 35 04 Oak Close, Perth, WA, 2916",
                ),
                (
                    "Flat 402, Sai Residency, MG Road, Bengaluru 560001",
                    "Flat 402, Sai Residency, MG Road, Bengaluru 560001",
                ),
                (
                    "9 Chestnut Court, Dublin, D04 X4Y6, Ireland",
                    "9 Chestnut Court, Dublin, D04 X4Y6, Ireland",
                ),
                ("rue Monet, 19364 Valette", "rue Monet, 19364 Valette"),
                (
                    "436 rue Stéphanie Apt. 953, Martel, AB G8H4G9",
                    "436 rue Stéphanie Apt. 953, Martel, AB G8H4G9",
                ),
                (
                    "Vila Rosa, 63, Centro, 89320-832 Monteiro / PI",
                    "Vila Rosa, 63, Centro, 89320-832 Monteiro / PI",
                ),
                (
                    "Peatonal Albania 550 Interior 256\nVieja Gambia, SIN 90452",
                    "Peatonal Albania 550 Interior 256\nVieja Gambia, SIN 90452",
                ),
                (
                    "Lindenring 14-61, 80450 Eutin",
                    "Lindenring 14-61, 80450 Eutin",
                ),
                (
                    "Calle de Alcalá 45, 3º B, 28014 Madrid",
                    "Calle de Alcalá 45, 3º B, 28014 Madrid",
                ),
                (
                    "Wouterstraat 227, 7099 AR, Nieuwdorp\nTelefoon",
                    "Wouterstraat 227, 7099 AR, Nieuwdorp",
                ),
                (
                    "350 5th Ave, Suite 200, New York, NY 10118",
                    "350 5th Ave, Suite 200, New York, NY 10118",
                ),
            ],
        );
    }

    #[test]
    fn leaves_other_text_alone() {
        assert_none(
            &RECOGNIZER,
            &[
                "Berlin",
                "10115 Berlin",
                "Springfield, IL 62704",
                "Paris, France",
                "SW1A 2AA",
                "Main Street is closed",
                "5 ways to drive",
                "12 people in the street",
                "Boeing 737",
                "Spring 2024",
                "String 5",
                "3 Great Way to win",
                "100 Best Place to eat",
                "version 12 Beta",
                "in 2024 Apple said",
                "Wall Street fell 5 points",
                "via email 12",
                "Chapter 5 Drive safely",
                "10 Downing",
                "PO Box",
                "the box 12",
                "rue 12",
                "USA",
                "Room 12",
                "Suite 200",
                "Page 12, Section 3",
                "2 Factor Authentication",
                "5 star hotel drive",
                "During 2020",
                "Error 404 Not Found",
                "lease 2001:db8::370:7334 via DHCP",
                "Vila Nova 5",
                "Parque Central 12",
                "12, Apple, Google",
                "C. Ronaldo 7 goals",
                "place Apple, in 2024",
                "Unit 5 and Box 7",
                "String 5, Java",
                "5 via SSH",
            ],
        );
    }

    #[test]
    fn hostile_text_costs_linear_time() {
        assert_linear(
            &RECOGNIZER,
            &[
                "1 ",
                "1 A ",
                "1 Main St, ",
                "Via A 1, ",
                "PO Box 1 ",
                "Weg 1 ",
            ],
        );
    }
}
