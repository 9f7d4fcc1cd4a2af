//! What no answer says is never taken for nothing.

use edgerail_compile::diagnostic::{Diagnostics, Severity};
use edgerail_compile::org::{
    AssumeNone, BindOptions, Bound, Documents, Input, bind, effective, lint,
};

use crate::fixtures::*;

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
fn answers_without_policies_are_no_organization() {
    assert!(!documents(&[]).say_policies());
    assert!(!documents(&[account_config("aaaa"), get_guardrail("aaaa", "1", "a")]).say_policies());
    assert!(documents(&organization(&[], &[], &[])).say_policies());
    assert!(documents(&[input("p.json", &config(""))]).say_policies());
    assert!(documents(&[described("{}")]).say_policies());
}

fn without(inputs: &[Input], name: &str) -> Vec<Input> {
    let left: Vec<Input> = inputs.iter().filter(|i| i.name != name).cloned().collect();
    assert_eq!(left.len() + 1, inputs.len(), "{name} was there");
    left
}

/// An organization that enforces a guardrail for everybody, with its definition.
fn enforcing() -> Vec<Input> {
    let mut inputs = organization(&[&config(&identifier("aaaa", ""))], &[], &[]);
    inputs.push(get_guardrail("aaaa", "1", "org"));
    inputs
}

fn assuming(inputs: &[Input], unit: &str, assume_none: AssumeNone) -> Result<Bound, Diagnostics> {
    let scope = scope(unit);
    let options = BindOptions {
        scope: &scope,
        last_valid: None,
        assume_none,
    };
    bind(&documents(inputs), &[], options)
}

/// That something is refused by a code with words in its message, and taken with a warning where it is assumed.
fn refused_unless_assumed(
    inputs: &[Input],
    unit: &str,
    assume_none: AssumeNone,
    (code, words): (&str, &[&str]),
) {
    let problems = assuming(inputs, unit, AssumeNone::default()).unwrap_err();
    let text = problems.to_string();
    assert!(problems.has_errors() && text.contains(code), "{text}");
    for word in words {
        assert!(text.contains(word), "{word}: {text}");
    }
    let found = assuming(inputs, unit, assume_none).unwrap_or_else(|p| panic!("{p}"));
    let warned = found
        .diagnostics
        .iter()
        .any(|said| said.severity == Severity::Warning && said.message.contains("--assume-none"));
    assert!(warned, "{}", found.diagnostics);
}

const ACCOUNT_CONFIG: AssumeNone = AssumeNone {
    organization: false,
    account_config: true,
    accounts: false,
};
const ACCOUNTS: AssumeNone = AssumeNone {
    organization: false,
    account_config: false,
    accounts: true,
};

