//! Hostile and broken inputs, each through the real program: a clear message with the place and exit
//! code 2, or a fail-closed decision.

mod common;

use std::time::{Duration, Instant};

use common::{DEFINITION, Folder};

const LIMIT: usize = 1 << 20;

#[test]
fn an_empty_text_is_clean() {
    let folder = Folder::new("empty");
    folder.write("empty.txt", "");
    for arguments in [
        &["--format", "json", ""][..],
        &["--format", "json", "empty.txt"],
    ] {
        let ran = folder.check(arguments);
        assert_eq!(
            (ran.code, ran.json()["action"].as_str()),
            (0, Some("NONE")),
            "{ran:?}"
        );
    }
    let piped = folder.run_with(&["check", "--guardrail", "g.json", "-"], b"");
    assert_eq!(piped.code, 0);
}

#[test]
fn a_text_over_the_limit_blocks_and_one_at_the_limit_does_not() {
    let folder = Folder::new("limit");
    folder.write("at.txt", "x".repeat(LIMIT));
    folder.write("over.txt", "x".repeat(LIMIT + 1));
    // A character that straddles the limit, and much more behind it than is read.
    folder.write(
        "far.txt",
        format!("{}{}", "x".repeat(LIMIT - 1), "\u{1f600}".repeat(9000)),
    );
    for engine in ["wasm", "native"] {
        let json = ["--engine", engine, "--format", "json"];
        let at = folder.check(&[&json[..], &["at.txt"]].concat());
        assert_eq!(
            (at.code, at.json()["edgerail"]["reasonCode"].as_str()),
            (0, Some("ok"))
        );
        for name in ["over.txt", "far.txt"] {
            let over = folder.check(&[&json[..], &[name]].concat());
            let answer = over.json();
            assert_eq!(over.code, 1, "{over:?}");
            assert_eq!(answer["edgerail"]["reasonCode"], "limit_text");
            assert_eq!(answer["outputs"][0]["text"], "Not in.");
        }
    }
    let report = folder.check(&["over.txt"]);
    assert!(
        report.out.contains("longer than the limit (limit_text)"),
        "{report:?}"
    );
}

#[test]
fn a_file_that_is_not_utf8_is_refused_and_the_others_are_checked() {
    let folder = Folder::new("utf8");
    folder.write("bad.txt", b"a heron\xff secret");
    let ran = folder.check(&["bad.txt", "a heron"]);
    ran.refused(&["bad.txt", "UTF-8 at byte 7", "iconv"]);
    assert!(!ran.err.contains("secret"));
    assert!(
        ran.out.contains("argument 2: GUARDRAIL_INTERVENED"),
        "{ran:?}"
    );
    let piped = folder.run_with(&["check", "--guardrail", "g.json"], b"\xff");
    piped.refused(&["standard input", "UTF-8 at byte 0"]);
}

#[test]
fn nul_bytes_are_text() {
    let folder = Folder::new("nul");
    folder.write("nul.txt", "\0\0 heron \0 TCK-1234\0");
    let ran = folder.check(&["--format", "json", "nul.txt"]);
    let answer = ran.json();
    assert_eq!(ran.code, 1);
    assert_eq!(
        answer["edgerail"]["findings"].as_array().unwrap().len(),
        2,
        "{answer}"
    );
}

#[test]
fn invisible_characters_hide_nothing() {
    let folder = Folder::new("invisible");
    folder.write("zero.txt", "\u{200b}".repeat(100_000));
    assert_eq!(folder.check(&["zero.txt"]).code, 0);
    folder.write(
        "hidden.txt",
        format!("a her{}on", "\u{200b}".repeat(100_000)),
    );
    assert_eq!(folder.check(&["hidden.txt"]).code, 1);
}

