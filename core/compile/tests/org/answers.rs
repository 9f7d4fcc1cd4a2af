//! How answers are read, and which are refused.

use edgerail_compile::org::{Documents, Input, effective, lint};
use edgerail_core::policy::Guarding;

use crate::fixtures::*;

/// Of `{"Policies": [{"Id": "p-one"}]}`.
const SHA256_OF_ANSWER: &str = "ba358668f21d70552df24680dde1cccb40738892f5311b9b8365deaf0f908b86";

#[test]
fn answers_without_what_they_belong_to_are_refused() {
    let policies = r#"{"Policies": [{"Id": "p-root0000", "Type": "BEDROCK_POLICY"}]}"#;
    let parents = r#"{"Parents": [{"Id": "r-ab12", "Type": "ROOT"}]}"#;
    for (name, content) in [
        ("parents.json", parents),
        ("x.json", "<html>"),
        ("x.json", "{\"Policy\": {}}"),
        (
            "list-policies-for-target-r-ab12.json",
            r#"{"Policies": [{"Type": "BEDROCK_POLICY"}]}"#,
        ),
    ] {
        let refused = Documents::read(&[input(name, content)]);
        assert!(refused.is_err(), "{name} {content}");
    }
    // list-policies of the whole organization has the same shape, and says nothing about a target.
    assert!(
        documents(&[input("list-policies.json", policies)])
            .tree
            .nodes
            .is_empty()
    );
    let missing = documents(&[
        input(
            "list-policies-for-target-111122223333.json",
            r#"{"Policies": []}"#,
        ),
        input("list-parents-111122223333.json", parents),
        input("list-policies-for-target-r-ab12.json", policies),
    ]);
    let problem = effective(&missing, ACCOUNT, None).unwrap_err();
    assert!(
        problem.contains("p-root0000") && problem.contains("describe-policy"),
        "{problem}"
    );
    let problem = effective(&missing, OTHER, None).unwrap_err();
    assert!(problem.contains(OTHER), "{problem}");
}

