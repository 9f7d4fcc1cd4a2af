//! The effective policy of an account.

use edgerail_compile::org::{
    Datum, Effect, Effective, Ignored, SavedPolicy, compare, effective, enforced, lint,
};
use edgerail_core::policy::Guarding;

use crate::fixtures::*;

const INCLUDED: [&str; 2] = ["model_enforcement", "included_models"];

/// The value of a setting of `us-east-1`'s `c`, as JSON; "" if it is not there.
fn value(found: &Effective, path: &[&str]) -> String {
    let top = ["bedrock", "guardrail_inference", "us-east-1", "c"];
    let mut at = Some(&found.content);
    for name in top.iter().chain(path) {
        at = at.and_then(|value| value.member(name));
    }
    at.map_or(String::new(), Datum::to_json)
}

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
