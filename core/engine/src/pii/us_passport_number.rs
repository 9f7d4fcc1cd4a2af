//! `US_PASSPORT_NUMBER`: nine digits, or a letter and eight digits.
//!
//! Rule: the value stands beside its own label (U.S. Department of State: nine digits, since 2021 a letter and
//! eight digits; Amazon Bedrock documents 6 to 9 characters, of which at most two are letters in front). There
//! is no public check digit. Negative context: labels of other numbers between.

use super::number::{THRESHOLD, bounded, labelled, own, token};
use super::{Candidate, Found, Lengths, Lexicon, PiiType, Recognizer, Scan, Trigger, Verdict};
use crate::rules::rule;

pub(crate) const CONTEXT: &[&str] = &[
    "passport",
    "passports",
    "passport number",
    "passport no",
    "passport no.",
    "passport num",
    "passport #",
    "passport_number",
    "passportnumber",
    "passport_no",
    "passportno",
    "passport id",
    "passport_id",
    "us passport",
    "us_passport",
    "us passport number",
    "u.s. passport",
    "passport card",
    "travel document",
    "travel document number",
    "pasaporte",
    "número de pasaporte",
    "numero de pasaporte",
    "passeport",
    "numéro de passeport",
    "reisepass",
    "reisepassnummer",
    "passnummer",
    "pass-nr",
    "passaporte",
    "número do passaporte",
    "passaporto",
    "numero di passaporto",
    "numero passaporto",
];
pub(crate) const NEGATIVE: &[&str] = &[
    "order",
    "invoice",
    "ticket",
    "tracking",
    "phone",
    "tel",
    "call",
    "version",
    "error",
    "expires",
    "issued",
    "born",
    "flight",
    "application",
    "fee",
    "since",
];

const TYPE: PiiType = PiiType::UsPassportNumber;
const OWN: Lexicon = own(TYPE);
const AGAINST: &[Lexicon] = &[
    Lexicon::negative(TYPE),
    own(PiiType::UsSocialSecurityNumber),
    own(PiiType::DriverId),
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
        own(PiiType::UsSocialSecurityNumber),
        own(PiiType::DriverId),
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
    let token = token(scan, at, 9)?;
    let letters = token.bytes().take_while(u8::is_ascii_alphabetic).count();
    let digits = token
        .bytes()
        .skip(letters)
        .filter(u8::is_ascii_digit)
        .count();
    let shape = letters <= 2 && digits >= 6 && letters.saturating_add(digits) == token.len();
    (!rule!("pii.us-passport.shape") || shape).then(|| at.saturating_add(token.len()))
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
                "passport number: «123456789»",
                "passport is «A12345678».",
                "passport_no = «C01234567»",
                "my pasaporte is «123456789»",
                "{\"passportNumber\": \"«A12345678»\"}",
                "Reisepass «C01234567», thanks",
                "<passport number>«123456789»</x>",
                "passport\n«A12345678»",
                "| passport_no | «C01234567» |",
                "(pasaporte «123456789»)",
                "passportNumber#«A12345678»",
                "Reisepass='«C01234567»'",
                "passport number: «123456789»",
                "passport is «A12345678».",
                "passport_no = «C01234567»",
                "«A12345678» is my passport number",
            ],
        );
    }

    #[test]
    fn passes_others() {
        passes(
            &RECOGNIZER,
            &[
                "123456789",
                "A12345678",
                "passport 12345",
                "passport 1234567890",
                "passport ABC123456",
                "passport expires 20270101",
                "passport order 123456789",
                "passport. Call 123456789",
                "passport $123456789",
                "passport fee 123456",
                "passport 123456.78",
                "passport photo",
                "passport.js",
                "passport issued 20200101",
                "ssn 123456789",
                "passport 123-456-7890",
                "passport 12345678x",
            ],
        );
    }
}
