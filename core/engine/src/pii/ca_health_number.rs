//! `CA_HEALTH_NUMBER`: a provincial health insurance number.
//!
//! Rule: ten digits (Ontario 4-3-3 with or without a version code, British Columbia from 9, others), nine digits
//! (Alberta 5-4, Manitoba, Saskatchewan), or Quebec's four letters and eight digits, beside their own label
//! (Canadian Institute for Health Information, "Health card number formats"). Check digits differ by province,
//! and not all are public, so none is required. Negative context: telephone, order and similar labels.

use super::number::{
    OTHER_NUMBERS, THRESHOLD, all_same, any_grouped, bounded, grouped, labelled, own, separator,
    token, word_at,
};
use super::{Candidate, Found, Lengths, Lexicon, PiiType, Recognizer, Scan, Trigger, Verdict};
use crate::rules::rule;

pub(crate) const CONTEXT: &[&str] = &[
    "health card",
    "health card number",
    "health card no",
    "health number",
    "health_number",
    "healthnumber",
    "health_card",
    "healthcard",
    "health_card_number",
    "healthcardnumber",
    "health insurance number",
    "health insurance card",
    "provincial health number",
    "personal health number",
    "personal health no",
    "phn",
    "ohip",
    "ohip number",
    "ohip no",
    "ohip card",
    "ohip_number",
    "hcn",
    "hin",
    "mcp number",
    "ahcip",
    "msp number",
    "ramq",
    "nam",
    "carte soleil",
    "carte d'assurance maladie",
    "numéro d'assurance maladie",
    "assurance maladie",
    "care card",
    "carecard",
    "ca_health_number",
];
pub(crate) const NEGATIVE: &[&str] = OTHER_NUMBERS;

const TYPE: PiiType = PiiType::CaHealthNumber;
const OWN: Lexicon = own(TYPE);
const AGAINST: &[Lexicon] = &[
    Lexicon::negative(TYPE),
    own(PiiType::CaSocialInsuranceNumber),
    own(PiiType::UkNationalHealthServiceNumber),
];

pub(crate) static RECOGNIZER: Recognizer = Recognizer {
    ty: TYPE,
    verdict: Verdict::DefersWhenNegative,
    threshold: THRESHOLD,
    triggers: Trigger::Hit.bit(),
    lengths: Lengths::ANY,
    called_by: &[OWN],
    reads: &[
        OWN,
        Lexicon::negative(TYPE),
        own(PiiType::CaSocialInsuranceNumber),
        own(PiiType::UkNationalHealthServiceNumber),
    ],
    recognize,
};

fn recognize(scan: &Scan<'_>, place: Candidate, found: &mut Found) {
    let value = labelled(scan, place, AGAINST, |scan, at| {
        let end = read(scan, at)?;
        bounded(scan, OWN, at, end).then_some(end)
    });
    if let Some(value) = value {
        found.push(TYPE, value.start, value.end, value.context.score());
    }
}

/// The end of the value that starts at `at`.
fn read(scan: &Scan<'_>, at: usize) -> Option<usize> {
    if scan.byte(at).is_ascii_alphabetic() {
        return quebec(scan, at);
    }
    let layouts: &[&[usize]] = &[
        &[10],
        &[4, 3, 3],
        &[3, 3, 4],
        &[4, 6],
        &[9],
        &[5, 4],
        &[3, 3, 3],
    ];
    let Some(number) = any_grouped(scan, at, layouts) else {
        return glued(scan, at);
    };
    if rule!("pii.ca-health.placeholder") && all_same(number.digits()) {
        return None;
    }
    // Ontario's version code: one or two capitals after the number.
    let version = scan
        .char_at(number.end)
        .filter(|&c| separator(c) == Some('-') || c == ' ');
    let next = version.map_or(number.end, |c| number.end.saturating_add(c.len_utf8()));
    let code =
        token(scan, next, 2).filter(|t| t.len() == 2 && t.bytes().all(|b| b.is_ascii_uppercase()));
    match code {
        Some(code) if number.digits().len() == 10 => Some(next.saturating_add(code.len())),
        _ => Some(number.end),
    }
}

/// Ten digits with the version code right behind: `1234567890AB`.
fn glued(scan: &Scan<'_>, at: usize) -> Option<usize> {
    let token = token(scan, at, 12)?;
    let (number, code) = token.split_at_checked(10)?;
    let shape = number.bytes().all(|b| b.is_ascii_digit())
        && (1..=2).contains(&code.len())
        && code.bytes().all(|b| b.is_ascii_uppercase());
    shape.then(|| at.saturating_add(token.len()))
}

/// Quebec: four letters and eight digits, plain or 4-4-4.
fn quebec(scan: &Scan<'_>, at: usize) -> Option<usize> {
    let letters = scan.slice(at, at.saturating_add(4));
    if letters.len() != 4 || !letters.bytes().all(|b| b.is_ascii_alphabetic()) {
        return None;
    }
    let next = at.saturating_add(4);
    if let Some(number) = grouped(scan, next, &[8]) {
        return Some(number.end);
    }
    let c = scan.char_at(next).filter(|&c| separator(c).is_some())?;
    let number = grouped(scan, next.saturating_add(c.len_utf8()), &[4, 4])?;
    (number.separator == separator(c) && !word_at(scan, number.end)).then_some(number.end)
}

#[cfg(test)]
mod tests {
    use super::super::number::checks::{finds, passes};
    use super::RECOGNIZER;

    #[test]
    fn finds_values() {
        finds(
            &RECOGNIZER,
            &[
                "health card number: «1234567897»",
                "OHIP is «9876 543 217».",
                "health_card_number = «9123456782»",
                "my health number is «12345-6789»",
                "{\"healthCard\": \"«1234567897»\"}",
                "PHN «9876 543 217», thanks",
                "<health card number>«9123456782»</x>",
                "OHIP\n«12345-6789»",
                "| health_card_number | «1234567897» |",
                "(health number «9876 543 217»)",
                "healthCard#«9123456782»",
                "PHN='«12345-6789»'",
                "health card number: «1234567897»",
                "OHIP is «9876 543 217».",
                "health_card_number = «9123456782»",
                "«1234567897» is my health card number",
                "RAMQ: «TREM 5512 1234»",
                "OHIP «1234-567-897-AB»",
            ],
        );
    }

    #[test]
    fn passes_others() {
        passes(
            &RECOGNIZER,
            &[
                "1234567897",
                "health card 12345",
                "health card 12345678901",
                "OHIP 0000000000",
                "phone 4165551234",
                "health card phone 416 555 1234",
                "health card order 1234567897",
                "OHIP. Call 4165551234",
                "health card $1234567897",
                "health number 1234567897.5",
                "OHIP x1234567897",
                "healthy 1234567897",
                "PHN ABCDEFGH",
                "nam 1",
                "health card ABCD1234",
                "sin 130692544",
            ],
        );
    }
}
