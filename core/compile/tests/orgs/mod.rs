//! Answers of a small organization: a root, a unit below it, two accounts below that.
#![allow(dead_code, reason = "no test uses all of it")]

use edgerail_compile::org::Input;

pub(crate) const ROOT: &str = "r-ab12";
pub(crate) const OU: &str = "ou-ab12-cdef3456";
pub(crate) const ACCOUNT: &str = "111122223333";
/// The account beside it.
pub(crate) const OTHER: &str = "444455556666";
/// The management account, which owns the guardrails.
const MANAGEMENT: &str = "999988887777";

pub(crate) fn input(name: &str, content: &str) -> Input {
    Input {
        name: name.to_owned(),
        bytes: content.as_bytes().to_vec(),
    }
}

pub(crate) fn arn(id: &str) -> String {
    format!("arn:aws:bedrock:us-east-1:{MANAGEMENT}:guardrail/{id}")
}

/// A policy with settings for the configuration `c` of us-east-1.
pub(crate) fn config(settings: &str) -> String {
    format!(r#"{{"bedrock": {{"guardrail_inference": {{"us-east-1": {{"c": {{{settings}}}}}}}}}}}"#)
}

/// The answer of DescribePolicy.
pub(crate) fn policy(id: &str, content: &str) -> String {
    let quoted = content
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n");
    format!(
        r#"{{"Policy": {{"PolicySummary": {{"Id": "{id}", "Name": "{id}", "Type": "BEDROCK_POLICY"}}, "Content": "{quoted}"}}}}"#
    )
}

/// The answer of GetGuardrail.
pub(crate) fn get_guardrail(id: &str, version: &str, name: &str) -> Input {
    input(
        &format!("get-guardrail-{id}-v{version}.json"),
        &format!(
            r#"{{"name": "{name}", "guardrailId": "{id}", "guardrailArn": "{}", "version": "{version}", "status": "READY",
            "createdAt": "2026-05-04T09:12:44Z", "updatedAt": "2026-05-06T15:30:02Z",
            "blockedInputMessaging": "No.", "blockedOutputsMessaging": "No.",
            "wordPolicy": {{"words": [{{"text": "word-{id}"}}], "managedWordLists": []}}}}"#,
            arn(id)
        ),
    )
}

/// The answers of the organization, whose root, unit and first account have these policies.
pub(crate) fn organization(root: &[&str], unit: &[&str], account: &[&str]) -> Vec<Input> {
    let organization = r#"{"Organization": {"Id": "o-exampleorgid", "MasterAccountId": "999988887777", "FeatureSet": "ALL"}}"#;
    let roots = format!(
        r#"{{"Roots": [{{"Id": "{ROOT}", "Arn": "arn:aws:organizations::{MANAGEMENT}:root/o-exampleorgid/{ROOT}", "Name": "Root", "PolicyTypes": []}}]}}"#
    );
    let units = format!(r#"{{"OrganizationalUnits": [{{"Id": "{OU}", "Name": "Unit"}}]}}"#);
    let accounts = format!(
        r#"{{"Accounts": [{{"Id": "{ACCOUNT}", "Name": "First"}}, {{"Id": "{OTHER}", "Name": "Other"}}]}}"#
    );
    let mut inputs = vec![
        input("describe-organization.json", organization),
        input("list-roots.json", &roots),
        input(
            &format!("list-organizational-units-for-parent-{ROOT}.json"),
            &units,
        ),
        input(&format!("list-accounts-for-parent-{OU}.json"), &accounts),
    ];
    for (target, name, policies) in [
        (ROOT, "root", root),
        (OU, "unit", unit),
        (ACCOUNT, "account", account),
        (OTHER, "other", &[]),
    ] {
        let id = |number: usize| match name {
            "account" => format!("p-account{number}"),
            _ => format!("p-{name}{number}000"),
        };
        let listed: Vec<String> = (0..policies.len())
            .map(|number| format!(r#"{{"Id": "{}", "Type": "BEDROCK_POLICY"}}"#, id(number)))
            .collect();
        let answer = format!(r#"{{"Policies": [{}]}}"#, listed.join(","));
        inputs.push(input(
            &format!("list-policies-for-target-{target}.json"),
            &answer,
        ));
        for (number, content) in policies.iter().enumerate() {
            let name = format!("describe-policy-{}.json", id(number));
            inputs.push(input(&name, &policy(&id(number), content)));
        }
    }
    inputs
}
