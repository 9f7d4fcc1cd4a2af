//! Identifiers of guardrails.

use std::fmt;

/// The ARN of a guardrail: `arn:PARTITION:bedrock:REGION:ACCOUNT:guardrail/ID`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GuardrailArn {
    /// `aws`, or `aws-` and the name of another partition.
    pub partition: String,
    /// The region.
    pub region: String,
    /// The account that owns it.
    pub account: String,
    /// The guardrail id.
    pub id: String,
}

impl GuardrailArn {
    /// Reads an ARN.
    ///
    /// # Errors
    /// What is wrong with it, to be read after the place.
    pub fn parse(text: &str) -> Result<GuardrailArn, &'static str> {
        let mut parts = text.splitn(6, ':');
        let mut next = || parts.next().unwrap_or("");
        let (arn, partition, service) = (next(), next(), next());
        let (region, account, resource) = (next(), next(), next());
        if arn != "arn" || service != "bedrock" {
            return Err(
                "is not the ARN of a guardrail (arn:aws:bedrock:REGION:ACCOUNT:guardrail/ID)",
            );
        }
        let lower = |text: &str| {
            !text.is_empty()
                && text
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        };
        if partition != "aws" && !partition.strip_prefix("aws-").is_some_and(lower) {
            return Err("has no partition of AWS (aws, aws-cn, aws-us-gov …)");
        }
        if !lower(region) || region.len() > 20 {
            return Err("has no region");
        }
        if account.len() != 12 || !account.bytes().all(|b| b.is_ascii_digit()) {
            return Err("has no account id of 12 digits");
        }
        let id = resource.strip_prefix("guardrail/").unwrap_or("");
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        if id.is_empty() || id.len() > 64 || !id.bytes().all(plain) {
            return Err("has no guardrail id of lower-case letters and digits after `guardrail/`");
        }
        Ok(GuardrailArn {
            partition: partition.to_owned(),
            region: region.to_owned(),
            account: account.to_owned(),
            id: id.to_owned(),
        })
    }
}

impl fmt::Display for GuardrailArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            partition,
            region,
            account,
            id,
        } = self;
        write!(
            f,
            "arn:{partition}:bedrock:{region}:{account}:guardrail/{id}"
        )
    }
}

/// A guardrail's ARN with its version, as policies of an organization write it: `ARN:VERSION`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VersionedArn {
    /// The guardrail.
    pub arn: GuardrailArn,
    /// The version: 1 to 99999999, without leading zeros.
    pub version: String,
}

impl VersionedArn {
    /// Reads an ARN with a version.
    ///
    /// # Errors
    /// What is wrong with it, to be read after the place.
    pub fn parse(text: &str) -> Result<VersionedArn, &'static str> {
        // The ARN itself has colons: what stands behind the last one is the version.
        let (arn, version) = text.rsplit_once(':').unwrap_or((text, ""));
        if version.contains('/') {
            GuardrailArn::parse(text)?;
            return Err(
                "has no version: put `:` and the number of a published version behind the ARN",
            );
        }
        let arn = GuardrailArn::parse(arn)?;
        check_version(version)?;
        Ok(VersionedArn {
            arn,
            version: version.to_owned(),
        })
    }
}

impl fmt::Display for VersionedArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.arn, self.version)
    }
}

/// Whether a version can be enforced: a number of at most eight digits without leading zeros.
pub(super) fn check_version(version: &str) -> Result<(), &'static str> {
    if version == "DRAFT" {
        return Err(
            "names the version DRAFT, which cannot be enforced: publish a version and give its number",
        );
    }
    let digits = !version.is_empty() && version.bytes().all(|b| b.is_ascii_digit());
    if digits && version.len() <= 8 && !version.starts_with('0') {
        Ok(())
    } else {
        Err("has no version number (1 to 99999999, without leading zeros) behind the ARN")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_read_and_written() {
        for text in [
            "arn:aws:bedrock:us-east-1:111122223333:guardrail/k7q2m9x4b1zd:3",
            "arn:aws-us-gov:bedrock:us-gov-west-1:111122223333:guardrail/a:99999999",
        ] {
            assert_eq!(VersionedArn::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_aws_would_fail_on_is_refused() {
        for text in [
            "",
            "k7q2m9x4b1zd:3",
            "arn:aws:bedrock:us-east-1:111122223333:guardrail/k7q2m9x4b1zd",
            "arn:aws:bedrock:us-east-1:111122223333:guardrail/k7q2m9x4b1zd:",
            "arn:aws:bedrock:us-east-1:111122223333:guardrail/k7q2m9x4b1zd:DRAFT",
            "arn:aws:bedrock:us-east-1:111122223333:guardrail/k7q2m9x4b1zd:0",
            "arn:aws:bedrock:us-east-1:111122223333:guardrail/k7q2m9x4b1zd:01",
            "arn:aws:bedrock:us-east-1:111122223333:guardrail/k7q2m9x4b1zd:123456789",
            "arn:aws:bedrock:us-east-1:111122223333:guardrail/K7Q2:1",
            "arn:aws:bedrock:us-east-1:11112222333:guardrail/a:1",
            "arn:aws:bedrock::111122223333:guardrail/a:1",
            "arn:aws:s3:us-east-1:111122223333:guardrail/a:1",
            "arn:aws-:bedrock:us-east-1:111122223333:guardrail/a:1",
            "arn:gcp:bedrock:us-east-1:111122223333:guardrail/a:1",
            "arn:aws:bedrock:us-east-1:111122223333:guardrail-profile/a:1",
            "arn:aws:bedrock:us-east-1:111122223333:guardrail/a:b:1",
        ] {
            assert!(VersionedArn::parse(text).is_err(), "{text}");
        }
    }
}
