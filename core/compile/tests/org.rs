//! The effective policy of an account, and what binds a bundle's guardrails.

mod orgs;

use edgerail_compile::definition::Guardrail;
use edgerail_compile::diagnostic::{Diagnostics, Severity};
use edgerail_compile::org::{
    BindOptions, Bound, Datum, Documents, Effect, Effective, Ignored, Input, SavedPolicy, Scope,
    bind, compare, effective, effective_of_unit, enforced, lint,
};
use edgerail_core::policy::{Guarding, Origin, Ownership};
use orgs::{ACCOUNT, OTHER, OU, ROOT, arn, config, get_guardrail, input, organization, policy};

fn documents(inputs: &[Input]) -> Documents {
    Documents::read(inputs).unwrap_or_else(|problems| panic!("{problems:?}"))
}

/// The documents of an organization whose root, unit and account have these policies.
fn with(root: &[&str], unit: &[&str], account: &[&str]) -> Documents {
    documents(&organization(root, unit, account))
}

fn of(documents: &Documents) -> Effective {
    effective(documents, ACCOUNT, None).unwrap_or_else(|problem| panic!("{problem}"))
}

/// The value of a setting of `us-east-1`'s `c`, as JSON; "" if it is not there.
fn value(found: &Effective, path: &[&str]) -> String {
    let top = ["bedrock", "guardrail_inference", "us-east-1", "c"];
    let mut at = Some(&found.content);
    for name in top.iter().chain(path) {
        at = at.and_then(|value| value.member(name));
    }
    at.map_or(String::new(), Datum::to_json)
}

fn models(operators: &str) -> String {
    config(&format!(
        r#""model_enforcement": {{"included_models": {{{operators}}}, "excluded_models": {{"@@assign": []}}}}"#
    ))
}

const INCLUDED: [&str; 2] = ["model_enforcement", "included_models"];

