//! `CA_SOCIAL_INSURANCE_NUMBER`: nine digits, written 3-3-3.
//!
//! Rule: Luhn check digit over all nine digits (Employment and Social Development Canada, "SIN validation");
//! the first digit 8 is a business number and 0 a fictitious one, so both need the number's own label.
//! The dashed form acts alone; the spaced one is also how thousands and French SIREN numbers (Luhn too)
//! are written, so it needs context, like nine plain digits.

use super::number::{Context, THRESHOLD, all_same, any_grouped, bounded, context, luhn, own};
use super::{Candidate, Found, Lengths, Lexicon, PiiType, Recognizer, Scan, Trigger, Verdict};
use crate::rules::rule;

pub(crate) const CONTEXT: &[&str] = &[
    "sin",
    "sins",
    "sin number",
    "sin no",
    "sin#",
    "sin #",
    "sin_number",
    "sin_no",
    "s.i.n",
    "s.i.n.",
    "social insurance",
    "social insurance number",
    "social insurance no",
    "social insurance #",
    "social_insurance_number",
    "socialinsurancenumber",
    "ca_sin",
    "canadian sin",
    "canada sin",
    "sin card",
    "nas",
    "numéro d'assurance sociale",
    "numero d'assurance sociale",
    "numéro d’assurance sociale",
    "assurance sociale",
];
pub(crate) const NEGATIVE: &[&str] = &[
    "order",
    "invoice",
    "ticket",
    "tracking",
    "transaction",
    "reference number",
    "serial number",
    "isbn",
    "phone",
    "tel",
    "siren",
    "siret",
    "business number",
    "gst",
    "hst",
    "commande",
    "facture",
    "version",
    "commit",
    "build",
];

const TYPE: PiiType = PiiType::CaSocialInsuranceNumber;
const OWN: Lexicon = own(TYPE);
const RIVALS: [Lexicon; 5] = [
    own(PiiType::UsSocialSecurityNumber),
    own(PiiType::UsBankRoutingNumber),
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
    RIVALS[4],
];
const LAYOUTS: &[&[usize]] = &[&[3, 3, 3], &[9]];

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
        RIVALS[4],
    ],
    recognize,
};

fn recognize(scan: &Scan<'_>, place: Candidate, found: &mut Found) {
    if !matches!(place.end.saturating_sub(place.start), 3 | 9) {
        return;
    }
    let Some(number) = any_grouped(scan, place.start, LAYOUTS) else {
        return;
    };
    if rule!("pii.sin.luhn") && !luhn(number.digits()) || all_same(number.digits()) {
        return;
    }
    if !bounded(scan, OWN, number.start, number.end) {
        return;
    }
    let context = context(scan, OWN, AGAINST, number.start, number.end);
    let special = rule!("pii.sin.first-digit") && matches!(number.digits().first(), Some(0 | 8));
    let score = match number.separator {
        _ if special => {
            if context >= Context::Direct {
                800
            } else {
                0
            }
        }
        Some('-') => context.score_from(730),
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
                "SIN: «130 692 544»",
                "my SIN is «130692544»",
                "«130-692-544»",
                "sin=«130692544»",
                "{\"sin\": \"«130-692-544»\"}",
                "NAS : «130 692 544»",
                "Social Insurance Number «130.692.544»",
                "«130692544» is my SIN",
                "SIN «046 454 286»",
                "a,«130-692-544»,b",
                "social_insurance_number: «130692544»",
                "numéro d'assurance sociale «130 692 544».",
                "SIN#«130692544»",
                "<sin>«130692544»</sin>",
                "SIN\n«130692544»",
                "social insurance no. «130 692 544»",
            ],
        );
    }

    #[test]
    fn passes_others() {
        passes(
            &RECOGNIZER,
            &[
                "130692544",
                "130 692 544",
                "SIN 130 692 545",
                "130-692-545",
                "1130-692-544",
                "130-692-5444",
                "x130-692-544",
                "order 130-692-544",
                "SIREN 130 692 544",
                "ssn 130692544",
                "routing 130692544",
                "046-454-286",
                "000-000-000",
                "SIN 000000000",
                "130-692-544-1",
                "sin 13069254",
                "sin(130692.544)",
                "130,692,544",
                "USD 130 692 544",
            ],
        );
    }
}
