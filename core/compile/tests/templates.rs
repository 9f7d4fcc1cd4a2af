//! CloudFormation templates and Terraform output.

use edgerail_compile::definition::{DirectionalAction, Read, ReadOptions, read};
use edgerail_compile::diagnostic::Diagnostics;

const CLINIC: &str = include_str!("data/stackset-clinic.yaml");
const SHOP: &str = include_str!("data/stackset-shop.yaml");

fn with(text: &str, parameters: &[(&str, &str)]) -> Result<Read, Diagnostics> {
    let parameters = parameters
        .iter()
        .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
        .collect();
    read(
        text.as_bytes(),
        &ReadOptions {
            parameters,
            name: None,
        },
    )
}

fn assert_says(result: Result<Read, Diagnostics>, context: &str, parts: &[&str]) {
    let message = result.expect_err(context).to_string();
    for part in parts {
        assert!(
            message.contains(part),
            "{context}\n{message}\nlacks: {part}"
        );
    }
}

#[test]
fn a_template_is_resolved_from_its_defaults() {
    let read = with(CLINIC, &[]).unwrap();
    assert_eq!(
        read.guardrails.len(),
        1,
        "the condition leaves the other out"
    );
    let g = &read.guardrails[0];
    assert_eq!(g.name, "bedrock-clinica-asistente");
    assert_eq!(
        g.description.as_deref(),
        Some("Guardrail clinica-asistente (pruebas)")
    );
    assert_eq!(
        g.blocked_input_messaging,
        "No podemos atender esta petición."
    );
    assert_eq!(g.content_filters[0].input_strength, "MEDIUM");
    assert_eq!(g.content_filters[1].input_strength, "LOW");
    assert_eq!(g.topics.len(), 1);
    assert!(g.topics[0].definition.ends_with("concreta.\n"));
    assert_eq!(g.topics[0].examples[0], "¿Qué enfermedad tengo?");
    assert_eq!(g.topics_tier.as_deref(), Some("STANDARD"));
    let words: Vec<&str> = g.words.iter().map(|w| w.text.as_str()).collect();
    assert_eq!(words, ["0123", "NO"]);
    assert_eq!(g.grounding, ["GROUNDING"]);
}

#[test]
fn parameters_change_what_a_template_says() {
    let production = with(
        CLINIC,
        &[("Entorno", "produccion"), ("AWS::Region", "eu-west-1")],
    )
    .unwrap();
    assert_eq!(production.guardrails.len(), 2);
    assert_eq!(production.guardrails[0].topics.len(), 2);
    assert_eq!(
        production.guardrails[0].content_filters[1].input_strength,
        "HIGH"
    );
    assert_eq!(production.guardrails[1].name, "sin-clave");
    let key = "arn:aws:kms:eu-west-1:111122223333:alias/guardrails";
    let both = with(CLINIC, &[("Entorno", "produccion"), ("KmsKeyArn", key)]).unwrap();
    assert_eq!(both.guardrails[1].name, "con-clave");

    assert_says(
        with(CLINIC, &[("Entorno", "prod")]),
        "allowed",
        &["`Entorno` is not one of its AllowedValues"],
    );
    assert_says(
        with(CLINIC, &[("Entrono", "x")]),
        "unknown",
        &["no parameter `Entrono`; did you mean `Entorno`?"],
    );
    let long = "m".repeat(501);
    assert_says(
        with(CLINIC, &[("MensajeEntrada", &long)]),
        "long",
        &["has 501 characters"],
    );
    assert_says(
        with(CLINIC, &[("KmsKeyArn", "not a key")]),
        "key",
        &["$.Resources.Guardrail.Properties.KmsKeyArn"],
    );
}