#[test]
fn a_child_replaces_appends_and_removes() {
    let root = models(r#""@@assign": ["a.b", "c.d"]"#);
    for (child, expected) in [
        (r#""@@assign": ["e.f"]"#, r#"["e.f"]"#),
        (r#""@@append": ["c.d", "e.f"]"#, r#"["a.b","c.d","e.f"]"#),
        (r#""@@remove": ["a.b", "x.y"]"#, r#"["c.d"]"#),
        (r#""@@remove": ["a.b", "c.d"]"#, "[]"),
        (r#""@@assign": []"#, "[]"),
        (
            r#""@@assign": ["e.f"], "@@append": ["g.h"], "@@remove": ["e.f"]"#,
            r#"["g.h"]"#,
        ),
    ] {
        let found = of(&with(&[&root], &[], &[&models(child)]));
        assert_eq!(value(&found, &INCLUDED), expected, "{child}");
    }
    // Without anything inherited, appending sets and removing does nothing.
    let found = of(&with(&[], &[], &[&models(r#""@@append": ["e.f", "e.f"]"#)]));
    assert_eq!(value(&found, &INCLUDED), r#"["e.f"]"#);
    let found = of(&with(&[], &[], &[&models(r#""@@remove": ["e.f"]"#)]));
    assert_eq!(value(&found, &INCLUDED), "");
}

#[test]
fn at_one_node_the_first_attached_wins_and_lists_add_up() {
    let (first, second) = (
        config(&identifier("aaaa", "")),
        config(&identifier("bbbb", "")),
    );
    let found = of(&with(&[&first, &second], &[], &[]));
    assert_eq!(
        value(&found, &["identifier"]),
        format!("\"{}:1\"", arn("aaaa"))
    );
    let found = of(&with(&[&second, &first], &[], &[]));
    assert_eq!(
        value(&found, &["identifier"]),
        format!("\"{}:1\"", arn("bbbb"))
    );
    let ignored = found.events.iter().find(|e| e.effect != Effect::Applied);
    let ignored = ignored.expect("the second is ignored");
    assert_eq!(ignored.policy, "p-root1000");
    let why = Effect::Ignored(Ignored::AssignedFirst("p-root0000".to_owned()));
    assert_eq!(ignored.effect, why);

    let one = models(r#""@@append": ["a.b"]"#);
    let other = models(r#""@@append": ["c.d"]"#);
    let found = of(&with(&[&one, &other], &[], &[]));
    assert_eq!(value(&found, &INCLUDED), r#"["a.b","c.d"]"#);
}

fn identifier(id: &str, control: &str) -> String {
    format!(r#""identifier": {{"@@assign": "{}:1"{control}}}"#, arn(id))
}

fn lock(allowed: &str) -> String {
    format!(r#", "@@operators_allowed_for_child_policies": [{allowed}]"#)
}

#[test]
fn a_lock_holds_below_and_nothing_below_loosens_it() {
    let locked = config(&identifier("aaaa", &lock("\"@@none\"")));
    let child = config(&identifier("bbbb", &lock("\"@@all\"")));
    for documents in [
        with(&[&locked], &[&child], &[]),
        with(&[&locked], &[], &[&child]),
        with(&[&locked], &[&child], &[&child]),
        with(&[], &[&locked], &[&child]),
    ] {
        let found = of(&documents);
        let expected = format!("\"{}:1\"", arn("aaaa"));
        assert_eq!(value(&found, &["identifier"]), expected);
        let ignored = found
            .events
            .iter()
            .filter(|event| event.effect != Effect::Applied);
        for event in ignored {
            let Effect::Ignored(Ignored::Locked(by)) = &event.effect else {
                panic!("{event:?}");
            };
            assert_eq!(by.len(), 1, "{by:?}");
        }
    }
    // At the node itself the lock does not hold: its policies are no children of one another.
    let found = of(&with(&[&child, &locked], &[], &[]));
    assert_eq!(
        value(&found, &["identifier"]),
        format!("\"{}:1\"", arn("bbbb"))
    );
}

#[test]
fn controls_of_one_node_intersect_and_the_rest_of_a_document_applies() {
    let first = models(&format!(r#""@@assign": ["a.b"]{}"#, lock("\"@@append\"")));
    let second = models(&lock("\"@@append\", \"@@remove\"")[2..]);
    let child = models(r#""@@append": ["c.d"], "@@remove": ["a.b"], "@@assign": ["x.y"]"#);
    let found = of(&with(&[&first, &second], &[&child], &[]));
    assert_eq!(value(&found, &INCLUDED), r#"["a.b","c.d"]"#);
    let none = models(&lock("\"@@remove\"")[2..]);
    let found = of(&with(&[&first, &none], &[&child], &[]));
    assert_eq!(value(&found, &INCLUDED), r#"["a.b"]"#);
    // What another setting of the same document says still counts.
    assert_eq!(
        value(&found, &["model_enforcement", "excluded_models"]),
        "[]"
    );
}

#[test]
fn a_lock_at_a_section_stops_what_is_new_in_it_for_everybody_below() {
    let locked = r#"{"bedrock": {"guardrail_inference": {"us-east-1": {
        "@@operators_allowed_for_child_policies": ["@@none"],
        "c": {"identifier": {"@@assign": "ID"}}}}}}"#
        .replace("ID", &format!("{}:1", arn("aaaa")));
    let more = |key: &str| {
        config(&identifier("bbbb", &lock("\"@@all\""))).replace("\"c\"", &format!("\"{key}\""))
    };
    let found = of(&with(&[&locked], &[&more("d")], &[&more("d")]));
    let (guardrails, _) = enforced(&found.content, "us-east-1");
    let keys: Vec<&str> = guardrails.iter().map(|g| g.key.as_str()).collect();
    assert_eq!(keys, ["c"], "{:?}", found.events);
    // Settings that are there are not what the section's lock is about, which lint says.
    let found = of(&with(&[&locked], &[&more("c")], &[]));
    assert_eq!(
        value(&found, &["identifier"]),
        format!("\"{}:1\"", arn("bbbb"))
    );
    let said = lint(&with(&[&locked], &[], &[]));
    assert!(codes(&said).contains(&"lock-at-section"), "{said:?}");
}

#[test]
fn every_value_says_who_set_it() {
    let root = models(r#""@@assign": ["a.b"]"#);
    let unit = models(r#""@@assign": ["c.d"]"#);
    let account = models(r#""@@append": ["e.f"]"#);
    let found = of(&with(&[&root], &[&unit], &[&account]));
    let path = [
        "bedrock",
        "guardrail_inference",
        "us-east-1",
        "c",
        INCLUDED[0],
        INCLUDED[1],
    ];
    let path: Vec<String> = path.map(str::to_owned).to_vec();
    let by: Vec<(&str, &str, &str)> = found
        .set_by(&path)
        .into_iter()
        .map(|event| {
            (
                event.node.as_str(),
                event.policy.as_str(),
                event.operator.name(),
            )
        })
        .collect();
    assert_eq!(
        by,
        [
            (OU, "p-unit0000", "@@assign"),
            (ACCOUNT, "p-account0", "@@append")
        ]
    );
    assert_eq!(found.path, [ROOT, OU, ACCOUNT]);
}

#[test]
fn an_invalid_result_keeps_the_last_valid_one_of_the_same_account() {
    let valid = of(&with(&[&config(&identifier("aaaa", ""))], &[], &[]));
    assert!(valid.problems.is_empty(), "{:?}", valid.problems);
    let saved = SavedPolicy {
        unit: ACCOUNT.to_owned(),
        content: valid.content.clone(),
    };
    let saved = SavedPolicy::read(saved.to_json().as_bytes()).unwrap();
    for (broken, code) in [
        (
            config(r#""selective_content_guarding": {"system": {"@@assign": "selective"}}"#),
            "KEY_REQUIRED",
        ),
        (
            config(&format!(
                r#"{}, "model_enforcement": {{"included_models": {{"@@assign": []}}}}"#,
                identifier("aaaa", "")
            )),
            "KEY_REQUIRED",
        ),
        (
            config(r#""identifier": {"@@assign": ["a", "b"]}"#),
            "ELEMENTS_TOO_MANY",
        ),
        (
            config(&format!(
                r#"{}, "model_enforcement": {{"@@assign": {{}}}}"#,
                identifier("aaaa", "")
            )),
            "ELEMENTS_TOO_FEW",
        ),
        (
            config(&format!(
                r#"{}, "selective_content_guarding": {{"system": {{"@@assign": "SELECTIVE"}}}}"#,
                identifier("aaaa", "")
            )),
            "VALUE_INVALID",
        ),
    ] {
        let documents = with(&[&broken], &[], &[]);
        let found = of(&documents);
        let codes: Vec<&str> = found.problems.iter().map(|p| p.code).collect();
        assert_eq!(codes, [code], "{broken}: {:?}", found.problems);
        assert!(!found.is_usable() && !found.kept);
        let found = effective(&documents, ACCOUNT, Some(&saved)).unwrap();
        assert!(found.kept && found.is_usable());
        assert_eq!(found.content, valid.content);
        let problem = effective(&documents, OTHER, Some(&saved)).unwrap_err();
        assert!(problem.contains(ACCOUNT), "{problem}");
    }
    // A wrong identifier is valid for AWS, and the calls fail: nothing may hide that.
    let wrong = config(
        r#""identifier": {"@@assign": "arn:aws:bedrock:us-east-1:111122223333:guardrail/a:DRAFT"}"#,
    );
    let found = effective(&with(&[&wrong], &[], &[]), ACCOUNT, Some(&saved)).unwrap();
    assert!(!found.kept && !found.is_usable());
    assert_eq!(found.problems[0].code, "IDENTIFIER_INVALID");
    assert!(found.problems[0].message.contains("every Bedrock call"));
}

#[test]
fn a_policy_in_yaml_is_saved_as_json_that_reads_as_the_same() {
    for number in [
        "012", "1.", ".5", "+1", "0x1F", "0o17", ".inf", ".NaN", "1.5", "-2e3",
    ] {
        let yaml = format!("format: 1\nunit: '111122223333'\npolicy:\n  a: [{number}, text]\n");
        let saved = SavedPolicy::read(yaml.as_bytes()).unwrap();
        let again = SavedPolicy::read(saved.to_json().as_bytes());
        assert_eq!(again, Ok(saved), "{number}");
    }
}

#[test]
fn a_saved_policy_is_read_back_and_nothing_else_is() {
    for bytes in [
        "",
        "{}",
        "[]",
        r#"{"format":2,"unit":"1","policy":{}}"#,
        r#"{"format":1,"unit":"1","policy":[]}"#,
    ] {
        assert!(SavedPolicy::read(bytes.as_bytes()).is_err(), "{bytes}");
    }
}

#[test]
fn the_syntax_of_the_preview_is_read() {
    for (tags, messages) in [
        ("ignore", Guarding::Comprehensive),
        ("honor", Guarding::Selective),
    ] {
        let own = format!(
            r#"{}, "input_tags": {{"@@assign": "{tags}"}}"#,
            identifier("aaaa", "")
        );
        let documents = with(&[&config(&own)], &[], &[]);
        let (guardrails, problems) = enforced(&of(&documents).content, "us-east-1");
        assert!(problems.is_empty(), "{problems:?}");
        assert_eq!(guardrails[0].guarding.messages, messages);
        assert_eq!(guardrails[0].guarding.system, Guarding::Comprehensive);
        assert!(codes(&lint(&documents)).contains(&"legacy-input-tags"));
    }
}

#[test]
fn differences_from_the_answer_of_aws_are_told_by_path() {
    let found = of(&with(&[&models(r#""@@assign": ["a.b", "c.d"]"#)], &[], &[]));
    assert!(compare(&found.content, &found.content).is_empty());
    let text = found.content.to_json();
    let other = |text: &str| Datum::of(&edgerail_compile::document::read(text.as_bytes()).unwrap());
    assert!(
        compare(
            &found.content,
            &other(&text.replace(r#""a.b","c.d""#, r#""c.d","a.b""#))
        )
        .is_empty()
    );
    let differences = compare(&found.content, &other(&text.replace("a.b", "x.y")));
    let paths: Vec<&str> = differences.iter().map(|d| d.path.as_str()).collect();
    assert_eq!(
        paths,
        ["$.bedrock.guardrail_inference.us-east-1.c.model_enforcement.included_models"]
    );
    let differences = compare(&found.content, &other("{}"));
    assert_eq!(differences[0].path, "$.bedrock");
    assert!(differences[0].described.is_none() && differences[0].merged.is_some());
}

#[test]
fn answers_without_what_they_belong_to_are_refused() {
    let policies = r#"{"Policies": [{"Id": "p-root0000", "Type": "BEDROCK_POLICY"}]}"#;
    let parents = r#"{"Parents": [{"Id": "r-ab12", "Type": "ROOT"}]}"#;
    for (name, content) in [
        ("parents.json", parents),
        ("x.json", "<html>"),
        ("x.json", "{\"Policy\": {}}"),
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
fn a_missing_answer_is_never_nothing_attached() {
    let whole = organization(&[&config(&identifier("aaaa", ""))], &[], &[]);
    for node in [ROOT, OU, ACCOUNT] {
        let file = format!("list-policies-for-target-{node}.json");
        let without: Vec<Input> = whole.iter().filter(|i| i.name != file).cloned().collect();
        let documents = documents(&without);
        let problem = effective(&documents, ACCOUNT, None).unwrap_err();
        assert!(problem.contains(&file), "{problem}");
        assert_eq!(
            refused(bound(&without, &[request("cccc")], ACCOUNT)),
            ["org-effective"]
        );
        let said = lint(&documents);
        assert!(codes(&said).contains(&"attachments-missing"), "{said:?}");
        assert_eq!(
            codes(&said).contains(&"policy-unattached"),
            node == ROOT,
            "{said:?}"
        );
    }
    // An answer without policies says that there are none.
    assert!(effective(&documents(&organization(&[], &[], &[])), ACCOUNT, None).is_ok());
    let mut odd = whole.clone();
    odd.push(input(
        &format!("list-policies-for-target-{OTHER}.json"),
        r#"{"Policies": 1}"#,
    ));
    assert!(Documents::read(&odd).is_err());
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
    // Two snapshots may have files of one name.
    let other = input("a/1.json", r#"{"Policies": [], "Other": 1}"#);
    let both = [index(right), index(SHA256_OF_OTHER), file, other];
    assert!(Documents::read(&both).is_ok());
}

/// Of `{"Policies": [{"Id": "p-one"}]}`.
const SHA256_OF_ANSWER: &str = "ba358668f21d70552df24680dde1cccb40738892f5311b9b8365deaf0f908b86";
/// Of `{"Policies": [], "Other": 1}`.
const SHA256_OF_OTHER: &str = "09a79b506055b1a264868897d93b13f0e44fbeb0dcf4127d3a59747afda8235c";

#[test]
fn an_index_says_what_its_files_answer_and_failed_answers_are_left_out() {
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
    assert!(found.described.is_empty());
}

fn codes(said: &[(String, Diagnostics)]) -> Vec<&'static str> {
    said.iter()
        .flat_map(|(_, all)| all)
        .map(|one| one.code)
        .collect()
}

#[test]
fn lint_finds_what_aws_would_refuse_or_fail_on() {
    let good = config(&identifier("aaaa", ""));
    let said = lint(&with(&[&good], &[], &[]));
    assert!(said.is_empty(), "{said:?}");
    let wrong = |text: &str| config(&format!(r#""identifier": {{"@@assign": "{text}"}}"#));
    let long = format!("{}{}", good, " ".repeat(10_000));
    for (document, code) in [
        (wrong("aaaa:1"), "wrong-identifier"),
        (
            wrong("arn:aws:bedrock:us-east-1:999988887777:guardrail/aaaa"),
            "wrong-identifier",
        ),
        (
            wrong("arn:aws:bedrock:us-east-1:999988887777:guardrail/aaaa:DRAFT"),
            "wrong-identifier",
        ),
        (
            wrong("arn:aws:bedrock:us-west-2:999988887777:guardrail/aaaa:1"),
            "wrong-identifier-region",
        ),
        (
            wrong("arn:aws:bedrock:us-east-1:111122223333:guardrail/aaaa:1"),
            "wrong-identifier-account",
        ),
        (long, "policy-too-long"),
        (
            config(r#""identifer": {"@@assign": "x"}"#),
            "unknown-member",
        ),
        (
            config(r#""identifier": {"@@asign": "x"}"#),
            "unknown-operator",
        ),
        (config(r#""identifier": "x""#), "missing-operator"),
        (
            config(r#""identifier": {"@@append": ["x"]}"#),
            "operator-for-lists",
        ),
        (config(r#""identifier": {"@@assign": ["x"]}"#), "wrong-type"),
        (
            config(&identifier("aaaa", &lock("\"@@nothing\""))),
            "wrong-control",
        ),
        (config(r#""@@assign": "x""#), "misplaced-operator"),
        (
            models(r#""@@assign": ["us.anthropic.claude-v2"]"#),
            "wrong-model",
        ),
        (
            models(r#""@@assign": ["a.b"], "@@append": ["c.d"]"#),
            "several-operators",
        ),
    ] {
        let said = lint(&with(&[&document], &[], &[]));
        assert!(codes(&said).contains(&code), "{document:.200}: {said:?}");
    }
    let two = good
        .replace(
            "\"c\": {",
            "\"b\": {\"identifier\": {\"@@assign\": \"ARN\"}}, \"c\": {",
        )
        .replace("ARN", &format!("{}:1", arn("aaaa")));
    assert!(codes(&lint(&with(&[&two], &[], &[]))).contains(&"several-configs"));
    let eleven = vec![good.as_str(); 11];
    let said = lint(&with(&eleven, &[], &[]));
    assert!(codes(&said).contains(&"too-many-policies"), "{said:?}");
    assert!(codes(&said).contains(&"assigned-first"), "{said:?}");
    let locked = config(&identifier("aaaa", &lock("\"@@none\"")));
    assert!(codes(&lint(&with(&[&locked], &[&good], &[]))).contains(&"locked"));
}

#[test]
fn what_a_wrong_identifier_does_is_said() {
    let document = config(r#""identifier": {"@@assign": "aaaa:1"}"#);
    let said = lint(&with(&[&document], &[], &[]));
    let errors = said.iter().flat_map(|(_, all)| all);
    let mut errors = errors.filter(|one| one.severity == Severity::Error);
    assert!(
        errors.any(|one| one.message.contains("every Bedrock call")),
        "{said:?}"
    );
}

// What binds the guardrails of a bundle.

fn scope(unit: &str) -> Scope {
    Scope::parse(&format!("aws~o-exampleorgid~{unit}~us-east-1")).unwrap()
}

fn bound(inputs: &[Input], request: &[Guardrail], unit: &str) -> Result<Bound, Diagnostics> {
    let scope = scope(unit);
    let options = BindOptions {
        scope: &scope,
        last_valid: None,
    };
    bind(&documents(inputs), request, options)
}

/// The guardrails' names, each with the levels that bind it.
fn levels(bound: &Bound) -> Vec<(String, Vec<Origin>)> {
    let names = bound
        .guardrails
        .iter()
        .map(|guardrail| guardrail.name.clone());
    let levels = bound.bindings.iter();
    let levels = levels.map(|binding| binding.levels.iter().map(|level| level.origin).collect());
    names.zip(levels).collect()
}

fn refused(result: Result<Bound, Diagnostics>) -> Vec<&'static str> {
    let problems = result.err().unwrap_or_default();
    problems
        .iter()
        .filter(|p| p.severity == Severity::Error)
        .map(|p| p.code)
        .collect()
}

fn request(id: &str) -> Guardrail {
    let inputs = [get_guardrail(id, "1", id)];
    documents(&inputs).definitions.remove(0).1
}

fn account_config(id: &str) -> Input {
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

#[test]
fn organization_account_and_requests_make_one_list_in_this_order() {
    let mut inputs = organization(&[&config(&identifier("aaaa", ""))], &[], &[]);
    inputs.push(account_config("bbbb"));
    inputs.push(get_guardrail("aaaa", "1", "org"));
    inputs.push(get_guardrail("bbbb", "1", "account"));
    let found = bound(&inputs, &[request("cccc")], ACCOUNT).unwrap();
    assert_eq!(
        levels(&found),
        [
            ("org".to_owned(), vec![Origin::OrganizationEnforced]),
            ("account".to_owned(), vec![Origin::AccountEnforced]),
            ("cccc".to_owned(), vec![]),
        ]
    );
    assert_eq!(found.bindings[0].ownership, Ownership::CrossAccount);
    // One guardrail at all levels is one entry.
    let mut inputs = organization(&[&config(&identifier("aaaa", ""))], &[], &[]);
    inputs.push(account_config("aaaa"));
    let found = bound(&inputs, &[request("aaaa")], ACCOUNT).unwrap();
    let all = vec![
        Origin::OrganizationEnforced,
        Origin::AccountEnforced,
        Origin::Request,
    ];
    assert_eq!(levels(&found), [("aaaa".to_owned(), all)]);
    assert_eq!(found.bindings[0].levels[1].models.included, ["a.b"]);
}

#[test]
fn guardrails_that_share_a_name_are_told_apart() {
    let mut inputs = organization(&[&config(&identifier("aaaa", ""))], &[], &[]);
    inputs.push(account_config("bbbb"));
    inputs.push(get_guardrail("aaaa", "1", "baseline"));
    inputs.push(get_guardrail("bbbb", "1", "baseline"));
    let found = bound(&inputs, &[], ACCOUNT).unwrap();
    let names: Vec<&str> = found.guardrails.iter().map(|g| g.name.as_str()).collect();
    assert_eq!(names, ["baseline", "baseline@bbbb:1"]);
}

#[test]
fn what_is_missing_or_cannot_be_enforced_is_refused_by_name() {
    let tree = organization(&[&config(&identifier("aaaa", ""))], &[], &[]);
    let result = bound(&tree, &[], ACCOUNT);
    let message = result
        .as_ref()
        .err()
        .map(ToString::to_string)
        .unwrap_or_default();
    assert!(message.contains(&format!("{}:1", arn("aaaa"))), "{message}");
    assert_eq!(refused(result), ["definition-missing"]);

    // Another version is another guardrail.
    let mut inputs = tree.clone();
    inputs.push(get_guardrail("aaaa", "2", "org"));
    assert_eq!(
        refused(bound(&inputs, &[], ACCOUNT)),
        ["definition-missing"]
    );

    let mut inputs = tree.clone();
    let mut reasoning = get_guardrail("aaaa", "1", "org");
    let text = String::from_utf8(reasoning.bytes).unwrap();
    reasoning.bytes = text
        .replacen('{', r#"{"automatedReasoningPolicy": {"policies": ["arn:aws:bedrock:us-east-1:999988887777:automated-reasoning-policy/abcdefghijkl"]},"#, 1)
        .into_bytes();
    inputs.push(reasoning);
    assert_eq!(
        refused(bound(&inputs, &[], ACCOUNT)),
        ["enforced-automated-reasoning"]
    );

    assert_eq!(
        refused(bound(&organization(&[], &[], &[]), &[], ACCOUNT)),
        ["no-guardrail"]
    );
    let other = Scope::parse("aws~o-anotherorgid~111122223333~us-east-1").unwrap();
    let options = BindOptions {
        scope: &other,
        last_valid: None,
    };
    let result = bind(&documents(&tree), &[request("cccc")], options);
    assert!(refused(result).contains(&"scope-other-organization"));

    let mut two = tree.clone();
    two.push(account_config("bbbb"));
    let mut again = account_config("cccc");
    again.name = format!("again-{}", again.name);
    two.push(again);
    assert!(refused(bound(&two, &[], ACCOUNT)).contains(&"account-config"));
}

#[test]
fn a_unit_has_a_bundle_only_if_all_its_accounts_have_the_same_policy() {
    let both = [
        config(&identifier("aaaa", "")),
        config(&identifier("bbbb", "")),
    ];
    let mut inputs = organization(&[&both[0]], &[], &[]);
    inputs.push(get_guardrail("aaaa", "1", "org"));
    let found = bound(&inputs, &[], OU).unwrap();
    assert_eq!(found.guardrails.len(), 1);
    let documents = with(&[&both[0]], &[], &[&both[1]]);
    let unit = edgerail_compile::org::Unit::parse(OU).unwrap();
    let problem = effective_of_unit(&documents, &unit, "us-east-1", None).unwrap_err();
    assert!(
        problem.contains(ACCOUNT) && !problem.contains(OTHER),
        "{problem}"
    );
    // In a region that neither policy speaks of, nothing differs.
    effective_of_unit(&documents, &unit, "eu-west-1", None).unwrap();
}

#[test]
fn a_last_valid_policy_that_is_not_valid_is_refused_where_it_is_needed() {
    let broken = config(r#""selective_content_guarding": {"system": {"@@assign": "selective"}}"#);
    let valid = of(&with(&[&config(&identifier("aaaa", ""))], &[], &[]));
    let text = SavedPolicy {
        unit: ACCOUNT.to_owned(),
        content: valid.content,
    }
    .to_json();
    // Somebody wrote the key anew by hand: without this check no guardrail would be enforced.
    let misspelt = text.replace("identifier", "identifer");
    let saved = SavedPolicy::read(misspelt.as_bytes()).unwrap();
    let problem = effective(&with(&[&broken], &[], &[]), ACCOUNT, Some(&saved)).unwrap_err();
    assert!(
        problem.contains("KEY_REQUIRED") && problem.contains("--save-valid"),
        "{problem}"
    );
    let fine = with(&[&config(&identifier("aaaa", ""))], &[], &[]);
    assert!(!effective(&fine, ACCOUNT, Some(&saved)).unwrap().kept);
}

#[test]
fn a_unit_keeps_its_last_valid_policy_while_its_accounts_inherit_the_same() {
    let broken = config(r#""selective_content_guarding": {"system": {"@@assign": "selective"}}"#);
    let valid = config(&identifier("aaaa", ""));
    let unit = edgerail_compile::org::Unit::parse(OU).unwrap();
    let region = "us-east-1";
    let before = effective_of_unit(&with(&[&valid], &[], &[]), &unit, region, None).unwrap();
    let saved = SavedPolicy {
        unit: OU.to_owned(),
        content: before.content.clone(),
    };
    let found = effective_of_unit(&with(&[&broken], &[], &[]), &unit, region, Some(&saved));
    let found = found.unwrap();
    assert!(found.kept);
    assert_eq!(found.content, before.content);
    // An account with a policy of its own may have had another last valid one.
    let other = config(&identifier("bbbb", ""));
    let documents = with(&[&broken], &[], &[&other]);
    let problem = effective_of_unit(&documents, &unit, region, Some(&saved)).unwrap_err();
    assert!(problem.contains(ACCOUNT), "{problem}");
}

fn described(content: &str) -> Input {
    let content = Datum::String(content.to_owned()).to_json();
    let name = format!("describe-effective-policy-{ACCOUNT}.json");
    let answer = format!(
        r#"{{"EffectivePolicy": {{"PolicyContent": {content}, "TargetId": "{ACCOUNT}", "PolicyType": "BEDROCK_POLICY"}}}}"#
    );
    input(&name, &answer)
}

#[test]
fn a_bundle_is_refused_where_aws_answers_another_effective_policy() {
    let mut inputs = organization(&[&config(&identifier("aaaa", ""))], &[], &[]);
    inputs.push(get_guardrail("aaaa", "1", "org"));
    let merged = of(&documents(&inputs)).content.to_json();
    let with = |content: &str, unit: &str| {
        bound(&[&inputs[..], &[described(content)]].concat(), &[], unit)
    };
    assert!(with(&merged, ACCOUNT).unwrap().diagnostics.is_empty());
    let setting = format!(r#""d": {{"identifier": "{}:1"}}, "c":"#, arn("bbbb"));
    let second = merged.replace(r#""c":"#, &setting);
    let elsewhere = merged.replace(r#""us-east-1":"#, r#""eu-west-1": {}, "us-east-1":"#);
    for unit in [ACCOUNT, OU] {
        for other in [second.as_str(), "{}"] {
            assert_eq!(
                refused(with(other, unit)),
                ["org-effective-differs"],
                "{other}"
            );
        }
        let found = with(&elsewhere, unit).unwrap();
        let said: Vec<_> = found
            .diagnostics
            .iter()
            .map(|d| (d.code, d.severity))
            .collect();
        assert_eq!(said, [("org-effective-differs", Severity::Warning)]);
    }
}

#[test]
fn a_definition_that_nothing_enforces_is_told() {
    let mut inputs = organization(&[&config(&identifier("aaaa", ""))], &[], &[]);
    inputs.push(get_guardrail("aaaa", "1", "org"));
    let said = |bound: &Bound| {
        let all = bound.diagnostics.iter().map(ToString::to_string);
        all.collect::<Vec<String>>().join("\n")
    };
    assert_eq!(said(&bound(&inputs, &[], ACCOUNT).unwrap()), "");
    // Of the account in the answers, and of the other's configuration.
    inputs.push(account_config("bbbb"));
    inputs.push(get_guardrail("bbbb", "1", "account"));
    assert_eq!(said(&bound(&inputs, &[], OTHER).unwrap()), "");
    inputs.push(get_guardrail("cccc", "1", "request"));
    let told = said(&bound(&inputs, &[], ACCOUNT).unwrap());
    assert!(
        told.contains("get-guardrail-cccc-v1.json") && told.contains("positional"),
        "{told}"
    );
    assert!(!told.contains("get-guardrail-aaaa"), "{told}");
    // Named by requests, it is in the bundle.
    assert_eq!(
        said(&bound(&inputs, &[request("cccc")], ACCOUNT).unwrap()),
        ""
    );
}

#[test]
fn answers_without_policies_are_no_organization() {
    assert!(!documents(&[]).say_policies());
    assert!(!documents(&[account_config("aaaa"), get_guardrail("aaaa", "1", "a")]).say_policies());
    assert!(documents(&organization(&[], &[], &[])).say_policies());
    assert!(documents(&[input("p.json", &config(""))]).say_policies());
    assert!(documents(&[described("{}")]).say_policies());
}

#[test]
fn a_wrong_identifier_of_another_region_does_not_stop_a_bundle() {
    let good = config(&identifier("aaaa", ""));
    let both = |own: &str| {
        let europe = format!(r#""guardrail_inference": {{"eu-west-1": {{"c": {{{own}}}}}, "#);
        let policy = good.replace(r#""guardrail_inference": {"#, &europe);
        let mut inputs = organization(&[&policy], &[], &[]);
        inputs.push(get_guardrail("aaaa", "1", "org"));
        inputs
    };
    let wrong = both(r#""identifier": {"@@assign": "nothing"}"#);
    let found = bound(&wrong, &[], ACCOUNT).unwrap();
    let said: Vec<_> = found
        .diagnostics
        .iter()
        .map(|d| (d.code, d.severity))
        .collect();
    assert_eq!(said, [("org-policy-invalid", Severity::Warning)]);
    assert_eq!(found.guardrails.len(), 1);
    let europe = Scope::parse(&format!("aws~o-exampleorgid~{ACCOUNT}~eu-west-1")).unwrap();
    let options = BindOptions {
        scope: &europe,
        last_valid: None,
    };
    assert!(refused(bind(&documents(&wrong), &[], options)).contains(&"org-policy-invalid"));
    // An invalid policy is invalid in every region.
    let invalid = both(r#""selective_content_guarding": {"system": {"@@assign": "selective"}}"#);
    assert_eq!(
        refused(bound(&invalid, &[], ACCOUNT)),
        ["org-policy-invalid"]
    );
}

#[test]
fn a_lock_is_not_opened_by_a_contradiction_in_it() {
    for names in [
        r#""@@none", "@@all""#,
        r#""@@all", "@@none""#,
        r#""@@none", "@@assign""#,
    ] {
        let locked = config(&identifier("aaaa", &lock(names)));
        let child = config(&identifier("bbbb", ""));
        let documents = with(&[&locked], &[], &[&child]);
        let expected = format!("\"{}:1\"", arn("aaaa"));
        assert_eq!(value(&of(&documents), &["identifier"]), expected, "{names}");
        let said = lint(&documents);
        assert!(codes(&said).contains(&"contradictory-control"), "{said:?}");
    }
    for names in [r#""@@none""#, r#""@@all""#, r#""@@assign", "@@append""#] {
        let fine = config(&identifier("aaaa", &lock(names)));
        let said = lint(&with(&[&fine], &[], &[]));
        assert!(!codes(&said).contains(&"contradictory-control"), "{said:?}");
    }
}

#[test]
fn the_setting_of_the_preview_is_checked_beside_the_new_one() {
    let both = |tags: &str, messages: &str| {
        config(&format!(
            r#"{}, "input_tags": {{"@@assign": "{tags}"}}, "selective_content_guarding": {{"system": {{"@@assign": "selective"}}{messages}}}"#,
            identifier("aaaa", "")
        ))
    };
    let selective = r#", "messages": {"@@assign": "selective"}"#;
    for (tags, messages, contradicts) in [
        ("honor", "", true),
        ("ignore", selective, true),
        ("honor", selective, false),
        ("ignore", "", false),
    ] {
        let documents = with(&[&both(tags, messages)], &[], &[]);
        let (guardrails, problems) = enforced(&of(&documents).content, "us-east-1");
        assert!(problems.is_empty(), "{problems:?}");
        let expected = [Guarding::Comprehensive, Guarding::Selective];
        let expected = expected[usize::from(!messages.is_empty())];
        assert_eq!(guardrails[0].guarding.messages, expected);
        let said = lint(&documents);
        let found = codes(&said).contains(&"contradictory-input-tags");
        assert_eq!(found, contradicts, "{tags} {messages}: {said:?}");
    }
    let found = of(&with(&[&both("honour", selective)], &[], &[]));
    assert_eq!(found.problems[0].code, "VALUE_INVALID");
    assert!(found.problems[0].path.ends_with("input_tags"));
    // One of them may be inherited.
    let legacy = config(r#""input_tags": {"@@assign": "honor"}"#);
    let new =
        config(r#""selective_content_guarding": {"messages": {"@@assign": "comprehensive"}}"#);
    let own = config(&identifier("aaaa", ""));
    let said = lint(&with(&[&own], &[&legacy], &[&new]));
    assert!(
        codes(&said).contains(&"contradictory-input-tags"),
        "{said:?}"
    );
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
            for change in [None, Some(b'"'), Some(b'}'), Some(b'0')] {
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
    assert!(read > 1_000, "{read}");
}
