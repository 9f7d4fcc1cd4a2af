//! What follows a street line: units, towns, post codes, states and countries.

use super::words::{STATES, UNITS};
use crate::pii::Scan;
use crate::pii::lexicon::{COUNTRY, STATE};
use crate::pii::shape::{digits_end, is_exactly_one_of, is_one_of, is_word, skip_blanks, word_end};
use crate::text::{is_alphanumeric, is_lowercase, is_uppercase};
use crate::words::{Words, words};

/// The end of at most `most` capitalised words at `at`, joined by blanks, hyphens, particles.
pub(super) fn proper_words(scan: &Scan<'_>, at: usize, most: usize) -> Option<usize> {
    const PARTICLES: Words = words![
        "de", "la", "le", "les", "du", "des", "del", "della", "di", "da", "do", "dos", "das",
        "los", "las", "an", "am", "der", "den", "und", "of", "upon", "y", "e", "et", "l", "d",
        "sur", "en", "im", "in", "on", "i",
    ];
    let (mut from, mut end, mut count) = (at, None, 0_usize);
    while count < most {
        let stop = word_end(scan, from);
        let word = scan.slice(from, stop);
        let capital =
            word.starts_with(is_uppercase) && !word.contains(|c: char| c.is_ascii_digit());
        let particle = !capital && is_exactly_one_of(word, PARTICLES);
        // "rue Stéphanie Apt. 953": a unit follows the name.
        let unit_follows = count > 0 && is_one_of(word, UNITS) && unit(scan, from).is_some();
        if !capital && !particle || unit_follows {
            break;
        }
        count = count.saturating_add(1);
        let dotted = stop.saturating_add(usize::from(
            scan.byte(stop) == b'.' && word.len() <= 3 && scan.byte(stop.saturating_add(1)) == b' ',
        ));
        if capital {
            end = Some(stop);
        }
        if !matches!(scan.byte(dotted), b' ' | b'-' | b'\'') {
            break;
        }
        from = dotted.saturating_add(1);
    }
    end
}

/// The end of the parts after the street line that ends at `at`, and whether a post code, state or country is among them.
pub(super) fn tail(scan: &Scan<'_>, at: usize) -> (usize, bool) {
    let (mut end, mut located, mut towns) = (at, false, 0_u32);
    let mut town_end = None;
    for _ in 0..8 {
        let Some((from, broken)) = separator(scan, town_end.unwrap_or(end)) else {
            break;
        };
        if let Some(stop) = unit(scan, from) {
            end = stop;
        } else if let Some(stop) = place(scan, from) {
            (end, located, town_end) = (stop, true, None);
        } else if let Some(stop) = proper_words(scan, from, 6).filter(|_| broken && towns < 2) {
            // A town by itself: it counts when its line ends there or more follows.
            towns = towns.saturating_add(1);
            let closes = scan.byte(stop) == b'\n'
                || matches!(
                    scan.byte(stop),
                    0 | b',' | b'.' | b';' | b'"' | b')' | b'<' | b'|'
                ) && !scan
                    .char_at(stop.saturating_add(1))
                    .is_some_and(is_alphanumeric);
            if closes
                && !label_follows(scan, stop)
                && (scan.byte_before(from) != b'\n' || scan.byte_before(end).is_ascii_uppercase())
                && scan.byte(stop) != b','
            {
                end = stop;
                town_end = None;
            } else {
                town_end = Some(stop);
            }
        } else {
            break;
        }
    }
    (end, located)
}

fn label_follows(scan: &Scan<'_>, at: usize) -> bool {
    matches!(scan.byte(at), b':' | b'=')
}

/// Where the next part starts after `at`, and whether a comma or line end stands between.
fn separator(scan: &Scan<'_>, at: usize) -> Option<(usize, bool)> {
    let mut end = at;
    let mut broken = false;
    while end.saturating_sub(at) < 12 {
        match scan.byte(end) {
            b'.' if end == at
                && matches!(scan.byte(end.saturating_add(1)), b' ' | b',' | b'\n')
                && end > 0 => {}
            b',' => broken = true,
            b'\n' if scan.byte(end.saturating_add(1)) != b'\n' => broken = true,
            b'\\' if scan.byte(end.saturating_add(1)) == b'n' => {
                broken = true;
                end = end.saturating_add(1);
            }
            b' ' | b'\t' | b'\r' => {}
            b'-' if scan.byte_before(end) == b' ' && scan.byte(end.saturating_add(1)) == b' ' => {
                broken = true
            }
            _ => break,
        }
        end = end.saturating_add(1);
    }
    (end > at).then_some((end, broken))
}

