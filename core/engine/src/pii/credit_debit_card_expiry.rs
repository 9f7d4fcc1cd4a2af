//! `CREDIT_DEBIT_CARD_EXPIRY`: the month in which a payment card expires.
//!
//! Rule: MM/YY, MM/YYYY, MM-YY, MM-YYYY, MMYY in a field, YYYY-MM, or a month's name and a year ("Jan 2021"),
//! month 01–12, year 2000–2099 (ISO/IEC 7813 has YYMM on the stripe; cards show MM/YY), beside a label of
//! expiry. "Expires" is also said of other things: those labels need a card word near or the MM/YY form.

use super::number::{Context, THRESHOLD, bounded, labelled, own, token, word_at};
use super::{Candidate, Found, Lengths, Lexicon, PiiType, Recognizer, Scan, Trigger, Verdict};
use crate::rules::rule;
use crate::words::{Words, words};

pub(crate) const CONTEXT: &[&str] = &[
    "exp",
    "expiry",
    "expires",
    "expiring",
    "expiration",
    "expire",
    "exp date",
    "exp_date",
    "expdate",
    "expiry date",
    "expiry_date",
    "expirydate",
    "expiration date",
    "expiration_date",
    "expirationdate",
    "card_expiry",
    "cardexpiry",
    "card_exp",
    "card_expiration",
    "cc_exp",
    "ccexp",
    "valid thru",
    "valid through",
    "valid until",
    "valid to",
    "good thru",
    "good through",
    "validthru",
    "valid_thru",
    "vencimiento",
    "fecha de vencimiento",
    "caduca",
    "caducidad",
    "fecha de caducidad",
    "expira",
    "expiration",
    "date d'expiration",
    "date d’expiration",
    "expire fin",
    "valable jusqu'au",
    "gültig bis",
    "ablaufdatum",
    "verfallsdatum",
    "validade",
    "data de validade",
    "vencimento",
    "scadenza",
    "data di scadenza",
    "scade",
    "exp.",
    "exp. date",
];
pub(crate) const NEGATIVE: &[&str] = &[
    "passport",
    "license",
    "licence",
    "contract",
    "offer",
    "coupon",
    "certificate",
    "domain",
    "milk",
    "warranty",
    "subscription",
    "visa application",
    "lease",
    "token",
    "version",
    "pasaporte",
    "passeport",
    "best before",
    "lot",
    "batch",
    "item",
    "product",
    "medication",
    "drug",
    "food",
    "permit",
    "policy",
];

const TYPE: PiiType = PiiType::CreditDebitCardExpiry;
const OWN: Lexicon = own(TYPE);
const NEG: Lexicon = Lexicon::negative(TYPE);
const CARD: Lexicon = own(PiiType::CreditDebitCardNumber);

pub(crate) static RECOGNIZER: Recognizer = Recognizer {
    ty: TYPE,
    verdict: Verdict::DefersWhenNegative,
    threshold: THRESHOLD,
    triggers: Trigger::Hit.bit(),
    lengths: Lengths::ANY,
    called_by: &[OWN],
    reads: &[OWN, NEG, CARD],
    recognize,
};

fn recognize(scan: &Scan<'_>, place: Candidate, found: &mut Found) {
    let Some(value) = labelled(scan, place, &[NEG], read) else {
        return;
    };
    let other = scan.hit_before(NEG, place.start, 40);
    let card = scan.hit_before(CARD, place.start, 40);
    let taken = other.map(|h| h.end) > card.map(|h| h.end);
    if !(rule!("pii.expiry.negative") && taken) {
        let score = value.context.max(Context::Clause).score();
        found.push(TYPE, value.start, value.end, score);
    }
}

/// The end of the month and year that start at `at`.
fn read(scan: &Scan<'_>, at: usize) -> Option<usize> {
    let first = token(scan, at, 10)?;
    let after = at.saturating_add(first.len());
    if first.bytes().all(|b| b.is_ascii_alphabetic()) {
        return named(scan, first, after);
    }
    if !first.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let (end, month, year) = match first.len() {
        1 | 2 => {
            let next = parted(scan, after)?;
            let year = token(scan, next, 4)?;
            (next.saturating_add(year.len()), first, year)
        }
        4 if scan.byte(after) == b'-' => {
            let next = after.saturating_add(1);
            let month = token(scan, next, 2)?;
            (next.saturating_add(month.len()), month, first)
        }
        4 => (after, first.get(..2)?, first.get(2..)?),
        _ => return None,
    };
    let month: u32 = month.parse().ok()?;
    let month_ok = !rule!("pii.expiry.month") || (1..=12).contains(&month);
    (month_ok && is_year(year) && bounded(scan, OWN, at, end)).then_some(end)
}

