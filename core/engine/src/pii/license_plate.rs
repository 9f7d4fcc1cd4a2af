//! `LICENSE_PLATE`: the registration mark of a vehicle.
//!
//! Rule: 4 to 8 upper-case letters and digits, both present, in up to three groups with single spaces, dashes or
//! dots (the series of DVLA INF104, SIV in France, FZV in Germany and the states of the USA), beside their own
//! label. Negative context: other labels between.

use super::number::{THRESHOLD, bounded, labelled, own, separator, token};
use super::{Candidate, Found, Lengths, Lexicon, PiiType, Recognizer, Scan, Trigger, Verdict};
use crate::rules::rule;

pub(crate) const CONTEXT: &[&str] = &[
    "license plate",
    "licence plate",
    "license plates",
    "license plate number",
    "licence plate number",
    "number plate",
    "plate",
    "plates",
    "plate number",
    "plate no",
    "plate #",
    "license_plate",
    "licenseplate",
    "licence_plate",
    "license_plate_number",
    "plate_number",
    "platenumber",
    "number_plate",
    "vehicle registration",
    "vehicle registration number",
    "registration",
    "registration number",
    "registration mark",
    "registration plate",
    "reg",
    "reg no",
    "reg number",
    "vehicle_registration",
    "vrn",
    "tag number",
    "immatriculation",
    "plaque",
    "plaque d'immatriculation",
    "numéro d'immatriculation",
    "matrícula",
    "matricula",
    "placa",
    "kennzeichen",
    "kfz-kennzeichen",
    "nummernschild",
    "targa",
];
pub(crate) const NEGATIVE: &[&str] = &[
    "order", "invoice", "ticket", "phone", "call", "version", "vin", "company", "student",
    "registry", "key", "regex", "course", "model",
];

const TYPE: PiiType = PiiType::LicensePlate;
const OWN: Lexicon = own(TYPE);
const AGAINST: &[Lexicon] = &[
    Lexicon::negative(TYPE),
    own(PiiType::VehicleIdentificationNumber),
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
        own(PiiType::VehicleIdentificationNumber),
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
    let group =
        |at: usize| token(scan, at, 8).filter(|t| !t.bytes().any(|b| b.is_ascii_lowercase()));
    let (mut end, mut next) = (at, at);
    let (mut letters, mut digits) = (0usize, 0usize);
    for _ in 0..4u8 {
        let Some(text) = group(next) else { break };
        if letters.saturating_add(digits).saturating_add(text.len()) > 8 {
            break;
        }
        let numeric = text.bytes().filter(u8::is_ascii_digit).count();
        digits = digits.saturating_add(numeric);
        letters = letters.saturating_add(text.len().saturating_sub(numeric));
        end = next.saturating_add(text.len());
        match scan.char_at(end) {
            Some(c) if separator(c).is_some() => next = end.saturating_add(c.len_utf8()),
            _ => break,
        }
    }
    let shape = letters >= 1 && digits >= 1 && letters.saturating_add(digits) >= 4;
    ((!rule!("pii.license-plate.shape") || shape) && end > at).then_some(end)
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
                "license plate: «7ABC123»",
                "plate is «AB12 CDE».",
                "license_plate = «AB-123-CD»",
                "my Kennzeichen is «1234 BCD»",
                "{\"plateNumber\": \"«ABC-1234»\"}",
                "matrícula «7ABC123», thanks",
                "<license plate>«AB12 CDE»</x>",
                "plate\n«AB-123-CD»",
                "| license_plate | «1234 BCD» |",
                "(Kennzeichen «ABC-1234»)",
                "plateNumber#«7ABC123»",
                "matrícula='«AB12 CDE»'",
                "license plate: «AB-123-CD»",
                "plate is «1234 BCD».",
                "license_plate = «ABC-1234»",
                "«AB12 CDE» is my plate number",
                "Kennzeichen: «B-AB 1234»",
            ],
        );
    }

    #[test]
    fn passes_others() {
        passes(
            &RECOGNIZER,
            &[
                "7ABC123",
                "AB12 CDE",
                "plate abc123",
                "plate 12345",
                "plate ABCDEF",
                "plate A1",
                "plate ABCD12345",
                "registration order AB12CDE",
                "plate. Then AB12 CDE",
                "plate $7ABC123",
                "registration key AB12CDE",
                "plate of food",
                "registration is open",
                "license 7ABC123",
                "registration version V1234",
                "plated 7ABC123",
            ],
        );
    }
}
