//! What the recognisers of number-like types share: digit groups, boundaries, checksums, and how close
//! a context word stands to a value.

use super::shape::{Script, script};
use super::{
    CONTEXT_AFTER, CONTEXT_BEFORE, Candidate, Lexicon, LexiconHit, PiiType, Scan, Trigger,
};
use crate::rules::rule;
use crate::text;
use crate::text::is_alphanumeric;

/// The default threshold of the number-like types.
pub(crate) const THRESHOLD: u16 = 700;

/// How far before a label a word still belongs to it, in bytes.
pub(crate) const CONTEXT_LABEL: usize = 16;

const MAX_DIGITS: usize = 20;

/// A number as written: its place, its digits (0 to 9 each), and what stands between its groups.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Number {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) separator: Option<char>,
    digits: [u8; MAX_DIGITS],
    len: usize,
}

impl Number {
    pub(crate) fn digits(&self) -> &[u8] {
        self.digits.get(..self.len).unwrap_or_default()
    }

    /// The value of `count` digits from the one at `from`.
    pub(crate) fn part(&self, from: usize, count: usize) -> u32 {
        let digits = self.digits().iter().skip(from).take(count);
        digits.fold(0, |sum: u32, &d| {
            sum.saturating_mul(10).saturating_add(u32::from(d))
        })
    }
}

/// The number that starts at `start` and consists of groups of exactly these sizes, the same separator
/// (space, dash or dot) between all of them; it ends at the end of a token.
pub(crate) fn grouped(scan: &Scan<'_>, start: usize, groups: &[usize]) -> Option<Number> {
    let mut number = Number {
        start,
        end: start,
        separator: None,
        digits: [0; MAX_DIGITS],
        len: 0,
    };
    for (index, &size) in groups.iter().enumerate() {
        if index > 0 {
            let c = scan.char_at(number.end)?;
            let kind = separator(c)?;
            if *number.separator.get_or_insert(kind) != kind {
                return None;
            }
            number.end = number.end.saturating_add(c.len_utf8());
        }
        for _ in 0..size {
            let byte = scan.byte(number.end);
            if !byte.is_ascii_digit() {
                return None;
            }
            *number.digits.get_mut(number.len)? = byte.saturating_sub(b'0');
            number.len = number.len.saturating_add(1);
            number.end = number.end.saturating_add(1);
        }
    }
    (!word_at(scan, number.end)).then_some(number)
}

/// The first of several layouts that fits.
pub(crate) fn any_grouped(scan: &Scan<'_>, start: usize, layouts: &[&[usize]]) -> Option<Number> {
    // A group ends where its digits end, so that the first one rules most layouts out.
    let digit = |&count: &usize| scan.byte(start.saturating_add(count)).is_ascii_digit();
    let first = (0..MAX_DIGITS).take_while(digit).count();
    layouts
        .iter()
        .filter(|groups| groups.first() == Some(&first))
        .find_map(|groups| grouped(scan, start, groups))
}

/// A separator of digit groups; every dash counts as `-`.
pub(crate) fn separator(c: char) -> Option<char> {
    match c {
        ' ' | '.' | '-' => Some(c),
        '\u{2010}'..='\u{2015}' | '\u{2212}' => Some('-'),
        _ => None,
    }
}

/// At most `most` bytes of text from `at`.
pub(crate) fn following<'t>(scan: &Scan<'t>, at: usize, most: usize) -> &'t str {
    scan.following(at, most)
}

/// Whether a word character starts at `at`.
pub(crate) fn word_at(scan: &Scan<'_>, at: usize) -> bool {
    match scan.byte(at) {
        b if b.is_ascii() => b.is_ascii_alphanumeric() || b == b'_',
        _ => scan.char_at(at).is_some_and(joins),
    }
}

/// Whether `c` makes one word with the digits and ASCII letters beside it; scripts without spaces do not.
pub(crate) fn joins(c: char) -> bool {
    is_alphanumeric(c) && script(c) != Script::Unspaced
}

/// Whether a word character ends at `at`.
pub(crate) fn word_before(scan: &Scan<'_>, at: usize) -> bool {
    match scan.byte_before(at) {
        b if b.is_ascii() => b.is_ascii_alphanumeric() || b == b'_',
        _ => scan.char_before(at).is_some_and(joins),
    }
}