/// Past the separator of month and year: one of `/ - .`, with a space at either side or none.
fn parted(scan: &Scan<'_>, at: usize) -> Option<usize> {
    let skip = |at: usize| {
        if scan.byte(at) == b' ' {
            at.saturating_add(1)
        } else {
            at
        }
    };
    let mark = skip(at);
    matches!(scan.byte(mark), b'/' | b'-' | b'.').then(|| skip(mark.saturating_add(1)))
}

fn is_year(year: &str) -> bool {
    let digits = year.bytes().all(|b| b.is_ascii_digit());
    digits && (year.len() == 2 || year.len() == 4 && year.starts_with("20"))
}

fn named(scan: &Scan<'_>, month: &str, after: usize) -> Option<usize> {
    let known = MONTHS.contains_any_case(month);
    let mut next = after;
    while next.saturating_sub(after) < 3
        && matches!(scan.byte(next), b' ' | b'.' | b',' | b'-' | b'/' | b'\'')
    {
        next = next.saturating_add(1);
    }
    let year = token(scan, next, 4)?;
    let end = next.saturating_add(year.len());
    (known && next > after && is_year(year) && !word_at(scan, end)).then_some(end)
}

pub(super) const MONTHS: Words = words![
    "jan",
    "january",
    "feb",
    "february",
    "mar",
    "march",
    "apr",
    "april",
    "may",
    "jun",
    "june",
    "jul",
    "july",
    "aug",
    "august",
    "sep",
    "sept",
    "september",
    "oct",
    "october",
    "nov",
    "november",
    "dec",
    "december",
    "enero",
    "febrero",
    "marzo",
    "abril",
    "mayo",
    "junio",
    "julio",
    "agosto",
    "septiembre",
    "octubre",
    "noviembre",
    "diciembre",
    "janvier",
    "avril",
    "mai",
    "juin",
    "juillet",
    "septembre",
    "octobre",
    "novembre",
    "januar",
    "februar",
    "juni",
    "juli",
    "oktober",
    "dezember",
    "janeiro",
    "fevereiro",
    "junho",
    "julho",
    "setembro",
    "outubro",
    "dezembro",
    "gennaio",
    "febbraio",
    "aprile",
    "maggio",
    "giugno",
    "luglio",
    "settembre",
    "ottobre",
    "dicembre",
];

#[cfg(test)]
mod tests {
    use super::super::number::checks::{finds, passes};
    use super::RECOGNIZER;

    #[test]
    fn finds_values() {
        finds(
            &RECOGNIZER,
            &[
                "exp «12/25»",
                "Expiry: «01/2027»",
                "expires «Jan 2021»",
                "expiration date: «12-25»",
                "\"exp\": \"«09/28»\"",
                "exp_date=«1225»",
                "valid thru «11/29»",
                "my card expires in «March 2027».",
                "card_expiry: '«2027-03»'",
                "vencimiento «08/26»",
                "gültig bis «10/27»",
                "scadenza: «07/2028»",
                "date d'expiration : «06/29»",
                "validade «05/30»",
                "«12/25» is the expiry date",
                "exp. «12/25»",
                "Exp: «12 / 25»",
                "<expiry>«04/26»</expiry>",
                "EXP\n«04/26»",
                "exp «Sept '26»",
            ],
        );
    }

    #[test]
    fn passes_others() {
        passes(
            &RECOGNIZER,
            &[
                "12/25",
                "Jan 2021",
                "exp 13/25",
                "exp 00/25",
                "exp 12/25/2025",
                "exp 12/1925",
                "passport expires 12/2027",
                "expires in 30 days",
                "the offer expires 12/25",
                "exp(12.5)",
                "exp 1/2/25",
                "token expires 1225",
                "expires soon. Since 01/2020",
                "expiry 1299999",
                "expected 12/25",
                "in May 2021 it rained",
                "exp: 2025",
                "expires: 3600",
            ],
        );
    }
}
