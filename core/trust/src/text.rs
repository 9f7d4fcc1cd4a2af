//! Hexadecimal, decimal and percent-encoded text. Hand-written, because the formatting machinery of the
//! standard library is larger than the rest of the crate once it is compiled for browsers.

use alloc::{string::String, vec::Vec};

const LOWER: &[u8; 16] = b"0123456789abcdef";
const UPPER: &[u8; 16] = b"0123456789ABCDEF";

fn digit(digits: &[u8; 16], value: u8) -> char {
    char::from(digits.get(usize::from(value & 15)).copied().unwrap_or(b'0'))
}

/// The bytes as lower-case hexadecimal.
#[must_use]
pub fn to_hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().saturating_mul(2));
    for byte in bytes {
        text.push(digit(LOWER, byte >> 4));
        text.push(digit(LOWER, *byte));
    }
    text
}

/// Reads lower-case hexadecimal. TUF's hexadecimal has one form, so that no two texts name the same bytes;
/// upper-case digits and an odd number of digits give `None`.
#[must_use]
pub fn from_hex(text: &str) -> Option<Vec<u8>> {
    let mut bytes = alloc::vec![0; text.len() / 2];
    read_hex(text, &mut bytes)?;
    Some(bytes)
}

/// Reads as [`from_hex`] into bytes of the right number.
pub(crate) fn read_hex(text: &str, bytes: &mut [u8]) -> Option<()> {
    let digits = text.as_bytes();
    if digits.len() != bytes.len().checked_mul(2)? {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks(2)) {
        let &[high, low] = pair else { return None };
        *byte = nibble(high)? << 4 | nibble(low)?;
    }
    Some(())
}

/// What stands before and behind the first of an ASCII character. The standard library's search for a character is
/// fast on long texts, and larger than this.
#[must_use]
pub fn cut(text: &str, at: u8) -> Option<(&str, &str)> {
    let place = text.bytes().position(|byte| byte == at)?;
    Some((text.get(..place)?, text.get(place.checked_add(1)?..)?))
}

fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit.wrapping_sub(b'0')),
        b'a'..=b'f' => Some(digit.wrapping_sub(b'a').wrapping_add(10)),
        _ => None,
    }
}

/// Appends a number in decimal.
pub(crate) fn push_decimal(text: &mut String, mut number: u64) {
    let mut digits = [0_u8; 20];
    let mut used: usize = 0;
    for place in digits.iter_mut().rev() {
        *place = u8::try_from(number % 10).unwrap_or(0).wrapping_add(b'0');
        number /= 10;
        used = used.saturating_add(1);
        if number == 0 {
            break;
        }
    }
    for digit in digits.iter().skip(digits.len().saturating_sub(used)) {
        text.push(char::from(*digit));
    }
}

/// Percent-encodes everything but letters, digits and `-._~`, as python-tuf names its files and requests.
#[must_use]
pub fn percent_encoded(name: &str) -> String {
    let mut text = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            text.push(char::from(byte));
        } else {
            text.push('%');
            text.push(digit(UPPER, byte >> 4));
            text.push(digit(UPPER, byte));
        }
    }
    text
}
