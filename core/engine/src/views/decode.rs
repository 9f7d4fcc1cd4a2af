//! Runs of base64 and hexadecimal digits.

use alloc::string::String;
use alloc::vec::Vec;

use super::scan::{Chunk, Chunks};
use super::{Search, Unit, Units, ViewKind, escape};
use crate::rules::rule;
use crate::sort;
use crate::text::{View, is_alphanumeric};

/// The shortest run that is looked at, in bytes: four characters in hexadecimal, six in base64.
pub(super) const SHORTEST: usize = 8;
/// The shortest run of base64 that does not end in padding.
const UNPADDED: usize = 12;
/// How many letters and digits make a decoded text worth reading.
const LETTERS: usize = 3;

/// Puts the readings of the encoded runs in `chunk` into `units`.
pub(super) fn find(chunk: &Chunk<'_>, search: Search<'_>, units: &mut Units) {
    for (start, end) in runs(chunk.slice()) {
        let (start, end) = (
            chunk.start.saturating_add(start),
            chunk.start.saturating_add(end),
        );
        let run = chunk.text.get(start..end).unwrap_or("");
        let Some((skipped, view, decoded)) = decode(run) else {
            continue;
        };
        let start = start.saturating_add(skipped);
        let deeper = peel(&decoded, search.depth.saturating_sub(1));
        units.push(search, Unit::new(start, end, view, decoded));
        if let Some(deeper) = deeper {
            units.push(search, Unit::new(start, end, view, deeper));
        }
    }
}

/// `text` with the encodings in it taken off, at most `depth` layers; `None` if there are none.
fn peel(text: &str, depth: usize) -> Option<String> {
    if depth == 0 || !rule!("views.nested") {
        return None;
    }
    let mut inner = Vec::new();
    for chunk in Chunks::new(text) {
        for (start, end) in runs(chunk.slice()) {
            let (start, end) = (
                chunk.start.saturating_add(start),
                chunk.start.saturating_add(end),
            );
            if let Some((skipped, view, decoded)) = decode(text.get(start..end).unwrap_or("")) {
                let decoded = peel(&decoded, depth.saturating_sub(1)).unwrap_or(decoded);
                inner.push(Unit::new(start.saturating_add(skipped), end, view, decoded));
            }
        }
        escape::each(&chunk, depth, |unit| inner.push(unit));
    }
    sort::by_key(&mut inner, |unit| unit.start);
    if inner.is_empty() {
        return None;
    }
    let mut peeled = String::new();
    let mut copied = 0;
    for unit in inner.iter().filter(|unit| !unit.text.is_empty()) {
        if unit.start >= copied {
            peeled.push_str(text.get(copied..unit.start).unwrap_or(""));
            peeled.push_str(&unit.text);
            copied = unit.end;
        }
    }
    peeled.push_str(text.get(copied..).unwrap_or(""));
    Some(peeled)
}

/// The runs of `chunk` that are long enough, with their padding.
fn runs(chunk: &str) -> impl Iterator<Item = (usize, usize)> + '_ {
    let bytes = chunk.as_bytes();
    let mut at: usize = 0;
    core::iter::from_fn(move || {
        loop {
            let rest = bytes.get(at..).filter(|rest| !rest.is_empty())?;
            let skipped = rest.iter().take_while(|byte| !is_digit(**byte)).count();
            let start = at.saturating_add(skipped);
            let run = bytes.get(start..)?;
            let digits = run.iter().take_while(|byte| is_digit(**byte)).count();
            let padding = run
                .iter()
                .skip(digits)
                .take(2)
                .take_while(|byte| **byte == b'=')
                .count();
            let end = start.saturating_add(digits).saturating_add(padding);
            at = end;
            if digits.saturating_add(padding) >= SHORTEST {
                return Some((start, end));
            }
        }
    })
}

fn is_digit(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_')
}

/// What a run reads as, after leaving out so many bytes at its start: a prefix such as `0x`, or what a
/// slash or hyphen joins to it.
fn decode(run: &str) -> Option<(usize, ViewKind, String)> {
    let prefix = if run.starts_with("0x") || run.starts_with("0X") {
        2
    } else {
        0
    };
    let digits = run.get(prefix..)?.trim_end_matches('=');
    if rule!("views.hex")
        && digits.len().is_multiple_of(2)
        && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
        && let Some(text) = bytes_of(digits, 16, 4, 2).and_then(readable)
    {
        return Some((prefix, ViewKind::Hex, text));
    }
    if !rule!("views.base64") {
        return None;
    }
    let whole = base64(run).map(|text| (0, ViewKind::Base64, text));
    whole.or_else(|| {
        // A path or a name may stand before it.
        let joint = run.rfind(['/', '-', '_'])?.checked_add(1)?;
        let tail = run.get(joint..).filter(|tail| tail.len() >= UNPADDED)?;
        base64(tail).map(|text| (joint, ViewKind::Base64, text))
    })
}

