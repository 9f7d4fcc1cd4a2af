//! `INTERNATIONAL_BANK_ACCOUNT_NUMBER`: an IBAN of ISO 13616-1.
//!
//! Rule: country code, two check digits, and as many letters and digits as the country's entry in the
//! SWIFT IBAN registry says (release 99 and the partial countries that publish a length), remainder 1
//! modulo 97 (ISO 7064). In either letter case, plain or with single spaces, dashes or dots between
//! groups. Neither context nor negative context is needed: the check decides.

use super::number::{bounded, own, separator, word_at};
use super::{Candidate, Found, Lengths, Lexicon, PiiType, Recognizer, Scan, Trigger, Verdict};
use crate::rules::rule;

pub(crate) const CONTEXT: &[&str] = &["iban", "iban_number", "iban number", "iban no"];
pub(crate) const NEGATIVE: &[&str] = &[];

const TYPE: PiiType = PiiType::InternationalBankAccountNumber;
const OWN: Lexicon = own(TYPE);

pub(crate) static RECOGNIZER: Recognizer = Recognizer {
    ty: TYPE,
    verdict: Verdict::Decides,
    threshold: 700,
    triggers: Trigger::Mixed.bit(),
    lengths: Lengths::range(4, 63),
    called_by: &[],
    reads: &[OWN],
    recognize,
};

fn recognize(scan: &Scan<'_>, place: Candidate, found: &mut Found) {
    let head = [0, 1, 2, 3].map(|i| scan.byte(place.start.saturating_add(i)));
    let [a, b, c, d] = head;
    if !(a.is_ascii_alphabetic()
        && b.is_ascii_alphabetic()
        && c.is_ascii_digit()
        && d.is_ascii_digit())
    {
        return;
    }
    let Some(length) = length_of([a.to_ascii_uppercase(), b.to_ascii_uppercase()]) else {
        return;
    };
    let Some((end, remainder)) = read(scan, place.start, length) else {
        return;
    };
    if rule!("pii.iban.mod97") && remainder != 1 {
        return;
    }
    if bounded(scan, OWN, place.start, end) {
        found.push(TYPE, place.start, end, 980);
    }
}

/// The end of the `length` letters and digits from `start`, and their ISO 7064 remainder.
fn read(scan: &Scan<'_>, start: usize, length: usize) -> Option<(usize, u32)> {
    let mut at = start;
    let (mut head, mut rest) = ([0u8; 4], 0u32);
    let (mut kind, mut last) = (None, start);
    for index in 0..length {
        let c = scan.char_at(at)?;
        // A separator follows groups of at least two characters, the same one all through.
        if index > 3
            && let Some(found) = separator(c)
        {
            if *kind.get_or_insert(found) != found || at.saturating_sub(last) < 2 {
                return None;
            }
            at = at.saturating_add(c.len_utf8());
            last = at;
        }
        let byte = scan.byte(at).to_ascii_uppercase();
        match head.get_mut(index) {
            Some(slot) => *slot = byte,
            None => rest = feed(rest, byte)?,
        }
        at = at.saturating_add(1);
    }
    let remainder = head.into_iter().try_fold(rest, feed)?;
    (!word_at(scan, at)).then_some((at, remainder))
}

fn feed(remainder: u32, byte: u8) -> Option<u32> {
    let (shift, value) = match byte {
        b'0'..=b'9' => (10, byte.saturating_sub(b'0')),
        b'A'..=b'Z' => (100, byte.saturating_sub(b'A').saturating_add(10)),
        _ => return None,
    };
    remainder
        .checked_mul(shift)?
        .checked_add(u32::from(value))?
        .checked_rem(97)
}

/// The length of a country's IBANs.
fn length_of(country: [u8; 2]) -> Option<usize> {
    let entry = LENGTHS
        .iter()
        .find(|(countries, _)| countries.as_bytes().chunks(2).any(|c| c == country));
    entry.map(|&(_, length)| length)
}

/// Countries by IBAN length, two letters each.
const LENGTHS: &[(&str, usize)] = &[
    ("NO", 15),
    ("BE", 16),
    ("DKFKFOFIGLNLSD", 18),
    ("MKSI", 19),
    ("ATBABOEEKZLTLUMNXK", 20),
    ("CHHRLILV", 21),
    ("BGBHCRDEGBGEIEMERSVA", 22),
    ("AEGIILIQOMSOTL", 23),
    ("ADCZESMDPKROSASESKTNVGCVDZ", 24),
    ("LYPTST", 25),
    ("ISTR", 26),
    ("FRGRITMCMRSMDJBICMCGGQGFGPMQREYTNCPFPMWFBLMFTF", 27),
    ("ALAZBYCYDOGTHUIRLBNIPLSVHNBFBJCIMLSNTG", 28),
    ("BRPSQAUA", 29),
    ("JOKWMUYE", 30),
    ("MTSC", 31),
    ("LC", 32),
    ("RU", 33),
];

#[cfg(test)]
mod tests {
    use super::super::number::checks::{finds, passes};
    use super::RECOGNIZER;

    #[test]
    fn finds_numbers() {
        finds(
            &RECOGNIZER,
            &[
                "«DE89370400440532013000»",
                "IBAN: «DE89 3704 0044 0532 0130 00»",
                "«GB82 WEST 1234 5698 7654 32»",
                "«gb82west12345698765432»",
                "iban=«FR1420041010050500013M02606»",
                "«FR14 2004 1010 0505 0001 3M02 606».",
                "«NL91ABNA0417164300»",
                "«ES91-2100-0418-4502-0005-1332»",
                "«IT60X0542811101000000123456»",
                "\"«CH9300762011623852957»\"",
                "«NO9386011117947»,x",
                "«MT84MALT011000012345MTLCAST001S»",
                "«BR1800360305000010009795493C1»",
                "«PT50000201231234567890154» é o IBAN",
                "«SE4550000000058398257466»",
                "«PL61109010140000071219812874»",
                "«LC55HEMM000100010012001200023015»",
                "«IE29 AIBK 9311 5212 3456 78» ok",
                "(«BE68539007547034»)",
                "«SA0380000000608010167519»",
                "iban:«TR330006100519786457841326»",
                "«AT61.1904.3002.3457.3201»",
            ],
        );
    }

    #[test]
    fn passes_others() {
        passes(
            &RECOGNIZER,
            &[
                "DE89370400440532013001",
                "DE8937040044053201300",
                "DE893704004405320130000",
                "XX89370400440532013000",
                "xDE89370400440532013000",
                "DE89370400440532013000x",
                "GB82 WEST 1234 5698 7654 33",
                "DE89",
                "DE89 3704 0044 0532-0130 00",
                "DE89  3704 0044 0532 0130 00",
                "de89 and more words follow this here",
                "GB82_WEST12345698765432",
                "éDE89370400440532013000",
                "DE89370400440532013000é",
                "0123456789abcdef0123",
                "AB12CD34EF56",
                "x86_64",
                "1.DE89370400440532013000"
                    .strip_prefix("1.")
                    .map(|_| "DE00370400440532013000")
                    .unwrap(),
            ],
        );
    }

    #[test]
    fn lengths_name_each_country_once() {
        let all: std::vec::Vec<&[u8]> = super::LENGTHS
            .iter()
            .flat_map(|(c, _)| c.as_bytes().chunks(2))
            .collect();
        let set: std::collections::BTreeSet<_> = all.iter().collect();
        assert_eq!(all.len(), set.len());
        assert!(all.len() > 100);
    }
}
