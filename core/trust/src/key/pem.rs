//! Public keys in PEM (RFC 7468).

use alloc::vec::Vec;

/// The bytes of a PEM block of the type `PUBLIC KEY` (RFC 7468). White space between the lines is free.
pub(super) fn read(text: &str) -> Option<Vec<u8>> {
    let body = text
        .trim_ascii()
        .strip_prefix("-----BEGIN PUBLIC KEY-----")?
        .strip_suffix("-----END PUBLIC KEY-----")?;
    let mut bytes = Vec::new();
    let (mut bits, mut held, mut padding) = (0_u32, 0_u32, 0_u32);
    for byte in body.bytes().filter(|byte| !byte.is_ascii_whitespace()) {
        if byte == b'=' {
            padding = padding.saturating_add(1);
            continue;
        }
        // Letters behind the padding are no base64.
        if padding > 0 {
            return None;
        }
        held = held << 6 | u32::from(sextet(byte)?);
        bits = bits.saturating_add(6);
        if bits >= 8 {
            bits = bits.saturating_sub(8);
            bytes.push(u8::try_from(held >> bits & 0xff).ok()?);
        }
        held &= 0xff;
    }
    // The bits that are left over are zero, and the padding makes up for them: one text for one key.
    let rest = held & 1_u32.checked_shl(bits)?.checked_sub(1)?;
    (rest == 0 && bits < 6 && padding.saturating_mul(2) == bits).then_some(bytes)
}

fn sextet(byte: u8) -> Option<u8> {
    Some(match byte {
        b'A'..=b'Z' => byte.wrapping_sub(b'A'),
        b'a'..=b'z' => byte.wrapping_sub(b'a').wrapping_add(26),
        b'0'..=b'9' => byte.wrapping_sub(b'0').wrapping_add(52),
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    })
}
