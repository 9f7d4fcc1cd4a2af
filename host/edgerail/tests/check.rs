//! `edgerail check` as its users call it.

mod common;

use common::Folder;
use serde_json::json;

#[test]
fn prints_what_apply_guardrail_answers() {
    let folder = Folder::new("apply");
    let ran = folder.check(&["--format", "json", "write to ann@example.com"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    let answer = ran.json();
    assert_eq!(answer["action"], "GUARDRAIL_INTERVENED");
    assert_eq!(answer["outputs"], json!([{"text": "write to {EMAIL}"}]));
    let entity = &answer["assessments"][0]["sensitiveInformationPolicy"]["piiEntities"][0];
    assert_eq!(entity["match"], "ann@example.com");
    assert_eq!(answer["edgerail"]["trust"], "local");
}

#[test]
fn both_engines_print_the_same_bytes() {
    let folder = Folder::new("engines");
    let text = "\u{1f600} heron, ann@example.com and TCK-1234";
    let all = |engine| {
        let options = [
            "--format",
            "json",
            "--offsets",
            "bytes",
            "--now",
            "2027-01-01T00:00:00Z",
        ];
        folder.check(&[&options[..], &["--engine", engine, text]].concat())
    };
    let (wasm, native) = (all("wasm"), all("native"));
    assert_eq!(wasm.out, native.out);
    assert_eq!((wasm.code, native.code), (1, 1));
    assert!(
        wasm.out
            .starts_with("{\"action\":\"GUARDRAIL_INTERVENED\",\"actionReason\"")
    );
}

#[test]
fn counts_offsets_as_asked() {
    let folder = Folder::new("offsets");
    let text = "\u{e4}\u{1f600} heron";
    for (offsets, start) in [("bytes", 7), ("chars", 3), ("utf16", 4)] {
        let ran = folder.check(&["--format", "json", "--offsets", offsets, text]);
        let finding = &ran.json()["edgerail"]["findings"][0];
        assert_eq!(
            (&finding["start"], &finding["end"]),
            (&json!(start), &json!(start + 5))
        );
    }
    let line = folder.check(&["--format", "jsonl", text]);
    assert_eq!(line.lines()[0]["findings"][0]["start"], 3);
}

#[test]
fn counts_the_places_of_masks_as_asked() {
    let folder = Folder::new("masks");
    let text = "\u{e4}\u{1f600} ann@example.com";
    for (offsets, start) in [("bytes", 7), ("chars", 3), ("utf16", 4)] {
        let ran = folder.check(&["--format", "json", "--offsets", offsets, text]);
        let mask = json!({"block": 0, "builtIn": true, "label": "EMAIL", "start": start, "end": start + 15});
        assert_eq!(ran.json()["edgerail"]["masks"], json!([mask]));
    }
    let clean = folder.check(&["--format", "json", "nothing"]);
    assert!(clean.json()["edgerail"].get("masks").is_none());
    let blocked = folder.check(&["--format", "json", "a heron, ann@example.com"]);
    assert!(blocked.json()["edgerail"].get("masks").is_none());
}

#[test]
fn source_and_output_scope_are_passed_on() {
    let folder = Folder::new("source");
    let ran = folder.check(&["--format", "json", "--source", "OUTPUT", "a heron"]);
    assert_eq!(ran.json()["outputs"][0]["text"], "Not out.");
    let full = folder.check(&["--format", "json", "--output-scope", "full", "nothing"]);
    let entities = &full.json()["assessments"][0]["sensitiveInformationPolicy"]["piiEntities"];
    assert_eq!(entities[0]["detected"], false);
    assert_eq!(full.code, 0);
}

#[test]
fn exit_codes_are_the_highest_of_the_batch() {
    let folder = Folder::new("codes");
    assert_eq!(folder.check(&["fine"]).code, 0);
    assert_eq!(folder.check(&["fine", "a heron"]).code, 1);
    assert_eq!(folder.check(&["--exit-zero", "fine", "a heron"]).code, 0);
    let batch = folder.check(&["--format", "json", "a heron", "missing.txt", "fine"]);
    batch.refused(&["missing.txt", "no such file", "--text"]);
    let answers = batch.json();
    assert_eq!(answers[0]["action"], "GUARDRAIL_INTERVENED");
    assert_eq!(answers[1]["edgerail"]["error"]["code"], "not_found");
    assert_eq!(answers[2]["action"], "NONE");
    assert_eq!(answers[2]["edgerail"]["input"], "argument 3");
    assert_eq!(folder.check(&["--exit-zero", "missing.txt"]).code, 2);
    folder.write("observe.toml", "[guardrail.first]\nmode = \"observe\"\n");
    let observed = folder.check(&["--overlay", "observe.toml", "a heron"]);
    assert_eq!(observed.code, 0);
    assert!(observed.out.contains("only observes"), "{observed:?}");
}

#[test]
fn arguments_are_files_if_they_exist_and_texts_otherwise() {
    let folder = Folder::new("arguments");
    folder.write("heron", "nothing here");
    assert_eq!(folder.check(&["heron"]).code, 0);
    assert_eq!(folder.check(&["--text", "heron"]).code, 1);
    assert_eq!(folder.check(&["see heron"]).code, 1);
    folder
        .check(&["notes/heron"])
        .refused(&["notes/heron", "no such file"]);
    let piped = folder.run_with(&["check", "--guardrail", "g.json"], b"a heron");
    assert_eq!(
        (piped.code, piped.out.starts_with("standard input: ")),
        (1, true)
    );
    let dash = folder.run_with(&["check", "--guardrail", "g.json", "fine", "-"], b"a heron");
    assert_eq!(dash.code, 1);
}

#[test]
fn reports_quote_nothing_unless_asked() {
    let folder = Folder::new("redacted");
    let secret = "Dear heron, write to ann.miller@example.com about TCK-1234 <b>";
    folder.write("prompt.txt", secret);
    for format in ["text", "sarif", "html"] {
        let ran = folder.check(&["--format", format, "prompt.txt", secret]);
        for word in ["heron", "miller", "TCK-1234", "Dear"] {
            assert!(
                !ran.out.contains(word),
                "{format} shows {word}: {}",
                ran.out
            );
            assert!(
                !ran.err.contains(word),
                "{format} shows {word}: {}",
                ran.err
            );
        }
        let shown = folder.check(&["--format", format, "--show-text", "prompt.txt"]);
        assert!(shown.out.contains("miller"), "{format}: {}", shown.out);
    }
    let masked = folder.check(&["Dear Ann, write to ann.miller@example.com"]);
    assert!(!masked.out.contains("Dear"), "{masked:?}");
    assert!(masked.out.contains("a…@…"), "{masked:?}");
}

#[test]
fn sarif_has_places_and_rules() {
    let folder = Folder::new("sarif");
    folder.write("a b.txt", "line one\n\u{e4} TCK-1234");
    let ran = folder.check(&["--format", "sarif", "a b.txt", "missing.txt"]);
    ran.refused(&["missing.txt"]);
    let log = ran.json();
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    let result = &run["results"][0];
    assert_eq!(result["ruleId"], "sensitiveInformationPolicy/regex/ticket");
    assert_eq!(result["level"], "warning");
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "a%20b.txt");
    let region = &place["region"];
    let numbers = [
        "startLine",
        "startColumn",
        "endLine",
        "endColumn",
        "charOffset",
        "charLength",
    ];
    let numbers = numbers.map(|name| region[name].as_u64().unwrap());
    assert_eq!(numbers, [2, 3, 2, 11, 11, 8]);
    assert_eq!(run["tool"]["driver"]["rules"][0]["id"], result["ruleId"]);
    assert_eq!(run["invocations"][0]["executionSuccessful"], false);
}

#[test]
fn html_is_escaped_and_self_contained() {
    let folder = Folder::new("html");
    let text = "<script>alert(1)</script> TCK-1234";
    let ran = folder.check(&["--format", "html", "--show-text", "--text", text]);
    assert!(ran.out.contains("&lt;script&gt;"), "{}", ran.out);
    assert!(!ran.out.contains("<script"), "{}", ran.out);
    assert!(
        !ran.out.contains("http:") && !ran.out.contains("https:"),
        "{}",
        ran.out
    );
    assert!(ran.out.contains("<mark>TCK-1234</mark>"), "{}", ran.out);
}

#[test]
fn the_legacy_trap_is_told() {
    let folder = Folder::new("legacy");
    let legacy = common::DEFINITION.replace(
        r#""action": "ANONYMIZE", "inputAction": "ANONYMIZE"}"#,
        r#""action": "ANONYMIZE"}"#,
    );
    folder.write("legacy.json", legacy);
    let ran = folder.run(&["check", "--guardrail", "legacy.json", "see TCK-1234"]);
    assert_eq!(ran.code, 0);
    assert!(ran.err.contains("lint[legacy-input]"), "{ran:?}");
    assert!(
        ran.out.contains("not evaluated in this direction: ticket"),
        "{ran:?}"
    );
}

#[test]
fn options_come_from_the_environment_too_and_the_command_line_wins() {
    let folder = Folder::new("environment");
    let with = |variables: &[(&str, &str)], arguments: &[&str]| {
        let mut command = folder.command(arguments);
        command.envs(variables.iter().copied());
        let output = command.output().unwrap();
        (
            output.status.code(),
            String::from_utf8(output.stdout).unwrap(),
        )
    };
    let environment = [
        ("EDGERAIL_GUARDRAIL", "g.json"),
        ("EDGERAIL_EXIT_ZERO", "1"),
    ];
    assert_eq!(with(&environment, &["check", "a heron"]).0, Some(0));
    let environment = [
        ("EDGERAIL_BUNDLE", "missing.bundle"),
        ("EDGERAIL_FORMAT", "json"),
    ];
    let (code, out) = with(&environment, &["check", "--guardrail", "g.json", "a heron"]);
    assert_eq!(code, Some(1));
    assert!(out.starts_with('{'));
}

#[test]
fn colours_are_for_terminals() {
    let folder = Folder::new("colours");
    assert!(!folder.check(&["a heron"]).out.contains('\x1b'));
    let forced = |no_color: &str| {
        let mut command = folder.command(&["check", "--guardrail", "g.json", "a heron"]);
        command.env("CLICOLOR_FORCE", "1").env("NO_COLOR", no_color);
        String::from_utf8(command.output().unwrap().stdout).unwrap()
    };
    assert!(forced("").contains('\x1b'));
}

#[test]
fn completions_are_written_for_every_shell() {
    let folder = Folder::new("completions");
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let ran = folder.run(&["completions", shell]);
        assert_eq!(ran.code, 0);
        assert!(ran.out.contains("show-text"), "{shell}");
    }
}

