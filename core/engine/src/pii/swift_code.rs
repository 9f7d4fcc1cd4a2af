//! `SWIFT_CODE`: a business identifier code of ISO 9362.
//!
//! Rule: four letters (or, since 2014, digits; none are issued), an ISO 3166 country code or XK, two letters
//! or digits, and optionally three more; beside its own label, or with the head office suffix XXX and no
//! label. Upper-case words have the same form (`CUSTOMER` has Oman inside), so a word without a digit needs a
//! label with more than a space behind it unless the last letters are no English ending. Lower case needs a
//! `:` or `=`. There is no checksum.

use super::number::{Context, OTHER_NUMBERS, THRESHOLD, bounded, context, own};
use super::{Candidate, Found, Lengths, Lexicon, PiiType, Recognizer, Scan, Trigger, Verdict};
use crate::rules::rule;
use crate::words::{Words, words};

pub(crate) const CONTEXT: &[&str] = &[
    "swift",
    "swift code",
    "swift_code",
    "swiftcode",
    "swift number",
    "swift no",
    "swift id",
    "swift address",
    "bic",
    "bic code",
    "bic_code",
    "biccode",
    "swift/bic",
    "bic/swift",
    "swift_bic",
    "swiftbic",
    "bic_swift",
    "bank identifier code",
    "business identifier code",
    "bank identifier",
    "código swift",
    "codigo swift",
    "code swift",
    "codice swift",
    "swift-code",
    "bic-code",
    "code bic",
    "código bic",
    "codice bic",
    "iban",
];
pub(crate) const NEGATIVE: &[&str] = OTHER_NUMBERS;

const TYPE: PiiType = PiiType::SwiftCode;
const OWN: Lexicon = own(TYPE);
const AGAINST: &[Lexicon] = &[Lexicon::negative(TYPE)];

pub(crate) static RECOGNIZER: Recognizer = Recognizer {
    ty: TYPE,
    verdict: Verdict::DefersWhenNegative,
    threshold: THRESHOLD,
    triggers: Trigger::Upper.bit() | Trigger::Mixed.bit(),
    lengths: Lengths::of(&[8, 11]),
    called_by: &[],
    reads: &[OWN, Lexicon::negative(TYPE)],
    recognize,
};

fn recognize(scan: &Scan<'_>, place: Candidate, found: &mut Found) {
    let size = place.end.saturating_sub(place.start);
    if !matches!(size, 8 | 11) || !scan.byte(place.start).is_ascii_uppercase() {
        return;
    }
    let code = scan.slice(place.start, place.end).as_bytes();
    let (Some(bank), Some(country), Some(tail)) = (code.get(..4), code.get(4..6), code.get(6..))
    else {
        return;
    };
    let shape = bank.iter().all(u8::is_ascii_uppercase)
        && tail
            .iter()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    let known = COUNTRIES.as_bytes().chunks(2).any(|c| c == country);
    if !shape || rule!("pii.swift.country") && !known || !bounded(scan, OWN, place.start, place.end)
    {
        return;
    }
    let context = context(scan, OWN, AGAINST, place.start, place.end);
    let head_office = code.get(8..) == Some(b"XXX");
    let word = rule!("pii.swift.word") && WORDS.contains(scan.slice(place.start, place.end));
    let score = match context {
        _ if word => 0,
        _ if head_office => context.score_from(760),
        Context::Direct | Context::Clause => context.score(),
        _ => 0,
    };
    found.push(TYPE, place.start, place.end, score);
}

