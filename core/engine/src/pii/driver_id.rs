//! `DRIVER_ID`: the number of a driving licence.
//!
//! Rule: 5 to 19 letters and digits, upper or lower case, at least four of them digits, plain or with dashes or
//! single spaces as the states print them (AAMVA DL/ID Card Design Standard, field DAQ; DVLA: 16 characters),
//! beside their own label. Checksums differ by state and are not public. Negative context: other labels between.

use super::number::{THRESHOLD, bounded, labelled, own, separator, token, word_at};
use super::{Candidate, Found, Lengths, Lexicon, PiiType, Recognizer, Scan, Trigger, Verdict};
use crate::rules::rule;

pub(crate) const CONTEXT: &[&str] = &[
    "driver's license",
    "driver’s license",
    "driver's licence",
    "driver’s licence",
    "drivers license",
    "drivers licence",
    "driver license",
    "driver licence",
    "driver's license number",
    "drivers license number",
    "driver license number",
    "driver's licence number",
    "driving license",
    "driving licence",
    "driving licence number",
    "driving license number",
    "driver id",
    "driver's id",
    "driver_id",
    "driverid",
    "driver_license",
    "driver_licence",
    "drivers_license",
    "driverlicense",
    "driverslicense",
    "driver_license_number",
    "drivers_license_number",
    "driving_licence",
    "driving_licence_number",
    "licence number",
    "license number",
    "license no",
    "licence no",
    "license #",
    "license_number",
    "licensenumber",
    "dl",
    "dl number",
    "dl no",
    "dl #",
    "dl_number",
    "dln",
    "dl_no",
    "permis de conduire",
    "führerschein",
    "führerscheinnummer",
    "licencia de conducir",
    "carnet de conducir",
    "patente di guida",
    "carteira de motorista",
    "cnh",
];
pub(crate) const NEGATIVE: &[&str] = &[
    "software",
    "mit",
    "apache",
    "order",
    "invoice",
    "ticket",
    "phone",
    "tel",
    "call",
    "version",
    "plate",
    "product",
    "activation",
    "expires",
    "issued",
    "key",
    "business",
    "medical",
];

const TYPE: PiiType = PiiType::DriverId;
const OWN: Lexicon = own(TYPE);
const AGAINST: &[Lexicon] = &[
    Lexicon::negative(TYPE),
    own(PiiType::LicensePlate),
    own(PiiType::UsSocialSecurityNumber),
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
        own(PiiType::LicensePlate),
        own(PiiType::UsSocialSecurityNumber),
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
    let first = token(scan, at, 19).filter(|t| t.bytes().any(|b| b.is_ascii_digit()))?;
    let (mut end, mut count) = (at.saturating_add(first.len()), first.len());
    let mut digits = first.bytes().filter(u8::is_ascii_digit).count();
    while let Some(c) = scan
        .char_at(end)
        .filter(|&c| matches!(separator(c), Some('-' | ' ')))
    {
        let next = end.saturating_add(c.len_utf8());
        let group = token(scan, next, 8).filter(|t| t.bytes().all(|b| b.is_ascii_digit()));
        let Some(group) = group.filter(|g| c != ' ' || g.len() <= 5 && digits < 8) else {
            break;
        };
        end = next.saturating_add(group.len());
        count = count.saturating_add(group.len());
        digits = digits.saturating_add(group.len());
    }
    let shape = (5..=19).contains(&count) && digits >= 4;
    ((!rule!("pii.driver-id.shape") || shape) && !word_at(scan, end)).then_some(end)
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
                "driver's license: «D1234567»",
                "DL is «S123-4567-8901».",
                "driver_license = «F255921501»",
                "my driving licence is «D1234567»",
                "{\"license number\": \"«S123-4567-8901»\"}",
                "Führerschein «F255921501», thanks",
                "<driver's license>«D1234567»</x>",
                "DL\n«S123-4567-8901»",
                "| driver_license | «F255921501» |",
                "(driving licence «D1234567»)",
                "license number#«S123-4567-8901»",
                "Führerschein='«F255921501»'",
                "driver's license: «D1234567»",
                "DL is «S123-4567-8901».",
                "driver_license = «F255921501»",
                "«D1234567» is my driver license number",
                "driving licence «MORGA657054SM9IJ»",
            ],
        );
    }

    #[test]
    fn passes_others() {
        passes(
            &RECOGNIZER,
            &[
                "D1234567",
                "MIT license 2024",
                "license key D1234567",
                "driver license 123",
                "license number: order D1234567",
                "DL. Call 5551234",
                "software license version D1234567",
                "driver license ABCDEF",
                "driver license issued 20200101",
                "driver's license $1234567",
                "license plate 7ABC123",
                "driver license 12345678901234567890",
                "dl version 12345",
                "driver 12345",
                "driving license expires 12345",
                "driver license 1234.5678",
            ],
        );
    }
}
