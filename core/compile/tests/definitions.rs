//! Definitions: the collected ones, and a document for every rule.

use std::fs;
use std::path::PathBuf;

use edgerail_compile::definition::{DirectionalAction, Guardrail, Read, ReadOptions, read};
use edgerail_compile::diagnostic::Diagnostics;

fn read_text(text: &str) -> Result<Read, Diagnostics> {
    read(text.as_bytes(), &ReadOptions::default())
}

fn one(text: &str) -> (Guardrail, Diagnostics) {
    let read = read_text(text).unwrap_or_else(|all| panic!("{text}\n{all}"));
    assert_eq!(read.guardrails.len(), 1);
    (read.guardrails[0].clone(), read.diagnostics)
}

fn assert_says(all: &Diagnostics, text: &str, parts: &[&str]) {
    let message = all.to_string();
    for part in parts {
        assert!(message.contains(part), "{text}\n{message}\nlacks: {part}");
    }
}

/// A request with these members after the required ones.
fn body(members: &str) -> String {
    let comma = if members.is_empty() { "" } else { "," };
    format!(
        r#"{{"name":"n","blockedInputMessaging":"no in","blockedOutputsMessaging":"no out"{comma}{members}}}"#
    )
}

const PII: &str = r#""sensitiveInformationPolicyConfig":{"piiEntitiesConfig":[{"type":"EMAIL","action":"BLOCK"}]}"#;

#[test]
fn every_collected_document_is_read_or_refused() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/guardrails");
    let mut seen = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if name == "README.md" {
            continue;
        }
        seen += 1;
        let result = read(&fs::read(&path).unwrap(), &ReadOptions::default());
        let parts: &[&str] = match name.as_str() {
            "create-ar-playground-snake-case.json" => &[
                "`blockedInputMessaging` is missing",
                "`blockedOutputsMessaging` is missing",
                "`blocked_output_messaging`, it has no effect; did you mean `blockedOutputsMessaging`?",
                "did you mean `automatedReasoningPolicyConfig`?",
                "did you mean `crossRegionConfig`?",
            ],
            "create-enforcement-demo-incomplete.json" => &[
                "`blockedInputMessaging` is missing",
                "`blockedOutputsMessaging` is missing",
                "no policy",
            ],
            "get-prowler-prompt-attack.json" => &[
                "`version` is missing; give the whole answer",
                "`createdAt` is missing",
                "`updatedAt` is missing",
            ],
            "get-prowler-sensitive-bool.json" => &[
                "`version` is missing",
                "$.sensitiveInformationPolicy: an object is expected, this is a boolean",
            ],
            "apply-request-code-modality.json" => &["ApplyGuardrail request", "CreateGuardrail"],
            "enforced-tutorial-input-tags.json" => &["PutEnforcedGuardrailConfiguration"],
            "org-policy-tutorial-input-tags.json" => &["Organizations Bedrock policy", "as --org)"],
            _ if name.starts_with("apply-response-") => {
                &["ApplyGuardrail response", "CreateGuardrail"]
            }
            _ if name.ends_with(".tf") => &["error[hcl]", "terraform show -json"],
            _ => &[],
        };
        match result {
            Ok(read) if parts.is_empty() => assert_eq!(read.guardrails.len(), 1, "{name}"),
            Ok(_) => panic!("{name} is read but should be refused"),
            Err(all) if parts.is_empty() => panic!("{name}: {all}"),
            Err(all) => assert_says(&all, &name, parts),
        }
    }
    assert!(seen >= 40, "only {seen} documents");
}

fn collected(name: &str) -> (Guardrail, Diagnostics) {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/guardrails");
    one(&fs::read_to_string(folder.join(name)).unwrap())
}

