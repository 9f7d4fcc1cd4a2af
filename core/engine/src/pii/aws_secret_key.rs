//! `AWS_SECRET_KEY`: an AWS secret access key.
//!
//! Rule: 40 characters of the base64 alphabet (AWS documentation, "Programmatic access with AWS security
//! credentials"), with upper-case, lower-case and at least 20 different characters, beside its own label or
//! near an access key label. Forty hexadecimal digits are a SHA-1 (a commit); a `=` behind is other base64.
//! The key's shape is not unique, so it never acts alone.

use super::number::{Context, THRESHOLD, context, own};
use super::{Candidate, Found, Lengths, Lexicon, PiiType, Recognizer, Scan, Trigger, Verdict};
use crate::rules::rule;
use crate::text;

pub(crate) const CONTEXT: &[&str] = &[
    "aws secret",
    "aws secret key",
    "aws_secret",
    "aws_secret_key",
    "aws_secret_access_key",
    "secret access key",
    "secret_access_key",
    "secretaccesskey",
    "awssecretkey",
    "awssecretaccesskey",
    "secret key",
    "secret_key",
    "secretkey",
    "aws secret access key",
    "secret",
];
pub(crate) const NEGATIVE: &[&str] = &[
    "commit",
    "sha",
    "sha1",
    "hash",
    "checksum",
    "digest",
    "signature",
    "integrity",
    "session token",
    "sessiontoken",
];

const TYPE: PiiType = PiiType::AwsSecretKey;
const OWN: Lexicon = own(TYPE);
const KEY_ID: Lexicon = own(PiiType::AwsAccessKey);
const NEG: Lexicon = Lexicon::negative(TYPE);

pub(crate) static RECOGNIZER: Recognizer = Recognizer {
    ty: TYPE,
    verdict: Verdict::DefersWhenNegative,
    threshold: THRESHOLD,
    triggers: Trigger::Mixed.bit(),
    lengths: Lengths::range(1, 40),
    called_by: &[],
    reads: &[OWN, KEY_ID, NEG],
    recognize,
};

fn recognize(scan: &Scan<'_>, place: Candidate, found: &mut Found) {
    if place.end.saturating_sub(place.start) > 40 {
        return;
    }
    let part = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'+');
    let (mut start, mut end) = (place.start, place.end);
    while part(scan.byte_before(start)) && place.end.saturating_sub(start) <= 40 {
        start = start.saturating_sub(1);
    }
    while part(scan.byte(end)) && end.saturating_sub(start) <= 40 {
        end = end.saturating_add(1);
    }
    let key = scan.slice(start, end);
    if key.len() != 40
        || !key.bytes().all(part)
        || matches!(scan.byte(end), b'=' | b'_' | b'-')
        || matches!(scan.byte_before(start), b'_' | b'-')
    {
        return;
    }
    // Each token of letters and digits in the key calls; the first one reports.
    let mixed = |token: &str| {
        token.bytes().any(|b| b.is_ascii_digit()) && token.bytes().any(|b| b.is_ascii_alphabetic())
    };
    if scan.slice(start, place.start).split(['/', '+']).any(mixed) {
        return;
    }
    if rule!("pii.aws-secret-key.entropy") && !random(key) {
        return;
    }
    let secret = context(scan, OWN, &[NEG], start, end);
    let beside = context(scan, KEY_ID, &[NEG], start, end);
    let pair = text::contains(scan.slice(start.saturating_sub(80), start), "AKIA");
    let score = match secret {
        Context::Direct => 950,
        Context::Clause => 850,
        Context::Against if rule!("pii.aws-secret-key.negative") => 0,
        _ if pair || beside >= Context::Far => 750,
        _ => 0,
    };
    found.push(TYPE, start, end, score);
}

/// Looks like 30 random bytes: both cases, at least 20 different characters, not a path of words.
fn random(key: &str) -> bool {
    let seen = key.bytes().fold(0u128, |seen, b| {
        seen | 1u128.checked_shl(u32::from(b)).unwrap_or(0)
    });
    seen.count_ones() >= 20
        && key.bytes().any(|b| b.is_ascii_uppercase())
        && key.bytes().any(|b| b.is_ascii_lowercase())
        && key.bytes().filter(|&b| b == b'/').count() <= 5
}

#[cfg(test)]
mod tests {
    use super::super::number::checks::{finds, passes};
    use super::RECOGNIZER;

    #[test]
    fn finds_keys() {
        finds(
            &RECOGNIZER,
            &[
                "aws_secret_access_key = «wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY»",
                "AWS_SECRET_ACCESS_KEY=«wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY»",
                "{\"SecretAccessKey\": \"«je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY»\"}",
                "secret key: «je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY»",
                "AKIAIOSFODNN7EXAMPLE «wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY»",
                "AKIAIOSFODNN7EXAMPLE,«je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY»",
                "secret_key='«wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY»'",
                "my aws secret is «wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY».",
                "secretAccessKey: «Ab3dEf6hIj9kLm2nOp5qRs8tUv1wXy4zAb7cDe0f»",
                "export AWS_SECRET_KEY=«Ab3dEf6hIj9kLm2nOp5qRs8tUv1wXy4zAb7cDe0f»",
                "aws_access_key_id=AKIAIOSFODNN7EXAMPLE\naws_secret_access_key=«wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY»",
                "<SecretAccessKey>«Ab3dEf6hIj9kLm2nOp5qRs8tUv1wXy4zAb7cDe0f»",
                "Secret access key\n«Ab3dEf6hIj9kLm2nOp5qRs8tUv1wXy4zAb7cDe0f»",
                "secret key: «6/kJgmUXGcPB/Y0B0qlki02z20OXsCT6Lkhw3cG4»",
                "(secret key «Ab3dEf6hIj9kLm2nOp5qRs8tUv1wXy4zAb7cDe0f»)",
                "| secret key | «Ab3dEf6hIj9kLm2nOp5qRs8tUv1wXy4zAb7cDe0f» |",
            ],
        );
    }

    #[test]
    fn passes_others() {
        passes(
            &RECOGNIZER,
            &[
                "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
                "commit da39a3ee5e6b4b0d3255bfef95601890afd80709",
                "secret key: da39a3ee5e6b4b0d3255bfef95601890afd80709",
                "secret: wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEYx",
                "secret: wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKE",
                "secret=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY=",
                "secret: AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA1",
                "secret/a/b/c/d/e/f1/g/h/i/j/k/l/m/nn/oo/p",
                "secret key of the house",
                "signature Ab3dEf6hIj9kLm2nOp5qRs8tUv1wXy4zAb7cDe0f",
                "secret sha1 Ab3dEf6hIj9kLm2nOp5qRs8tUv1wXy4zAb7cDe0f",
                "secret: ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789ABCD",
                "Ab3dEf6hIj9kLm2nOp5qRs8tUv1wXy4zAb7cDe0f",
                "secret: Ab3dEf6hIj9kLm2nOp5qRs8tUv1wXy4zAb7cDe0_",
                "integrity=\"sha512-Ab3dEf6hIj9kLm2nOp5qRs8tUv1wXy4zAb7cDe0f\"",
            ],
        );
    }
}
