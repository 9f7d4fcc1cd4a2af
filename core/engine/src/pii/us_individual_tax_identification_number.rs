//! `US_INDIVIDUAL_TAX_IDENTIFICATION_NUMBER`: 9xx-GG-xxxx.
//!
//! Rule: first digit 9, group (4th and 5th digit) 50–65, 70–88, 90–92 or 94–99 (IRS, Internal Revenue
//! Manual 3.21.263 "ITIN range"). The dashed form acts alone, since no social security number begins
//! with 9; other forms need context. There is no check digit.

use super::number::{OTHER_NUMBERS, THRESHOLD, any_grouped, bounded, context, own};
use super::{Candidate, Found, Lengths, Lexicon, PiiType, Recognizer, Scan, Trigger, Verdict};
use crate::rules::rule;

pub(crate) const CONTEXT: &[&str] = &[
    "itin",
    "itins",
    "itin number",
    "itin no",
    "itin_number",
    "us_itin",
    "tax id",
    "tax_id",
    "taxid",
    "tax id number",
    "taxpayer id",
    "taxpayer identification",
    "taxpayer identification number",
    "tax identification number",
    "taxpayer identification no",
    "individual tax identification number",
    "individual taxpayer identification number",
    "individual taxpayer id",
    "tax number",
    "tin",
    "tax payer id",
    "taxpayer_id",
    "individual_taxpayer_identification_number",
    "ssn or itin",
    "ssn/itin",
    "i.t.i.n",
    "número de identificación fiscal",
    "identificación personal del contribuyente",
    "número de identificación personal del contribuyente",
    "steueridentifikationsnummer",
];
pub(crate) const NEGATIVE: &[&str] = OTHER_NUMBERS;

const TYPE: PiiType = PiiType::UsIndividualTaxIdentificationNumber;
const OWN: Lexicon = own(TYPE);
const RIVALS: [Lexicon; 4] = [
    own(PiiType::CaSocialInsuranceNumber),
    own(PiiType::UsBankAccountNumber),
    own(PiiType::UsPassportNumber),
    own(PiiType::DriverId),
];
const AGAINST: &[Lexicon] = &[
    Lexicon::negative(TYPE),
    RIVALS[0],
    RIVALS[1],
    RIVALS[2],
    RIVALS[3],
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
        RIVALS[0],
        RIVALS[1],
        RIVALS[2],
        RIVALS[3],
    ],
    recognize,
};

fn recognize(scan: &Scan<'_>, place: Candidate, found: &mut Found) {
    if scan.byte(place.start) != b'9' || !matches!(place.end.saturating_sub(place.start), 3 | 9) {
        return;
    }
    let Some(number) = any_grouped(scan, place.start, LAYOUTS) else {
        return;
    };
    let group = matches!(number.part(3, 2), 50..=65 | 70..=88 | 90..=92 | 94..=99);
    if rule!("pii.itin.group") && !group {
        return;
    }
    if !bounded(scan, OWN, number.start, number.end) {
        return;
    }
    let context = context(scan, OWN, AGAINST, number.start, number.end);
    let score = match number.separator {
        Some('-') => context.score_from(820),
        _ => context.score(),
    };
    found.push(TYPE, number.start, number.end, score);
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
                "ITIN «912-70-1234»",
                "«912-70-1234»",
                "my itin is «912701234»",
                "itin=«900 50 1234»",
                "\"itin\": \"«999-99-1234»\"",
                "«912881234» is my ITIN",
                "Taxpayer ID: «950-94-5555»",
                "ITIN number «912.65.1234»",
                "a,«912-92-1234»,b",
                "tax id «912851234»",
                "individual taxpayer identification number «912701234».",
                "(ITIN: «912701234»)",
                "ITIN\n«912701234»",
                "<itin>«912701234»</itin>",
                "SSN/ITIN: «912-78-0001»",
                "ITIN#«912701234»",
            ],
        );
    }

    #[test]
    fn passes_others() {
        passes(
            &RECOGNIZER,
            &[
                "912701234",
                "912-66-1234",
                "912-69-1234",
                "912-89-1234",
                "912-93-1234",
                "912-49-1234",
                "812-70-1234",
                "912 70 1234",
                "ITIN 9127012345",
                "ITIN 91270123",
                "order 912-70-1234",
                "912-70-12345",
                "1912-70-1234",
                "912-70-1234-1",
                "x912-70-1234",
                "itin 812701234",
                "912-701-2345",
                "passport number 912701234",
            ],
        );
    }
}
