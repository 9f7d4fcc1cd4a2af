//! The targets of what an organization's answers come to.

use edgerail_compile::org::{
    AssumeNone, BindOptions, Datum, Documents, Input, SavedPolicy, Scope, bind, effective, lint,
};

use crate::seeds::Sources;

const ACCOUNT: &str = "111122223333";

/// Any bytes as an answer by itself, and as a policy of a small organization: refused with messages, or
/// merged to something without operators that is read back as it was saved.
pub(crate) fn answers(input: &[u8]) {
    let alone = [Input {
        name: format!("answer-{ACCOUNT}.json"),
        bytes: input.to_vec(),
    }];
    follow(&alone);
    let parents = r#"{"Parents": [{"Id": "r-ab12", "Type": "ROOT"}]}"#;
    let attached = r#"{"Policies": [{"Id": "p-one"}, {"Id": "p-two"}]}"#;
    let two = r#"{"Policy": {"PolicySummary": {"Id": "p-two"}, "Content": {"bedrock": {"@@operators_allowed_for_child_policies": ["@@append"], "guardrail_inference": {"us-east-1": {"c": {"model_enforcement": {"included_models": {"@@append": ["a.b"]}}}}}}}}}"#;
    let text = String::from_utf8_lossy(input);
    let content = Datum::String(text.into_owned()).to_json();
    let one =
        format!(r#"{{"Policy": {{"PolicySummary": {{"Id": "p-one"}}, "Content": {content}}}}}"#);
    let file = |name: String, text: &str| Input {
        name,
        bytes: text.as_bytes().to_vec(),
    };
    follow(&[
        file(format!("list-parents-{ACCOUNT}.json"), parents),
        file("list-policies-for-target-r-ab12.json".to_owned(), attached),
        file(format!("list-policies-for-target-{ACCOUNT}.json"), attached),
        file("describe-policy-1.json".to_owned(), &one),
        file("describe-policy-2.json".to_owned(), two),
    ]);
}

/// Any bytes as the organization's policy that was saved last: refused, or what is read is saved as the same.
pub(crate) fn saved(input: &[u8]) {
    let Ok(read) = SavedPolicy::read(input) else {
        return;
    };
    assert_eq!(SavedPolicy::read(read.to_json().as_bytes()), Ok(read));
}

pub(crate) fn saved_seeds(sources: &Sources) -> Vec<Vec<u8>> {
    let policies = seeds(sources).into_iter();
    let policies = policies.filter(|policy| policy.starts_with(b"{"));
    let saved = policies.map(|policy| {
        let end = format!(",\"unit\":\"{ACCOUNT}\"}}");
        [
            br#"{"format":1,"policy":"#,
            policy.as_slice(),
            end.as_bytes(),
        ]
        .concat()
    });
    let yaml = b"format: 1\nunit: '111122223333'\npolicy:\n  a: [~, true, 1.50, \"\\u00e9\"]\n";
    saved.chain([yaml.to_vec()]).collect()
}

fn follow(inputs: &[Input]) {
    let documents = match Documents::read(inputs) {
        Ok(documents) => documents,
        Err(problems) => {
            assert!(problems.iter().all(|(_, said)| said.has_errors()));
            return;
        }
    };
    let _ = lint(&documents);
    if let Ok(found) = effective(&documents, ACCOUNT, None) {
        if !found.described {
            assert!(!has_operator(&found.content), "an operator is left");
        }
        let saved = SavedPolicy {
            unit: ACCOUNT.to_owned(),
            content: found.content,
        };
        if saved.content.members().is_some() {
            let read = SavedPolicy::read(saved.to_json().as_bytes());
            assert_eq!(read.as_ref(), Ok(&saved));
        }
    }
    let scope = Scope::parse("aws~o-exampleorgid~111122223333~us-east-1").expect("our own");
    let options = BindOptions {
        scope: &scope,
        last_valid: None,
        assume_none: AssumeNone::default(),
    };
    if let Err(problems) = bind(&documents, &[], options) {
        assert!(problems.has_errors());
    }
}

/// Whether a merged policy has an operator where settings and sections are; what stands in a value is the
/// author's.
fn has_operator(value: &Datum) -> bool {
    let sections = value.member("bedrock").and_then(Datum::members);
    sections.is_some_and(|members| members.keys().any(|name| name.starts_with("@@")))
}

pub(crate) fn seeds(sources: &Sources) -> Vec<Vec<u8>> {
    let named = |document: &&Vec<u8>| {
        let text = String::from_utf8_lossy(document);
        text.contains("guardrail_inference") || text.contains("guardrailInferenceConfig")
    };
    let mut seeds: Vec<Vec<u8>> = sources.documents.iter().filter(named).cloned().collect();
    seeds.push(br#"{"bedrock":{"guardrail_inference":{"us-east-1":{"c":{"identifier":{"@@assign":"arn:aws:bedrock:us-east-1:111122223333:guardrail/a:1","@@operators_allowed_for_child_policies":["@@none"]},"selective_content_guarding":{"system":{"@@assign":"selective"}},"model_enforcement":{"included_models":{"@@assign":["ALL"],"@@remove":["a.b"]},"excluded_models":{"@@append":[]}}}}}}}"#.to_vec());
    seeds.push(
        br#"{"guardrailsConfig":[{"guardrailId":"a","guardrailVersion":"1","inputTags":"HONOR"}]}"#
            .to_vec(),
    );
    seeds.push(
        br#"{"EffectivePolicy":{"PolicyContent":"{\"bedrock\":{}}","TargetId":"111122223333"}}"#
            .to_vec(),
    );
    seeds
}