/// The end of `Apt 4B`, `Suite 200`, `#12`, `2nd Floor`.
fn unit(scan: &Scan<'_>, at: usize) -> Option<usize> {
    if scan.byte(at) == b'#' {
        let end = word_end(scan, at.saturating_add(1));
        return (end > at.saturating_add(1) && end.saturating_sub(at) <= 6).then_some(end);
    }
    let end = word_end(scan, at);
    let word = scan.slice(at, end);
    if is_one_of(word, UNITS) {
        let dot = end.saturating_add(usize::from(scan.byte(end) == b'.'));
        let from = skip_blanks(scan, dot);
        let from = from.saturating_add(usize::from(scan.byte(from) == b'#'));
        let stop = word_end(scan, from);
        let value = scan.slice(from, stop);
        let single = value.len() == 1 || value.contains(|c: char| c.is_ascii_digit());
        return (single && value.len() <= 6 && !value.is_empty()).then_some(stop);
    }
    if let Some(stop) = spanish_floor(scan, at) {
        return Some(stop);
    }
    let next = skip_blanks(scan, end);
    let next_end = word_end(scan, next);
    let ordinal = word.starts_with(|c: char| c.is_ascii_digit());
    (ordinal
        && is_one_of(
            scan.slice(next, next_end),
            words!["floor", "etage", "étage", "piso"],
        ))
    .then_some(next_end)
}

/// The end of `3º B`, `2ª izq`, `4.º`; the view text has `3o`, `2a` for the ordinal signs.
fn spanish_floor(scan: &Scan<'_>, at: usize) -> Option<usize> {
    let floor = digits_end(scan, at);
    let dot = floor.saturating_add(usize::from(scan.byte(floor) == b'.'));
    let sign = scan
        .char_at(dot)
        .filter(|c| matches!(c, 'º' | 'ª' | 'o' | 'a'))?;
    let stop = dot.saturating_add(sign.len_utf8());
    if !(1..=2).contains(&floor.saturating_sub(at)) || scan.char_at(stop).is_some_and(is_word) {
        return None;
    }
    let door = skip_blanks(scan, stop);
    let door_end = word_end(scan, door);
    let word = scan.slice(door, door_end);
    let known = word.len() == 1 || is_one_of(word, words!["izq", "izda", "dcha", "der", "centro"]);
    Some(if known { door_end } else { stop })
}

/// The end of a part that says where: post code and town in either order, state, country.
fn place(scan: &Scan<'_>, at: usize) -> Option<usize> {
    if let Some(country) = scan
        .hit_at(COUNTRY, at)
        .filter(|hit| capital_at(scan, hit.start))
    {
        return Some(country.end);
    }
    let eight = digits_end(scan, at);
    if eight.saturating_sub(at) == 8 {
        // Brazil's codes without the hyphen: `79803089 Fernandes / RS`.
        let town = proper_words(scan, skip_blanks(scan, eight), 5)?;
        return Some(province(scan, town)).filter(|end| *end > town);
    }
    if let Some(code) = post_code(scan, at) {
        let comma = usize::from(scan.byte(code) == b',');
        let town = skip_blanks(scan, code.saturating_add(comma));
        let end = proper_words(scan, town, 5).filter(|end| {
            town > code && (comma == 0 || scan.slice(*end, end.saturating_add(2)) == " (")
        });
        return Some(province(scan, end.unwrap_or(code)));
    }
    if let Some(end) = state(scan, at) {
        let code = skip_blanks(
            scan,
            end.saturating_add(usize::from(scan.byte(end) == b',')),
        );
        return Some(post_code(scan, code).filter(|_| code > end).unwrap_or(end));
    }
    // "London SW1A 2AA", "Springfield IL 62704": the code or state after at most four words.
    let mut end = at;
    for _ in 0..4 {
        let stop = word_end(scan, end);
        if stop == end || !capital_at(scan, end) {
            return None;
        }
        let mut next = stop.saturating_add(usize::from(scan.byte(stop) == b'.'));
        if !matches!(scan.byte(next), b' ' | b'-' | b'\'') {
            return None;
        }
        next = next.saturating_add(1);
        if let Some(code) = post_code(scan, next) {
            return Some(code);
        }
        if let Some(state) = state(scan, next) {
            let code = skip_blanks(scan, state);
            return Some(
                post_code(scan, code)
                    .filter(|_| code > state)
                    .unwrap_or(state),
            );
        }
        end = next;
    }
    None
}

/// Past an Italian or Brazilian province: `Cerano (NO)`, `Fernandes / RS`.
fn province(scan: &Scan<'_>, at: usize) -> usize {
    let capitals = |from: usize| {
        let end = word_end(scan, from);
        let two = scan.slice(from, end);
        (two.len() == 2 && two.bytes().all(|b| b.is_ascii_uppercase())).then_some(end)
    };
    if scan.slice(at, at.saturating_add(2)) == " (" {
        let close = capitals(at.saturating_add(2)).filter(|end| scan.byte(*end) == b')');
        return close.map_or(at, |end| end.saturating_add(1));
    }
    let slash = scan.slice(at, at.saturating_add(3)) == " / ";
    capitals(at.saturating_add(3))
        .filter(|_| slash)
        .unwrap_or(at)
}

