//! Names of scopes and targets.
//!
//! A scope is what a client pins: `aws~o-exampleorgid~ou-ab12-cdef3456~us-east-1`. Its targets are
//! `SCOPE.bundle` for machines and `SCOPE.browser.bundle` for pages, and during a rollout
//! `SCOPE.next.bundle` and `SCOPE.browser.next.bundle`. Names have no slash, because TUF tools disagree on what
//! a directory in a target name means, and a scope has no dot, so that the pattern `SCOPE.*` of a delegation
//! matches the targets of that scope only.

use core::fmt;
use core::str::FromStr;

pub use edgerail_trust::activation::{Audience, Ring};

use crate::error::{Error, Result};

/// The longest scope: with the longest ending and a hash before it, a file name still has less than 255 bytes.
const SCOPE_BYTES: usize = 150;

/// What a bundle is for, as the client pins it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scope(String);

impl Scope {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The pattern that matches the scope's targets and no others.
    #[must_use]
    pub fn pattern(&self) -> String {
        format!("{}.*", self.0)
    }

    /// The region that the scope ends with, if it is one of AWS.
    #[must_use]
    pub fn region(&self) -> Option<&str> {
        let rest = self.0.strip_prefix("aws~")?;
        rest.rsplit('~').next().filter(|last| is_region(last))
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Scope {
    type Err = Error;

    fn from_str(text: &str) -> Result<Scope> {
        let wrong = |why: &str| Err(Error::new("scope", text.to_owned(), why));
        if text.is_empty() || text.len() > SCOPE_BYTES {
            return wrong("a scope has 1 to 150 characters");
        }
        let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'~' | b'-');
        if !text.bytes().all(allowed) {
            return wrong("a scope has letters, digits and _ ~ - only; no dot and no slash");
        }
        if let Some(parts) = text.strip_prefix("aws~") {
            let mut parts = parts.split('~').rev();
            if !parts.next().is_some_and(is_region) {
                return wrong(
                    "a scope of AWS ends with its region, as in aws~o-exampleorgid~111122223333~us-east-1",
                );
            }
            if let Some(part) = parts.find(|part| !is_place(part)) {
                return wrong(&format!(
                    "{part:?} is no organization (o-…), root (r-…), unit (ou-…) or account (12 digits)"
                ));
            }
        }
        Ok(Scope(text.to_owned()))
    }
}

/// Whether a text has the form of a region's name: `us-east-1`, `us-gov-west-1`.
pub(crate) fn is_region(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let [area, middle @ .., number] = parts.as_slice() else {
        return false;
    };
    let lower = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase());
    (2..=4).contains(&area.len())
        && lower(area)
        && !middle.is_empty()
        && middle.iter().all(|part| lower(part))
        && (1..=2).contains(&number.len())
        && number.bytes().all(|b| b.is_ascii_digit())
}

/// Whether a text has the form of an id of AWS Organizations: the patterns of its API.
fn is_place(text: &str) -> bool {
    let plain = |text: &str, least: usize| {
        (least..=32).contains(&text.len())
            && text
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    };
    if let Some(id) = text.strip_prefix("o-") {
        return plain(id, 10);
    }
    if let Some(id) = text.strip_prefix("r-") {
        return plain(id, 4);
    }
    if let Some((root, id)) = text
        .strip_prefix("ou-")
        .and_then(|rest| rest.split_once('-'))
    {
        return plain(root, 4) && plain(id, 8);
    }
    text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit())
}

/// A scope and an audience: what has a version of its own.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Line {
    /// The scope.
    pub scope: Scope,
    /// The audience.
    pub audience: Audience,
}

impl Line {
    /// The name of the target that is current, or of the one in a rollout.
    #[must_use]
    pub fn target(&self, next: bool) -> String {
        let audience = match self.audience {
            Audience::Server => "",
            Audience::Browser => ".browser",
        };
        let next = if next { ".next" } else { "" };
        format!("{}{audience}{next}.bundle", self.scope)
    }

    /// What a target's name says: the line, and whether it is the one in a rollout.
    #[must_use]
    pub fn of_target(name: &str) -> Option<(Line, bool)> {
        let rest = name.strip_suffix(".bundle")?;
        let (rest, next) = match rest.strip_suffix(".next") {
            Some(rest) => (rest, true),
            None => (rest, false),
        };
        let (rest, audience) = match rest.strip_suffix(".browser") {
            Some(rest) => (rest, Audience::Browser),
            None => (rest, Audience::Server),
        };
        let scope = rest.parse().ok()?;
        Some((Line { scope, audience }, next))
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.scope, self.audience.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_targets_name_says_its_scope_audience_and_whether_it_is_next() {
        for (audience, next, ending) in [
            (Audience::Server, false, ".bundle"),
            (Audience::Server, true, ".next.bundle"),
            (Audience::Browser, false, ".browser.bundle"),
            (Audience::Browser, true, ".browser.next.bundle"),
        ] {
            let scope: Scope = "aws~o-exampleorgid~ou-ab12-cdef3456~us-east-1"
                .parse()
                .unwrap();
            let line = Line { scope, audience };
            let name = line.target(next);
            assert_eq!(name, format!("{}{ending}", line.scope));
            assert_eq!(Line::of_target(&name), Some((line, next)));
        }
        for name in [
            "a",
            ".bundle",
            "a.b.bundle",
            "a/b.bundle",
            "a.bundle.bundle",
        ] {
            assert_eq!(Line::of_target(name), None, "{name}");
        }
    }

    #[test]
    fn scopes_that_cannot_be_one_are_refused() {
        for good in [
            "x",
            "team_a~prod",
            "aws~us-east-1",
            "aws~o-exampleorgid~111122223333~us-gov-west-1",
            "aws~o-exampleorgid~r-ab12~ou-ab12-cdef3456~eu-central-1",
        ] {
            let scope: Scope = good.parse().unwrap();
            assert_eq!(scope.region().is_some(), good.starts_with("aws~"), "{good}");
        }
        for bad in [
            "",
            "a.b",
            "a/b",
            "../a",
            "ä",
            "aws~o-exampleorgid",
            "aws~o-exampleorgid~US-EAST-1",
            "aws~o-short~us-east-1",
            "aws~11112222333~us-east-1",
            "aws~ou-ab12~us-east-1",
            "aws~~us-east-1",
        ] {
            assert_eq!(bad.parse::<Scope>().unwrap_err().code(), "scope", "{bad}");
        }
        assert!("x".repeat(151).parse::<Scope>().is_err());
    }
}