/// The text behind a run of base64: the standard or the URL alphabet, with or without padding.
fn base64(run: &str) -> Option<String> {
    let digits = run.trim_end_matches('=');
    let inner = digits.as_bytes().get(1..)?;
    // A word is in lower case but for its first letter, or in capitals.
    let mixed = inner.iter().any(u8::is_ascii_digit)
        || (inner.iter().any(u8::is_ascii_uppercase) && inner.iter().any(u8::is_ascii_lowercase));
    let padded = digits.len() < run.len();
    let fits = mixed
        && (padded || run.len() >= UNPADDED)
        && digits.len() % 4 != 1
        && !(run.contains(['+', '/']) && run.contains(['-', '_']));
    let bytes = if fits {
        bytes_of(digits, 64, 6, 4)?
    } else {
        return None;
    };
    readable(bytes)
}

/// The bytes that `digits` of `bits` bits each stand for, `group` digits together; `None` as soon as one
/// is a control character. Bits left over at the end are dropped.
fn bytes_of(digits: &str, base: u32, bits: u32, group: usize) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(digits.len());
    for group in digits.as_bytes().chunks(group) {
        let mut word = 0_u32;
        let mut have = 0_u32;
        for &digit in group {
            word = word.wrapping_shl(bits) | value(digit, base)?;
            have = have.saturating_add(bits);
        }
        while have >= 8 {
            have = have.saturating_sub(8);
            let byte = u8::try_from(word.wrapping_shr(have) & 0xff).ok()?;
            if byte == 0x7f || (byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r')) {
                return None;
            }
            bytes.push(byte);
        }
    }
    Some(bytes)
}

fn value(digit: u8, base: u32) -> Option<u32> {
    if base == 16 {
        return char::from(digit).to_digit(16);
    }
    Some(u32::from(match digit {
        b'A'..=b'Z' => digit.saturating_sub(b'A'),
        b'a'..=b'z' => digit.saturating_sub(b'a').saturating_add(26),
        b'0'..=b'9' => digit.saturating_sub(b'0').saturating_add(52),
        b'+' | b'-' => 62,
        _ => 63,
    }))
}

/// Decoded bytes as normalised text, if they are one.
fn readable(bytes: Vec<u8>) -> Option<String> {
    let text = String::from_utf8(bytes).ok()?;
    let letters = text.chars().filter(|c| is_alphanumeric(*c)).count();
    if letters < LETTERS
        || text
            .chars()
            .any(|c| c.is_control() && !matches!(c, '\t' | '\n' | '\r'))
    {
        return None;
    }
    normalised(text)
}

/// `text` as the view would have it.
pub(super) fn normalised(text: String) -> Option<String> {
    if text.is_ascii() {
        return Some(text);
    }
    // A character has at most 18 in its decomposition; the windows' total is limited elsewhere.
    View::new(&text, 18)
        .ok()
        .map(|view| String::from(view.text()))
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    fn reads(run: &str) -> Option<(ViewKind, String)> {
        decode(run).map(|(_, view, text)| (view, text))
    }

    #[test]
    fn all_kinds_of_runs_are_read() {
        for (run, view, text) in [
            (
                "amFuZUBleGFtcGxlLmNvbQ==",
                ViewKind::Base64,
                "jane@example.com",
            ),
            (
                "amFuZUBleGFtcGxlLmNvbQ",
                ViewKind::Base64,
                "jane@example.com",
            ),
            ("Pz8_YSBiIGMg", ViewKind::Base64, "???a b c "),
            ("Pz8/YSBiIGMg", ViewKind::Base64, "???a b c "),
            ("c2hpdA==", ViewKind::Base64, "shit"),
            ("73686974", ViewKind::Hex, "shit"),
            ("0x4b657374", ViewKind::Hex, "Kest"),
            ("path/S2VzdHJlbCBwbGFu", ViewKind::Base64, "Kestrel plan"),
        ] {
            assert_eq!(reads(run), Some((view, text.to_string())), "{run}");
        }
    }

    #[test]
    fn what_is_no_text_is_left_alone() {
        for run in [
            "configuration",
            "Configuration",
            "getElementById",
            "CONFIGURATION",
            "c2hpdA",
            "c2hpd===",
            "0000000000000000",
            "4111111111111111",
            "deadbeefdeadbeef",
            "2024202420242024",
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "Pz8/YSBiIGM_",
            "AAAAAAAAAAAAAAAA",
            "/usr/local/share/doc2",
            "gICAgICAgICAgA==",
        ] {
            assert_eq!(reads(run), None, "{run}");
        }
    }

    #[test]
    fn layers_come_off_up_to_the_depth() {
        // "shit" three times encoded.
        let (once, twice) = ("YzJocGRBPT0=", "WXpKb2NHUkJQVDA9");
        assert_eq!(peel(once, 1).as_deref(), Some("c2hpdA=="));
        assert_eq!(peel(once, 2).as_deref(), Some("shit"));
        assert_eq!(peel(twice, 2).as_deref(), Some("c2hpdA=="));
        assert_eq!((peel(once, 0), peel("plain words", 2)), (None, None));
    }
}