/// Whether `start..end` stands by itself: not part of a longer number, date, path, price, e-mail address
/// or dashed identifier.
pub(crate) fn bounded(scan: &Scan<'_>, own: Lexicon, start: usize, end: usize) -> bool {
    !rule!("pii.number.boundary") || (bounded_left(scan, own, start) && bounded_right(scan, end))
}

fn bounded_left(scan: &Scan<'_>, own: Lexicon, start: usize) -> bool {
    if word_before(scan, start) {
        return false;
    }
    let before = start.saturating_sub(1);
    match scan.byte_before(start) {
        b'$' | b'+' | b'@' | b'%' | b'\\' => false,
        b'.' | b':' => !scan.byte_before(before).is_ascii_digit(),
        b'-' | b'/' => {
            let glued =
                word_before(scan, before) || matches!(scan.byte_before(before), b'/' | b':');
            !glued
                || scan
                    .hit_before(own, before, CONTEXT_BEFORE)
                    .is_some_and(|h| h.end == before)
        }
        0x80.. => !scan.char_before(start).is_some_and(is_currency),
        _ => true,
    }
}

fn bounded_right(scan: &Scan<'_>, end: usize) -> bool {
    let after = end.saturating_add(1);
    match scan.byte(end) {
        b'.' | b':' => !scan.byte(after).is_ascii_digit(),
        b'-' | b'/' => !word_at(scan, after),
        b'%' | b'@' | b'$' => false,
        0x80.. => !scan
            .char_at(end)
            .is_some_and(|c| is_currency(c) || joins(c)),
        _ => !word_at(scan, end),
    }
}

fn is_currency(c: char) -> bool {
    matches!(c, '€' | '£' | '¥' | '₹' | '₽' | '₩' | '₺' | '¢')
}

/// Whether a group of four letters and digits, at least one a digit, stands one space before `start`: the
/// value is then the middle of a longer number in groups, such as an IBAN.
pub(crate) fn within_groups(scan: &Scan<'_>, start: usize) -> bool {
    let group = start.saturating_sub(5);
    let token = scan.slice(group, start.saturating_sub(1));
    rule!("pii.number.within-groups")
        && scan.byte_before(start) == b' '
        && token.len() == 4
        && token.bytes().all(|b| b.is_ascii_alphanumeric())
        && (token.bytes().any(|b| b.is_ascii_digit()) || iban_head(scan, group))
        && !word_before(scan, group)
}

/// Whether two letters and two digits stand one space before `at`: the bank code of an IBAN follows.
fn iban_head(scan: &Scan<'_>, at: usize) -> bool {
    let head = scan
        .slice(at.saturating_sub(5), at.saturating_sub(1))
        .as_bytes();
    matches!(head, [a, b, c, d] if a.is_ascii_alphabetic() && b.is_ascii_alphabetic()
        && c.is_ascii_digit() && d.is_ascii_digit())
}

/// The Luhn check of ISO/IEC 7812-1, annex B.
pub(crate) fn luhn(digits: &[u8]) -> bool {
    let sum = digits
        .iter()
        .rev()
        .enumerate()
        .fold(0u32, |sum, (index, &digit)| {
            let value = if index % 2 == 1 {
                digit.saturating_mul(2)
            } else {
                digit
            };
            let value = if value > 9 {
                value.saturating_sub(9)
            } else {
                value
            };
            sum.saturating_add(u32::from(value))
        });
    !digits.is_empty() && sum.is_multiple_of(10)
}

/// The sum of digits times weights.
pub(crate) fn weighted(digits: &[u8], weights: &[u8]) -> u32 {
    digits
        .iter()
        .zip(weights)
        .fold(0, |sum: u32, (&digit, &weight)| {
            sum.saturating_add(u32::from(digit).saturating_mul(u32::from(weight)))
        })
}

/// Whether all digits are the same, as in placeholders.
pub(crate) fn all_same(digits: &[u8]) -> bool {
    digits.iter().all(|digit| Some(digit) == digits.first())
}

