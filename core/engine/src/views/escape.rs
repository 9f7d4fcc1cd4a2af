//! Percent encoding, character references, and the escapes of programming languages.

use alloc::string::String;
use alloc::vec::Vec;

use super::scan::Chunk;
use super::{Search, Unit, Units, ViewKind, decode};
use crate::rules::rule;

/// Named character references of HTML that stand for ASCII signs and blanks.
const NAMED: [(&str, char); 24] = [
    ("amp", '&'),
    ("lt", '<'),
    ("gt", '>'),
    ("quot", '"'),
    ("apos", '\''),
    ("nbsp", ' '),
    ("commat", '@'),
    ("period", '.'),
    ("comma", ','),
    ("num", '#'),
    ("dollar", '$'),
    ("lowbar", '_'),
    ("hyphen", '-'),
    ("dash", '-'),
    ("excl", '!'),
    ("colon", ':'),
    ("sol", '/'),
    ("lpar", '('),
    ("rpar", ')'),
    ("plus", '+'),
    ("equals", '='),
    ("ast", '*'),
    ("percnt", '%'),
    ("Tab", '\t'),
];

/// Puts the escapes in `chunk` into `units`; those that follow each other are one.
pub(super) fn find(chunk: &Chunk<'_>, search: Search<'_>, units: &mut Units) {
    each(chunk, search.depth, |unit| units.push(search, unit));
}

/// Calls `report` with the escapes in `chunk`, of which the deepest have `depth` layers.
pub(super) fn each(chunk: &Chunk<'_>, depth: usize, mut report: impl FnMut(Unit)) {
    let text = chunk.slice();
    let mut at = 0;
    while let Some(next) = text.get(at..).and_then(|rest| rest.find(['%', '&', '\\'])) {
        let start = at.saturating_add(next);
        let rest = text.get(start..).unwrap_or("");
        let (view, found) = match rest.as_bytes().first() {
            Some(b'%') => (ViewKind::Percent, percent(rest, depth)),
            Some(b'&') => (
                ViewKind::Entity,
                repeat(rest, |rest| reference(rest, depth)),
            ),
            _ => (ViewKind::Entity, repeat(rest, escaped)),
        };
        let Some((length, decoded)) = found else {
            at = start.saturating_add(1);
            continue;
        };
        at = start.saturating_add(length);
        let wanted = match view {
            ViewKind::Percent => rule!("views.percent"),
            _ => rule!("views.entity"),
        };
        if let Some(decoded) = decode::normalised(decoded).filter(|_| wanted) {
            let (start, end) = (
                chunk.start.saturating_add(start),
                chunk.start.saturating_add(at),
            );
            report(Unit::new(start, end, view, decoded));
        }
    }
}

/// Percent escapes from the start of `text`: how long they are and what they stand for. With two layers
/// `%25` may stand for the sign itself.
fn percent(text: &str, depth: usize) -> Option<(usize, String)> {
    let mut bytes = Vec::new();
    let mut at: usize = 0;
    loop {
        let rest = text.get(at..).unwrap_or("");
        let inner = rest
            .strip_prefix("%25")
            .filter(|_| depth > 1 && rule!("views.nested"));
        let (length, digits) = match inner.and_then(hex_pair) {
            Some(byte) => (5, Some(byte)),
            None => (3, rest.strip_prefix('%').and_then(hex_pair)),
        };
        let Some(byte) = digits else { break };
        bytes.push(byte);
        at = at.saturating_add(length);
    }
    let decoded = String::from_utf8(bytes).ok()?;
    let clean = !decoded
        .chars()
        .any(|c| c.is_control() && !matches!(c, '\t' | '\n' | '\r'));
    (at > 0 && clean).then_some((at, decoded))
}