#[test]
fn collected_values_arrive() {
    use DirectionalAction::{Anonymize, Block, Disabled, None as Detect};
    let (cdk, _) = collected("cfn-cdk-alpha-integ.json");
    // `Action: ANONYMIZE` with `InputAction: BLOCK` follows the directional field.
    assert_eq!(
        (cdk.pii[0].action.input, cdk.pii[0].action.output),
        (Block, Block)
    );
    assert_eq!(cdk.words[0].action.output, Detect);
    assert_eq!(cdk.topics_tier.as_deref(), Some("CLASSIC"));
    assert_eq!(cdk.content_tier.as_deref(), Some("CLASSIC"));
    assert!(cdk.regexes[0].path.ends_with("RegexesConfig[0]"));

    let (updated, _) = collected("get-c7n-after-update.json");
    assert_eq!(updated.words[0].action.output, Disabled);
    assert_eq!(updated.profanity.unwrap().input, Block);
    assert_eq!(updated.version.as_deref(), Some("DRAFT"));

    let (sam, lints) = collected("cfn-sam-folded-scalar.yaml");
    assert_eq!(sam.name, "example-guardrail");
    assert_eq!(sam.pii[0].action.input, Disabled);
    assert_eq!(sam.pii[0].action.output, Anonymize);
    assert!(sam.pii[0].action.legacy_input);
    assert_says(
        &lints,
        "sam",
        &[
            "lint[legacy-input]",
            "PiiEntitiesConfig[0]",
            "legacy_input = \"mask\"",
        ],
    );

    let (rag, lints) = collected("cfn-securing-rag-nonadmin.json");
    assert_eq!(rag.blocked_input_messaging, "blockedInputMessaging");
    assert_says(&lints, "rag", &["lint[placeholder-message]"]);

    let (inputs, _) = collected("cfn-kb-sync-input-only.json");
    assert_eq!(inputs.content_filters[0].action.output, Disabled);
    let (state, _) = collected("terraform-state-c7n.json");
    assert_eq!(state.id.as_deref(), Some("j67bckj8wqa9"));
    let (two_tier, _) = collected("create-strands-two-tier.json");
    assert_eq!(
        two_tier.cross_region_profile.as_deref(),
        Some("us.guardrail.v1:0")
    );
}

#[test]
fn empty_lists_and_nulls_are_fine() {
    for extra in [
        r#""wordPolicyConfig":{"wordsConfig":[],"managedWordListsConfig":null}"#,
        r#""wordPolicyConfig":null,"topicPolicyConfig":null,"description":null,"tags":[]"#,
        r#""topicPolicyConfig":{"topicsConfig":[]},"contentPolicyConfig":{"filtersConfig":[]}"#,
        r#""kmsKeyId":"alias/team","clientRequestToken":"a-1","tags":[{"key":"a","value":""}]"#,
    ] {
        let (guardrail, all) = one(&body(&format!("{PII},{extra}")));
        assert!(guardrail.words.is_empty() && all.is_empty(), "{all}");
    }
}