#[test]
fn a_list_that_goes_on_is_refused_without_its_later_pages() {
    let whole = organization(&[&config(&identifier("aaaa", ""))], &[], &[]);
    for input in whole.iter().filter(|input| input.name.starts_with("list-")) {
        for token in [r#""abc""#, "1"] {
            let mut inputs = whole.clone();
            let own = inputs
                .iter_mut()
                .find(|own| own.name == input.name)
                .unwrap();
            let text = String::from_utf8(own.bytes.clone()).unwrap();
            own.bytes = text
                .replacen('{', &format!(r#"{{"NextToken": {token},"#), 1)
                .into_bytes();
            let problems = Documents::read(&inputs).unwrap_err();
            assert_eq!(problems.len(), 1, "{problems:?}");
            assert_eq!(problems[0].0, input.name);
            assert_eq!(codes(&problems), ["org-answer-cut"]);
        }
    }
    let page = |number: usize, id: &str, next: &str| {
        input(
            &format!("list-policies-for-target-{ROOT}-{number}.json"),
            &format!(r#"{{"Policies": [{{"Id": "{id}"}}]{next}}}"#),
        )
    };
    let first = page(1, "p-one", r#", "NextToken": "abc""#);
    let read = documents(&[first.clone(), page(2, "p-two", r#", "NextToken": null"#)]);
    let attached = read.tree.nodes[ROOT].policies.clone();
    assert_eq!(attached.unwrap(), ["p-one", "p-two"]);
    // The last page of another target's list is none of this one.
    let other = input(
        "list-policies-for-target-r-cd34-2.json",
        r#"{"Policies": []}"#,
    );
    assert!(Documents::read(&[first, other]).is_err());
}

#[test]
fn pages_of_a_snapshot_are_told_apart_by_what_was_asked() {
    let entry = |file: &str, input: &str| {
        format!(r#"{{"file": "{file}", "input": {{"TargetId": "{ROOT}"{input}}}, "status": 200}}"#)
    };
    let index = format!(
        r#"{{"answers": [{}, {}]}}"#,
        entry("1.json", ""),
        entry("2.json", r#", "NextToken": "abc""#)
    );
    let first = input(
        "1.json",
        r#"{"Policies": [{"Id": "p-one"}], "NextToken": "abc"}"#,
    );
    let second = |next: &str| input("2.json", &format!(r#"{{"Policies": []{next}}}"#));
    let read =
        |second: Input| Documents::read(&[input("index.json", &index), first.clone(), second]);
    assert!(read(second("")).is_ok());
    let problems = read(second(r#", "NextToken": "def""#)).unwrap_err();
    assert_eq!(problems[0].0, "2.json");
}

#[test]
fn the_files_of_a_snapshot_are_those_that_its_index_lists() {
    let answer = r#"{"Policies": [{"Id": "p-one"}]}"#;
    let digest = "0a4b8ac5d6b1a7a9";
    let index = |digest: &str| {
        input(
            "index.json",
            &format!(
                r#"{{"answers": [{{"file": "a/1.json", "input": {{"TargetId": "{ROOT}"}}, "status": 200, "sha256": "{digest}"}}]}}"#
            ),
        )
    };
    let file = input("a/1.json", answer);
    let right = SHA256_OF_ANSWER;
    let read = documents(&[index(right), file.clone()]);
    assert_eq!(read.tree.nodes[ROOT].policies.as_ref().unwrap(), &["p-one"]);
    for inputs in [
        vec![index(digest), file.clone()],
        vec![
            index(right),
            input("a/1.json", &answer.replace("one", "two")),
        ],
        vec![index(right)],
    ] {
        let problems = Documents::read(&inputs).unwrap_err();
        assert_eq!(problems[0].0, "a/1.json", "{problems:?}");
        assert_eq!(codes(&problems), ["index"]);
    }
    // A folder of snapshots: each index is of the files beside it, which may be the same bytes.
    let below = |folder: &str, one: Input| Input {
        name: format!("{folder}/{}", one.name),
        ..one
    };
    let enforced = |account: &str| {
        let entry = format!(
            r#"{{"file": "a/1.json", "account": "{account}", "region": "us-east-1", "status": 200}}"#
        );
        let index = input("index.json", &format!(r#"{{"answers": [{entry}]}}"#));
        [index, input("a/1.json", r#"{"guardrailsConfig": []}"#)].map(|one| below(account, one))
    };
    let both = documents(&[enforced(ACCOUNT), enforced(OTHER)].concat());
    assert!(both.say_account(ACCOUNT, "us-east-1") && both.say_account(OTHER, "us-east-1"));
    // One file cannot be two answers.
    let twice = Documents::read(&[index(right), index(right), file]).unwrap_err();
    assert_eq!(codes(&twice), ["index"]);
}

#[test]
fn an_index_says_what_its_files_answer() {
    let index = format!(
        r#"{{"format": 1, "pulled": "2026-11-21T18:00:00Z", "answers": [
        {{"file": "organizations/list-parents/1.json", "service": "organizations", "operation": "ListParents", "input": {{"ChildId": "{ACCOUNT}"}}, "status": 200}},
        {{"file": "organizations/list-policies-for-target/1.json", "operation": "ListPoliciesForTarget", "input": {{"TargetId": "{ROOT}", "Filter": "BEDROCK_POLICY"}}, "status": 200}},
        {{"file": "organizations/list-policies-for-target/2.json", "operation": "ListPoliciesForTarget", "input": {{"TargetId": "{ACCOUNT}", "Filter": "BEDROCK_POLICY"}}, "status": 200}},
        {{"file": "organizations/describe-effective-policy/1.json", "operation": "DescribeEffectivePolicy", "input": {{"TargetId": "{ACCOUNT}"}}, "status": 400}},
        {{"file": "bedrock/us-east-1/list-enforced-guardrails-configuration/1.json", "region": "us-east-1", "account": "{ACCOUNT}", "input": {{}}, "status": 200}}]}}"#
    );
    let found = documents(&[
        input("index.json", &index),
        input(
            "organizations/list-parents/1.json",
            r#"{"Parents": [{"Id": "r-ab12", "Type": "ROOT"}]}"#,
        ),
        input(
            "organizations/list-policies-for-target/1.json",
            r#"{"Policies": [{"Id": "p-root0000"}]}"#,
        ),
        input(
            "organizations/list-policies-for-target/2.json",
            r#"{"Policies": []}"#,
        ),
        input(
            "organizations/describe-policy/1.json",
            &policy("p-root0000", &config(&identifier("aaaa", ""))),
        ),
        input(
            "organizations/describe-effective-policy/1.json",
            r#"{"__type": "EffectivePolicyNotFoundException"}"#,
        ),
        input(
            "bedrock/us-east-1/list-enforced-guardrails-configuration/1.json",
            r#"{"guardrailsConfig": [{"guardrailId": "bbbb", "guardrailVersion": "2", "inputTags": "HONOR", "owner": "ACCOUNT"}]}"#,
        ),
    ]);
    assert_eq!(of(&found).path, [ROOT, ACCOUNT]);
    assert_eq!(found.accounts[0].account.as_deref(), Some(ACCOUNT));
    assert_eq!(found.accounts[0].region.as_deref(), Some("us-east-1"));
    assert_eq!(found.accounts[0].guarding.messages, Guarding::Selective);
    // That no policy applies is an answer, too.
    assert_eq!(found.described[ACCOUNT].to_json(), "{}");
}

#[test]
fn two_answers_about_one_thing_say_the_same() {
    let whole = [
        organization(&[&config(&identifier("aaaa", ""))], &[], &[]),
        vec![get_guardrail("aaaa", "1", "org"), described("{}")],
    ]
    .concat();
    let again = |name: &str, change: (&str, &str)| {
        let one = whole
            .iter()
            .find(|input| input.name.contains(name))
            .unwrap();
        let text = String::from_utf8(one.bytes.clone()).unwrap();
        assert!(text.contains(change.0), "{text}");
        // A folder of answers that somebody saved earlier.
        let old = input(
            &format!("older/{}", one.name),
            &text.replace(change.0, change.1),
        );
        Documents::read(&[whole.clone(), vec![old]].concat())
    };
    for (name, change, what) in [
        (
            "describe-policy",
            ("aaaa:1", "aaaa:2"),
            "the policy p-root0000",
        ),
        (
            "get-guardrail",
            ("word-aaaa", "word-bbbb"),
            "guardrail/aaaa:1",
        ),
        (
            "describe-effective",
            ("{}", r#"{\"bedrock\": {}}"#),
            "the effective policy of 111122223333",
        ),
    ] {
        let problems = again(name, change).unwrap_err();
        assert_eq!(codes(&problems), ["org-answer-differs"], "{name}");
        let text = problems[0].1.to_string();
        let told = text.contains(what) && text.contains(name);
        assert!(told && problems[0].0.contains(name), "{problems:?}");
        let same = again(name, ("{", " {")).unwrap();
        assert_eq!(same.definitions.len(), 1, "{name}");
    }
    // When it was read is no difference.
    assert!(again("get-guardrail", ("2026-05-06", "2026-05-07")).is_ok());
}

#[test]
fn every_cut_and_change_of_an_answer_is_refused_or_read_without_a_panic() {
    let whole = organization(
        &[&config(&identifier("aaaa", &lock("\"@@append\"")))],
        &[&models(r#""@@append": ["a.b"], "@@remove": ["c.d"]"#)],
        &[],
    );
    let mut read = 0;
    for (number, input) in whole.iter().enumerate() {
        for at in 0..input.bytes.len() {
            for change in [None, Some(b"\"}0"[at % 3])] {
                let mut inputs = whole.clone();
                match change {
                    None => inputs[number].bytes.truncate(at),
                    Some(byte) => inputs[number].bytes[at] = byte,
                }
                let Ok(documents) = Documents::read(&inputs) else {
                    continue;
                };
                read += 1;
                let _ = lint(&documents);
                let _ = effective(&documents, ACCOUNT, None);
            }
        }
    }
    assert!(read > 300, "{read}");
}