/// English words in capitals that have the form of a code.
const WORDS: Words = words![
    "CUSTOMER",
    "DOCUMENT",
    "BUSINESS",
    "COMPLETE",
    "REQUIRED",
    "DOMESTIC",
    "STANDARD",
    "TRANSFER",
    "ACCEPTED",
    "APPROVED",
    "PROVIDED",
    "RECEIVED",
    "TELEGRAM",
    "CHARGING",
    "INCLUDED",
    "MANDATORY",
    "INCOMING",
    "OUTGOING",
    "SETTLED",
    "CUSTOMS",
    "ORIGINAL",
    "ADDITION",
    "MESSAGES",
    "RESPONSE",
    "NATIONAL",
    "PERSONAL",
    "POSITION",
    "PURCHASE",
    "REGISTER",
    "SIGNATURE",
    "BRANCHES",
    "COMPLIANCE",
    "CONVERTED",
    "BENEFICIARY",
    "INSTRUCTION",
    "INSTITUTION",
    "INFORMATION",
    "DESTINATION",
    "CORPORATION",
    "REQUIREMENT",
    "TRANSACTION",
    "INTERMEDIARY",
];

/// ISO 3166-1 alpha-2, and XK for Kosovo.
const COUNTRIES: &str = "ADAEAFAGAIALAMAOAQARASATAUAWAXAZBABBBDBEBFBGBHBIBJBLBMBNBOBQBRBSBTBVBWBYBZCACCCDCFCGCHCICKCLCMCNCOCRCUCVCWCXCYCZDEDJDKDMDODZECEEEGEHERESETFIFJFKFMFOFRGAGBGDGEGFGGGHGIGLGMGNGPGQGRGSGTGUGWGYHKHMHNHRHTHUIDIEILIMINIOIQIRISITJEJMJOJPKEKGKHKIKMKNKPKRKWKYKZLALBLCLILKLRLSLTLULVLYMAMCMDMEMFMGMHMKMLMMMNMOMPMQMRMSMTMUMVMWMXMYMZNANCNENFNGNINLNONPNRNUNZOMPAPEPFPGPHPKPLPMPNPRPSPTPWPYQARERORSRURWSASBSCSDSESGSHSISJSKSLSMSNSOSRSSSTSVSXSYSZTCTDTFTGTHTJTKTLTMTNTOTRTTTVTWTZUAUGUMUSUYUZVAVCVEVGVIVNVUWFWSXKYEYTZAZMZW";

#[cfg(test)]
mod tests {
    use super::super::number::checks::{finds, passes};
    use super::RECOGNIZER;

    #[test]
    fn finds_codes() {
        finds(
            &RECOGNIZER,
            &[
                "SWIFT: «DEUTDEFF»",
                "BIC «DEUTDEFF500»",
                "swift code is «CHASUS33»",
                "\"bic\": \"«BNPAFRPP»\"",
                "swift=«NEDSZAJJXXX»",
                "«DEUTDEFFXXX»",
                "«BARCGB22» is the SWIFT code",
                "código SWIFT: «BSCHESMM»",
                "Code BIC : «AGRIFRPP882»",
                "<bic>«COBADEFF»</bic>",
                "SWIFT/BIC «HSBCHKHHHKH».",
                "(BIC: «UBSWCHZH80A»)",
                "BIC\n«INGBNL2A»",
                "| swift | «BOFAUS3N» |",
                "swift_code='«CITIUS33»'",
                "codice SWIFT «UNCRITMM»",
            ],
        );
    }

    #[test]
    fn passes_others() {
        passes(
            &RECOGNIZER,
            &[
                "DEUTDEFF",
                "CHASUS33",
                "SWIFT: DEUTZZFF",
                "SWIFT CUSTOMER",
                "SWIFT DOMESTIC",
                "swift deutdeff",
                "BIC DEUTDEF",
                "BIC DEUTDEFF5",
                "BIC xDEUTDEFF",
                "BIC DEUTDEFF_5",
                "order DEUTDEFF",
                "CUSTOMER",
                "swift code 12345678",
                "BIC DEUTDEFFé",
                "BIC D3UTDEFF",
                "SWIFT. The COMPLETE guide",
                "EXAMPLE",
                "STANDARD",
            ],
        );
    }
}
