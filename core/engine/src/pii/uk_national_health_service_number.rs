//! `UK_NATIONAL_HEALTH_SERVICE_NUMBER`: ten digits, written 3-3-4.
//!
//! Rule: the last digit is the modulus 11 check digit with weights 10 to 2 (NHS Data Dictionary, "NHS NUMBER");
//! a remainder that asks for 10 is never issued. Always with context, since telephone numbers have the same
//! form and one of eleven passes. Negative context: telephone, order and similar labels.

use super::number::{
    OTHER_NUMBERS, THRESHOLD, all_same, any_grouped, bounded, labelled, own, weighted,
};
use super::{Candidate, Found, Lengths, Lexicon, PiiType, Recognizer, Scan, Trigger, Verdict};
use crate::rules::rule;

pub(crate) const CONTEXT: &[&str] = &[
    "nhs",
    "nhs number",
    "nhs no",
    "nhs no.",
    "nhs num",
    "nhs #",
    "nhs id",
    "nhs_number",
    "nhsnumber",
    "nhs_no",
    "nhsno",
    "nhs_id",
    "national health service",
    "national health service number",
    "national health number",
    "health service number",
    "patient nhs",
    "patient_nhs_number",
    "uk_nhs",
];
pub(crate) const NEGATIVE: &[&str] = OTHER_NUMBERS;

const TYPE: PiiType = PiiType::UkNationalHealthServiceNumber;
const OWN: Lexicon = own(TYPE);
const AGAINST: &[Lexicon] = &[
    Lexicon::negative(TYPE),
    own(PiiType::UkUniqueTaxpayerReferenceNumber),
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
        own(PiiType::UkUniqueTaxpayerReferenceNumber),
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

/// The end of the number with a valid check digit that starts at `at`.
fn read(scan: &Scan<'_>, at: usize) -> Option<usize> {
    let number = any_grouped(scan, at, &[&[10], &[3, 3, 4]])?;
    let sum = weighted(number.digits(), &[10, 9, 8, 7, 6, 5, 4, 3, 2, 1]);
    let valid = !rule!("pii.nhs.mod11") || sum.is_multiple_of(11);
    (valid && !all_same(number.digits())).then_some(number.end)
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
                "NHS number: «9434765919»",
                "NHS no is «943 476 5919».",
                "nhs_number = «401-023-2137»",
                "my NHS is «9434765919»",
                "{\"nhsNumber\": \"«943 476 5919»\"}",
                "NHS No. «401-023-2137», thanks",
                "<NHS number>«9434765919»</x>",
                "NHS no\n«943 476 5919»",
                "| nhs_number | «401-023-2137» |",
                "(NHS «9434765919»)",
                "nhsNumber#«943 476 5919»",
                "NHS No.='«401-023-2137»'",
                "NHS number: «9434765919»",
                "NHS no is «943 476 5919».",
                "nhs_number = «401-023-2137»",
                "«9434765919» is my NHS number",
            ],
        );
    }

    #[test]
    fn passes_others() {
        passes(
            &RECOGNIZER,
            &[
                "9434765919",
                "NHS number 9434765910",
                "NHS 0000000000",
                "phone 9434765919",
                "NHS 19434765919",
                "94347659191 nhs",
                "NHS x9434765919",
                "the NHS was founded in 1948",
                "NHS. Call 9434765919",
                "NHS order 9434765919",
                "nhs 9434765919.5",
                "NHS $9434765919",
                "NHS phone 943 476 5919",
                "nhs version 1.2.3",
                "NHS 943-476 5919",
                "NHS invoice: 9434765919",
            ],
        );
    }
}
