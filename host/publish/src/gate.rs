//! What a bundle has to pass before anything is signed.
//!
//! A wrong bundle that is signed well is still wrong, and clients take it within minutes. So the publisher runs the
//! client's own loader and self-test on the exact bytes, looks at every identifier (in AWS, a malformed one blocks
//! every call of the accounts it is attached to), and at what has gone since the published version.

use edgerail_core::bundle::ABI;
use edgerail_core::policy::Policy;
use edgerail_core::{Engine, LoadOptions, Trust};
use edgerail_judge::Snapshot;
use serde_json::{Value, json};

use crate::custom::Counts;
use crate::error::{Error, Result};
use crate::name::{Audience, Line, Scope, is_region};
use crate::record::Source;
use crate::review::acting;
use crate::text::sha256;

/// A bundle that loads, decides its samples as it should, and names nothing that cannot be.
#[derive(Clone, Debug)]
pub struct Candidate {
    pub(crate) bytes: Vec<u8>,
    pub(crate) engine_abi: u16,
    pub(crate) counts: Counts,
    pub(crate) snapshot: Snapshot,
    line: Line,
}

impl Candidate {
    /// Loads a bundle as clients do and looks at what it says. `scope` is the scope it is for, if the bundle does not
    /// say so itself.
    ///
    /// # Errors
    /// `bundle` if the loader or the self-test refuses it, `scope` if it has none or another one, and the codes of
    /// [`lint`].
    pub fn read(place: &str, bytes: Vec<u8>, scope: Option<&Scope>) -> Result<Candidate> {
        let wrong = |code, why: String| Error::new(code, place, why);
        let options = LoadOptions {
            trust: Trust::Local,
            ..LoadOptions::default()
        };
        let engine = Engine::load(bytes.clone(), options)
            .map_err(|error| wrong("bundle", format!("the loader refuses it: {error}")))?;
        engine
            .self_test()
            .map_err(|error| wrong("bundle", format!("the self-test fails: {error}")))?;
        let policy = engine.policy();
        let own: Option<Scope> = policy.scope.as_deref().map(str::parse).transpose()?;
        let scope = match (own, scope) {
            (Some(own), Some(asked)) if own != *asked => {
                let message = format!(
                    "was compiled for the scope {own}, not for {asked}; compile it for that one"
                );
                return Err(wrong("scope", message));
            }
            (Some(own), _) => own,
            (None, Some(asked)) => asked.clone(),
            (None, None) => {
                let message =
                    "has no scope; compile it with --scope, or give --scope here".to_owned();
                return Err(wrong("scope", message));
            }
        };
        let audience = Audience::from_name(&policy.audience)
            .ok_or_else(|| wrong("bundle", "is for no audience that is known".to_owned()))?;
        lint(place, policy, &scope)?;
        let snapshot = Snapshot::of(place, &engine, None);
        Ok(Candidate {
            engine_abi: ABI,
            counts: counts(policy, &snapshot),
            snapshot,
            line: Line { scope, audience },
            bytes,
        })
    }

    /// What the bundle is for.
    #[must_use]
    pub const fn line(&self) -> &Line {
        &self.line
    }

    /// How much it holds.
    #[must_use]
    pub const fn counts(&self) -> &Counts {
        &self.counts
    }

    /// The exact bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// What the gate says about it, for the record.
    #[must_use]
    pub fn verdict(&self) -> Value {
        json!({
            "counts": self.counts, "lint": "passed", "loader": "passed", "self_test": "passed",
            "sha256": sha256(&self.bytes),
        })
    }
}

fn counts(policy: &Policy, snapshot: &Snapshot) -> Counts {
    let excepted = policy
        .guardrails
        .iter()
        .map(|guardrail| guardrail.allowed.len() + guardrail.exceptions.len());
    acting(
        snapshot,
        u64::try_from(excepted.sum::<usize>()).unwrap_or(u64::MAX),
    )
}

