//! `VEHICLE_IDENTIFICATION_NUMBER`: the 17 characters of ISO 3779.
//!
//! Rule: letters and digits without I, O and Q. Position 9 is a check digit in North America and China
//! (49 CFR 565.15): with it, and four digits at the end, an upper-case value acts alone; without it, or in
//! lower case, the label is needed. Negative context: commit, order and serial numbers.

use super::number::{Context, OTHER_NUMBERS, THRESHOLD, bounded, context, own};
use super::{Candidate, Found, Lengths, Lexicon, PiiType, Recognizer, Scan, Trigger, Verdict};
use crate::rules::rule;

pub(crate) const CONTEXT: &[&str] = &[
    "vin",
    "vin number",
    "vin no",
    "vin #",
    "vin code",
    "vin_number",
    "vinnumber",
    "vehicle_vin",
    "vehicle identification",
    "vehicle identification number",
    "vehicle id",
    "vehicle_id",
    "vehicle_identification_number",
    "vehicleid",
    "chassis",
    "chassis number",
    "chassis no",
    "número de chasis",
    "bastidor",
    "número de bastidor",
    "numéro de châssis",
    "châssis",
    "fahrgestellnummer",
    "fin",
    "chassi",
    "telaio",
    "numero di telaio",
];
pub(crate) const NEGATIVE: &[&str] = OTHER_NUMBERS;

const TYPE: PiiType = PiiType::VehicleIdentificationNumber;
const OWN: Lexicon = own(TYPE);
const AGAINST: &[Lexicon] = &[Lexicon::negative(TYPE)];

pub(crate) static RECOGNIZER: Recognizer = Recognizer {
    ty: TYPE,
    verdict: Verdict::DefersWhenNegative,
    threshold: THRESHOLD,
    triggers: Trigger::Mixed.bit() | Trigger::Digits.bit(),
    lengths: Lengths::range(17, 17),
    called_by: &[],
    reads: &[OWN, Lexicon::negative(TYPE)],
    recognize,
};

fn recognize(scan: &Scan<'_>, place: Candidate, found: &mut Found) {
    if place.end.saturating_sub(place.start) != 17 {
        return;
    }
    let value = scan.slice(place.start, place.end);
    let mut sum = 0u32;
    for (byte, weight) in value
        .bytes()
        .zip([8u32, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2])
    {
        let Some(value) = transliterate(byte.to_ascii_uppercase()) else {
            return;
        };
        sum = sum.saturating_add(value.saturating_mul(weight));
    }
    let check = match sum.checked_rem(11) {
        Some(10) => b'X',
        rest => b'0'.saturating_add(rest.and_then(|r| u8::try_from(r).ok()).unwrap_or(0)),
    };
    if !bounded(scan, OWN, place.start, place.end) {
        return;
    }
    let valid = scan
        .byte(place.start.saturating_add(8))
        .to_ascii_uppercase()
        == check;
    let serial = value.bytes().rev().take(4).all(|b| b.is_ascii_digit());
    let plain = value.bytes().any(|b| b.is_ascii_lowercase()) || place.trigger == Trigger::Digits;
    let context = context(scan, OWN, AGAINST, place.start, place.end);
    let alone = (!rule!("pii.vin.check-digit") || valid) && serial && !plain;
    let score = match context {
        _ if alone => context.score_from(800),
        Context::Direct | Context::Clause => context.score(),
        _ => 0,
    };
    found.push(TYPE, place.start, place.end, score);
}

/// The value of a character in the check sum, `None` for I, O, Q and what is no letter or digit.
fn transliterate(byte: u8) -> Option<u32> {
    let value = match byte {
        b'0'..=b'9' => byte.saturating_sub(b'0'),
        b'A'..=b'H' => byte.saturating_sub(b'A').saturating_add(1),
        b'J'..=b'N' => byte.saturating_sub(b'J').saturating_add(1),
        b'P' => 7,
        b'R' => 9,
        b'S'..=b'Z' => byte.saturating_sub(b'S').saturating_add(2),
        _ => return None,
    };
    Some(u32::from(value))
}

#[cfg(test)]
mod tests {
    use super::super::number::checks::{finds, passes};
    use super::RECOGNIZER;

    #[test]
    fn finds_numbers() {
        finds(
            &RECOGNIZER,
            &[
                "«1M8GDM9AXKP042788»",
                "VIN: «1HGCM82633A004352»",
                "vin=«1hgcm82633a004352»",
                "\"vin\": \"«1FTEW1E57JFA12345»\"",
                "my VIN is «WVWZZZ1JZXW000001».",
                "«1HGCM82633A004352» was sold",
                "chassis number «WBA3A5C57CF256651»",
                "a,«1HGCM82633A004352»,b",
                "(«1HGCM82633A004352»)",
                "<vin>«WVWZZZ1JZXW000001»</vin>",
                "VIN\n«WVWZZZ1JZXW000001»",
                "Fahrgestellnummer: «WVWZZZ1JZXW000001»",
                "«WVWZZZ1JZXW000001» is the VIN",
                "VIN#«WVWZZZ1JZXW000001»",
                "vin «11111111111111111»",
            ],
        );
    }

    #[test]
    fn passes_others() {
        passes(
            &RECOGNIZER,
            &[
                "1HGCM82643A004352",
                "11111111111111111",
                "1hgcm82633a004352",
                "VIN 1HGCM82633A00435",
                "VIN 1HGCM82633A0043522",
                "VIN IHGCM82633A004352",
                "VIN 1HGCO82633A004352",
                "WVWZZZ1JZXW000001",
                "x1HGCM82633A004352",
                "é1HGCM82633A004352",
                "order 1HGCM82633A004352",
                "VIN 1HGCM8263-3A004352",
                "a1b2c3d4e5f6a7b8c",
                "VIN. Order 1HGCM82643A004352",
                "1HGCM82633A004352@example.com",
                "1HGCM_82633A00435",
            ],
        );
    }
}
