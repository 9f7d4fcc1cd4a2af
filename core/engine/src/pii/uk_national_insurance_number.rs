//! `UK_NATIONAL_INSURANCE_NUMBER`: two letters, six digits, a letter A to D.
//!
//! Rule: neither prefix letter D, F, I, Q, U or V, the second not O, no prefix BG, GB, KN, NK, NT, TN or ZZ
//! (HMRC National Insurance Manual NIM39110). Plain or as `AB 12 34 56 C`, with spaces or dashes. The
//! suffix may be missing with context; lower case needs context. Negative context: order, part and
//! model numbers.

use super::number::{OTHER_NUMBERS, THRESHOLD, bounded, context, own, separator, word_at};
use super::{Candidate, Found, Lengths, Lexicon, PiiType, Recognizer, Scan, Trigger, Verdict};
use crate::rules::rule;

pub(crate) const CONTEXT: &[&str] = &[
    "nino",
    "ni number",
    "ni no",
    "ni",
    "nin",
    "national insurance",
    "national insurance number",
    "national insurance no",
    "national insurance code",
    "nat ins no",
    "nat ins",
    "national_insurance_number",
    "national_insurance",
    "nationalinsurancenumber",
    "ni_number",
    "ninumber",
    "uk_nino",
    "insurance number",
    "uk_ni",
    "nino_number",
];
pub(crate) const NEGATIVE: &[&str] = OTHER_NUMBERS;

const TYPE: PiiType = PiiType::UkNationalInsuranceNumber;
const OWN: Lexicon = own(TYPE);
const AGAINST: &[Lexicon] = &[
    Lexicon::negative(TYPE),
    own(PiiType::UsPassportNumber),
    own(PiiType::DriverId),
];

pub(crate) static RECOGNIZER: Recognizer = Recognizer {
    ty: TYPE,
    verdict: Verdict::Decides,
    threshold: THRESHOLD,
    triggers: Trigger::Mixed.bit() | Trigger::Digits.bit(),
    lengths: Lengths::of(&[2]).or(Lengths::range(4, 9)),
    called_by: &[],
    reads: &[
        OWN,
        Lexicon::negative(TYPE),
        own(PiiType::UsPassportNumber),
        own(PiiType::DriverId),
    ],
    recognize,
};

fn recognize(scan: &Scan<'_>, place: Candidate, found: &mut Found) {
    let size = place.end.saturating_sub(place.start);
    let start = match place.trigger {
        Trigger::Mixed if (4..=9).contains(&size) => place.start,
        // The prefix stands by itself: "AB 12 34 56 C", "AB 123456 C".
        Trigger::Digits if matches!(size, 2 | 6) => {
            let c = scan
                .char_before(place.start)
                .filter(|&c| separator(c).is_some());
            let Some(c) = c else { return };
            let Some(start) = place.start.checked_sub(c.len_utf8().saturating_add(2)) else {
                return;
            };
            start
        }
        _ => return,
    };
    let Some(value) = read(scan, start) else {
        return;
    };
    if !bounded(scan, OWN, start, value.end) {
        return;
    }
    let context = context(scan, OWN, AGAINST, start, value.end);
    let score = match value {
        Value {
            suffix: true,
            upper: true,
            ..
        } => context.score_from(850),
        Value { suffix: true, .. } => context.score_from(600),
        _ => context.score(),
    };
    found.push(TYPE, start, value.end, score);
}

struct Value {
    end: usize,
    suffix: bool,
    upper: bool,
}

fn read(scan: &Scan<'_>, start: usize) -> Option<Value> {
    let prefix = [scan.byte(start), scan.byte(start.saturating_add(1))];
    if !prefix.iter().all(u8::is_ascii_alphabetic) || super::number::word_before(scan, start) {
        return None;
    }
    let upper = prefix.iter().all(u8::is_ascii_uppercase);
    if rule!("pii.nino.prefix") && !assigned(prefix.map(|b| b.to_ascii_uppercase())) {
        return None;
    }
    let mut at = start.saturating_add(2);
    for index in 0..6u8 {
        if index % 2 == 0 {
            at = skip(scan, at);
        }
        if !scan.byte(at).is_ascii_digit() {
            return None;
        }
        at = at.saturating_add(1);
    }
    let last = skip(scan, at);
    let end = last.saturating_add(1);
    let suffix = scan.byte(last).to_ascii_uppercase();
    let case = scan.byte(last).is_ascii_uppercase() == upper;
    if (!rule!("pii.nino.suffix") || matches!(suffix, b'A'..=b'D'))
        && suffix.is_ascii_alphabetic()
        && case
        && !word_at(scan, end)
    {
        return Some(Value {
            end,
            suffix: true,
            upper,
        });
    }
    (!word_at(scan, at)).then_some(Value {
        end: at,
        suffix: false,
        upper,
    })
}

/// Past one separator, if there is one.
fn skip(scan: &Scan<'_>, at: usize) -> usize {
    match scan.char_at(at) {
        Some(c) if separator(c).is_some() => at.saturating_add(c.len_utf8()),
        _ => at,
    }
}

pub(super) fn assigned(prefix: [u8; 2]) -> bool {
    let [first, second] = prefix;
    let barred = |b| matches!(b, b'D' | b'F' | b'I' | b'Q' | b'U' | b'V');
    let unused: [&[u8; 2]; 7] = [b"BG", b"GB", b"KN", b"NK", b"NT", b"TN", b"ZZ"];
    !barred(first) && !barred(second) && second != b'O' && !unused.contains(&&prefix)
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
                "«AB123456C»",
                "NI number: «AB 12 34 56 C»",
                "«AB 12 34 56 C»",
                "«AB-12-34-56-C»",
                "my NINO is «AB123456»",
                "nino=«ab123456c»",
                "\"«JG103759A»\"",
                "«AB 123456 C» ok",
                "a,«CE123456D»,b",
                "National Insurance no. «AA 12 34 56 B».",
                "(«PW987654A»)",
                "«AB123456D» is my NI number",
                "national_insurance_number: «SX 12 34 56 A»",
                "NINO\n«AB123456C»",
                "<nino>«AB123456C»</nino>",
                "NI«»"
                    .strip_suffix("«»")
                    .map(|_| "NI: «YZ123456B»")
                    .unwrap(),
                "«AB 12 34 56C»",
            ],
        );
    }

    #[test]
    fn passes_others() {
        passes(
            &RECOGNIZER,
            &[
                "AB123456",
                "ab123456c",
                "AB123456E",
                "DA123456A",
                "AO123456A",
                "GB123456A",
                "ZZ123456A",
                "BG123456C",
                "ABC123456C",
                "AB1234567C",
                "AB123456CD",
                "xAB123456C",
                "AB12345C",
                "order AB123456C",
                "part number AB123456C",
                "AB 12 34 5 C",
                "we sold 12 34 56 C",
                "1-AB123456C",
                "éAB123456C",
                "passport number AB123456C",
                "AB123456Cé",
                "AB_123456C",
            ],
        );
    }
}