/// How the words around a value speak for a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Context {
    /// The nearest label is that of something else.
    Against,
    /// Nothing near.
    None,
    /// A context word in the window, in another sentence or field.
    Far,
    /// In the same clause.
    Clause,
    /// The value's own label.
    Direct,
}

impl Context {
    /// The score of a value that needs context.
    pub(crate) const fn score(self) -> u16 {
        match self {
            Context::Against | Context::None => 0,
            Context::Far => 550,
            Context::Clause => 800,
            Context::Direct => 920,
        }
    }

    /// The score of a value that has `alone` without any context.
    pub(crate) fn score_from(self, alone: u16) -> u16 {
        match self {
            Context::Against if rule!("pii.number.negative-context") => alone.saturating_sub(400),
            Context::Against | Context::None => alone,
            Context::Far => alone.saturating_add(100),
            near => near.score().max(alone.saturating_add(100)),
        }
    }
}

/// What the words around `start..end` say: the nearest label before it decides, one after it counts only
/// where none stands before. `against` are the type's negative words and the labels of its rivals.
pub(crate) fn context(
    scan: &Scan<'_>,
    own: Lexicon,
    against: &[Lexicon],
    start: usize,
    end: usize,
) -> Context {
    let ours = scan.hit_before(own, start, CONTEXT_BEFORE);
    let theirs = nearest_before(scan, against, start);
    let ours_wins = match (ours, theirs) {
        (Some(ours), Some(theirs)) => {
            !rule!("pii.number.rival-context")
                || ours.end > theirs.end
                || (ours.end == theirs.end && ours.start <= theirs.start)
        }
        (ours, _) => ours.is_some(),
    };
    if let (true, Some(hit)) = (ours_wins, ours) {
        let found = gap(scan.slice(hit.end, start));
        if found > Context::Far {
            return found;
        }
    } else if let Some(hit) = theirs
        && gap(scan.slice(hit.end, start)) > Context::Far
    {
        return Context::Against;
    }
    match label_after(scan, own, against, end) {
        true => Context::Clause,
        false if ours_wins => Context::Far,
        false => Context::None,
    }
}

fn nearest_before(scan: &Scan<'_>, lexicons: &[Lexicon], at: usize) -> Option<LexiconHit> {
    let hits = lexicons
        .iter()
        .filter_map(|&lexicon| scan.hit_before(lexicon, at, CONTEXT_BEFORE));
    hits.max_by_key(|hit| (hit.end, core::cmp::Reverse(hit.start)))
}

/// A context word shortly after the value that is not the label of a next value.
fn label_after(scan: &Scan<'_>, own: Lexicon, against: &[Lexicon], end: usize) -> bool {
    let Some(hit) = scan.hit_after(own, end, CONTEXT_AFTER) else {
        return false;
    };
    // "social" of "social insurance number" is part of the rival's label.
    let part = rule!("pii.number.label-part")
        && against
            .iter()
            .filter_map(|&lexicon| scan.hit_at(lexicon, hit.start))
            .any(|rival| {
                rival.end
                    > scan
                        .hit_at(own, hit.start)
                        .map_or(hit.end, |longest| longest.end)
            });
    if part {
        return false;
    }
    let between = scan.slice(end, hit.start);
    let field = between
        .bytes()
        .any(|b| matches!(b, b'\n' | b',' | b';' | b'|' | b'"' | b'&'));
    let tail = following(scan, hit.end, 4).trim_start_matches(['"', '\'', ' ']);
    !field
        && !tail.starts_with([':', '=', '#'])
        && !tail.bytes().any(|b| b.is_ascii_digit())
        && gap(between) > Context::Far
}

/// How close two places are, by the text between them.
pub(crate) fn gap(between: &str) -> Context {
    let words = between
        .split(|c: char| !is_alphanumeric(c))
        .filter(|w| !w.is_empty())
        .count();
    let digits = between.bytes().any(|b| b.is_ascii_digit());
    let ends_sentence = |mark: &str| text::contains(between, mark);
    let sentence = ends_sentence(". ") && between.len() > 4
        || [";", "? ", "! "].into_iter().any(ends_sentence);
    let line = between.contains('\n');
    if between.len() <= 32 && words <= 3 && !digits && !sentence && (!line || words == 0) {
        Context::Direct
    } else if between.len() <= 64 && !sentence && !line {
        Context::Clause
    } else {
        Context::Far
    }
}

