//! `PIN`: a personal identification number.
//!
//! Rule: four to six digits beside their own label (ISO 9564-1 allows 4 to 12; Amazon Bedrock documents
//! 4 or 5). There is no checksum. "Pin" is also a connector, a verb and an Indian postal code: electronics
//! words between or before, and a postal label, are negative context.

use super::number::{CONTEXT_LABEL, THRESHOLD, bounded, labelled, own, token};
use super::{Candidate, Found, Lengths, Lexicon, PiiType, Recognizer, Scan, Trigger, Verdict};
use crate::rules::rule;

pub(crate) const CONTEXT: &[&str] = &[
    "pin",
    "pins",
    "pin code",
    "pin number",
    "pin no",
    "pin_code",
    "pincode",
    "pin_number",
    "pinnumber",
    "pin-code",
    "card pin",
    "card_pin",
    "cardpin",
    "atm pin",
    "atm_pin",
    "debit pin",
    "user_pin",
    "userpin",
    "sim pin",
    "bank pin",
    "login pin",
    "passcode pin",
    "personal identification number",
    "número de identificación personal",
    "clave pin",
    "código pin",
    "codigo pin",
    "code pin",
    "code secret",
    "code confidentiel",
    "geheimzahl",
    "pin-nummer",
    "código secreto",
    "codice pin",
    "codice segreto",
    "senha do cartão",
    "número pin",
];
pub(crate) const NEGATIVE: &[&str] = &[
    "gpio",
    "header",
    "pinout",
    "voltage",
    "board",
    "resistor",
    "connector",
    "version",
    "order",
    "invoice",
    "ticket",
    "year",
    "postal",
    "zip",
    "bowling",
    "commit",
    "issue",
    "line",
    "error",
    "since",
    "in",
    "port",
    "tracking",
];

const TYPE: PiiType = PiiType::Pin;
const OWN: Lexicon = own(TYPE);
const AGAINST: &[Lexicon] = &[
    Lexicon::negative(TYPE),
    own(PiiType::CreditDebitCardCvv),
    own(PiiType::CreditDebitCardExpiry),
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
        own(PiiType::CreditDebitCardCvv),
        own(PiiType::CreditDebitCardExpiry),
    ],
    recognize,
};

fn recognize(scan: &Scan<'_>, place: Candidate, found: &mut Found) {
    let electronics = scan
        .hit_before(Lexicon::negative(TYPE), place.start, CONTEXT_LABEL)
        .is_some();
    if rule!("pii.pin.negative") && electronics {
        return;
    }
    let value = labelled(scan, place, AGAINST, |scan, at| {
        let token = token(scan, at, 6)?;
        let end = at.saturating_add(token.len());
        let digits = token.len() >= 4 && token.bytes().all(|b| b.is_ascii_digit());
        (digits && bounded(scan, OWN, at, end)).then_some(end)
    });
    // "The pin of the 2019 model": a year is a PIN only with at most one word between.
    let year = |start| matches!(scan.slice(start, start.saturating_add(2)), "19" | "20");
    let words = |from, to: usize| scan.slice(from, to).split_whitespace().count();
    let value = value.filter(|value| {
        let loose = value.end.saturating_sub(value.start) == 4
            && year(value.start)
            && words(place.end, value.start) > 1;
        !(rule!("pii.pin.year") && loose)
    });
    if let Some(value) = value {
        found.push(TYPE, value.start, value.end, value.context.score());
    }
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
                "PIN is «4321»",
                "PIN: «4321»",
                "pin code - «4321»",
                "\"pin\": \"«4321»\"",
                "pin=«0000»",
                "My ATM PIN is «91234».",
                "«4321» is my PIN",
                "the PIN for my card is «7788»",
                "código PIN: «4321»",
                "code secret : «1357»",
                "Geheimzahl «2468»",
                "codice PIN «8642»",
                "<pin>«4321»</pin>",
                "PIN\n«4321»",
                "card_pin='«9876»'",
                "PIN number «123456»",
                "personal identification number: «4321»",
                "| PIN | «4321» |",
                "PIN#«4321»",
            ],
        );
    }

    #[test]
    fn passes_others() {
        passes(
            &RECOGNIZER,
            &[
                "4321",
                "year 2021",
                "PIN: 123",
                "PIN: 1234567",
                "GPIO pin 1234",
                "pin 1234abc",
                "pin the version 2024",
                "pin: 12.3456",
                "PIN for order 1234",
                "pin it. Then call 1234",
                "pin $4321",
                "pins since 2021",
                "pin 4321-99",
                "spin 4321",
                "pinned in 2021",
                "opinion 4321",
                "pin=abcd",
                "pin 10:4321",
            ],
        );
    }
}