/// Refuses identifiers that AWS would refuse: ARNs and ids (the patterns of its API), versions that are no number
/// (`DRAFT` cannot be enforced), and a region that is not the scope's.
///
/// # Errors
/// `guardrail_arn`, `guardrail_id`, `guardrail_version` or `guardrail_region`, naming the guardrail.
pub fn lint(place: &str, policy: &Policy, scope: &Scope) -> Result<()> {
    for guardrail in &policy.guardrails {
        let place = format!("{place}: guardrail {:?}", guardrail.name);
        if let Some(arn) = &guardrail.arn {
            lint_arn(&place, arn, scope.region())?;
        }
        if let Some(id) = &guardrail.id
            && !is_guardrail_id(id)
        {
            let message =
                format!("the id {id:?} is none that AWS gives: lower-case letters and digits");
            return Err(Error::new("guardrail_id", place, message));
        }
        if let Some(version) = &guardrail.version
            && !is_numeric_version(version)
        {
            return Err(version_error(&place, version));
        }
    }
    Ok(())
}

fn version_error(place: &str, version: &str) -> Error {
    let message = format!(
        "the version {version:?} cannot be enforced; create a version of the guardrail (a number) and publish that one"
    );
    Error::new("guardrail_version", place, message)
}

/// `[a-z0-9]+`, at most 64: the control plane's pattern.
fn is_guardrail_id(id: &str) -> bool {
    (1..=64).contains(&id.len())
        && id
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
}

/// `[1-9][0-9]{0,7}`.
fn is_numeric_version(version: &str) -> bool {
    (1..=8).contains(&version.len())
        && version.bytes().all(|b| b.is_ascii_digit())
        && !version.starts_with('0')
}

/// `arn:aws(-[^:]+)?:bedrock:[a-z0-9-]{1,20}:[0-9]{12}:guardrail/[a-z0-9]+`, with a region that can be one.
fn lint_arn(place: &str, arn: &str, region: Option<&str>) -> Result<()> {
    let wrong = || {
        let message = format!(
            "the ARN {arn:?} is none of a guardrail: arn:aws:bedrock:REGION:ACCOUNT:guardrail/ID"
        );
        Error::new("guardrail_arn", place, message)
    };
    let parts: Vec<&str> = arn.split(':').collect();
    let ["arn", partition, "bedrock", own, account, resource] = parts.as_slice() else {
        return Err(wrong());
    };
    let partition = *partition == "aws"
        || partition
            .strip_prefix("aws-")
            .is_some_and(|rest| !rest.is_empty());
    let account = account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit());
    let id = resource
        .strip_prefix("guardrail/")
        .is_some_and(is_guardrail_id);
    if !(partition && account && id && is_region(own)) {
        return Err(wrong());
    }
    match region.filter(|region| region != own) {
        None => Ok(()),
        Some(region) => {
            let message =
                format!("the ARN {arn:?} is of another region than the scope's, {region}");
            Err(Error::new("guardrail_region", place, message))
        }
    }
}

/// Looks at a file that bundles are made from: every guardrail identifier in a JSON document must be one that AWS
/// takes. Other files are only hashed. Gives what the record keeps.
///
/// # Errors
/// The codes of [`lint`].
pub fn source(file: &str, bytes: &[u8]) -> Result<Source> {
    if let Ok(document) = serde_json::from_slice::<Value>(bytes) {
        lint_value(file, &document)?;
    }
    Ok(Source {
        file: file.to_owned(),
        sha256: sha256(bytes),
    })
}

fn lint_value(place: &str, value: &Value) -> Result<()> {
    match value {
        Value::Array(values) => values.iter().try_for_each(|value| lint_value(place, value)),
        Value::Object(members) => members
            .values()
            .try_for_each(|value| lint_value(place, value)),
        Value::String(text) if text.starts_with("arn:") && text.contains(":guardrail/") => {
            // In policies of AWS Organizations, a version follows the ARN.
            match text.rsplit_once(':') {
                Some((arn, version)) if arn.contains(":guardrail/") => {
                    lint_arn(place, arn, None)?;
                    if is_numeric_version(version) {
                        Ok(())
                    } else {
                        Err(version_error(place, version))
                    }
                }
                _ => lint_arn(place, text, None),
            }
        }
        // A policy's content is JSON in a string.
        Value::String(text) if text.trim_start().starts_with('{') => {
            match serde_json::from_str::<Value>(text) {
                Ok(inner) => lint_value(place, &inner),
                Err(_) => Ok(()),
            }
        }
        _ => Ok(()),
    }
}