#[test]
fn a_megabyte_of_digits_is_decided_in_time() {
    let folder = Folder::new("digits");
    folder.write("digits.txt", "0123456789".repeat(100_000));
    let start = Instant::now();
    let ran = folder.check(&["digits.txt"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(start.elapsed() < Duration::from_secs(60));
}

#[test]
fn every_one_of_1001_addresses_is_masked() {
    let folder = Folder::new("many");
    let text: String = (0..1001).map(|n| format!("ann{n}@example.com ")).collect();
    folder.write("many.txt", text);
    for engine in ["wasm", "native"] {
        let ran = folder.check(&["--engine", engine, "--format", "json", "many.txt"]);
        let answer = ran.json();
        assert_eq!(answer["edgerail"]["found"], 1001);
        assert_eq!(
            answer["edgerail"]["findings"].as_array().unwrap().len(),
            1000
        );
        assert_eq!(answer["outputs"][0]["text"], "{EMAIL} ".repeat(1001));
    }
    let report = folder.check(&["many.txt"]);
    assert!(
        report.out.contains("1001 found, the first 1000 are listed"),
        "{}",
        report.code
    );
}

#[test]
fn missing_files_and_folders_are_named() {
    let folder = Folder::new("missing");
    std::fs::create_dir(folder.path().join("sub")).unwrap();
    folder
        .check(&["nothing.txt"])
        .refused(&["nothing.txt", "no such file"]);
    folder.check(&["sub"]).refused(&["sub", "is a directory"]);
    let run = |arguments: &[&str]| folder.run(arguments);
    run(&["check", "--guardrail", "none.json", "x"]).refused(&["none.json", "no such file"]);
    run(&["check", "--guardrail", "sub", "x"]).refused(&["sub", "is a directory"]);
    run(&["check", "--bundle", "sub", "x"]).refused(&["sub", "is a directory"]);
    run(&["inspect", "none.bundle"]).refused(&["none.bundle", "no such file"]);
    run(&["check", "x"]).refused(&["--bundle FILE", "--guardrail FILE"]);
    run(&["check", "--bundle", "b", "--guardrail", "g.json", "x"]).refused(&["give one of them"]);
    run(&["compile", "g.json", "-o", "no/such/folder.bundle"]).refused(&["no such file"]);
    run(&["compile", "g.json", "-o", "sub"]).refused(&["sub", "is a directory"]);
}

#[test]
fn a_foreign_name_in_a_message_cannot_move_the_cursor() {
    let folder = Folder::new("cursor");
    let name = "no\u{1b}[2J\redgerail: all is well\u{202e}";
    let ran = folder.run(&["inspect", name]);
    ran.refused(&[
        "no\\u{1b}[2J\\redgerail",
        "well\\u{202e}: there is no such file",
    ]);
    let moves = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
    assert!(!ran.err.contains(moves), "{ran:?}");
}

#[test]
fn damaged_bundles_are_refused_by_every_command() {
    let folder = Folder::new("damaged");
    assert_eq!(
        folder.run(&["compile", "g.json", "-o", "good.bundle"]).code,
        0
    );
    let good = folder.read("good.bundle");
    let with = |at: usize, change: u8| {
        let mut bytes = good.clone();
        bytes[at] ^= change;
        bytes
    };
    let bad: [(Vec<u8>, &str); 6] = [
        (Vec::new(), "not an Edgerail bundle"),
        (b"{\"name\": \"x\"}".to_vec(), "not an Edgerail bundle"),
        (good[..good.len() / 2].to_vec(), "damaged"),
        (good[..good.len() - 1].to_vec(), "damaged"),
        (with(10, 0x40), "engine ABI"),
        (with(good.len() / 2, 1), "SHA-256"),
    ];
    for (bytes, words) in bad {
        folder.write("bad.bundle", bytes);
        folder
            .run(&["inspect", "bad.bundle"])
            .refused(&["bad.bundle", words]);
        for engine in ["wasm", "native"] {
            let ran = folder.run(&["check", "--engine", engine, "--bundle", "bad.bundle", "x"]);
            ran.refused(&["bad.bundle", words]);
            assert_eq!(ran.out, "");
        }
    }
}

#[test]
fn broken_definitions_are_refused_with_their_place() {
    let folder = Folder::new("definitions");
    let only_name =
        r#"{"name": "n", "blockedInputMessaging": "a", "blockedOutputsMessaging": "b"}"#;
    folder.write("none.json", only_name);
    folder.write("bomb.yaml", bomb());
    let hcl = "resource \"aws_bedrock_guardrail\" \"g\" {\n  name = \"g\"\n}\n";
    folder.write("main.tf", hcl);
    folder.write("cut.json", &DEFINITION[..200]);
    folder.write(
        "wrong.json",
        DEFINITION.replace("TCK-[0-9]{4}", "(?=secret)x"),
    );
    folder.write("binary.json", b"\xff\xfe\x00\x01");
    let expected: [(&str, &[&str]); 6] = [
        ("none.json", &["policy"]),
        ("bomb.yaml", &["line", "alias"]),
        ("main.tf", &["terraform show -json"]),
        ("cut.json", &["line"]),
        ("wrong.json", &["ticket", "regexesConfig[0]"]),
        ("binary.json", &["UTF-8"]),
    ];
    for (file, words) in expected {
        let words = [&[file], words].concat();
        let checked = folder.run(&["check", "--guardrail", file, "x"]);
        checked.refused(&words);
        let compiled = folder.run(&["compile", file, "-o", "out.bundle"]);
        compiled.refused(&words);
        assert!(!checked.err.contains("secret"), "{checked:?}");
        assert!(!folder.path().join("out.bundle").exists());
    }
}

/// Ten lists, each ten times the one before: a file of a kilobyte, a document of 10¹⁰ nodes.
fn bomb() -> String {
    let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..10 {
        let alias = format!("*a{}", level - 1);
        let list = vec![alias; 10].join(", ");
        text += &format!("a{level}: &a{level} [{list}]\n");
    }
    text
}

#[test]
fn a_failed_compile_leaves_the_old_bundle_and_tells_all_errors() {
    let folder = Folder::new("atomic");
    assert_eq!(folder.run(&["compile", "g.json", "-o", "o.bundle"]).code, 0);
    let before = folder.read("o.bundle");
    folder.write("one.json", DEFINITION.replace("EMAIL", "E-MAIL"));
    folder.write(
        "two.json",
        DEFINITION.replace("\"blockedInputMessaging\": \"Not in.\",", ""),
    );
    let ran = folder.run(&[
        "compile",
        "one.json",
        "two.json",
        "gone.json",
        "-o",
        "o.bundle",
    ]);
    ran.refused(&[
        "one.json",
        "piiEntitiesConfig[0].type",
        "two.json",
        "gone.json",
        "no such file",
    ]);
    assert!(
        ran.err.to_lowercase().contains("blockedinputmessaging"),
        "{ran:?}"
    );
    assert_eq!(folder.read("o.bundle"), before);
    let twice = folder.run(&["compile", "g.json", "g.json", "-o", "o.bundle"]);
    twice.refused(&["duplicate-guardrail-name", "first"]);
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(left.len(), 4, "{left:?}");
}

#[test]
fn wrong_options_name_what_is_right() {
    let folder = Folder::new("options");
    folder
        .check(&["--now", "2027-01-31", "x"])
        .refused(&["--now", "2027-01-31T12:00:00Z"]);
    folder
        .check(&["--source", "BOTH", "x"])
        .refused(&["INPUT", "OUTPUT"]);
    folder
        .check(&["--parameter", "novalue", "x"])
        .refused(&["NAME=VALUE"]);
    let lines = ["--input-format", "jsonl", "--format", "sarif", "x"];
    folder.check(&lines).refused(&["--format", "jsonl"]);
    folder.run(&["compile", "g.json"]).refused(&["--output"]);
    folder
        .run(&["compile", "g.json", "-o", "-"])
        .refused(&["name a file"]);
}