fn hex_pair(text: &str) -> Option<u8> {
    let digits = text.get(..2)?;
    u8::from_str_radix(digits, 16)
        .ok()
        .filter(|_| digits.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// What `one` reads from the start of `text` as often as it can.
fn repeat(text: &str, one: impl Fn(&str) -> Option<(usize, char)>) -> Option<(usize, String)> {
    let mut decoded = String::new();
    let mut at: usize = 0;
    while let Some((length, c)) = text.get(at..).and_then(&one) {
        decoded.push(c);
        at = at.saturating_add(length);
    }
    (at > 0).then_some((at, decoded))
}

/// A character reference: `&#115;`, `&#x73;`, `&commat;`. With two layers `&amp;` may stand for its `&`.
fn reference(text: &str, depth: usize) -> Option<(usize, char)> {
    let inner = text
        .strip_prefix("&amp;")
        .filter(|_| depth > 1 && rule!("views.nested"));
    let (skipped, body) = match inner.filter(|inner| inner.starts_with('#')) {
        Some(inner) => (5, inner),
        None => (1, text.strip_prefix('&')?),
    };
    let end = body
        .as_bytes()
        .iter()
        .take(10)
        .position(|byte| *byte == b';')?;
    let name = body.get(..end)?;
    let c = match name.strip_prefix('#') {
        Some(number) => {
            let hex = number.strip_prefix(['x', 'X']);
            let (digits, radix) = hex.map_or((number, 10), |digits| (digits, 16));
            code(digits, radix)?
        }
        None => NAMED.iter().find(|(known, _)| *known == name)?.1,
    };
    Some((end.saturating_add(1).saturating_add(skipped), c))
}

/// An escape of a programming language: `\x73`, `\u0073`, `\u{73}`.
fn escaped(text: &str) -> Option<(usize, char)> {
    let body = text.strip_prefix('\\')?;
    if let Some(braced) = body.strip_prefix("u{") {
        let end = braced
            .as_bytes()
            .iter()
            .take(8)
            .position(|byte| *byte == b'}')?;
        return Some((end.saturating_add(4), code(braced.get(..end)?, 16)?));
    }
    let digits = match body.as_bytes().first()? {
        b'x' => 2,
        b'u' => 4,
        _ => return None,
    };
    let end = 1_usize.saturating_add(digits);
    Some((end.saturating_add(1), code(body.get(1..end)?, 16)?))
}

/// The character with this number, unless it is a control.
fn code(digits: &str, radix: u32) -> Option<char> {
    if digits.is_empty() || !digits.chars().all(|c| c.is_digit(radix)) {
        return None;
    }
    let c = char::from_u32(u32::from_str_radix(digits, radix).ok()?)?;
    (!c.is_control() || matches!(c, '\t' | '\n' | '\r')).then_some(c)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::views::scan::Chunks;

    fn decoded(text: &str, depth: usize) -> Vec<(usize, usize, String)> {
        let mut found = Vec::new();
        for chunk in Chunks::new(text) {
            each(&chunk, depth, |unit| {
                found.push((unit.start, unit.end, unit.text))
            });
        }
        found
    }

    #[test]
    fn escapes_in_a_row_are_one_part() {
        for (text, start, end, expected) in [
            ("%73%68%69%74", 0, 12, "shit"),
            ("a jane%40example.com", 6, 9, "@"),
            ("%e2%82%ac", 0, 9, "€"),
            ("s&#104;&#x69;t", 1, 13, "hi"),
            ("jane&commat;x", 4, 12, "@"),
            (r"\x73\u0068\u{69}t", 0, 16, "shi"),
            ("%2573hit", 0, 5, "s"),
            ("&amp;#115;hit", 0, 10, "s"),
        ] {
            assert_eq!(
                decoded(text, 2),
                [(start, end, String::from(expected))],
                "{text}"
            );
        }
        assert_eq!(decoded("%2573hit", 1), [(0, 3, String::from("%"))]);
    }

    #[test]
    fn broken_escapes_are_left_alone() {
        for text in [
            "100%",
            "5%-10%",
            "%zz",
            "%7",
            "%+1",
            "%ff%fe",
            "%00",
            "&",
            "&&",
            "&#;",
            "&#x;",
            "&#1114112;",
            "&#xD800;",
            "&#7;",
            "AT&T;",
            "&unknown;",
            r"\x",
            r"\xg1",
            r"\u12",
            r"\u{}",
            r"\u{110000}",
            r"C:\users",
            "&#115",
            "&#99999999999999;",
        ] {
            assert_eq!(decoded(text, 2), [], "{text}");
        }
    }
}
