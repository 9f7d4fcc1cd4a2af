//! ECDSA keys on the curve P-256, with SHA-256.

use super::pem;
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
        let der = pem::read(public)?;
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