/// Members after [`PII`], and what must be said about them.
const ERRORS: &[(&str, &[&str])] = &[
    (
        r#""name2":1,"description":"""#,
        &["$.description: 1 to 200 characters are allowed, this string has 0"],
    ),
    (
        r#""description":7"#,
        &["a string is expected, this is a number; put it in quotes"],
    ),
    (r#""kmsKeyId":"arn:aws:s3:::b""#, &["$.kmsKeyId", "KMS key"]),
    (r#""clientRequestToken":"-a""#, &["$.clientRequestToken"]),
    (
        r#""tags":[{"key":"a"}]"#,
        &["$.tags[0]: the required field `value` is missing"],
    ),
    (
        r#""wordPolicyConfig":[]"#,
        &["$.wordPolicyConfig: an object is expected, this is a list"],
    ),
    (
        r#""wordPolicyConfig":{"wordsConfig":{}}"#,
        &["a list is expected, this is an object"],
    ),
    (
        r#""wordPolicyConfig":{"wordsConfig":["w"]}"#,
        &["wordsConfig[0]: an object is expected, this is a string"],
    ),
    (
        r#""wordPolicyConfig":{"wordsConfig":[{}]}"#,
        &["`text` is missing"],
    ),
    (
        r#""wordPolicyConfig":{"wordsConfig":[{"text":"w","inputAction":"ANONYMIZE"}]}"#,
        &["`ANONYMIZE` is not a value of this field; use `BLOCK` or `NONE`"],
    ),
    (
        r#""wordPolicyConfig":{"wordsConfig":[{"text":"w","inputEnabled":"true"}]}"#,
        &["true or false is expected, this is a string"],
    ),
    (
        r#""wordPolicyConfig":{"wordsConfig":[{"text":"w"},{"text":"w","inputAction":"NONE"}]}"#,
        &["error[duplicate-entry]", "wordsConfig[1].text"],
    ),
    (
        r#""wordPolicyConfig":{"managedWordListsConfig":[{"type":"SLURS"}]}"#,
        &["`SLURS` is not a value of this field; use `PROFANITY`"],
    ),
    (r#""topicPolicyConfig":{}"#, &["`topicsConfig` is missing"]),
    (
        r#""topicPolicyConfig":{"topicsConfig":[{"name":"a/b","definition":"d","type":"DENY"}]}"#,
        &["topicsConfig[0].name", "`-_!?.`"],
    ),
    (
        r#""topicPolicyConfig":{"topicsConfig":[{"name":"a","definition":"d"}]}"#,
        &["`type` is missing"],
    ),
    (
        r#""topicPolicyConfig":{"topicsConfig":[{"name":"a","definition":"d","type":"ALLOW"}]}"#,
        &["use `DENY`"],
    ),
    (
        r#""topicPolicyConfig":{"topicsConfig":[{"name":"a","definition":"d","type":"DENY","examples":["1","2","3","4","5","6"]}]}"#,
        &["examples: at most 5 items"],
    ),
    (
        r#""topicPolicyConfig":{"topicsConfig":[{"name":"a","definition":"d","type":"DENY"},{"name":"a","definition":"e","type":"DENY"}]}"#,
        &["topicsConfig[1].name: the same topic name"],
    ),
    (
        r#""topicPolicyConfig":{"topicsConfig":[],"tierConfig":{"tierName":"GOLD"}}"#,
        &["tierName: `GOLD`", "`CLASSIC` or `STANDARD`"],
    ),
    (
        r#""topicPolicyConfig":{"topicsConfig":[],"tierConfig":{"tierName":"STANDARD"}}"#,
        &[
            "$.topicPolicyConfig.tierConfig.tierName: the STANDARD tier needs a cross-Region profile",
        ],
    ),
    (
        r#""contentPolicyConfig":{"filtersConfig":[{"type":"HATE","inputStrength":"MAX","outputStrength":"LOW"}]}"#,
        &["inputStrength: `MAX`"],
    ),
    (
        r#""contentPolicyConfig":{"filtersConfig":[{"type":"HATE","inputStrength":"LOW"}]}"#,
        &["`outputStrength` is missing"],
    ),
    (
        r#""contentPolicyConfig":{"filtersConfig":[{"type":"HATE","inputStrength":"LOW","outputStrength":"LOW","inputModalities":["AUDIO"]}]}"#,
        &["inputModalities[0]: `AUDIO`"],
    ),
    (
        r#""contextualGroundingPolicyConfig":{"filtersConfig":[{"type":"GROUNDING","threshold":-0.1}]}"#,
        &["threshold", "-0.1"],
    ),
    (
        r#""contextualGroundingPolicyConfig":{"filtersConfig":[{"type":"GROUNDING","threshold":"0.5"}]}"#,
        &["a number is expected, this is a string"],
    ),
    (
        r#""automatedReasoningPolicyConfig":{"policies":["a","b","c"]}"#,
        &["at most 2 items", "15 to 2048 characters"],
    ),
    (
        r#""crossRegionConfig":{"guardrailProfileIdentifier":"us.anthropic.claude-v1:0"}"#,
        &["guardrail profile is expected"],
    ),
    (
        r#""crossRegionConfig":{}"#,
        &["`guardrailProfileIdentifier` is missing"],
    ),
];

#[test]
fn every_rule_of_the_model_has_its_message() {
    for (extra, parts) in ERRORS {
        let text = body(&format!("{PII},{extra}"));
        let all = read_text(&text).expect_err(&text);
        assert_says(&all, &text, parts);
    }
}

#[test]
fn rules_of_sensitive_information() {
    let policy = |inner: &str| {
        body(&format!(
            r#""sensitiveInformationPolicyConfig":{{{inner}}}"#
        ))
    };
    let rows: [(&str, &[&str]); 8] = [
        (
            r#""piiEntitiesConfig":[{"type":"EMIAL","action":"BLOCK"}]"#,
            &["did you mean `EMAIL`?"],
        ),
        (
            r#""piiEntitiesConfig":[{"type":"EMAIL"}]"#,
            &["`action` is missing"],
        ),
        (
            r#""piiEntitiesConfig":[{"type":"EMAIL","action":"MASK"}]"#,
            &["`MASK`", "`ANONYMIZE`"],
        ),
        (
            r#""piiEntitiesConfig":[{"type":"EMAIL","action":"BLOCK"},{"type":"EMAIL","action":"NONE"}]"#,
            &["error[duplicate-entry]", "piiEntitiesConfig[1].type"],
        ),
        (
            r#""regexesConfig":[{"name":"a","pattern":"","action":"BLOCK"}]"#,
            &["regexesConfig[0].pattern: 1 to 500"],
        ),
        (
            r#""regexesConfig":[{"pattern":"a","action":"BLOCK"}]"#,
            &["`name` is missing"],
        ),
        (
            r#""regexesConfig":[{"name":"a","pattern":"a","action":"BLOCK"},{"name":"a","pattern":"b","action":"BLOCK"}]"#,
            &["regexesConfig[1].name: the same regex name"],
        ),
        (
            r#""piiEntitiesConfig":[],"regexesConfig":[]"#,
            &["error[no-policy]", "evaluate nothing"],
        ),
    ];
    for (inner, parts) in rows {
        let text = policy(inner);
        assert_says(&read_text(&text).expect_err(&text), &text, parts);
    }
    let many = |n: usize| -> String {
        let entries: Vec<String> = (0..n)
            .map(|i| format!(r#"{{"name":"r{i}","pattern":"a","action":"BLOCK"}}"#))
            .collect();
        policy(&format!(r#""regexesConfig":[{}]"#, entries.join(",")))
    };
    assert_eq!(one(&many(30)).0.regexes.len(), 30);
    assert_says(
        &read_text(&many(31)).unwrap_err(),
        "31",
        &["at most 30 items are allowed, this list has 31"],
    );
    let pattern = |n: usize| {
        policy(&format!(
            r#""regexesConfig":[{{"name":"a","pattern":"{}","action":"NONE"}}]"#,
            "é".repeat(n)
        ))
    };
    assert_eq!(one(&pattern(500)).0.regexes.len(), 1);
    assert_says(
        &read_text(&pattern(501)).unwrap_err(),
        "501",
        &["this string has 501"],
    );
}

#[test]
fn counts_and_lengths_at_their_edges() {
    let words = |n: usize| -> String {
        let entries: Vec<String> = (0..n).map(|i| format!(r#"{{"text":"w{i}"}}"#)).collect();
        body(&format!(
            r#""wordPolicyConfig":{{"wordsConfig":[{}]}}"#,
            entries.join(",")
        ))
    };
    assert_eq!(one(&words(10_000)).0.words.len(), 10_000);
    assert_says(
        &read_text(&words(10_001)).unwrap_err(),
        "10001",
        &["at most 10000 items are allowed, this list has 10001"],
    );
    let word = |n: usize| {
        body(&format!(
            r#""wordPolicyConfig":{{"wordsConfig":[{{"text":"{}"}}]}}"#,
            "語".repeat(n)
        ))
    };
    assert_eq!(one(&word(100)).0.words.len(), 1);
    assert!(read_text(&word(101)).is_err());
    let topic = |n: usize, tier: &str| {
        let profile = r#""crossRegionConfig":{"guardrailProfileIdentifier":"eu.guardrail.v1:0"}"#;
        body(&format!(
            r#"{profile},"topicPolicyConfig":{{"topicsConfig":[{{"name":"T","definition":"{}","type":"DENY"}}],"tierConfig":{{"tierName":"{tier}"}}}}"#,
            "d".repeat(n)
        ))
    };
    assert!(read_text(&topic(200, "CLASSIC")).is_ok());
    let all = read_text(&topic(201, "CLASSIC")).unwrap_err();
    assert_says(
        &all,
        "201",
        &[
            "1 to 200 characters are allowed, this string has 201",
            "needs the STANDARD tier",
        ],
    );
    assert!(read_text(&topic(1_000, "STANDARD")).is_ok());
    assert!(read_text(&topic(1_001, "STANDARD")).is_err());
    for (name, fits) in [("a", true), ("", false), ("a b", false), ("é", false)] {
        let text = body(PII).replace("\"n\"", &format!("\"{name}\""));
        assert_eq!(read_text(&text).is_ok(), fits, "{name}");
    }
    assert!(read_text(&body(PII).replace("\"n\"", &format!("\"{}\"", "n".repeat(51)))).is_err());
}

#[test]
fn warnings_and_lints_do_not_refuse() {
    let rows: &[(&str, &[&str])] = &[
        (r#""foo":1"#, &["warning[unknown-field]", "$.foo"]),
        (
            r#""WordPolicyConfig":{}"#,
            &["did you mean `wordPolicyConfig`?"],
        ),
        (
            r#""wordPolicyConfig":{"wordsConfig":[{"text":"a","txet":"b"}]}"#,
            &["wordsConfig[0].txet", "`text`?"],
        ),
        (
            r#""wordPolicyConfig":{"wordsConfig":[{"text":"a"},{"text":"a"}]}"#,
            &["warning[duplicate-entry]"],
        ),
        (
            r#""wordPolicyConfig":{"wordsConfig":[{"text":" a"}]}"#,
            &["lint[word-space]"],
        ),
        (
            r#""wordPolicyConfig":{"wordsConfig":[{"text":"--"}]}"#,
            &["lint[word-without-letters]"],
        ),
        (
            r#""wordPolicyConfig":{"wordsConfig":[{"text":"one two three four"}]}"#,
            &["lint[long-phrase]", "4 words"],
        ),
        (
            r#""wordPolicyConfig":{"wordsConfig":[{"text":"a","inputEnabled":false,"outputEnabled":false}]}"#,
            &["lint[never-evaluated]"],
        ),
        (
            r#""contentPolicyConfig":{"filtersConfig":[{"type":"PROMPT_ATTACK","inputStrength":"LOW","outputStrength":"LOW"}]}"#,
            &["lint[prompt-attack-output]"],
        ),
    ];
    for (extra, parts) in rows {
        let (_, all) = one(&body(&format!("{PII},{extra}")));
        assert_eq!(all.len(), 1, "{all}");
        assert_says(&all, extra, parts);
    }
    let params = ReadOptions {
        parameters: [("A".to_owned(), "b".to_owned())].into(),
        name: None,
    };
    let all = read(body(PII).as_bytes(), &params).unwrap().diagnostics;
    assert_says(&all, "parameters", &["warning[unused-parameter]"]);
}

#[test]
fn all_errors_come_at_once_and_hold_no_secret() {
    let long = "hidden ".repeat(20);
    let text = format!(
        r#"{{"name":"hidden name","description":"{long}{long}","blockedInputMessaging":["hidden"],"hiddenish":"hidden",
        "wordPolicyConfig":{{"wordsConfig":[{{"text":"{long}"}},{{"text":"hidden","inputAction":"hidden"}}]}},
        "sensitiveInformationPolicyConfig":{{"regexesConfig":[{{"name":"R","pattern":"{long}{long}{long}{long}","action":"the hidden one"}}]}},
        "topicPolicyConfig":{{"topicsConfig":[{{"name":"hidden/","definition":"{long}{long}","examples":["{long}"],"type":"DENY"}}]}}}}"#
    );
    let all = read_text(&text).unwrap_err();
    assert_eq!(all.errors(), 11, "{all}");
    let message = all.to_string().replace("hiddenish", "");
    assert!(!message.contains("hidden"), "{message}");
    let order: Vec<_> = all.iter().map(|d| (d.line, d.column)).collect();
    assert!(order.is_sorted(), "{all}");
}

#[test]
fn envelopes_lists_and_names() {
    let get = r#"{"name":"n","guardrailId":"abc","guardrailArn":"arn:aws:bedrock:us-east-1:111122223333:guardrail/abc","version":"3","status":"READY","createdAt":"2026-05-04T09:12:44Z","updatedAt":1767225600.5,"blockedInputMessaging":"a","blockedOutputsMessaging":"b","topicPolicy":null,"wordPolicy":{"words":[{"text":"w"}]}}"#;
    for text in [
        get.to_owned(),
        format!(r#"{{"status_code":200,"data":{get}}}"#),
        format!(r#"{{"guardrail":{get},"ResponseMetadata":{{}}}}"#),
        format!("[{get}]"),
        format!("\u{feff}{}", get.replace(',', ",\r\n")),
    ] {
        let (guardrail, all) = one(&text);
        assert!(all.is_empty(), "{all}");
        assert_eq!(guardrail.version.as_deref(), Some("3"));
    }
    for (from, to, part) in [
        ("\"3\"", "\"03\"", "`DRAFT` or a number"),
        ("READY", "BROKEN", "`BROKEN` is not"),
        ("\"2026-05-04T09:12:44Z\"", "true", "a date is expected"),
    ] {
        assert_says(&read_text(&get.replace(from, to)).unwrap_err(), to, &[part]);
    }
    let (_, all) = one(&get.replace("READY", "FAILED"));
    assert_says(&all, "FAILED", &["warning[not-ready]"]);

    let second = get.replace("\"name\":\"n\"", "\"name\":\"m\"");
    let both = format!("[{get},{second}]");
    assert_eq!(read_text(&both).unwrap().guardrails.len(), 2);
    let choose = |name: &str, text: &str| {
        let options = ReadOptions {
            name: Some(name.to_owned()),
            ..Default::default()
        };
        read(text.as_bytes(), &options)
    };
    assert_eq!(choose("m", &both).unwrap().guardrails[0].name, "m");
    assert_says(
        &choose("x", &both).unwrap_err(),
        "x",
        &["no guardrail is named `x`", "`n` or `m`"],
    );
    assert_says(
        &read_text(&format!("[{get},{get}]")).unwrap_err(),
        "twice",
        &["$[1]", "same as that of the guardrail at $[0]"],
    );
    // A mistake in another guardrail does not stand in the way of the chosen one.
    let broken = format!("[{get},{}]", second.replace("\"w\"", "\"\""));
    assert!(choose("n", &broken).is_ok());
    assert!(choose("m", &broken).is_err());
}

#[test]
fn other_documents_are_called_by_their_name() {
    for (text, part) in [
        (r#"{"guardrails":[{"id":"a"}]}"#, "ListGuardrails response"),
        (
            r#"{"id":"a","arn":"b","status":"READY","name":"n"}"#,
            "ListGuardrails summary",
        ),
        (
            r#"{"guardrailId":"a","guardrailArn":"b","version":"DRAFT","createdAt":"c"}"#,
            "create or update call",
        ),
        (
            r#"{"guardrailsConfig":[]}"#,
            "ListEnforcedGuardrailsConfiguration",
        ),
        (r#"{"__type":"AccessDenied","message":"m"}"#, "error answer"),
        (r#"{"legacy_input":"mask"}"#, "an overlay"),
        (r#"{"a":1}"#, "no guardrail definition"),
        ("[]", "holds no definitions"),
        ("[1]", "holds no definitions"),
        ("just words", "the document is a string"),
        ("12", "the document is a number"),
        ("{}", "no guardrail definition"),
    ] {
        assert_says(
            &read_text(text).expect_err(text),
            text,
            &["error[not-a-definition]", part],
        );
    }
}

#[test]
fn hostile_files_are_refused() {
    for (bytes, part) in [
        ("[".repeat(100_000).into_bytes(), "128 levels"),
        (
            format!("x: {}", "{a: ".repeat(100_000)).into_bytes(),
            "128 levels",
        ),
        (b"{\"name\": \"\xff\"}".to_vec(), "offset 10"),
        (body(PII).into_bytes()[..120].to_vec(), "truncated"),
        (Vec::new(), "empty"),
        (b"<html>502</html>".to_vec(), "HTML"),
        (
            body(PII)
                .replace("\"name\"", "\"name\":\"m\",\"name\"")
                .into_bytes(),
            "`name` stands twice",
        ),
    ] {
        let all = read(&bytes, &ReadOptions::default()).unwrap_err();
        assert_says(&all, part, &[part]);
    }
}

/// Every cut and every changed byte gives a result, never a panic or a hang.
#[test]
fn damaged_documents_never_panic() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/guardrails");
    let options = ReadOptions::default();
    let mut refused = 0;
    for name in [
        "cfn-sam-folded-scalar.yaml",
        "cfn-cdk-alpha-integ.json",
        "terraform-state-c7n.json",
        "get-c7n-after-update.json",
    ] {
        let bytes = fs::read(folder.join(name)).unwrap();
        for at in (0..bytes.len()).step_by(3) {
            refused += usize::from(read(&bytes[..at], &options).is_err());
            let mut changed = bytes.clone();
            changed[at] = b"{}[]\"':,-!&*#\n\0\xff0"[at % 17];
            refused += usize::from(read(&changed, &options).is_err());
        }
    }
    assert!(refused > 1_000, "{refused}");
}

#[test]
fn responses_as_sdks_print_them() {
    let go = r#"{"BlockedInputMessaging":"a","BlockedOutputsMessaging":"b","CreatedAt":"2026-05-04T09:12:44Z","GuardrailArn":"arn:aws:bedrock:us-east-1:111122223333:guardrail/abc","GuardrailId":"abc","Name":"n","Status":"READY","UpdatedAt":"2026-05-04T09:12:44Z","Version":"1","Description":null,"KmsKeyArn":null,"ContentPolicy":null,"FailureRecommendations":null,"StatusReasons":null,
        "SensitiveInformationPolicy":{"PiiEntities":[{"Action":"ANONYMIZE","Type":"EMAIL","InputAction":"","InputEnabled":null,"OutputAction":"BLOCK","OutputEnabled":true}],"Regexes":null},"WordPolicy":{"Words":[{"Text":"w"}],"ManagedWordLists":null},"ResultMetadata":{}}"#;
    let (guardrail, all) = one(go);
    assert_eq!((guardrail.words.len(), guardrail.pii.len()), (1, 1));
    assert!(guardrail.pii[0].action.legacy_input);
    assert_eq!(guardrail.pii[0].action.output, DirectionalAction::Block);
    assert_eq!(all.len(), 1, "{all}");
    let all = read_text(&go.replace("\"w\"", "\"\"")).unwrap_err();
    assert_says(
        &all,
        go,
        &["$.WordPolicy.Words[0]: the required field `Text` is missing"],
    );

    let python = "{'name': 'n', 'createdAt': datetime.datetime(2026, 5, 4)}";
    assert_says(&read_text(python).unwrap_err(), python, &["json.dumps"]);
    let javascript = r#"{"$metadata":{"httpStatusCode":200},"name":"n","guardrailId":"abc"}"#;
    assert_says(
        &read_text(javascript).unwrap_err(),
        javascript,
        &["`version` is missing"],
    );
}
