//! `UK_UNIQUE_TAXPAYER_REFERENCE_NUMBER`: ten digits.
//!
//! Rule: the first digit is the check digit over the other nine with weights 6 7 8 9 10 5 4 3 2, modulo 11,
//! through the table 2 1 9 8 7 6 5 4 3 2 1 (HMRC, "Modulus 11 check for UTR"). Plain, 5-5, 3-3-4 or 2-4-4.
//! Always with context; a number right behind its own label counts with a wrong check digit too, since a mistyped
//! reference is one all the same. Negative context: telephone, order and similar labels.

use super::number::{
    Context, OTHER_NUMBERS, THRESHOLD, all_same, any_grouped, bounded, labelled, own, weighted,
};
use super::{Candidate, Found, Lengths, Lexicon, PiiType, Recognizer, Scan, Trigger, Verdict};
use crate::rules::rule;

pub(crate) const CONTEXT: &[&str] = &[
    "utr",
    "utr number",
    "utr no",
    "utr_number",
    "utrnumber",
    "utr_no",
    "uk_utr",
    "unique taxpayer reference",
    "unique taxpayer reference number",
    "unique tax reference",
    "unique tax reference number",
    "taxpayer reference",
    "tax reference",
    "tax reference number",
    "unique_taxpayer_reference",
    "unique_taxpayer_reference_number",
    "self assessment number",
    "hmrc reference",
    "hmrc utr",
];
pub(crate) const NEGATIVE: &[&str] = OTHER_NUMBERS;

const TYPE: PiiType = PiiType::UkUniqueTaxpayerReferenceNumber;
const OWN: Lexicon = own(TYPE);
const AGAINST: &[Lexicon] = &[
    Lexicon::negative(TYPE),
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
        own(PiiType::UkNationalHealthServiceNumber),
    ],
    recognize,
};

fn recognize(scan: &Scan<'_>, place: Candidate, found: &mut Found) {
    let value = labelled(scan, place, AGAINST, |scan, at| {
        let end = read(scan, at)?;
        bounded(scan, OWN, at, end).then_some(end)
    });
    let Some(value) = value else { return };
    let sure = value.context == Context::Direct;
    if sure || !rule!("pii.utr.check-digit") || has_check_digit(scan, value.start) == Some(true) {
        found.push(TYPE, value.start, value.end, value.context.score());
    }
}

const LAYOUTS: &[&[usize]] = &[&[10], &[5, 5], &[3, 3, 4], &[2, 4, 4]];

/// The end of the ten digits that start at `at`.
fn read(scan: &Scan<'_>, at: usize) -> Option<usize> {
    let number = any_grouped(scan, at, LAYOUTS)?;
    (!all_same(number.digits())).then_some(number.end)
}

/// Whether the first digit of the number at `at` is the check digit of the others.
fn has_check_digit(scan: &Scan<'_>, at: usize) -> Option<bool> {
    let number = any_grouped(scan, at, LAYOUTS)?;
    let rest = number.digits().get(1..)?;
    let row =
        usize::try_from(weighted(rest, &[6, 7, 8, 9, 10, 5, 4, 3, 2]).checked_rem(11)?).ok()?;
    let check = [2, 1, 9, 8, 7, 6, 5, 4, 3, 2, 1].get(row);
    Some(number.digits().first() == check)
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
                "UTR: «1123456789»",
                "UTR number is «19558 39661».",
                "utr_number = «9345678901»",
                "my unique taxpayer reference is «1123456789»",
                "{\"utr\": \"«19558 39661»\"}",
                "tax reference «9345678901», thanks",
                "<UTR>«1123456789»</x>",
                "UTR number\n«19558 39661»",
                "| utr_number | «9345678901» |",
                "(unique taxpayer reference «1123456789»)",
                "utr#«19558 39661»",
                "tax reference='«9345678901»'",
                "UTR: «1123456789»",
                "UTR number is «19558 39661».",
                "utr_number = «9345678901»",
                "«1123456789» is my UTR",
                "UTR: «2123456789»",
            ],
        );
    }

    #[test]
    fn passes_others() {
        passes(
            &RECOGNIZER,
            &[
                "1123456789",
                "UTR of the self-assessment letter that came: 2123456789",
                "phone 1123456789",
                "UTR 11123456789",
                "UTR 11234567899",
                "utr x1123456789",
                "UTR. Call 1123456789",
                "UTR order 1123456789",
                "utr 1123456789.5",
                "UTR £1123456789",
                "UTR 0000000000",
                "UTR 112345678",
                "utr invoice 1123456789",
                "5 UTR exons",
                "UTR 11234_56789",
                "nhs number 1123456789",
            ],
        );
    }
}
