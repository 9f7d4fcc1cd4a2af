//! `AWS_ACCESS_KEY`: an AWS access key id.
//!
//! Rule: 20 characters: the prefix AKIA (long-term), ASIA (temporary), ABIA or ACCA, and 16 upper-case
//! letters and digits (AWS IAM User Guide, "IAM identifiers: unique ID prefixes"); prefixes of users, roles
//! and policies are ids, not keys. Four fixed letters make any context unnecessary; a key without any digit
//! is read beside its label. Sixteen equal characters are a placeholder.

use super::number::{Context, THRESHOLD, bounded, labelled, own, token};
use super::{Candidate, Found, Lengths, Lexicon, PiiType, Recognizer, Scan, Trigger, Verdict};
use crate::rules::rule;

pub(crate) const CONTEXT: &[&str] = &[
    "aws",
    "access key",
    "access key id",
    "aws access key",
    "aws access key id",
    "aws_access_key_id",
    "aws_access_key",
    "access_key_id",
    "access_key",
    "accesskeyid",
    "accesskey",
    "awsaccesskeyid",
    "aws_key",
    "akid",
    "key id",
];
pub(crate) const NEGATIVE: &[&str] = &[];

const TYPE: PiiType = PiiType::AwsAccessKey;
const OWN: Lexicon = own(TYPE);

pub(crate) static RECOGNIZER: Recognizer = Recognizer {
    ty: TYPE,
    verdict: Verdict::Decides,
    threshold: THRESHOLD,
    triggers: Trigger::Mixed.bit() | Trigger::Hit.bit(),
    lengths: Lengths::range(20, 20),
    called_by: &[OWN],
    reads: &[OWN],
    recognize,
};

fn recognize(scan: &Scan<'_>, place: Candidate, found: &mut Found) {
    if place.trigger == Trigger::Hit {
        let letters = labelled(scan, place, &[], |scan, at| {
            let end = read(scan, at)?;
            scan.slice(at, end)
                .bytes()
                .all(|b| b.is_ascii_alphabetic())
                .then_some(end)
        });
        if let Some(value) = letters.filter(|value| value.context >= Context::Clause) {
            found.push(TYPE, value.start, value.end, 900);
        }
        return;
    }
    if place.end.saturating_sub(place.start) == 20
        && scan.byte(place.start) == b'A'
        && let Some(end) = read(scan, place.start)
    {
        found.push(TYPE, place.start, end, 970);
    }
}

/// The end of the key id that starts at `at`.
fn read(scan: &Scan<'_>, at: usize) -> Option<usize> {
    let key = token(scan, at, 20).filter(|key| key.len() == 20)?;
    let prefix = ["AKIA", "ASIA", "ABIA", "ACCA"]
        .iter()
        .any(|prefix| key.starts_with(prefix));
    let body = key.get(4..)?.as_bytes();
    let upper = body
        .iter()
        .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    let placeholder = body.iter().all(|b| Some(b) == body.first());
    let end = at.saturating_add(20);
    let shape = (!rule!("pii.aws-access-key.prefix") || prefix) && upper && !placeholder;
    (shape && bounded(scan, OWN, at, end)).then_some(end)
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
                "«AKIAIOSFODNN7EXAMPLE»",
                "aws_access_key_id = «AKIAIOSFODNN7EXAMPLE»",
                "AWS_ACCESS_KEY_ID=«ASIAIOSFODNN7EXAMPLE»",
                "{\"AccessKeyId\": \"«AKIAI44QH8DHBEXAMPLE»\"}",
                "key «AKIAI44QH8DHBEXAMPLE».",
                "«ABIAIOSFODNN7EXAMPLE»",
                "(«ACCAIOSFODNN7EXAMPLE»)",
                "access key id: «AKIAABCDEFGHIJKLMNOP»",
                "a,«AKIA2E0A8F3B244C9986»,b",
                "user:«AKIAIOSFODNN7EXAMPLE»:x",
                "id='«AKIAIOSFODNN7EXAMPLE»'",
                "<k>«AKIAIOSFODNN7EXAMPLE»</k>",
                "Credential=«AKIAIOSFODNN7EXAMPLE» x",
                "\n«AKIAIOSFODNN7EXAMPLE»\n",
                "「«AKIAIOSFODNN7EXAMPLE»」",
            ],
        );
    }

    #[test]
    fn passes_others() {
        passes(
            &RECOGNIZER,
            &[
                "AKIAIOSFODNN7EXAMPL",
                "AKIAIOSFODNN7EXAMPLES",
                "xAKIAIOSFODNN7EXAMPLE",
                "akiaiosfodnn7example",
                "AIDAIOSFODNN7EXAMPLE",
                "AROAIOSFODNN7EXAMPLE",
                "AKIAiosfodnn7example",
                "AKIAXXXXXXXXXXXXXXXX",
                "AKIA_IOSFODNN7EXAMPL",
                "AKIAABCDEFGHIJKLMNOP",
                "AKIA0000000000000000",
                "éAKIAIOSFODNN7EXAMPLE",
                "AKIAIOSFODNN7EXAMPLEé",
                "access key id: none",
                "BKIAIOSFODNN7EXAMPLE",
                "AKIA IOSFODNN7EXAMPLE",
            ],
        );
    }
}
