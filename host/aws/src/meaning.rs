//! What is read out of answers.

use serde_json::Value;

use crate::error::{Error, Kind};
use crate::guardrail::{Reference, Version};
use crate::pull::POLICY_TYPE;
use crate::shape::{arn_parts, is_account};

/// A draft changes under its name: what was checked is not what would be enforced.
pub(crate) fn draft(place: &str) -> Error {
    let message = "is a DRAFT, which changes under its name; name a numbered version, or take it with --allow-draft";
    Error::new(Kind::Draft, place, message)
}

/// Whether an answer is the definition that was asked for, and ready.
pub(crate) fn check_definition(
    value: &Value,
    reference: &Reference,
    version: &Version,
) -> Result<(), Error> {
    let text = |name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default();
    let wrong = |kind, message: String| {
        Err(Error::new(
            kind,
            format!("{}:{version}", reference.identifier()),
            message,
        ))
    };
    let arn = text("guardrailArn");
    let is_asked = if reference.region().is_some() {
        arn == reference.identifier()
    } else {
        text("guardrailId") == reference.identifier()
    };
    let belongs = arn_parts(arn).is_some_and(|(_, _, id)| id == text("guardrailId"));
    if !is_asked || !belongs {
        return wrong(
            Kind::Shape,
            "the answer is about another guardrail".to_owned(),
        );
    }
    if text("version") != version.to_string() {
        return wrong(
            Kind::Shape,
            "the answer is about another version".to_owned(),
        );
    }
    let status = text("status");
    if status != "READY" {
        let message = format!(
            "the guardrail is {status}, not READY; wait, or read its statusReasons in the console"
        );
        return wrong(Kind::GuardrailStatus, message);
    }
    Ok(())
}

/// Everything in a document that is a guardrail's ARN with a version.
pub(crate) fn references(value: &Value, found: &mut Vec<Reference>) {
    match value {
        Value::String(text) if text.starts_with("arn:") => {
            found.extend(
                text.parse::<Reference>()
                    .ok()
                    .filter(|r| r.version().is_some()),
            );
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        Value::Object(members) => members
            .values()
            .for_each(|member| references(member, found)),
        _ => {}
    }
}

/// `Id` of an item; its presence was checked with the answer.
pub(crate) fn id(item: &Value) -> Result<String, Error> {
    let id = item.get("Id").and_then(Value::as_str).map(str::to_owned);
    id.ok_or_else(|| Error::new(Kind::Shape, "a list of Organizations", "an item has no Id"))
}

pub(crate) fn has_policy_type(root: &Value) -> bool {
    let types = root.get("PolicyTypes").and_then(Value::as_array);
    let enabled = |one: &Value| {
        one.get("Type").and_then(Value::as_str) == Some(POLICY_TYPE)
            && one.get("Status").and_then(Value::as_str) == Some("ENABLED")
    };
    types.is_some_and(|types| types.iter().any(enabled))
}

/// The account of whoever set what the account enforces: it can be done from within only.
pub(crate) fn updater(item: &Value) -> Option<String> {
    let arn = item
        .get("updatedBy")
        .or_else(|| item.get("createdBy"))?
        .as_str()?;
    let account = arn.split(':').nth(4)?;
    is_account(account).then(|| account.to_owned())
}
