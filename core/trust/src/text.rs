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
    let mut bytes = Vec::with_capacity(text.len() / 2);
    for pair in text.as_bytes().chunks(2) {
        let &[high, low] = pair else { return None };
        bytes.push(nibble(high)? << 4 | nibble(low)?);
    }
    Some(bytes)
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