#[test]
fn strings_become_the_type_the_field_has() {
    let read = with(SHOP, &[]).unwrap();
    let g = &read.guardrails[0];
    assert_eq!(g.description.as_deref(), Some("uno-dos"));
    assert_eq!(
        g.blocked_outputs_messaging,
        "Tu solicitud contiene datos que no podemos tratar."
    );
    assert!(g.pii[0].action.legacy_input);
    assert_eq!(g.pii[1].action.input, DirectionalAction::Anonymize);
    assert_eq!(g.regexes[0].pattern, "PED-[0-9]{6}${x}");
    let off = with(SHOP, &[("Activo", "false")]).unwrap();
    assert_eq!(
        off.guardrails[0].pii[1].action.input,
        DirectionalAction::Disabled
    );
    assert_says(
        with(SHOP, &[("Activo", "maybe")]),
        "bool",
        &["PiiEntitiesConfig[1].InputEnabled", "true or false"],
    );
    assert_says(
        with(SHOP, &[("Accion", "HIDE")]),
        "enum",
        &["PiiEntitiesConfig[0].Action: `HIDE`"],
    );
}

/// A template whose name is this YAML, with the rest given.
fn named(name: &str, rest: &str) -> String {
    format!(
        "Resources:\n  G:\n    Type: AWS::Bedrock::Guardrail\n    Properties:\n      Name: {name}\n      BlockedInputMessaging: a\n      BlockedOutputsMessaging: b\n      WordPolicyConfig: {{WordsConfig: [{{Text: w}}]}}\n  Bucket:\n    Type: AWS::S3::Bucket\n{rest}"
    )
}

#[test]
fn what_cannot_be_resolved_is_refused_by_name_and_path() {
    let circle = "Conditions: {A: !Not [!Condition B], B: !Not [!Condition A]}\n";
    let doubling: String = (0..60)
        .map(|i| {
            format!(
                "  C{i}: !And [!Condition C{}, !Condition C{}]\n",
                i + 1,
                i + 1
            )
        })
        .collect();
    let doubling = format!("Conditions:\n{doubling}  C60: !Equals [a, a]\n");
    for (name, rest, parts) in [
        (
            "!Ref P",
            "",
            &["$.Resources.G.Properties.Name.Ref", "no parameter `P`"][..],
        ),
        (
            "!Ref P",
            "Parameters: {P: {Type: String}}",
            &["no default", "--parameter P=…"],
        ),
        (
            "!Ref P",
            "Parameters: {P: {Type: 'AWS::SSM::Parameter::Value<String>', Default: /a}}",
            &["Systems Manager", "--parameter P=…"],
        ),
        ("!Ref Bucket", "", &["refers to a resource"]),
        (
            "!Sub '${AWS::StackName}-g'",
            "",
            &["--parameter AWS::StackName=…"],
        ),
        ("!Sub '${Bucket.Arn}'", "", &["refers to a resource"]),
        ("!Sub 'a${b'", "", &["no `}`"]),
        ("!Sub [a]", "", &["takes a string"]),
        ("!GetAtt Bucket.Name", "", &["`Fn::GetAtt` is not resolved"]),
        ("!ImportValue x", "", &["`Fn::ImportValue` is not resolved"]),
        ("!Select [0, [a]]", "", &["`Fn::Select` is not resolved"]),
        ("!Join [a]", "", &["`Fn::Join` takes"]),
        ("!Join ['-', [a, [b]]]", "", &["joins strings only"]),
        ("!If [C, a, b]", "", &["no condition `C`"]),
        ("!If [C, a]", "", &["`Fn::If` takes"]),
        ("!If [A, a, b]", circle, &["refers to itself"]),
        ("!If [C0, a, b]", &doubling, &["too many others"]),
        (
            "!If [C, a, b]",
            "Conditions: {C: !Equals [[a], b]}",
            &["compares two strings"],
        ),
        (
            "!If [C, a, b]",
            "Conditions: {C: !Equals [a]}",
            &["`Fn::Equals` with this argument"],
        ),
        (
            "!FindInMap [M, a, b]",
            "Mappings: {M: {a: {c: d}}}",
            &["finds nothing"],
        ),
        ("!Ref AWS::NoValue", "", &["`Name` is missing"]),
    ] {
        let text = named(name, rest);
        let all = with(&text, &[]).expect_err(&text);
        assert_eq!(all.errors(), 1, "{text}\n{all}");
        assert_says(Err(all), &text, parts);
    }
    let default = named(
        "!FindInMap [M, a, b, {DefaultValue: d}]",
        "Mappings: {M: {}}",
    );
    assert_eq!(with(&default, &[]).unwrap().guardrails[0].name, "d");
    let given = named("!Sub '${AWS::StackName}-g'", "");
    assert_eq!(
        with(&given, &[("AWS::StackName", "s")]).unwrap().guardrails[0].name,
        "s-g"
    );
}

