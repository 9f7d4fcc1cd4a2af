//! The permissions in the documentation are those of the calls, no more and no fewer.

use std::collections::BTreeSet;

use edgerail_aws::operation::{OPERATIONS, Service};
use edgerail_aws::pull;
use serde_json::Value;

const GUIDE: &str = include_str!("../../../docs/aws.md");

/// The policy document behind a marker.
fn policy(name: &str) -> Value {
    let marker = format!("<!-- policy: {name} -->\n```json\n");
    let (_, rest) = GUIDE
        .split_once(&marker)
        .unwrap_or_else(|| panic!("no {name}"));
    let (document, _) = rest.split_once("```").expect("an end");
    serde_json::from_str(document).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Its actions, each allowed by name.
fn actions(name: &str) -> BTreeSet<String> {
    let document = policy(name);
    assert_eq!(document["Version"], "2012-10-17");
    let statements = document["Statement"].as_array().expect("a list");
    let mut found = BTreeSet::new();
    for statement in statements {
        assert_eq!(statement["Effect"], "Allow");
        assert!(statement["Resource"].is_string(), "{name}");
        match &statement["Action"] {
            Value::String(one) => drop(found.insert(one.clone())),
            Value::Array(several) => {
                found.extend(
                    several
                        .iter()
                        .map(|one| one.as_str().expect("text").to_owned()),
                );
            }
            _ => panic!("{name}: no action"),
        }
    }
    assert!(found.iter().all(|action| !action.contains('*')), "{name}");
    found
}

fn called(keep: impl Fn(&str) -> bool) -> BTreeSet<String> {
    let actions = OPERATIONS
        .iter()
        .map(|operation| operation.action.to_owned());
    actions.filter(|action| keep(action)).collect()
}

#[test]
fn a_pull_of_an_organization_needs_exactly_these_actions() {
    let pulled: BTreeSet<_> = pull::operations()
        .iter()
        .map(|o| o.action.to_owned())
        .collect();
    assert_eq!(actions("organization"), pulled);
}

#[test]
fn a_member_account_needs_exactly_these_actions() {
    let own = |action: &str| {
        action.starts_with("bedrock:") || action.ends_with(":DescribeEffectivePolicy")
    };
    assert_eq!(actions("member"), called(own));
}

#[test]
fn a_signer_needs_exactly_these_actions_and_may_sign_nothing_else() {
    assert_eq!(
        actions("signer"),
        called(|action| action.starts_with(Service::Kms.name()))
    );
    let sign = &policy("signer")["Statement"][1]["Condition"]["StringEquals"];
    assert_eq!(sign["kms:SigningAlgorithm"], "ECDSA_SHA_256");
    assert_eq!(sign["kms:MessageType"], "DIGEST");
}

#[test]
fn a_resource_policy_is_of_the_form_that_guardrails_take() {
    let allowed = BTreeSet::from([
        "bedrock:ApplyGuardrail".to_owned(),
        "bedrock:GetGuardrail".to_owned(),
    ]);
    assert_eq!(actions("resource"), allowed);
    let statement = &policy("resource")["Statement"][0];
    assert_eq!(statement["Principal"], "*");
    let condition = statement["Condition"].as_object().expect("a condition");
    assert_eq!(condition.keys().collect::<Vec<_>>(), ["StringEquals"]);
    assert!(condition["StringEquals"]["aws:PrincipalOrgID"].is_string());
}

#[test]
fn every_error_code_of_aws_is_in_the_guide() {
    use edgerail_aws::Kind::*;
    let kinds = [
        Credentials,
        Region,
        Endpoint,
        Input,
        Key,
        CredentialsExpired,
        AccessDenied,
        Signature,
        ClockSkew,
        NotFound,
        Throttled,
        Unavailable,
        Network,
        Timeout,
        Redirect,
        TooLarge,
        NotJson,
        Shape,
        Refused,
        Draft,
        GuardrailStatus,
        Incomplete,
        Snapshot,
        InputOutput,
    ];
    for kind in kinds {
        assert!(
            GUIDE.contains(&format!("`{}`", kind.code())),
            "{}",
            kind.code()
        );
    }
}
