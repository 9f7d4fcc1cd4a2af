//! Bytes and times as text.

use aws_lc_rs::digest::{SHA256, digest};
pub(crate) use edgerail_trust::text::to_hex as hex;
use jiff::Timestamp;

use crate::error::{Error, Result};

/// The SHA-256 of some bytes in lower-case hexadecimal.
#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    hex(digest(&SHA256, bytes).as_ref())
}

/// So many random bytes in lower-case hexadecimal.
pub(crate) fn random_hex<const N: usize>() -> Result<String> {
    let mut bytes = [0; N];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| {
        Error::new(
            "random",
            "this machine",
            "gave no random numbers; try again, or on another machine",
        )
    })?;
    Ok(hex(&bytes))
}

/// Whether a text is lower-case hexadecimal of so many characters.
pub(crate) fn is_hex(text: &str, characters: usize) -> bool {
    text.len() == characters && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

/// A moment as TUF writes it: `2026-11-21T18:00:00Z`.
#[must_use]
pub fn rfc3339(seconds: u64) -> String {
    moment(seconds).to_string()
}

/// The moment so many seconds after 1970; the last one known to the calendar if there is no such.
pub(crate) fn moment(seconds: u64) -> Timestamp {
    i64::try_from(seconds)
        .ok()
        .and_then(|seconds| Timestamp::from_second(seconds).ok())
        .unwrap_or(Timestamp::MAX)
}

/// Seconds since 1970; what lies before counts as 1970.
pub(crate) fn seconds(moment: Timestamp) -> u64 {
    u64::try_from(moment.as_second()).unwrap_or(0)
}

/// `1 signature`, `2 signatures`.
pub(crate) fn count(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_and_times_are_written_as_tuf_writes_them() {
        assert_eq!(hex(&[0, 0x1f, 0xff]), "001fff");
        assert!(is_hex(&sha256(b""), 64));
        assert!(sha256(b"abc").starts_with("ba7816bf8f01cfea"));
        assert!(!is_hex("AB", 2) && !is_hex("abc", 2));
        assert_eq!(rfc3339(1_795_284_000), "2026-11-21T18:00:00Z");
        assert_eq!(seconds(moment(1_795_284_000)), 1_795_284_000);
        assert_ne!(random_hex::<16>().unwrap(), random_hex::<16>().unwrap());
    }
}