#[test]
fn resources_are_found_or_missed_by_name() {
    let two = named(
        "a",
        "  H:\n    Type: AWS::Bedrock::Guardrail\n    Properties: {Name: b, BlockedInputMessaging: a, BlockedOutputsMessaging: b, WordPolicyConfig: {WordsConfig: [{Text: w}]}}\n",
    );
    assert_eq!(with(&two, &[]).unwrap().guardrails.len(), 2);
    let options = |name: &str| ReadOptions {
        name: Some(name.to_owned()),
        ..Default::default()
    };
    assert_eq!(
        read(two.as_bytes(), &options("b")).unwrap().guardrails[0].name,
        "b"
    );
    assert_eq!(
        read(two.as_bytes(), &options("H")).unwrap().guardrails[0].name,
        "b"
    );
    let same = two.replace("Name: b", "Name: a");
    assert_says(
        with(&same, &[]),
        "same",
        &[
            "error[duplicate-guardrail-name]",
            "$.Resources.H.Properties",
        ],
    );

    assert_says(
        with("Resources: {A: {Type: AWS::S3::Bucket}}", &[]),
        "none",
        &["no `AWS::Bedrock::Guardrail` resource"],
    );
    assert_says(
        with("AWSTemplateFormatVersion: '2010-09-09'", &[]),
        "empty",
        &["no `Resources`"],
    );
    assert_says(
        with("Resources: {A: {Type: AWS::Bedrock::Guardrail}}", &[]),
        "bare",
        &["`Name` is missing"],
    );
    let never = named("a", "Conditions: {C: !Equals [a, b]}").replace(
        "    Properties:\n      Name",
        "    Condition: C\n    Properties:\n      Name",
    );
    assert_says(with(&never, &[]), "never", &["conditions leave out all 1"]);
    let each =
        "Resources: {'Fn::ForEach::G': [N, [a], {'G${N}': {Type: AWS::Bedrock::Guardrail}}]}";
    assert_says(with(each, &[]), "each", &["Fn::ForEach::G"]);

    let properties = "Name: a\nBlockedInputMessaging: a\nBlockedOutputsMessaging: b\nWordPolicyConfig: {WordsConfig: [{Text: w}]}\n";
    assert_eq!(with(properties, &[]).unwrap().guardrails[0].name, "a");
    let referring = properties.replace("Name: a", "Name: !Ref P");
    assert_eq!(
        with(&referring, &[("P", "given")]).unwrap().guardrails[0].name,
        "given"
    );
    let resource = format!(
        "Type: AWS::Bedrock::Guardrail\nProperties:\n  {}",
        properties.trim_end().replace('\n', "\n  ")
    );
    assert_eq!(with(&resource, &[]).unwrap().guardrails[0].name, "a");
    let transform = named("a", "").replace(
        "Name: a\n",
        "Name: a\n      Fn::Transform: {Name: 'AWS::Include'}\n",
    );
    assert_says(
        with(&transform, &[]),
        "transform",
        &["`Fn::Transform` is not resolved here"],
    );
    let camel = named("a", "").replace("WordPolicyConfig", "wordPolicyConfig");
    assert_says(
        with(&camel, &[]),
        "camel",
        &["did you mean `WordPolicyConfig`?", "error[no-policy]"],
    );
}