#[test]
fn a_closed_pipe_is_a_clean_end() {
    let folder = Folder::new("pipe");
    let lines: String = (0..20_000)
        .map(|_| "{\"text\": \"see TCK-1234\"}\n")
        .collect();
    folder.write("lines.jsonl", lines);
    let arguments = [
        "check",
        "--guardrail",
        "g.json",
        "--input-format",
        "jsonl",
        "lines.jsonl",
    ];
    let mut child = folder.command(&arguments).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
}

#[test]
fn several_guardrails_of_a_file_are_all_evaluated() {
    let folder = Folder::new("several");
    let template = r#"
Parameters: {Word: {Type: String, Default: heron}}
Resources:
  One:
    Type: AWS::Bedrock::Guardrail
    Properties:
      Name: one
      BlockedInputMessaging: one says no
      BlockedOutputsMessaging: one says no
      WordPolicyConfig: {WordsConfig: [{Text: kestrel}]}
  Two:
    Type: AWS::Bedrock::Guardrail
    Properties:
      Name: two
      BlockedInputMessaging: two says no
      BlockedOutputsMessaging: two says no
      WordPolicyConfig: {WordsConfig: [{Text: !Ref Word}]}
"#;
    folder.write("t.yaml", template);
    let check = |arguments: &[&str]| {
        let base = ["check", "--guardrail", "t.yaml", "--format", "json"];
        folder.run(&[&base[..], arguments].concat())
    };
    let both = check(&["a heron"]);
    assert_eq!(both.json()["outputs"][0]["text"], "two says no");
    assert_eq!(both.json()["assessments"].as_array().unwrap().len(), 2);
    assert_eq!(check(&["--name", "one", "a heron"]).code, 0);
    assert_eq!(check(&["--parameter", "Word=crane", "a heron"]).code, 0);
    assert_eq!(check(&["--parameter", "Word=crane", "a crane"]).code, 1);
    check(&["--name", "ona", "a heron"]).refused(&["t.yaml", "ona", "`one`"]);
}
