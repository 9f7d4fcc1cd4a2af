//! What lint finds.

use edgerail_compile::diagnostic::Severity;
use edgerail_compile::org::lint;

use crate::fixtures::*;

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
