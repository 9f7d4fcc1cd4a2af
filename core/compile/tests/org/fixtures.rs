//! Answers of a small organization: a root, a unit below it, two accounts below that.

use edgerail_compile::definition::Guardrail;
use edgerail_compile::diagnostic::{Diagnostics, Severity};
use edgerail_compile::org::{
    AssumeNone, BindOptions, Bound, Datum, Documents, Effective, Input, Scope, bind, effective,
};

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

/// The answer that an account enforces nothing itself in a region.
pub(crate) fn enforces_nothing(account: &str, region: &str) -> Input {
    input(
        &format!("list-enforced-guardrails-configuration-{account}-{region}.json"),
        r#"{"guardrailsConfig": []}"#,
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
        input(
            &format!("list-accounts-for-parent-{ROOT}.json"),
            r#"{"Accounts": []}"#,
        ),
        input(
            &format!("list-organizational-units-for-parent-{OU}.json"),
            r#"{"OrganizationalUnits": []}"#,
        ),
    ];
    for account in [ACCOUNT, OTHER] {
        inputs.push(enforces_nothing(account, "us-east-1"));
    }
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

pub(crate) fn documents(inputs: &[Input]) -> Documents {
    Documents::read(inputs).unwrap_or_else(|problems| panic!("{problems:?}"))
}

/// The documents of an organization whose root, unit and account have these policies.
pub(crate) fn with(root: &[&str], unit: &[&str], account: &[&str]) -> Documents {
    documents(&organization(root, unit, account))
}

pub(crate) fn of(documents: &Documents) -> Effective {
    effective(documents, ACCOUNT, None).unwrap_or_else(|problem| panic!("{problem}"))
}

pub(crate) fn models(operators: &str) -> String {
    config(&format!(
        r#""model_enforcement": {{"included_models": {{{operators}}}, "excluded_models": {{"@@assign": []}}}}"#
    ))
}

pub(crate) fn identifier(id: &str, control: &str) -> String {
    format!(r#""identifier": {{"@@assign": "{}:1"{control}}}"#, arn(id))
}

pub(crate) fn lock(allowed: &str) -> String {
    format!(r#", "@@operators_allowed_for_child_policies": [{allowed}]"#)
}

pub(crate) fn codes(said: &[(String, Diagnostics)]) -> Vec<&'static str> {
    said.iter()
        .flat_map(|(_, all)| all)
        .map(|one| one.code)
        .collect()
}

pub(crate) fn scope(unit: &str) -> Scope {
    Scope::parse(&format!("aws~o-exampleorgid~{unit}~us-east-1")).unwrap()
}

pub(crate) fn bound(
    inputs: &[Input],
    request: &[Guardrail],
    unit: &str,
) -> Result<Bound, Diagnostics> {
    let scope = scope(unit);
    let options = BindOptions {
        scope: &scope,
        last_valid: None,
        assume_none: AssumeNone::default(),
    };
    bind(&documents(inputs), request, options)
}

pub(crate) fn refused(result: Result<Bound, Diagnostics>) -> Vec<&'static str> {
    let problems = result.err().unwrap_or_default();
    problems
        .iter()
        .filter(|p| p.severity == Severity::Error)
        .map(|p| p.code)
        .collect()
}

pub(crate) fn request(id: &str) -> Guardrail {
    let inputs = [get_guardrail(id, "1", id)];
    documents(&inputs).definitions.remove(0).1
}

pub(crate) fn account_config(id: &str) -> Input {
    let name = "list-enforced-guardrails-configuration-us-east-1-111122223333.json";
    input(
        name,
        &format!(
            r#"{{"guardrailsConfig": [{{"guardrailArn": "{}", "guardrailVersion": "1",
        "modelEnforcement": {{"includedModels": ["a.b"], "excludedModels": []}}}}]}}"#,
            arn(id)
        ),
    )
}

pub(crate) fn described(content: &str) -> Input {
    let content = Datum::String(content.to_owned()).to_json();
    let name = format!("describe-effective-policy-{ACCOUNT}.json");
    let answer = format!(
        r#"{{"EffectivePolicy": {{"PolicyContent": {content}, "TargetId": "{ACCOUNT}", "PolicyType": "BEDROCK_POLICY"}}}}"#
    );
    input(&name, &answer)
}
