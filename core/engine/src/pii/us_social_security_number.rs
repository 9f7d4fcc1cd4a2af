//! `US_SOCIAL_SECURITY_NUMBER`: AAA-GG-SSSS.
//!
//! Rule: area not 000, 666 or 900–999, group not 00, serial not 0000 (Social Security Administration,
//! "SSN Randomization", 2011: the only values still never assigned), and none of the numbers void
//! because they were printed in advertisements (078-05-1120, 219-09-9999, 457-55-5462). The dashed form
//! acts alone; spaces, dots and nine plain digits need context. There is no check digit. The labels of
//! other nine-digit numbers are negative context.

use super::number::{OTHER_NUMBERS, THRESHOLD, all_same, any_grouped, bounded, context, own};
use super::{Candidate, Found, Lengths, Lexicon, PiiType, Recognizer, Scan, Trigger, Verdict};
use crate::rules::rule;

pub(crate) const CONTEXT: &[&str] = &[
    "ssn",
    "ssns",
    "ssn no",
    "ssn number",
    "ss#",
    "ss #",
    "ss no",
    "s.s.n",
    "s.s.n.",
    "soc sec",
    "soc. sec.",
    "soc sec no",
    "social",
    "social security",
    "social security number",
    "social security no",
    "social security num",
    "social security #",
    "social sec",
    "social_security_number",
    "social_security",
    "socialsecuritynumber",
    "socialsecurity",
    "ssn_number",
    "ssnumber",
    "ssn_no",
    "us_ssn",
    "user_ssn",
    "customer_ssn",
    "employee_ssn",
    "applicant_ssn",
    "patient_ssn",
    "tax id",
    "taxpayer id",
    "tin",
    "seguro social",
    "número de seguro social",
    "numero de seguro social",
    "número de la seguridad social",
    "sozialversicherungsnummer",
    "numéro de sécurité sociale",
];
pub(crate) const NEGATIVE: &[&str] = OTHER_NUMBERS;

const TYPE: PiiType = PiiType::UsSocialSecurityNumber;
const OWN: Lexicon = own(TYPE);
const AGAINST: &[Lexicon] = &[
    Lexicon::negative(TYPE),
    own(PiiType::CaSocialInsuranceNumber),
    own(PiiType::UsBankRoutingNumber),
    own(PiiType::UsBankAccountNumber),
    own(PiiType::UsPassportNumber),
    own(PiiType::DriverId),
];
const LAYOUTS: &[&[usize]] = &[&[3, 2, 4], &[9]];

pub(crate) static RECOGNIZER: Recognizer = Recognizer {
    ty: TYPE,
    verdict: Verdict::DefersWhenNegative,
    threshold: THRESHOLD,
    triggers: Trigger::Digits.bit(),
    lengths: Lengths::of(&[3, 9]),
    called_by: &[],
    reads: &[
        OWN,
        Lexicon::negative(TYPE),
        own(PiiType::CaSocialInsuranceNumber),
        own(PiiType::UsBankRoutingNumber),
        own(PiiType::UsBankAccountNumber),
        own(PiiType::UsPassportNumber),
        own(PiiType::DriverId),
    ],
    recognize,
};

fn recognize(scan: &Scan<'_>, place: Candidate, found: &mut Found) {
    let size = place.end.saturating_sub(place.start);
    if !matches!(size, 3 | 9) || scan.byte(place.start) == b'9' {
        return;
    }
    let Some(number) = any_grouped(scan, place.start, LAYOUTS) else {
        return;
    };
    if !assignable(number.part(0, 3), number.part(3, 2), number.part(5, 4))
        || all_same(number.digits())
    {
        return;
    }
    if !bounded(scan, OWN, number.start, number.end) {
        return;
    }
    let context = context(scan, OWN, AGAINST, number.start, number.end);
    let score = match number.separator {
        Some('-') => context.score_from(850),
        _ => context.score(),
    };
    found.push(TYPE, number.start, number.end, score);
}

fn assignable(area: u32, group: u32, serial: u32) -> bool {
    let area_ok = !rule!("pii.ssn.area") || (area != 0 && area != 666 && area < 900);
    let rest_ok = !rule!("pii.ssn.group-serial") || (group != 0 && serial != 0);
    let void = rule!("pii.ssn.void")
        && matches!(
            (area, group, serial),
            (78, 5, 1120) | (219, 9, 9999) | (457, 55, 5462)
        );
    area_ok && rest_ok && !void
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
                "番号は«123-45-6789»です",
                "my SSN is «123-45-6789»",
                "«123-45-6789»",
                "SSN: «123 45 6789»",
                "ssn=«123456789»",
                "{\"ssn\":\"«536908399»\"}",
                "Social Security Number: «536.90.8399»",
                "«536908399» is my SSN",
                "name,«536-90-8399»,x",
                "social security no. «536908399».",
                "SS# «536908399»",
                "social_security_number=«536908399»",
                "«123‑45‑6789»",
                "seguro social: «536 90 8399»",
                "SSN\n«536908399»",
                "<ssn>«536908399»</ssn>",
                "(SSN «536908399»)",
                "| SSN | «536908399» |",
                "SSN#«536908399»",
                "日本«123-45-6789»".strip_prefix("日本").unwrap(),
                "tax id «536-90-8399»",
                "SSN-«536908399»",
                "SSNs «123-45-6789» and «536-90-8399»",
            ],
        );
    }

    #[test]
    fn passes_others() {
        passes(
            &RECOGNIZER,
            &[
                "123456789",
                "123 45 6789",
                "409674546 is my social insurance number",
                "000-12-3456",
                "666-12-3456",
                "900-12-3456",
                "123-00-4567",
                "123-45-0000",
                "078-05-1120",
                "219-09-9999",
                "SSN 078051120",
                "1123-45-6789",
                "123-45-67890",
                "x123-45-6789",
                "123-45-6789-01",
                "00-123-45-6789",
                "order 123-45-6789",
                "routing number 123456789",
                "SIN: 123456782",
                "ssn 12345678",
                "ssn 1234567890",
                "version 123.45.6789",
                "SSN 111-11-1111",
                "123-456-7890",
                "passport number 123456789, not an SSN",
                "SSN 2.123456789",
                "123-45-6789@example.com",
            ],
        );
    }

    #[test]
    fn a_megabyte_of_digits_is_nothing() {
        passes(&RECOGNIZER, &[&"1".repeat(1 << 20)]);
    }
}