/// A value read beside its label.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Labelled {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) context: Context,
}

/// The value beside the label a recogniser was called at: after it ("PIN is 4321"), else before it
/// ("4321 is my PIN"). `parse` gives the end of a value that starts at an offset.
pub(crate) fn labelled(
    scan: &Scan<'_>,
    place: Candidate,
    against: &[Lexicon],
    parse: impl Fn(&Scan<'_>, usize) -> Option<usize>,
) -> Option<Labelled> {
    if place.trigger != Trigger::Hit {
        return None;
    }
    after_label(scan, place, against, &parse).or_else(|| before_label(scan, place, against, &parse))
}

fn after_label(
    scan: &Scan<'_>,
    place: Candidate,
    against: &[Lexicon],
    parse: &impl Fn(&Scan<'_>, usize) -> Option<usize>,
) -> Option<Labelled> {
    let limit = place.end.saturating_add(64);
    let mut at = place.end;
    while at < limit {
        let c = scan.char_at(at)?;
        let token_start = c.is_ascii_alphanumeric() && !word_before(scan, at);
        if token_start && let Some(end) = parse(scan, at) {
            let context = gap(scan.slice(place.end, at));
            let other = rule!("pii.number.label-between")
                && against.iter().any(|&l| {
                    scan.hit_before(l, at, at.saturating_sub(place.end))
                        .is_some()
                });
            return (context > Context::Far && !other).then_some(Labelled {
                start: at,
                end,
                context,
            });
        }
        at = at.saturating_add(c.len_utf8());
    }
    None
}

fn before_label(
    scan: &Scan<'_>,
    place: Candidate,
    against: &[Lexicon],
    parse: &impl Fn(&Scan<'_>, usize) -> Option<usize>,
) -> Option<Labelled> {
    let tail = following(scan, place.end, 4).trim_start_matches(['"', '\'', ' ']);
    if tail.starts_with([':', '=', '#']) {
        return None;
    }
    let mut at = place.start;
    let first = place.start.saturating_sub(48);
    let mut best = None;
    while at > first {
        at = at.saturating_sub(scan.char_before(at)?.len_utf8());
        let token_start = scan.byte(at).is_ascii_alphanumeric() && !word_before(scan, at);
        if !token_start {
            continue;
        }
        match parse(scan, at) {
            Some(end) if end < place.start => best = Some((at, end)),
            _ if best.is_some() => break,
            _ => {}
        }
    }
    let (start, end) = best?;
    let between = scan.slice(end, place.start);
    let joined = between
        .bytes()
        .any(|b| b.is_ascii_alphabetic() || b == b'(')
        && !between
            .bytes()
            .any(|b| b.is_ascii_digit() || matches!(b, b'\n' | b',' | b';' | b'|' | b'"' | b'='));
    let taken = against.iter().any(|&lexicon| {
        let hit = scan.hit_before(lexicon, start, CONTEXT_BEFORE);
        hit.is_some_and(|hit| gap(scan.slice(hit.end, start)) == Context::Direct)
    });
    (joined && !taken && gap(between) == Context::Direct).then_some(Labelled {
        start,
        end,
        context: Context::Clause,
    })
}

/// The token that starts at `at`: ASCII letters and digits up to a character that is no word character.
pub(crate) fn token<'t>(scan: &Scan<'t>, at: usize, max: usize) -> Option<&'t str> {
    let mut end = at;
    while scan.byte(end).is_ascii_alphanumeric() {
        end = end.saturating_add(1);
        if end.saturating_sub(at) > max {
            return None;
        }
    }
    (end > at && !word_at(scan, end)).then(|| scan.slice(at, end))
}

/// The context lexicon of a type.
pub(crate) const fn own(ty: PiiType) -> Lexicon {
    Lexicon::context(ty)
}

/// Words that introduce some other number; shared by the negative context of several types.
pub(crate) const OTHER_NUMBERS: &[&str] = &[
    "order",
    "order number",
    "order id",
    "order no",
    "invoice",
    "invoice number",
    "ticket",
    "ticket number",
    "tracking",
    "tracking number",
    "tracking id",
    "transaction",
    "transaction id",
    "reference number",
    "ref",
    "case number",
    "timestamp",
    "version",
    "build",
    "commit",
    "serial",
    "serial number",
    "sku",
    "part number",
    "isbn",
    "ean",
    "upc",
    "product id",
    "product code",
    "phone",
    "telephone",
    "tel",
    "mobile",
    "fax",
    "call",
    "order_id",
    "orderid",
    "invoice_id",
    "ticket_id",
    "transaction_id",
    "request_id",
    "trace_id",
    "tracking_number",
    "timestamp_ms",
    "epoch",
    "bytes",
    "imei",
    "uuid",
    "hash",
    "checksum",
    "model",
    "line",
    "port",
    "pedido",
    "commande",
    "bestellung",
    "bestellnummer",
    "ordine",
    "rechnung",
    "factura",
    "facture",
    "fatura",
    "fattura",
    "teléfono",
    "téléphone",
    "telefon",
    "telefono",
    "telefone",
];

#[cfg(test)]
pub(crate) mod checks {
    //! Data tables: a positive text has its values between « and ».

    use alloc::string::String;
    use alloc::vec::Vec;

    use crate::pii::Recognizer;
    use crate::pii::testing::{run, values};

    /// Every marked value, and nothing else, is found.
    #[track_caller]
    pub(crate) fn finds(recognizer: &Recognizer, texts: &[&str]) {
        let mut failed = Vec::new();
        for text in texts {
            let mut plain = String::new();
            let mut wanted = Vec::new();
            let mut start = 0;
            for c in text.chars() {
                match c {
                    '«' => start = plain.len(),
                    '»' => wanted.push((start, plain.len())),
                    c => plain.push(c),
                }
            }
            let found: Vec<_> = run(&[recognizer], &plain)
                .iter()
                .map(|f| (f.start, f.end))
                .collect();
            if found != wanted {
                failed.push(std::format!(
                    "{text}  found {:?}",
                    values(recognizer, &plain)
                ));
            }
        }
        assert!(failed.is_empty(), "{failed:#?}");
    }

    /// Nothing is found in any of the texts.
    #[track_caller]
    pub(crate) fn passes(recognizer: &Recognizer, texts: &[&str]) {
        let all: Vec<_> = texts
            .iter()
            .map(|text| (*text, values(recognizer, text)))
            .collect();
        let failed: Vec<_> = all
            .into_iter()
            .filter(|(_, found)| !found.is_empty())
            .collect();
        assert!(failed.is_empty(), "{failed:#?}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn luhn_sums() {
        assert!(luhn(&[4, 5, 3, 9, 1, 4, 8, 8, 0, 3, 4, 3, 6, 4, 6, 7]));
        assert!(!luhn(&[4, 5, 3, 9, 1, 4, 8, 8, 0, 3, 4, 3, 6, 4, 6, 8]));
        assert!(!luhn(&[]));
    }

    #[test]
    fn groups_are_exact() {
        let read =
            |text: &str, groups: &[usize]| grouped(&Scan::new(text, &[]), 0, groups).map(|n| n.end);
        assert_eq!(read("123-45-6789", &[3, 2, 4]), Some(11));
        assert_eq!(read("123\u{2011}45\u{2011}6789", &[3, 2, 4]), Some(15));
        assert_eq!(read("123-45 6789", &[3, 2, 4]), None);
        assert_eq!(read("123-45-67890", &[3, 2, 4]), None);
        assert_eq!(read("123-45-6789é", &[3, 2, 4]), None);
        assert_eq!(read("1234567890123456789012345", &[25]), None);
    }

    #[test]
    fn gaps_are_graded() {
        assert_eq!(gap(" is "), Context::Direct);
        assert_eq!(gap("\": \""), Context::Direct);
        assert_eq!(gap(" for the card of my wife is "), Context::Clause);
        assert_eq!(gap(". The order number is "), Context::Far);
        assert_eq!(gap("\nTotal "), Context::Far);
    }
}
