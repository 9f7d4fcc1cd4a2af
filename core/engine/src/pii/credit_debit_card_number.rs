//! `CREDIT_DEBIT_CARD_NUMBER`: a primary account number of ISO/IEC 7812-1.
//!
//! Rule: 13 to 19 digits, plain or in the groups cards are printed in (4-4-4-4, 4-4-4-4-3, 4-6-5 for
//! American Express, 4-6-4 for Diners Club), an issuer identification number with a length that its
//! network issues, and the Luhn check digit of ISO/IEC 7812-1 annex B. Sixteen digits of a large network, an American
//! Express number, and any grouped number act alone; other plain lengths need context, since 13 and 14
//! digits are also timestamps and article numbers. The last four digits act after "card ending in"
//! (Amazon Bedrock reports these too). Context: card words in six languages; negative context: orders,
//! tracking numbers and the like. Issuer ranges: the networks' published IIN ranges.

use super::number::{
    Context, OTHER_NUMBERS, THRESHOLD, any_grouped, bounded, context, gap, luhn, own, token,
    within_groups,
};
use super::{Candidate, Found, Lengths, Lexicon, PiiType, Recognizer, Scan, Trigger, Verdict};
use crate::rules::rule;
use crate::text;

pub(crate) const CONTEXT: &[&str] = &[
    "card",
    "cards",
    "card number",
    "card no",
    "card_number",
    "cardnumber",
    "card_no",
    "cardno",
    "card num",
    "card_num",
    "credit",
    "credit card",
    "credit_card",
    "creditcard",
    "credit card number",
    "debit",
    "debit card",
    "debit_card",
    "debitcard",
    "debit card number",
    "credit_card_number",
    "creditcardnumber",
    "debit_card_number",
    "cc",
    "cc number",
    "cc_number",
    "ccnum",
    "cc_num",
    "ccn",
    "pan",
    "primary account number",
    "visa",
    "mastercard",
    "master card",
    "maestro",
    "amex",
    "american express",
    "discover",
    "diners",
    "diners club",
    "jcb",
    "unionpay",
    "payment card",
    "tarjeta",
    "tarjeta de crédito",
    "tarjeta de débito",
    "número de tarjeta",
    "numero de tarjeta",
    "carte",
    "carte bancaire",
    "carte bleue",
    "carte de crédit",
    "numéro de carte",
    "kreditkarte",
    "kreditkartennummer",
    "karte",
    "kartennummer",
    "bankkarte",
    "debitkarte",
    "cartão",
    "cartao",
    "cartão de crédito",
    "número do cartão",
    "carta",
    "carta di credito",
    "carta di debito",
    "numero di carta",
    "numero della carta",
    "bancomat",
    "card ending in",
    "card ending with",
    "ending in",
    "ending with",
    "ends in",
    "ends with",
    "last four digits",
    "last 4 digits",
    "last four",
    "last 4",
    "last4",
    "card_last4",
    "card_last_four",
];
pub(crate) const NEGATIVE: &[&str] = OTHER_NUMBERS;

const TYPE: PiiType = PiiType::CreditDebitCardNumber;
const OWN: Lexicon = own(TYPE);
const AGAINST: &[Lexicon] = &[Lexicon::negative(TYPE), own(PiiType::UsBankAccountNumber)];
const LAYOUTS: &[&[usize]] = &[
    &[16],
    &[4, 4, 4, 4],
    &[15],
    &[4, 6, 5],
    &[4, 6, 4],
    &[14],
    &[13],
    &[19],
    &[4, 4, 4, 4, 3],
    &[6, 13],
    &[17],
    &[18],
    &[4, 4, 4, 4, 2],
    &[4, 4, 4, 1],
    &[4, 3, 3, 3],
    &[8, 8],
    &[4, 4, 4, 3],
    &[4, 4, 4, 2],
];

