//! `US_BANK_ROUTING_NUMBER`: the nine-digit ABA routing transit number.
//!
//! Rule: first two digits 00–12 (Federal Reserve districts), 21–32 (thrifts), 61–72 (electronic) or 80
//! (traveller's cheques), and 3·(d1+d4+d7) + 7·(d2+d5+d8) + (d3+d6+d9) divisible by 10 (American Bankers
//! Association, "Routing Number Policy & Procedures"). Always with context: one of ten nine-digit numbers
//! passes the check.

use super::number::{
    OTHER_NUMBERS, THRESHOLD, all_same, any_grouped, bounded, context, own, weighted,
};
use super::{Candidate, Found, Lengths, Lexicon, PiiType, Recognizer, Scan, Trigger, Verdict};
use crate::rules::rule;

pub(crate) const CONTEXT: &[&str] = &[
    "routing",
    "routing number",
    "routing no",
    "routing num",
    "routing #",
    "routing code",
    "bank routing",
    "bank routing number",
    "routing transit",
    "routing transit number",
    "routing_number",
    "routingnumber",
    "routing_no",
    "routing_num",
    "bank_routing_number",
    "bank_routing",
    "aba",
    "aba number",
    "aba no",
    "aba #",
    "aba routing",
    "aba routing number",
    "aba_routing_number",
    "aba_number",
    "aba_routing",
    "rtn",
    "rtn number",
    "transit number",
    "ach routing",
    "ach routing number",
    "wire routing number",
    "fedwire",
    "número de ruta",
    "numero de ruta",
    "número de ruta bancaria",
    "bankleitzahl",
];
pub(crate) const NEGATIVE: &[&str] = OTHER_NUMBERS;

const TYPE: PiiType = PiiType::UsBankRoutingNumber;
const OWN: Lexicon = own(TYPE);
const RIVALS: [Lexicon; 4] = [
    own(PiiType::UsSocialSecurityNumber),
    own(PiiType::CaSocialInsuranceNumber),
    own(PiiType::UsBankAccountNumber),
    own(PiiType::UsPassportNumber),
];
const AGAINST: &[Lexicon] = &[
    Lexicon::negative(TYPE),
    RIVALS[0],
    RIVALS[1],
    RIVALS[2],
    RIVALS[3],
];
const LAYOUTS: &[&[usize]] = &[&[9], &[4, 4, 1], &[3, 3, 3]];

pub(crate) static RECOGNIZER: Recognizer = Recognizer {
    ty: TYPE,
    verdict: Verdict::DefersWhenNegative,
    threshold: THRESHOLD,
    triggers: Trigger::Digits.bit(),
    lengths: Lengths::of(&[3, 4, 9]),
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
    if !matches!(place.end.saturating_sub(place.start), 3 | 4 | 9) {
        return;
    }
    let Some(number) = any_grouped(scan, place.start, LAYOUTS) else {
        return;
    };
    let prefix = matches!(number.part(0, 2), 0..=12 | 21..=32 | 61..=72 | 80);
    if rule!("pii.routing.prefix") && !prefix {
        return;
    }
    let sum = weighted(number.digits(), &[3, 7, 1, 3, 7, 1, 3, 7, 1]);
    if rule!("pii.routing.checksum") && !sum.is_multiple_of(10) || all_same(number.digits()) {
        return;
    }
    if bounded(scan, OWN, number.start, number.end) {
        let context = context(scan, OWN, AGAINST, number.start, number.end);
        found.push(TYPE, number.start, number.end, context.score());
    }
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
                "routing number «021000021»",
                "Routing: «011401533»",
                "ABA «121000358»",
                "rtn=«021000021»",
                "\"routing_number\": \"«322271627»\"",
                "routing «0210 0002 1», account 5",
                "«021000021» is the routing number",
                "ABA routing number is «021000021».",
                "routingNumber: '«021000021»'",
                "Bank routing no. «021000021»",
                "routing # «021000021» account # 123456789",
                "account 000123456789 routing «021000021»",
                "RTN\n«021000021»",
                "<routing>«021000021»</routing>",
                "número de ruta: «021000021»",
                "wire routing number – «021000021»",
                "ABA#«021000021»",
            ],
        );
    }

    #[test]
    fn passes_others() {
        passes(
            &RECOGNIZER,
            &[
                "021000021",
                "routing number 021000022",
                "routing 131000021",
                "routing 0210000211",
                "routing 02100002",
                "x021000021 routing",
                "account 021000021",
                "ssn 021000021",
                "routing table entry 130692544",
                "order 021000021",
                "routing 000000000",
                "routing 021000021.5",
                "routing to 10.0.0.1",
                "aba 1-021000021",
                "the routing of phone 021000021",
                "routing 021-000021",
            ],
        );
    }
}