/// A count that has become much smaller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss {
    /// Which.
    pub count: &'static str,
    /// Of the published bundle.
    pub before: u64,
    /// Of the new one.
    pub after: u64,
}

/// What the new bundle has lost by more than `percent`. Exceptions do not count: fewer of them protect more.
#[must_use]
pub fn losses(before: &Counts, after: &Counts, percent: u32) -> Vec<Loss> {
    let pairs = before.named().into_iter().zip(after.named());
    let lost = pairs.filter(|((name, before), (_, after))| {
        let gone = u128::from(before.saturating_sub(*after)) * 100;
        *name != "exceptions" && gone > u128::from(*before) * u128::from(percent)
    });
    lost.map(|((count, before), (_, after))| Loss {
        count,
        before,
        after,
    })
    .collect()
}

/// Refuses a bundle that has lost too much.
///
/// # Errors
/// `shrink` listing the counts.
pub fn check_losses(line: &Line, losses: &[Loss], percent: u32) -> Result<()> {
    if losses.is_empty() {
        return Ok(());
    }
    let list: Vec<String> = losses
        .iter()
        .map(|loss| format!("{} {} → {}", loss.count, loss.before, loss.after))
        .collect();
    let message = format!(
        "more than {percent} % is gone since the published version: {}; if that is meant, give --allow-shrink",
        list.join(", ")
    );
    Err(Error::new("shrink", line.to_string(), message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_that_aws_would_refuse_are_found() {
        let arn = "arn:aws:bedrock:us-east-1:111122223333:guardrail/abc123def456";
        assert!(lint_arn("p", arn, None).is_ok());
        assert!(lint_arn("p", arn, Some("us-east-1")).is_ok());
        assert_eq!(
            lint_arn("p", arn, Some("eu-west-1")).unwrap_err().code(),
            "guardrail_region"
        );
        assert!(lint_arn("p", &arn.replace("arn:aws:", "arn:aws-us-gov:"), None).is_ok());
        for (from, to) in [
            ("arn:aws:", "arn:aws-:"),
            ("bedrock", "bedrok"),
            ("us-east-1", "us-east"),
            ("us-east-1", "US-EAST-1"),
            ("111122223333", "11112222333"),
            ("guardrail/", "guardrails/"),
            ("abc123def456", "ABC"),
            ("abc123def456", ""),
            ("abc123def456", "abc:1"),
        ] {
            let error = lint_arn("p", &arn.replace(from, to), None).unwrap_err();
            assert_eq!(error.code(), "guardrail_arn", "{to}");
        }
        for (version, good) in [
            ("1", true),
            ("99999999", true),
            ("0", false),
            ("01", false),
            ("DRAFT", false),
            ("", false),
            ("100000000", false),
        ] {
            assert_eq!(is_numeric_version(version), good, "{version}");
        }
    }

    #[test]
    fn sources_are_looked_at_however_deep_the_identifier_is() {
        let policy = |identifier: &str| {
            let content = json!({"bedrock": {"guardrail_inference": {"us-east-1": {"config_1": {"identifier": {"@@assign": identifier}}}}}});
            json!({"Policy": {"Content": content.to_string()}}).to_string()
        };
        let good = "arn:aws:bedrock:us-east-1:111122223333:guardrail/abc123def456:2";
        assert!(source("p.json", policy(good).as_bytes()).is_ok());
        for (bad, code) in [
            (good.replace(":2", ":DRAFT"), "guardrail_version"),
            (good.replace("us-east-1", "useast1"), "guardrail_arn"),
        ] {
            assert_eq!(
                source("p.json", policy(&bad).as_bytes())
                    .unwrap_err()
                    .code(),
                code
            );
        }
        assert_eq!(source("x.toml", b"a = 1").unwrap().sha256, sha256(b"a = 1"));
    }

    #[test]
    fn a_loss_counts_from_the_percentage_on() {
        let counts = |words| Counts {
            words,
            exceptions: words,
            ..Counts::default()
        };
        assert_eq!(losses(&counts(10), &counts(8), 20), []);
        assert_eq!(losses(&counts(10), &counts(7), 20).len(), 1);
        assert_eq!(losses(&counts(0), &counts(0), 0), []);
        assert_eq!(losses(&counts(1), &counts(0), 100), []);
        assert_eq!(losses(&counts(5), &counts(50), 0), []);
    }
}