pub(crate) static RECOGNIZER: Recognizer = Recognizer {
    ty: TYPE,
    verdict: Verdict::Decides,
    threshold: THRESHOLD,
    triggers: Trigger::Digits.bit() | Trigger::Hit.bit(),
    lengths: Lengths::of(&[4, 6, 8]).or(Lengths::range(13, 19)),
    called_by: &[OWN],
    reads: &[
        OWN,
        Lexicon::negative(TYPE),
        own(PiiType::UsBankAccountNumber),
    ],
    recognize,
};

fn recognize(scan: &Scan<'_>, place: Candidate, found: &mut Found) {
    if place.trigger == Trigger::Hit {
        return last_four(scan, place, found);
    }
    let size = place.end.saturating_sub(place.start);
    if !(4..=19).contains(&size)
        || matches!(size, 5 | 7 | 9..=12)
        || !matches!(scan.byte(place.start), b'1'..=b'6')
    {
        return;
    }
    let Some(number) = any_grouped(scan, place.start, LAYOUTS) else {
        return;
    };
    let digits = number.digits();
    let Some(network) = network(number.part(0, 6), digits.len()) else {
        return;
    };
    if rule!("pii.card.luhn") && !luhn(digits) {
        return;
    }
    let grouped = number.separator == Some(' ') && within_groups(scan, number.start);
    if grouped || !bounded(scan, OWN, number.start, number.end) {
        return;
    }
    let alone = match (digits.len(), network) {
        _ if number.separator.is_some_and(|c| c != '.') => 850,
        (16, Network::Other) | (15, Network::Amex) => 780,
        _ => 560,
    };
    let score = context(scan, OWN, AGAINST, number.start, number.end).score_from(alone);
    found.push(TYPE, number.start, number.end, score);
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Network {
    Amex,
    Other,
    /// Wide or seldom used ranges: a plain number needs context.
    Rare,
}

/// The network that issues numbers with these first six digits and this length.
fn network(iin: u32, len: usize) -> Option<Network> {
    if !rule!("pii.card.issuer") {
        return Some(Network::Other);
    }
    match iin {
        340_000..=349_999 | 370_000..=379_999 => (len == 15).then_some(Network::Amex),
        400_000..=499_999 => matches!(len, 13 | 16 | 19).then_some(Network::Other),
        510_000..=559_999 | 222_100..=272_099 => (len == 16).then_some(Network::Other),
        // Diners Club; 16 and 19 digits since the 2009 agreement with Discover.
        300_000..=305_999 | 309_500..=309_599 | 360_000..=369_999 | 380_000..=399_999 => {
            matches!(len, 14 | 16 | 19).then_some(Network::Rare)
        }
        350_000..=358_999 => (16..=19).contains(&len).then_some(Network::Other),
        // Discover, RuPay, UnionPay.
        601_100..=601_199
        | 644_000..=659_999
        | 620_000..=629_999
        | 810_000..=817_199
        | 508_000..=508_999 => (16..=19).contains(&len).then_some(Network::Other),
        // Maestro and its local brands: 12 to 19 digits, of which 13 and more are taken.
        500_000..=509_999
        | 560_000..=589_999
        | 600_000..=619_999
        | 630_000..=643_999
        | 660_000..=699_999 => Some(Network::Rare),
        // JCB's former 15 digits, and Mir.
        213_100..=213_199 | 180_000..=180_099 => (len == 15).then_some(Network::Other),
        220_000..=220_499 => (16..=19).contains(&len).then_some(Network::Other),
        _ => None,
    }
}

/// "card ending in 4242": four digits right after such words, with a card word among or before them.
fn last_four(scan: &Scan<'_>, place: Candidate, found: &mut Found) {
    let label = scan.slice(place.start, place.end);
    let is = |word: &str| {
        label
            .get(..word.len())
            .is_some_and(|head| head.eq_ignore_ascii_case(word))
    };
    let ending = is("ending") || is("ends") || is("last");
    let whole = is("card ending") || is("card_last");
    let card_before = scan
        .hit_before(OWN, place.start, 40)
        .is_some_and(|hit| gap(scan.slice(hit.end, place.start)) > Context::Far);
    let after = super::number::following(scan, place.end, 40);
    let card_after = text::contains(after, " card ") || text::contains(after, " card:");
    if !(whole || ending && (card_before || card_after)) {
        return;
    }
    let Some(at) = after.bytes().position(|b| b.is_ascii_digit()) else {
        return;
    };
    let start = place.end.saturating_add(at);
    let direct = gap(scan.slice(place.end, start)) >= Context::Clause
        && !super::number::word_before(scan, start);
    if direct
        && token(scan, start, 4)
            .is_some_and(|t| t.len() == 4 && t.bytes().all(|b| b.is_ascii_digit()))
        && bounded(scan, OWN, start, start.saturating_add(4))
    {
        found.push(TYPE, start, start.saturating_add(4), 800);
    }
}

#[cfg(test)]
mod tests {
    use super::super::number::checks::{finds, passes};
    use super::RECOGNIZER;

    #[test]
    fn finds_cards() {
        finds(
            &RECOGNIZER,
            &[
                "«4111111111111111»",
                "«4111 1111 1111 1111»",
                "«4111-1111-1111-1111» please",
                "my card is «5555555555554444».",
                "Visa: «4012888888881881»",
                "card=«6011111111111117»&x=1",
                "{\"cardNumber\": \"«3530111333300000»\"}",
                "amex «3782 822463 10005»",
                "amex «378282246310005»",
                "«371449635398431»",
                "JCB «180037167868433»",
                "diners «3056 930902 5904»",
                "Diners Club «30569309025904»",
                "card «4222222222222»",
                "1001,«4242424242424242»,12/29,123",
                "número de tarjeta: «2223003122003222»",
                "Kreditkarte «5105.1051.0510.5100»",
                "carte bancaire n° «4000 0000 0000 0002»",
                "<pan>«4000056655665556»</pan>",
                "'«4111111111111111»'",
                "Karte「«4111111111111111»」",
                "card «6759649826438453»",
                "card ending in «4242»",
                "Your Visa ending in «1881» was charged",
                "the last four digits of the card are «4444»",
                "(«4111111111111111»)",
                "card:«4111–1111–1111–1111»",
                "«4111 1111 1111 1111» 12/25 123",
                "card «6212345678901265»",
                "card number\n«4111111111111111»",
            ],
        );
    }

    #[test]
    fn passes_others() {
        passes(
            &RECOGNIZER,
            &[
                "4111111111111112",
                "4111 1111 1111 1112",
                "1699999999999",
                "1700000000000000",
                "9780306406157",
                "x4111111111111111",
                "4111111111111111x",
                "_4111111111111111",
                "41111111111111111111",
                "0.4111111111111111",
                "4111111111111111.5",
                "order number 4111111111111111",
                "tracking: 4111111111111111",
                "$4111111111111111",
                "+4111111111111111",
                "0000 0000 0000 0000",
                "4111-1111 1111-1111",
                "550e8400-e29b-41d4-a716-446655440000",
                "7777777777777779",
                "4111111111111111@example.com",
                "the sentence is ending in 1999",
                "the season ends in 2024",
                "4222222222222",
                "30569309025904",
                "4111-1111-1111-1111-1111",
                "é4111111111111111",
                "4111111111111111é",
                "1-4111111111111111",
                "id 5686876358210733",
                "id 3682855617891995",
                "IBAN: GB32 TPDW 6985 5096 9863 80",
                "PL15 4056 9369 6111 1481 7019 0302",
                "api/v1/4111111111111111",
                "card 1234567812345678",
            ],
        );
    }

    #[test]
    fn a_megabyte_of_digits_is_nothing() {
        passes(&RECOGNIZER, &[&"4".repeat(1 << 20)]);
    }
}
