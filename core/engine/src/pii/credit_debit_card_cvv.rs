//! `CREDIT_DEBIT_CARD_CVV`: the card verification value printed on a payment card.
//!
//! Rule: three digits, four for American Express, beside their own label (PCI DSS glossary, "card
//! verification code": CVV2, CVC2, CID, CAV2, CSC). There is no checksum. "Security code" alone is also a
//! one-time code, so it takes three digits only. Negative context: labels of other numbers between the
//! label and the value.

use super::number::{THRESHOLD, bounded, labelled, own, token};
use super::{Candidate, Found, Lengths, Lexicon, PiiType, Recognizer, Scan, Trigger, Verdict};
use crate::rules::rule;

pub(crate) const CONTEXT: &[&str] = &[
    "cvv",
    "cvv2",
    "cvc",
    "cvc2",
    "cvn",
    "cav2",
    "csc",
    "cvd",
    "card_cvv",
    "cvv_code",
    "cvvcode",
    "cvv code",
    "cvv number",
    "cvc code",
    "cvc_code",
    "card_cvc",
    "cardcvv",
    "cardcvc",
    "card_cvv2",
    "cvv2_code",
    "card_verification_value",
    "card verification",
    "card verification value",
    "card verification code",
    "card verification number",
    "card security code",
    "card_security_code",
    "security code",
    "security_code",
    "securitycode",
    "código de seguridad",
    "codigo de seguridad",
    "code de sécurité",
    "cryptogramme",
    "cryptogramme visuel",
    "prüfnummer",
    "kartenprüfnummer",
    "prüfziffer",
    "sicherheitscode",
    "código de segurança",
    "codigo de segurança",
    "codice di sicurezza",
];
pub(crate) const NEGATIVE: &[&str] = &[
    "order", "invoice", "ticket", "error", "status", "http", "line", "version", "expiry",
    "expires", "exp", "zip", "amount", "postal", "length", "digits", "page", "room",
];

const TYPE: PiiType = PiiType::CreditDebitCardCvv;
const OWN: Lexicon = own(TYPE);
const AGAINST: &[Lexicon] = &[
    Lexicon::negative(TYPE),
    own(PiiType::Pin),
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
        own(PiiType::Pin),
        own(PiiType::CreditDebitCardExpiry),
    ],
    recognize,
};

fn recognize(scan: &Scan<'_>, place: Candidate, found: &mut Found) {
    let label = scan.slice(place.start, place.end);
    let card = label.get(..2).is_some_and(|head| {
        ["cv", "ca", "cs"]
            .iter()
            .any(|h| head.eq_ignore_ascii_case(h))
    });
    let most = if card || !rule!("pii.cvv.security-code") {
        4
    } else {
        3
    };
    let value = labelled(scan, place, AGAINST, |scan, at| {
        let token = token(scan, at, most)?;
        let end = at.saturating_add(token.len());
        let digits = token.len() >= 3 && token.bytes().all(|b| b.is_ascii_digit());
        (digits && bounded(scan, OWN, at, end)).then_some(end)
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
                "CVV: «123»",
                "cvv=«123»",
                "\"cvv\": \"«123»\"",
                "CVC «4821»",
                "my cvv is «987».",
                "security code: «321»",
                "The CVV2 on the back is «555»",
                "card security code «1234»",
                "«123» is the CVV",
                "código de seguridad: «321»",
                "cryptogramme : «456»",
                "Prüfnummer «789»",
                "<cvv>«123»</cvv>",
                "CVV\n«123»",
                "cvv='«000»'",
                "| cvv | «123» |",
                "codice di sicurezza «135»",
                "CVV code is «246», thanks",
                "(CVV «123»)",
            ],
        );
    }

    #[test]
    fn passes_others() {
        passes(
            &RECOGNIZER,
            &[
                "123",
                "4821",
                "cvv: 12",
                "cvv: 12345",
                "cvv 123abc",
                "your security code is 482913",
                "security code 4821",
                "cvv missing, order 123",
                "cvv 1.234",
                "cvv $123",
                "CVV failed with error 123",
                "csc/v1.123",
                "cvv: abc",
                "The cvv is wrong. Call 123 now",
                "room 123",
                "social security number 680 09 3884",
                "cvv has 3 digits",
                "cvv 123-4567",
                "CVV-less 2024-01-02",
            ],
        );
    }
}
