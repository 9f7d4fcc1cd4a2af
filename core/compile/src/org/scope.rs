//! Who a bundle is for.

use std::fmt;

/// The part of an organization that a scope is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unit {
    /// The whole organization, by the id of its root.
    Root(String),
    /// An organizational unit, by its id.
    OrganizationalUnit(String),
    /// An account, by its id.
    Account(String),
}

impl Unit {
    /// The unit with this id of AWS Organizations; `None` if it is none.
    #[must_use]
    pub fn parse(id: &str) -> Option<Unit> {
        let plain = |text: &str, least: usize| {
            let fits = (least..=32).contains(&text.len());
            fits && text
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        };
        if id.len() == 12 && id.bytes().all(|b| b.is_ascii_digit()) {
            return Some(Unit::Account(id.to_owned()));
        }
        if let Some(rest) = id.strip_prefix("ou-") {
            let (root, own) = rest.split_once('-')?;
            let fits = plain(root, 4) && plain(own, 8);
            return fits.then(|| Unit::OrganizationalUnit(id.to_owned()));
        }
        let root = id.strip_prefix("r-").is_some_and(|rest| plain(rest, 4));
        root.then(|| Unit::Root(id.to_owned()))
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> &str {
        match self {
            Unit::Root(id) | Unit::OrganizationalUnit(id) | Unit::Account(id) => id,
        }
    }
}

/// Who a bundle is for, e.g. `aws~o-exampleorgid~ou-ab12-cdef3456~us-east-1`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Scope {
    /// The partition, e.g. `aws`.
    pub partition: String,
    /// The organization's id.
    pub organization: String,
    /// The part of it.
    pub unit: Unit,
    /// The region.
    pub region: String,
}

impl Scope {
    /// Reads a scope.
    ///
    /// # Errors
    /// What is wrong with it, to be read after the place.
    pub fn parse(text: &str) -> Result<Scope, &'static str> {
        let parts: Vec<&str> = text.split('~').collect();
        let [partition, organization, unit, region] = parts[..] else {
            return Err(
                "a scope has four parts, PARTITION~ORGANIZATION~OU-OR-ACCOUNT~REGION, for example aws~o-exampleorgid~111122223333~us-east-1",
            );
        };
        let lower = |text: &str| {
            let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
            !text.is_empty() && text.bytes().all(plain)
        };
        if partition != "aws" && !partition.strip_prefix("aws-").is_some_and(lower) {
            return Err("the first part is no partition of AWS (aws, aws-cn, aws-us-gov …)");
        }
        let id = organization.strip_prefix("o-").unwrap_or("");
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        if !(10..=32).contains(&id.len()) || !id.bytes().all(plain) {
            return Err(
                "the second part is no organization id (o- and 10 to 32 lower-case letters and digits)",
            );
        }
        let unit = Unit::parse(unit);
        let unit = unit.ok_or("the third part is neither an account id of 12 digits nor the id of an organizational unit or root")?;
        if !lower(region) || region.len() > 20 {
            return Err("the fourth part is no region");
        }
        Ok(Scope {
            partition: partition.to_owned(),
            organization: organization.to_owned(),
            unit,
            region: region.to_owned(),
        })
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unit, region) = (self.unit.id(), &self.region);
        write!(
            f,
            "{}~{}~{unit}~{region}",
            self.partition, self.organization
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_read_and_written() {
        for text in [
            "aws~o-exampleorgid~ou-ab12-cdef3456~us-east-1",
            "aws-cn~o-exampleorgid~111122223333~cn-north-1",
            "aws~o-exampleorgid~r-ab12~eu-west-1",
        ] {
            assert_eq!(Scope::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_is_no_scope_is_refused() {
        for text in [
            "",
            "aws",
            "aws~o-exampleorgid~111122223333",
            "aws~o-exampleorgid~111122223333~us-east-1~x",
            "gcp~o-exampleorgid~111122223333~us-east-1",
            "aws~o-short~111122223333~us-east-1",
            "aws~o-EXAMPLEORGID~111122223333~us-east-1",
            "aws~o-exampleorgid~11112222333~us-east-1",
            "aws~o-exampleorgid~ou-ab12~us-east-1",
            "aws~o-exampleorgid~*~us-east-1",
            "aws~o-exampleorgid~111122223333~",
            "aws~o-exampleorgid~111122223333~US-EAST-1",
            "aws~o-exampleorgid~111122223333/x~us-east-1",
        ] {
            assert!(Scope::parse(text).is_err(), "{text}");
        }
    }
}
