//! Base64 (RFC 4648, section 4), in which InvokeModel's streams carry the vendors' events.

use alloc::string::String;
use alloc::vec::Vec;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The bytes; `None` if the text is no padded base64.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    let text = text.as_bytes();
    if !text.len().is_multiple_of(4) {
        return None;
    }
    let digits = text
        .strip_suffix(b"==")
        .or(text.strip_suffix(b"="))
        .unwrap_or(text);
    let mut bytes = Vec::with_capacity(digits.len());
    for group in digits.chunks(4) {
        let mut bits = 0_u32;
        for place in 0..4 {
            let value = match group.get(place) {
                Some(&digit) => value(digit)?,
                None => 0,
            };
            bits = (bits << 6) | value;
        }
        let [_, a, b, c] = bits.to_be_bytes();
        let used = group.len().saturating_sub(1);
        bytes.extend([a, b, c].into_iter().take(used));
    }
    Some(bytes)
}

fn value(digit: u8) -> Option<u32> {
    let place = ALPHABET.iter().position(|&b| b == digit)?;
    u32::try_from(place).ok()
}

/// The text.
pub(super) fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3).saturating_mul(4));
    for group in bytes.chunks(3) {
        let byte = |place: usize| u32::from(group.get(place).copied().unwrap_or(0));
        let bits = (byte(0) << 16) | (byte(1) << 8) | byte(2);
        for place in 0..4_usize {
            let shift = 18_u32.saturating_sub(u32::try_from(place).unwrap_or(0).saturating_mul(6));
            let digit = usize::try_from((bits >> shift) & 63).unwrap_or(0);
            let digit = ALPHABET.get(digit).copied().unwrap_or(b'A');
            text.push(if place <= group.len() {
                char::from(digit)
            } else {
                '='
            });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trips_and_refuses() {
        for (bytes, text) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("\u{ff}\u{3fe}", "w7/Pvg=="),
        ] {
            assert_eq!(encode(bytes.as_bytes()), text);
            assert_eq!(decode(text).unwrap(), bytes.as_bytes());
        }
        for bad in ["Z", "Zg=", "Zg", "Z===", "Zg==Zg==", "Zm9*", "====", "A"] {
            assert_eq!(decode(bad), None, "{bad}");
        }
    }
}