#[test]
fn what_an_account_enforces_is_known_or_the_bundle_is_refused() {
    let whole = enforcing();
    let answer = format!("list-enforced-guardrails-configuration-{ACCOUNT}-us-east-1.json");
    let missing = without(&whole, &answer);
    let words = [
        ACCOUNT,
        "us-east-1",
        "list-enforced-guardrails-configuration",
    ];
    let refusal = ("account-config-missing", &words[..]);
    refused_unless_assumed(&missing, ACCOUNT, ACCOUNT_CONFIG, refusal);
    // The others' answers, or that of another region, are none of it.
    let mut other = missing.clone();
    other.push(enforces_nothing(ACCOUNT, "eu-west-1"));
    refused_unless_assumed(&other, ACCOUNT, ACCOUNT_CONFIG, refusal);
    // An empty answer that does not say of which region is named.
    let mut regionless = missing.clone();
    let name = format!("enforced-{ACCOUNT}.json");
    regionless.push(input(&name, r#"{"guardrailsConfig": []}"#));
    let refusal = ("account-config-missing", &[name.as_str()][..]);
    refused_unless_assumed(&regionless, ACCOUNT, ACCOUNT_CONFIG, refusal);
    // A unit's bundle is for all its accounts.
    refused_unless_assumed(
        &missing,
        OU,
        ACCOUNT_CONFIG,
        ("account-config-missing", &[ACCOUNT]),
    );
    for unit in [ACCOUNT, OU, ROOT] {
        let found = assuming(&whole, unit, AssumeNone::default()).unwrap();
        let warned = found
            .diagnostics
            .iter()
            .any(|d| d.severity != Severity::Lint);
        assert!(!warned, "{unit}: {}", found.diagnostics);
    }
    let said = lint(&documents(&missing));
    assert_eq!(codes(&said), ["account-config-missing"], "{said:?}");
    // A plain policy has no tree: any account may be below the unit.
    let policy = input("policy.json", &config(&identifier("aaaa", "")));
    let plain = [policy, get_guardrail("aaaa", "1", "org")];
    for unit in [ACCOUNT, OU] {
        refused_unless_assumed(
            &plain,
            unit,
            ACCOUNT_CONFIG,
            ("account-config-missing", &[]),
        );
    }
    for odd in [
        r#"{"guardrailsConfig": null}"#,
        r#"{"guardrailsConfig": {}}"#,
    ] {
        assert!(Documents::read(&[input(&answer, odd)]).is_err(), "{odd}");
    }
}

#[test]
fn an_account_that_enforces_a_guardrail_itself_has_no_part_in_its_units_bundle() {
    let mut inputs = enforcing();
    inputs.push(account_config("bbbb"));
    inputs.push(get_guardrail("bbbb", "1", "account"));
    for assume_none in [AssumeNone::default(), ACCOUNT_CONFIG] {
        let problems = assuming(&inputs, OU, assume_none).unwrap_err();
        let below = problems.iter().find(|d| d.code == "account-config-below");
        let told = &below.unwrap_or_else(|| panic!("{problems}")).message;
        assert!(told.contains(ACCOUNT) && !told.contains(OTHER), "{told}");
    }
    // Two answers that say the same are one; in the other region there is nothing.
    let mut again = account_config("bbbb");
    again.name = format!("again-{}", again.name);
    inputs.push(again);
    assert_eq!(bound(&inputs, &[], ACCOUNT).unwrap().guardrails.len(), 2);
}

#[test]
fn the_region_that_was_asked_counts_and_not_that_of_the_guardrail() {
    // The guardrail of another region is a mistake, which stops the calls of the region that was asked.
    let mut inputs = enforcing();
    let mut elsewhere = account_config("bbbb");
    let text = String::from_utf8(elsewhere.bytes).unwrap();
    elsewhere.bytes = text.replace("us-east-1", "eu-west-1").into_bytes();
    inputs.push(elsewhere);
    let problems = refused(bound(&inputs, &[], ACCOUNT));
    assert!(problems.contains(&"definition-elsewhere"), "{problems:?}");
}

#[test]
fn the_accounts_below_a_unit_are_known_or_the_bundle_is_refused() {
    let whole = enforcing();
    for (list, node) in [
        ("accounts", OU),
        ("accounts", ROOT),
        ("organizational-units", OU),
    ] {
        let answer = format!("list-{list}-for-parent-{node}.json");
        let missing = without(&whole, &answer);
        let words = [answer.as_str()];
        refused_unless_assumed(&missing, ROOT, ACCOUNTS, ("org-effective", &words));
        if node == ROOT {
            // What is beside a unit is not below it.
            assert!(bound(&missing, &[], OU).is_ok(), "{list} {node}");
        }
        if list == "organizational-units" || node == ROOT {
            // An account needs its own way up only.
            assert!(bound(&missing, &[], ACCOUNT).is_ok(), "{list} {node}");
        }
        let said = lint(&documents(&missing));
        assert!(codes(&said).contains(&"accounts-missing"), "{said:?}");
    }
    assert!(lint(&documents(&whole)).is_empty());
    // The account's way up, by list-parents alone: of the unit nothing is known.
    let parents = |child: &str, parent: &str| {
        let answer = format!(r#"{{"Parents": [{{"Id": "{parent}", "Type": "ROOT"}}]}}"#);
        input(&format!("list-parents-{child}.json"), &answer)
    };
    let lists = |i: &Input| i.name.contains("-for-parent-");
    let mut ways: Vec<Input> = whole.iter().filter(|i| !lists(i)).cloned().collect();
    ways.extend([parents(ACCOUNT, OU), parents(OU, ROOT)]);
    assert!(bound(&ways, &[], ACCOUNT).is_ok());
    refused_unless_assumed(&ways, OU, ACCOUNTS, ("org-effective", &[]));
    // With the list of all accounts, and the way up of each, everything is.
    let all = format!(r#"{{"Accounts": [{{"Id": "{ACCOUNT}"}}, {{"Id": "{OTHER}"}}]}}"#);
    ways.push(input("list-accounts.json", &all));
    refused_unless_assumed(&ways, OU, ACCOUNTS, ("org-effective", &[OTHER]));
    ways.push(parents(OTHER, OU));
    assert!(bound(&ways, &[], OU).is_ok());
}

#[test]
fn a_list_of_other_policies_does_not_say_that_none_is_attached() {
    let whole = enforcing();
    let name = format!("list-policies-for-target-{ROOT}.json");
    let index = |filter: &str| {
        let entry = format!(
            r#"{{"file": "{name}", "operation": "ListPoliciesForTarget", "input": {{"TargetId": "{ROOT}", "Filter": "{filter}"}}, "status": 200}}"#
        );
        input("index.json", &format!(r#"{{"answers": [{entry}]}}"#))
    };
    let other = r#"{"Policies": [{"Id": "p-FullAWSAccess", "Type": "SERVICE_CONTROL_POLICY"}]}"#;
    let both = r#"{"Policies": [{"Id": "p-root0000", "Type": "BEDROCK_POLICY"}, {"Id": "p-tags0000", "Type": "TAG_POLICY"}]}"#;
    let none = r#"{"Policies": []}"#;
    let tags = format!("list-policies-for-target-{ROOT}-TAG_POLICY.json");
    for (file, answer, filter) in [
        (&name, other, None),
        (&name, both, None),
        (&name, none, Some("TAG_POLICY")),
        (&tags, none, None),
    ] {
        let mut inputs = without(&whole, &name);
        inputs.push(input(file, answer));
        inputs.extend(filter.map(index));
        let problems = Documents::read(&inputs).unwrap_err();
        assert_eq!(codes(&problems), ["org-answer"], "{answer}");
        let text = problems[0].1.to_string();
        let told = text.contains("--filter BEDROCK_POLICY") && text.contains(&name);
        assert!(told && problems[0].0 == *file, "{problems:?}");
    }
    // An empty list says it by what was asked.
    let mut inputs = without(&whole, &name);
    inputs.extend([input(&name, none), index("BEDROCK_POLICY")]);
    assert!(bound(&inputs, &[request("cccc")], ACCOUNT).is_ok());
    // An index that does not say it leaves it open.
    let last = inputs.len() - 1;
    let text = String::from_utf8(inputs[last].bytes.clone()).unwrap();
    inputs[last].bytes = text
        .replace(r#", "Filter": "BEDROCK_POLICY""#, "")
        .into_bytes();
    assert_eq!(
        refused(bound(&inputs, &[request("cccc")], ACCOUNT)),
        ["org-effective"]
    );
}

#[test]
fn the_accounts_of_one_parent_are_not_all_accounts() {
    let whole = enforcing();
    let missing = without(&whole, &format!("list-accounts-for-parent-{OU}.json"));
    let none = r#"{"Accounts": []}"#;
    let first = format!(r#"{{"Accounts": [{{"Id": "{ACCOUNT}"}}]}}"#);
    for (file, answer) in [
        ("accounts.json", none),
        ("accounts-of-a.json", first.as_str()),
        ("list-accounts-for-parent.json", &first),
        ("units.json", r#"{"OrganizationalUnits": []}"#),
    ] {
        let more = [missing.clone(), vec![input(file, answer)]].concat();
        let problems = Documents::read(&more).unwrap_err();
        assert_eq!(codes(&problems), ["org-answer"], "{file}");
        assert_eq!(problems[0].0, file);
    }
    // What the index calls the accounts of a parent is no list of all, whatever the file's name.
    let index = |operation: &str| {
        let entry = format!(
            r#"{{"file": "list-accounts.json", "operation": "{operation}", "input": {{}}, "status": 200}}"#
        );
        input("index.json", &format!(r#"{{"answers": [{entry}]}}"#))
    };
    let all = input("list-accounts.json", &first);
    let of_parent = Documents::read(&[index("ListAccountsForParent"), all.clone()]).unwrap_err();
    assert_eq!(codes(&of_parent), ["org-answer"]);
    let of_all = documents(&[index("ListAccounts"), all]);
    assert!(of_all.tree.lists_all_accounts);
    // ListAccounts never answers that there is no account.
    let mut empty = missing;
    empty.push(input("list-accounts.json", none));
    assert_eq!(refused(bound(&empty, &[], OU)), ["org-effective"]);
}

#[test]
fn what_applies_of_another_type_of_policy_says_nothing() {
    let (code, operation) = (
        "EffectivePolicyNotFoundException",
        "DescribeEffectivePolicy",
    );
    let typed = |ty: &str| {
        let mut inputs = nothing_applies(code, operation);
        let text = String::from_utf8(inputs[0].bytes.clone()).unwrap();
        let target = format!(r#""TargetId": "{ACCOUNT}""#);
        let both = format!(r#"{target}, "PolicyType": "{ty}""#);
        inputs[0].bytes = text.replace(&target, &both).into_bytes();
        inputs
    };
    assert!(documents(&typed("BEDROCK_POLICY")).say_policies());
    let mut member = typed("TAG_POLICY");
    assert!(!documents(&member).say_policies());
    member.push(enforces_nothing(ACCOUNT, "us-east-1"));
    assert_eq!(
        refused(bound(&member, &[request("cccc")], ACCOUNT)),
        ["organization-missing"]
    );
    // A good answer says it itself, or its index does.
    let own = described("{}");
    let text = String::from_utf8(own.bytes.clone()).unwrap();
    let replaced = |by: &str| {
        input(
            &own.name,
            &text.replace(r#", "PolicyType": "BEDROCK_POLICY""#, by),
        )
    };
    let tags = replaced(r#", "PolicyType": "TAG_POLICY""#);
    assert!(!documents(&[tags]).say_policies());
    assert_eq!(
        codes(&Documents::read(&[replaced("")]).unwrap_err()),
        ["org-answer"]
    );
}

#[test]
fn an_organization_is_known_or_the_bundle_is_refused() {
    let alone = [
        account_config("bbbb"),
        get_guardrail("bbbb", "1", "account"),
    ];
    let assume_none = AssumeNone {
        organization: true,
        ..AssumeNone::default()
    };
    let refusal = ("organization-missing", &["--org"][..]);
    refused_unless_assumed(&alone, ACCOUNT, assume_none, refusal);
}

/// The answer of DescribeEffectivePolicy where no policy applies, with the index that says so.
fn nothing_applies(code: &str, operation: &str) -> Vec<Input> {
    let file = "organizations/describe-effective-policy/1.json";
    let entry = format!(
        r#"{{"file": "{file}", "operation": "{operation}", "input": {{"TargetId": "{ACCOUNT}"}}, "status": 400}}"#
    );
    vec![
        input("index.json", &format!(r#"{{"answers": [{entry}]}}"#)),
        input(
            file,
            &format!(r#"{{"__type": "{code}", "Message": "none"}}"#),
        ),
    ]
}

#[test]
fn that_no_policy_applies_is_compared_with_the_merge() {
    let (code, operation) = (
        "EffectivePolicyNotFoundException",
        "DescribeEffectivePolicy",
    );
    let shape = format!("com.amazonaws.organizations#{code}");
    for code in [code, &shape] {
        let inputs = [enforcing(), nothing_applies(code, operation)].concat();
        let problems = bound(&inputs, &[], ACCOUNT).unwrap_err();
        let text = problems.to_string();
        let told = text.contains("org-effective-differs") && text.contains("no policy applies");
        assert!(told, "{text}");
        assert_eq!(refused(bound(&inputs, &[], OU)), ["org-effective-differs"]);
        let said = lint(&documents(&inputs));
        assert!(codes(&said).contains(&"effective-differs"), "{said:?}");
    }
    // Another failure, or one of another question, says nothing; and that nothing was compared is said.
    for (code, operation) in [
        ("AccessDeniedException", operation),
        (code, "DescribePolicy"),
    ] {
        let inputs = [enforcing(), nothing_applies(code, operation)].concat();
        let found = bound(&inputs, &[], ACCOUNT).unwrap();
        let said: Vec<_> = found.diagnostics.iter().map(|d| d.code).collect();
        assert_eq!(said, ["org-effective-not-compared"]);
    }
    // Where nothing is merged either, the two agree.
    let bare = [
        organization(&[], &[], &[]),
        nothing_applies(code, operation),
    ]
    .concat();
    let found = of(&documents(&bare));
    assert_eq!((found.described, found.path.len()), (false, 3));
    assert!(lint(&documents(&bare)).is_empty());
    // Nothing is attached, and AWS has a policy: the two differ.
    let odd = [
        organization(&[], &[], &[]),
        vec![described("{\"bedrock\": {}}")],
    ]
    .concat();
    assert_eq!(
        refused(bound(&odd, &[request("cccc")], ACCOUNT)),
        ["org-effective-differs"]
    );
    // A member account alone: it knows that it has no policy, and need not know the organization.
    let mut member = nothing_applies(code, operation);
    member.push(enforces_nothing(ACCOUNT, "us-east-1"));
    let found = bound(&member, &[request("cccc")], ACCOUNT).unwrap();
    assert_eq!(found.guardrails.len(), 1);
    assert!(found.diagnostics.is_empty(), "{}", found.diagnostics);
}
