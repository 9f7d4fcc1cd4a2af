//! Which guardrail is meant: an ID or ARN, maybe with a version.

use std::fmt;
use std::str::FromStr;

use crate::shape::{arn_parts, is_guardrail_id, is_numeric_version};

/// A version of a guardrail.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Version {
    /// A number: never changes any more.
    Number(u32),
    /// The one that is edited.
    Draft,
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Version::Number(number) => number.fmt(f),
            Version::Draft => f.write_str("DRAFT"),
        }
    }
}

impl FromStr for Version {
    type Err = String;

    fn from_str(text: &str) -> Result<Version, String> {
        match text {
            "DRAFT" => Ok(Version::Draft),
            _ if is_numeric_version(text) => text
                .parse()
                .map(Version::Number)
                .map_err(|error| error.to_string()),
            _ => Err("a version is a number from 1 to 99999999, or DRAFT".to_owned()),
        }
    }
}

/// A guardrail as it is named on command lines and in policies: `ID`, `ARN`, `ID:VERSION` or `ARN:VERSION`.
///
/// The API knows no versioned ARN; the version is what stands behind the last colon.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reference {
    identifier: String,
    version: Option<Version>,
}

impl Reference {
    /// The ID or ARN, as the API takes it.
    #[must_use]
    pub fn identifier(&self) -> &str {
        &self.identifier
    }

    /// The version; none asks for the newest numbered one.
    #[must_use]
    pub fn version(&self) -> Option<&Version> {
        self.version.as_ref()
    }

    /// The ARN's region.
    #[must_use]
    pub fn region(&self) -> Option<&str> {
        arn_parts(&self.identifier).map(|(region, _, _)| region)
    }

    /// The ARN's account.
    #[must_use]
    pub fn account(&self) -> Option<&str> {
        arn_parts(&self.identifier).map(|(_, account, _)| account)
    }

    /// The guardrail's ID.
    #[must_use]
    pub fn id(&self) -> &str {
        arn_parts(&self.identifier).map_or(&self.identifier, |(_, _, id)| id)
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.identifier)?;
        match &self.version {
            Some(version) => write!(f, ":{version}"),
            None => Ok(()),
        }
    }
}

impl FromStr for Reference {
    type Err = String;

    fn from_str(text: &str) -> Result<Reference, String> {
        let good =
            |identifier: &str| is_guardrail_id(identifier) || arn_parts(identifier).is_some();
        if good(text) {
            return Ok(Reference {
                identifier: text.to_owned(),
                version: None,
            });
        }
        match text.rsplit_once(':') {
            Some((identifier, version)) if good(identifier) => Ok(Reference {
                identifier: identifier.to_owned(),
                version: Some(version.parse()?),
            }),
            _ => Err(
                "write a guardrail as ID, ARN, ID:VERSION or ARN:VERSION (arn:aws:bedrock:REGION:ACCOUNT:guardrail/ID)"
                    .to_owned(),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARN: &str = "arn:aws:bedrock:us-east-1:111122223333:guardrail/k7q2m9x4b1zd";

    #[test]
    fn a_version_stands_behind_the_last_colon() {
        let plain: Result<Reference, _> = ARN.parse();
        let plain = plain.as_ref();
        assert_eq!(plain.map(Reference::identifier), Ok(ARN));
        assert_eq!(plain.map(|r| r.version().cloned()), Ok(None));
        assert_eq!(plain.map(Reference::region), Ok(Some("us-east-1")));
        assert_eq!(plain.map(Reference::account), Ok(Some("111122223333")));
        assert_eq!(plain.map(Reference::id), Ok("k7q2m9x4b1zd"));
        for (text, version) in [("3", Version::Number(3)), ("DRAFT", Version::Draft)] {
            let whole = format!("{ARN}:{text}");
            let read: Result<Reference, _> = whole.parse();
            let read = read.as_ref();
            assert_eq!(read.map(Reference::identifier), Ok(ARN));
            assert_eq!(read.map(|r| r.version().cloned()), Ok(Some(version)));
            assert_eq!(read.map(ToString::to_string), Ok(whole));
        }
    }

    #[test]
    fn what_names_no_guardrail_is_refused() {
        for bad in [
            "",
            ":3",
            "Abc",
            "abc:0",
            "abc:01",
            "abc:latest",
            "abc:draft",
            "arn:aws:bedrock:x:1:guardrail/a:3",
            "a b",
            "abc:3:4",
        ] {
            assert!(bad.parse::<Reference>().is_err(), "{bad}");
        }
    }
}
