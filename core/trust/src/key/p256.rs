//! ECDSA keys on the curve P-256, with SHA-256.

use crate::text::from_hex;
use alloc::vec::Vec;
use p256::ecdsa::{Signature, VerifyingKey, signature::Verifier};

/// A key and the bytes that identify it.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    key: VerifyingKey,
    /// The point in its compressed form, so that both forms are one key.
    raw: [u8; 33],
}

impl Key {
    pub(crate) fn raw(&self) -> &[u8] {
        &self.raw
    }

    /// Checks a signature in DER. Both values of `s` are valid, as for the other TUF clients: they only
    /// differ in the signature, which is not signed itself.
    pub(crate) fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        match Signature::from_der(signature) {
            Ok(signature) => self.key.verify(message, &signature).is_ok(),
            Err(_) => false,
        }
    }
}

/// What stands before an uncompressed and before a compressed point in a SubjectPublicKeyInfo of P-256
/// (RFC 5480, section 2): the encoding is DER, so there is no other.
const UNCOMPRESSED: &[u8] = b"\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x42\x00";
const COMPRESSED: &[u8] = b"\x30\x39\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x22\x00";

/// Reads a key: PEM, or the hexadecimal point that old repositories have.
pub(crate) fn read(public: &str) -> Option<Key> {
    let point = if public.trim_ascii_start().starts_with('-') {
        let der = pem(public)?;
        match (der.strip_prefix(UNCOMPRESSED), der.strip_prefix(COMPRESSED)) {
            (Some(point), _) if point.len() == 65 => Vec::from(point),
            (_, Some(point)) if point.len() == 33 => Vec::from(point),
            _ => return None,
        }
    } else {
        from_hex(public)?
    };
    let key = VerifyingKey::from_sec1_bytes(&point).ok()?;
    let raw = key.to_sec1_point(true).as_bytes().try_into().ok()?;
    Some(Key { key, raw })
}

/// The bytes of a PEM block of the type `PUBLIC KEY` (RFC 7468). White space between the lines is free.
fn pem(text: &str) -> Option<Vec<u8>> {
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
