//! RSA keys of 2048 to 8192 bits, with PSS over SHA-256 (RFC 8017, section 8.1): the mask by MGF1 with SHA-256 and a salt as
//! long as the hash, as the TUF tools sign.

use super::pem;
use alloc::vec::Vec;
use aws_lc_rs::signature::{RSA_PSS_2048_8192_SHA256, UnparsedPublicKey};

#[cfg(test)]
mod tests;

/// A key.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    /// The `RSAPublicKey` (RFC 8017, A.1.1) in DER, of which a key has one.
    raw: Vec<u8>,
}

impl Key {
    pub(crate) fn raw(&self) -> &[u8] {
        &self.raw
    }

    pub(crate) fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&RSA_PSS_2048_8192_SHA256, &self.raw)
            .verify(message, signature)
            .is_ok()
    }
}

/// `rsaEncryption` with its parameters, which are NULL (RFC 3279, section 2.3.1).
const ALGORITHM: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00";
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const SEQUENCE: u8 = 0x30;

/// Reads a SubjectPublicKeyInfo in PEM. Keys that are too short or too long, or whose exponent is even or 1, are none.
pub(crate) fn read(public: &str) -> Option<Key> {
    let der = pem::read(public)?;
    let (info, rest) = element(SEQUENCE, &der)?;
    let (algorithm, key) = element(SEQUENCE, info)?;
    let (bits, end) = element(BIT_STRING, key)?;
    // No bit of the last byte is unused.
    let raw = bits.strip_prefix(&[0])?;
    let (numbers, after) = element(SEQUENCE, raw)?;
    let (modulus, exponent) = element(INTEGER, numbers)?;
    let (exponent, last) = element(INTEGER, exponent)?;
    let is_whole = [rest, end, after, last].iter().all(|part| part.is_empty());
    let bits = 2048..=8192;
    let fits = bits.contains(&length(modulus)?) && (2..=33).contains(&length(exponent)?);
    let odd = [modulus, exponent]
        .iter()
        .all(|number| number.last().is_some_and(|byte| byte & 1 == 1));
    (is_whole && algorithm == ALGORITHM && fits && odd).then(|| Key {
        raw: Vec::from(raw),
    })
}

/// The content of an element of DER with this tag, and what follows it. Lengths are in their shortest form.
fn element(tag: u8, bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (first, rest) = bytes.split_first()?;
    let (short, rest) = rest.split_first()?;
    let (length, rest) = match short {
        0..=0x7f => (usize::from(*short), rest),
        0x81 => {
            let (length, rest) = rest.split_first()?;
            (usize::from(*length), rest)
        }
        0x82 => {
            let (length, rest) = rest.split_first_chunk()?;
            (usize::from(u16::from_be_bytes(*length)), rest)
        }
        _ => return None,
    };
    let shortest = match short {
        0x81 => length >= 0x80,
        0x82 => length > 0xff,
        _ => true,
    };
    (*first == tag && shortest).then_some(())?;
    rest.split_at_checked(length)
}

/// How many bits a positive integer in its shortest form has; other integers have none.
fn length(number: &[u8]) -> Option<usize> {
    let digits = match number {
        [0, rest @ ..] if rest.first().is_some_and(|first| first & 0x80 != 0) => rest,
        [1..0x80, ..] => number,
        _ => return None,
    };
    let zeros = usize::try_from(digits.first()?.leading_zeros()).ok()?;
    digits.len().checked_mul(8)?.checked_sub(zeros)
}