fn capital_at(scan: &Scan<'_>, at: usize) -> bool {
    scan.char_at(at).is_some_and(is_uppercase)
}

/// The end of a state: two or three capitals, or a name of [`STATE`].
fn state(scan: &Scan<'_>, at: usize) -> Option<usize> {
    let end = word_end(scan, at);
    let word = scan.slice(at, end);
    if STATES.contains(word) {
        // "MG Road": a word that is no country follows, so these are initials.
        let next = end.saturating_add(1);
        let initials = scan.byte(end) == b' '
            && capital_at(scan, next)
            && scan
                .slice(next, word_end(scan, next))
                .contains(is_lowercase)
            && scan.hit_at(COUNTRY, next).is_none();
        return (!initials).then_some(end);
    }
    // Any capitals before five digits: the states of Mexico, the provinces of Spain.
    let digits = digits_end(scan, end.saturating_add(1));
    let capitals = (2..=4).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_uppercase());
    if capitals && scan.byte(end) == b' ' && digits.saturating_sub(end.saturating_add(1)) == 5 {
        return Some(end);
    }
    scan.hit_at(STATE, at)
        .filter(|hit| capital_at(scan, hit.start))
        .map(|hit| hit.end)
}

/// The end of a post code: 4 to 6 digits (`62704-1234`, `01310-100`, `1012 AB`), `SW1A 2AA`, `K1A 0B1`.
fn post_code(scan: &Scan<'_>, at: usize) -> Option<usize> {
    let mut from = at;
    if matches!(
        scan.slice(at, at.saturating_add(2)),
        "D-" | "A-" | "F-" | "L-"
    ) {
        from = at.saturating_add(2);
    }
    let digits = digits_end(scan, from);
    let width = digits.saturating_sub(from);
    let polish = digits_end(scan, digits.saturating_add(1));
    if width == 2 && scan.byte(digits) == b'-' && polish == digits.saturating_add(4) {
        return Some(polish);
    }
    if (4..=6).contains(&width) {
        let mut end = digits;
        let more = digits_end(scan, digits.saturating_add(1));
        let plus = more.saturating_sub(digits.saturating_add(1));
        if scan.byte(digits) == b'-' && (plus == 4 || plus == 3) {
            end = more;
        }
        let letters = scan.slice(digits.saturating_add(1), digits.saturating_add(3));
        let joined = scan.slice(digits, digits.saturating_add(2));
        if width == 4 && joined.len() == 2 && joined.bytes().all(|b| b.is_ascii_uppercase()) {
            let end = digits.saturating_add(2);
            return (!scan.char_at(end).is_some_and(is_word)).then_some(end);
        }
        let dutch = width == 4
            && scan.byte(digits) == b' '
            && letters.len() == 2
            && letters.bytes().all(|b| b.is_ascii_uppercase())
            && !scan.char_at(digits.saturating_add(3)).is_some_and(is_word);
        if dutch {
            end = digits.saturating_add(3);
        }
        return (!scan.char_at(end).is_some_and(is_word)
            && !matches!(scan.byte(end), b':' | b'/' | b'-'))
        .then_some(end);
    }
    if width == 3
        && scan.byte(digits) == b' '
        && digits_end(scan, digits.saturating_add(1)) == digits.saturating_add(3)
    {
        return Some(digits.saturating_add(3));
    }
    alphanumeric_code(scan, at)
}

/// British, Irish and Canadian post codes.
fn alphanumeric_code(scan: &Scan<'_>, at: usize) -> Option<usize> {
    let outward_end = word_end(scan, at);
    let outward = scan.slice(at, outward_end);
    let shape = |text: &str| -> u32 {
        text.bytes().fold(1, |code, b| {
            let class = if b.is_ascii_digit() {
                1
            } else if b.is_ascii_uppercase() {
                2
            } else {
                3
            };
            code.saturating_mul(4).saturating_add(class)
        })
    };
    let inward_start = outward_end.saturating_add(1);
    let inward_end = word_end(scan, inward_start);
    let inward = scan.slice(inward_start, inward_end);
    if outward.len() == 6 && shape(outward) == shape("A1A1A1") {
        return Some(outward_end);
    }
    // Ireland: a routing key and four more.
    let key = shape(outward) == shape("A11") || outward == "D6W";
    let capitals = |text: &str| {
        text.bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
    };
    if key && scan.byte(outward_end) == b' ' && inward.len() == 4 && capitals(inward) {
        return Some(inward_end);
    }
    if !matches!(scan.byte(outward_end), b' ' | b'-')
        || !(2..=4).contains(&outward.len())
        || inward.len() != 3
    {
        return None;
    }
    let starts = outward
        .bytes()
        .next()
        .is_some_and(|b| b.is_ascii_uppercase())
        && outward.bytes().any(|b| b.is_ascii_digit());
    let british = starts
        && shape(inward) == shape("1AA")
        && outward
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    let canadian = shape(outward) == shape("A1A") && shape(inward) == shape("1A1");
    (british || canadian).then_some(inward_end)
}