const ATTRIBUTES: &str = r#"{"name":"tf","description":"","blocked_input_messaging":"a","blocked_outputs_messaging":"b","kms_key_arn":null,"tags":{"a":"b"},"guardrail_id":"abc","version":"DRAFT",
"cross_region_config":[{"guardrail_profile_identifier":"us.guardrail.v1:0"}],
"topic_policy_config":[{"topics_config":[{"name":"T","definition":"d","examples":null,"type":"DENY"}],"tier_config":[{"tier_name":"STANDARD"}]}],
"sensitive_information_policy_config":[{"pii_entities_config":[{"action":"ANONYMIZE","type":"EMAIL","input_action":"BLOCK","input_enabled":true,"output_action":null,"output_enabled":null}],"regexes_config":[]}],
"word_policy_config":[{"managed_word_lists_config":[{"type":"PROFANITY"}],"words_config":[{"text":"w"}]}],"contextual_grounding_policy_config":[]}"#;

#[test]
fn terraform_in_all_its_forms() {
    let resource = format!(
        r#"{{"address":"aws_bedrock_guardrail.x","mode":"managed","type":"aws_bedrock_guardrail","name":"x","values":{ATTRIBUTES}}}"#
    );
    let module = format!(
        r#"{{"root_module":{{"resources":[{{"type":"aws_s3_bucket","values":{{}}}}],"child_modules":[{{"address":"module.m","resources":[{resource}]}}]}}}}"#
    );
    for text in [
        ATTRIBUTES.to_owned(),
        resource.clone(),
        format!(r#"{{"format_version":"1.0","terraform_version":"1.9.0","values":{module}}}"#),
        format!(
            r#"{{"format_version":"1.2","planned_values":{module},"prior_state":{{"values":{{"root_module":{{}}}}}}}}"#
        ),
        format!(r#"{{"format_version":"1.2","prior_state":{{"values":{module}}}}}"#),
        format!(
            r#"{{"version":4,"terraform_version":"1.9.0","resources":[{{"mode":"managed","type":"aws_bedrock_guardrail","name":"x","instances":[{{"attributes":{ATTRIBUTES}}}]}}]}}"#
        ),
        format!(
            r#"{{"pytest-terraform":1,"resources":{{"aws_bedrock_guardrail":{{"x":{ATTRIBUTES}}}}}}}"#
        ),
    ] {
        let read = with(&text, &[]).unwrap_or_else(|all| panic!("{text}\n{all}"));
        let g = &read.guardrails[0];
        assert_eq!(
            (g.name.as_str(), g.topics.len(), g.words.len(), g.pii.len()),
            ("tf", 1, 1, 1)
        );
        assert_eq!(g.topics_tier.as_deref(), Some("STANDARD"));
        assert_eq!(g.pii[0].action.input, DirectionalAction::Block);
        assert!(g.profanity.is_some() && g.description.is_none());
        assert_eq!(read.diagnostics.len(), 1, "{}", read.diagnostics);
    }
    let twice = ATTRIBUTES.replace(
        r#""words_config":[{"text":"w"}]}]"#,
        r#""words_config":[{"text":"w"}]},{}]"#,
    );
    assert_says(
        with(&twice, &[]),
        "twice",
        &["$.word_policy_config: one block is expected"],
    );
    let long = ATTRIBUTES.replace(r#""text":"w""#, r#""text":"""#);
    assert_says(
        with(&long, &[]),
        "long",
        &["$.word_policy_config[0].words_config[0].text"],
    );
    let data = resource.replace("managed\"", "data\"");
    for none in [
        r#"{"format_version":"1.0","terraform_version":"1.9.0"}"#.to_owned(),
        format!(r#"{{"values":{{"root_module":{{"resources":[{data}]}}}}}}"#),
    ] {
        assert_says(
            with(&none, &[]),
            &none,
            &["no managed `aws_bedrock_guardrail`"],
        );
    }
}
