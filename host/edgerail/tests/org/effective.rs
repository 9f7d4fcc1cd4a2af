//! `edgerail org`.

use crate::{ACCOUNT, ARN, SCOPE, organization};

#[test]
fn the_effective_policy_is_shown_with_who_set_what() {
    let folder = organization("org-effective");
    let run = |more: &[&str]| {
        let base = ["org", "effective", "--org", "org", "--account", ACCOUNT];
        folder.run(&[&base[..], more].concat())
    };
    let ran = run(&["--region", "us-east-1"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    for words in [
        "path       r-ab12 > 111122223333",
        "policy     valid",
        ARN,
        "system SELECTIVE, messages COMPREHENSIVE",
        "but not amazon.titan-embed-text-v2:0",
        "by p-baseline1 at r-ab12: applied",
    ] {
        assert!(ran.out.contains(words), "{words}: {ran:?}");
    }
    assert!(!ran.err.contains("nothing is enforced"), "{ran:?}");
    let ran = run(&["--region", "us-esat-1"]);
    let said = "nothing is enforced in us-esat-1; the policy has us-east-1";
    assert!(ran.err.contains(said), "{ran:?}");
    let alone = "Not compared with AWS: its answer of describe-effective-policy for 111122223333";
    assert!(ran.out.contains(alone), "{ran:?}");
    let json = run(&["--format", "json"]).json();
    assert!(json["differences"].is_null());
    assert_eq!(
        json["guardrails"]["us-east-1"][0]["identifier"],
        format!("{ARN}:3")
    );
    assert_eq!(json["state"], "valid");

    // AWS's answer beside it: the same, then another.
    let content = json["policy"].to_string();
    let answer = |content: &str| {
        serde_json::json!({"EffectivePolicy": {"PolicyContent": content, "TargetId": ACCOUNT, "PolicyType": "BEDROCK_POLICY"}}).to_string()
    };
    folder.write("org/describe-effective-policy.json", answer(&content));
    assert_eq!(run(&[]).code, 0);
    folder.write(
        "org/describe-effective-policy.json",
        answer(&content.replace(":3\"", ":4\"")),
    );
    let ran = run(&[]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(
        ran.out.contains("AWS answers otherwise\n") && ran.out.contains("baseline.identifier"),
        "{ran:?}"
    );

    // AWS says that no policy applies, which a snapshot keeps with its status.
    std::fs::remove_file(folder.path().join("org/describe-effective-policy.json")).unwrap();
    let fault = r#"{"__type":"EffectivePolicyNotFoundException","Message":"none"}"#;
    folder.write("org/nothing.json", fault);
    let index = |operation: &str| {
        serde_json::json!({"format": 1, "answers": [{
            "file": "nothing.json", "service": "organizations", "operation": operation,
            "input": {"TargetId": ACCOUNT, "PolicyType": "BEDROCK_POLICY"}, "status": 400,
        }]})
        .to_string()
    };
    folder.write("org/index.json", index("DescribeEffectivePolicy"));
    let ran = run(&[]);
    assert_eq!(ran.code, 1, "{ran:?}");
    let said = "AWS answers otherwise: no policy applies (is BEDROCK_POLICY enabled in the root?)";
    assert!(ran.out.contains(said), "{ran:?}");
    folder
        .run(&[
            "compile", "--org", "org", "--scope", SCOPE, "-o", "o.bundle",
        ])
        .refused(&["org-effective-differs", "no policy applies"]);
    folder.write("org/index.json", index("DescribePolicy"));
    assert_eq!(run(&[]).code, 0);
}

#[test]
fn an_invalid_policy_keeps_the_last_valid_one() {
    let folder = organization("org-last-valid");
    let base = ["org", "effective", "--org", "org", "--account", ACCOUNT];
    let run = |more: &[&str]| folder.run(&[&base[..], more].concat());
    assert_eq!(run(&["--save-valid", "valid.json"]).code, 0);
    let saved = folder.read("valid.json");
    let answer = String::from_utf8(folder.read("org/describe-policy.json")).unwrap();
    folder.write(
        "org/describe-policy.json",
        answer.replace("included_models", "included"),
    );
    let ran = run(&["--save-valid", "valid.json"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.err.contains("KEY_REQUIRED"), "{ran:?}");
    assert_eq!(
        folder.read("valid.json"),
        saved,
        "an invalid policy was saved"
    );
    let ran = run(&["--last-valid", "valid.json"]);
    assert!(
        ran.out.contains("the last valid policy stays in force") && ran.out.contains(ARN),
        "{ran:?}"
    );
    let ran = folder.run(&[
        "compile", "--org", "org", "--scope", SCOPE, "-o", "o.bundle",
    ]);
    ran.refused(&["KEY_REQUIRED", "included_models"]);
    let ran = folder.run(&[
        "compile",
        "--org",
        "org",
        "--scope",
        SCOPE,
        "--last-valid",
        "valid.json",
        "-o",
        "o.bundle",
    ]);
    assert_eq!(ran.code, 0, "{ran:?}");
    folder.write(
        "other.json",
        String::from_utf8(saved)
            .unwrap()
            .replace(ACCOUNT, "444455556666"),
    );
    run(&["--last-valid", "other.json"]).refused(&["444455556666"]);
}

#[test]
fn what_of_a_policy_is_not_understood_is_told_and_never_left_out() {
    let folder = organization("org-not-understood");
    let effective = ["org", "effective", "--org", "org", "--account", ACCOUNT];
    let compile = [
        "compile", "--org", "org", "--scope", SCOPE, "g.json", "-o", "o.bundle",
    ];
    let answer = String::from_utf8(folder.read("org/describe-policy.json")).unwrap();
    let said = "org/describe-policy.json".trim_start_matches("org/");
    let wrong = answer.replace("@@assign", "@@assing");
    folder.write("org/describe-policy.json", wrong);
    let ran = folder.run(&effective);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(
        ran.err.contains(said) && ran.err.contains("unknown-operator"),
        "{ran:?}"
    );
    folder.run(&compile).refused(&["org-policy-syntax", said]);
    assert!(!folder.path().join("o.bundle").exists());
    // A member more is told, and the rest counts.
    let more = answer.replace(r#"\"identifier\""#, r#"\"newer\": {}, \"identifier\""#);
    assert_ne!(more, answer);
    folder.write("org/describe-policy.json", more);
    for arguments in [&effective[..], &compile[..]] {
        let ran = folder.run(arguments);
        assert_eq!(ran.code, 0, "{ran:?}");
        assert!(
            ran.err.contains("warning[") && ran.err.contains("newer"),
            "{ran:?}"
        );
    }
}

#[test]
fn lint_fails_on_an_identifier_that_would_stop_every_call() {
    let folder = organization("org-lint");
    let ran = folder.run(&["org", "lint", "--org", "org"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let answer = String::from_utf8(folder.read("org/describe-policy.json")).unwrap();
    folder.write(
        "org/describe-policy.json",
        answer.replace("zd:3", "zd:DRAFT"),
    );
    let ran = folder.run(&["org", "lint", "--org", "org"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(
        ran.err.contains("wrong-identifier") && ran.err.contains("every Bedrock call"),
        "{ran:?}"
    );
    let json = folder
        .run(&["org", "lint", "--org", "org", "--format", "json"])
        .json();
    assert!(
        json["diagnostics"]
            .as_array()
            .unwrap()
            .iter()
            .any(|d| d["code"] == "wrong-identifier")
    );
}
