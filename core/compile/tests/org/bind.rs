//! What binds the guardrails of a bundle: organization, account and requests.

use edgerail_compile::diagnostic::Severity;
use edgerail_compile::org::{
    AssumeNone, BindOptions, Bound, Documents, Effective, SavedPolicy, Scope, bind, effective,
    effective_of_scope,
};
use edgerail_core::policy::{Origin, Ownership};

use crate::fixtures::*;

/// What a bundle's report says, but for lints.
fn warned(bound: &Bound) -> Vec<(&'static str, Severity)> {
    let all = bound.diagnostics.iter().map(|d| (d.code, d.severity));
    all.filter(|(_, severity)| *severity != Severity::Lint)
        .collect()
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
        assume_none: AssumeNone::default(),
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

fn of_unit(
    documents: &Documents,
    region: &str,
    last_valid: Option<&SavedPolicy>,
) -> Result<Effective, String> {
    let scope = Scope::parse(&format!("aws~o-exampleorgid~{OU}~{region}")).unwrap();
    let options = BindOptions {
        scope: &scope,
        last_valid,
        assume_none: AssumeNone::default(),
    };
    effective_of_scope(documents, options)
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
    let problem = of_unit(&documents, "us-east-1", None).unwrap_err();
    assert!(
        problem.contains(ACCOUNT) && !problem.contains(OTHER),
        "{problem}"
    );
    // In a region that neither policy speaks of, nothing differs.
    of_unit(&documents, "eu-west-1", None).unwrap();
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
    let region = "us-east-1";
    let before = of_unit(&with(&[&valid], &[], &[]), region, None).unwrap();
    let saved = SavedPolicy {
        unit: OU.to_owned(),
        content: before.content.clone(),
    };
    let found = of_unit(&with(&[&broken], &[], &[]), region, Some(&saved));
    let found = found.unwrap();
    assert!(found.kept);
    assert_eq!(found.content, before.content);
    // An account with a policy of its own may have had another last valid one.
    let other = config(&identifier("bbbb", ""));
    let documents = with(&[&broken], &[], &[&other]);
    let problem = of_unit(&documents, region, Some(&saved)).unwrap_err();
    assert!(problem.contains(ACCOUNT), "{problem}");
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
        assert_eq!(
            warned(&found),
            [("org-effective-differs", Severity::Warning)]
        );
    }
}

#[test]
fn a_definition_that_nothing_enforces_is_told() {
    let mut inputs = organization(&[&config(&identifier("aaaa", ""))], &[], &[]);
    inputs.push(get_guardrail("aaaa", "1", "org"));
    let said = |bound: &Bound| {
        let all = bound.diagnostics.iter();
        let all = all.filter(|d| d.severity != Severity::Lint);
        all.map(ToString::to_string)
            .collect::<Vec<String>>()
            .join("\n")
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
    assert_eq!(warned(&found), [("org-policy-invalid", Severity::Warning)]);
    assert_eq!(found.guardrails.len(), 1);
    let europe = Scope::parse(&format!("aws~o-exampleorgid~{ACCOUNT}~eu-west-1")).unwrap();
    let options = BindOptions {
        scope: &europe,
        last_valid: None,
        assume_none: AssumeNone::default(),
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
fn a_policy_of_which_a_part_is_not_understood_is_refused() {
    let good = config(&identifier("aaaa", ""));
    let value = format!("{}:1", arn("aaaa"));
    let bare = good.replace(r#"{"@@assign": "#, "").replacen('}', "", 1);
    let at = |place: &str| format!(r#"{{"bedrock": {{"guardrail_inference": {place}}}}}"#);
    for (policy, path) in [
        (bare, "c.identifier"),
        (good.replace("@@assign", "@@assing"), "c.identifier"),
        (
            good.replace("us-east-1\": {", "us_east-1\": {"),
            "us_east-1",
        ),
        (config(r#""@@assign": {"identifier": "x"}"#), "us-east-1.c"),
        (at("[]"), "guardrail_inference"),
        (at(r#"{"us-east-1": []}"#), "us-east-1"),
        (at(r#"{"us-east-1": {"c": "x"}}"#), "us-east-1.c"),
        (r#"{"bedrock": []}"#.to_owned(), "$.bedrock"),
    ] {
        // The definition, and one that requests name: without them there would be nothing to compile.
        let mut inputs = organization(&[&policy], &[], &[]);
        inputs.push(get_guardrail("aaaa", "1", "org"));
        for unit in [ACCOUNT, OU] {
            let problems = bound(&inputs, &[request("cccc")], unit);
            let problems = problems.err().unwrap_or_else(|| panic!("{policy}"));
            let found = problems.iter().find(|d| d.code == "org-policy-syntax");
            let found = found.unwrap_or_else(|| panic!("{policy}: {problems}"));
            assert!(found.path.contains(path), "{policy}: {problems}");
            assert!(found.message.contains("describe-policy-p-root0000.json"));
        }
    }
    // An account's own policy is on its way, and not on that of the account beside it.
    let own = config(&identifier("bbbb", "")).replace("@@assign", "@@asign");
    let mut inputs = organization(&[&good], &[], &[&own]);
    inputs.push(get_guardrail("aaaa", "1", "org"));
    for (unit, refused_there) in [(ACCOUNT, true), (OU, true), (OTHER, false)] {
        assert_eq!(bound(&inputs, &[], unit).is_err(), refused_there, "{unit}");
    }
    // A member that is not known may be one that AWS has added: the rest is enforced.
    let more = config(&format!(
        r#"{}, "newer": {{"@@assign": "{value}"}}"#,
        identifier("aaaa", "")
    ));
    let mut inputs = organization(&[&more], &[], &[]);
    inputs.push(get_guardrail("aaaa", "1", "org"));
    let found = bound(&inputs, &[], ACCOUNT).unwrap();
    assert_eq!(warned(&found), [("org-policy-syntax", Severity::Warning)]);
}
