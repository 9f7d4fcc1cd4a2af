//! `edgerail org` and `compile --scope` with an organization.

#[path = "../common/mod.rs"]
mod common;
mod compile;
mod effective;

use common::Folder;

const ACCOUNT: &str = "111122223333";
const SCOPE: &str = "aws~o-exampleorgid~111122223333~us-east-1";
const ARN: &str = "arn:aws:bedrock:us-east-1:999988887777:guardrail/k7q2m9x4b1zd";

/// A folder of answers: the root enforces a guardrail for all models but one, the account another.
pub(crate) fn organization(test: &str) -> Folder {
    let folder = Folder::new(test);
    std::fs::create_dir_all(folder.path().join("org")).unwrap();
    let policy = format!(
        r#"{{"bedrock": {{"guardrail_inference": {{"us-east-1": {{"baseline": {{
        "identifier": {{"@@assign": "{ARN}:3", "@@operators_allowed_for_child_policies": ["@@none"]}},
        "selective_content_guarding": {{"system": {{"@@assign": "selective"}}}},
        "model_enforcement": {{"included_models": {{"@@assign": ["ALL"]}}, "excluded_models": {{"@@assign": ["amazon.titan-embed-text-v2:0"]}}}}}}}}}}}}}}"#
    );
    let answer = serde_json::json!({"Policy": {
        "PolicySummary": {"Id": "p-baseline1", "Name": "baseline", "Type": "BEDROCK_POLICY"},
        "Content": policy,
    }});
    let root = r#"{"Parents": [{"Id": "r-ab12", "Type": "ROOT"}]}"#;
    let attached = r#"{"Policies": [{"Id": "p-baseline1", "Type": "BEDROCK_POLICY"}]}"#;
    let enforced = r#"{"guardrailsConfig": [{"configId": "abc", "guardrailArn": "arn:aws:bedrock:us-east-1:111122223333:guardrail/account00001", "guardrailId": "account00001", "guardrailVersion": "1", "owner": "ACCOUNT"}]}"#;
    folder.write(
        "org/describe-organization.json",
        r#"{"Organization": {"Id": "o-exampleorgid", "MasterAccountId": "999988887777"}}"#,
    );
    folder.write(&format!("org/list-parents-{ACCOUNT}.json"), root);
    folder.write("org/list-policies-for-target-r-ab12.json", attached);
    let none = r#"{"Policies": []}"#;
    folder.write(
        &format!("org/list-policies-for-target-{ACCOUNT}.json"),
        none,
    );
    folder.write("org/describe-policy.json", answer.to_string());
    folder.write(&format!("org/list-enforced-{ACCOUNT}.json"), enforced);
    folder.write(
        "org/get-guardrail-1.json",
        definition(ARN, "k7q2m9x4b1zd", "3", "org", "merlin"),
    );
    let own = "arn:aws:bedrock:us-east-1:111122223333:guardrail/account00001";
    folder.write(
        "org/get-guardrail-2.json",
        definition(own, "account00001", "1", "account", "osprey"),
    );
    folder
}

pub(crate) fn definition(arn: &str, id: &str, version: &str, name: &str, word: &str) -> String {
    format!(
        r#"{{"name": "{name}", "guardrailId": "{id}", "guardrailArn": "{arn}", "version": "{version}", "status": "READY",
        "createdAt": "2026-05-04T09:12:44Z", "updatedAt": "2026-05-06T15:30:02Z",
        "blockedInputMessaging": "{name} says no.", "blockedOutputsMessaging": "{name} says no.",
        "wordPolicy": {{"words": [{{"text": "{word}"}}], "managedWordLists": []}}}}"#
    )
}
