//! `compile --scope` with an organization.

use crate::common::Folder;
use crate::{ACCOUNT, ARN, SCOPE, organization};

#[test]
fn what_no_answer_tells_is_refused_unless_the_caller_vouches_for_it() {
    let folder = organization("org-assume-none");
    let compile = |more: &[&str]| {
        let base = ["compile", "--scope", SCOPE, "-o", "o.bundle"];
        folder.run(&[&base[..], more].concat())
    };
    let answer = format!("org/list-enforced-{ACCOUNT}.json");
    let enforced = folder.read(&answer);
    std::fs::remove_file(folder.path().join(&answer)).unwrap();
    let words = [
        "account-config-missing",
        ACCOUNT,
        "us-east-1",
        "--account-config",
    ];
    compile(&["--org", "org"]).refused(&words);
    assert!(!folder.path().join("o.bundle").exists());
    let ran = compile(&["--org", "org", "--assume-none", "account-config"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let told = ran.err.contains("warning[account-config-missing]");
    assert!(told && ran.err.contains("--assume-none"), "{ran:?}");
    let json = compile(&[
        "--org",
        "org",
        "--assume-none",
        "account-config",
        "--format",
        "json",
    ]);
    let json = json.json();
    let said = json["diagnostics"].as_array().unwrap();
    let warned = |d: &serde_json::Value| d["code"] == "account-config-missing";
    assert!(said.iter().any(warned), "{json}");

    // Its answer beside the others: an empty list, and a list.
    folder.write("own.json", r#"{"guardrailsConfig": []}"#);
    let own = ["--org", "org", "--account-config", "own.json"];
    let ran = compile(&own);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(!ran.err.contains("account-config"), "{ran:?}");
    for odd in ["{}", r#"{"Policies": []}"#, r#"{"guardrailsConfig": 1}"#] {
        folder.write("own.json", odd);
        compile(&own).refused(&["own.json"]);
    }
    folder.write("own.json", &enforced);
    let ran = compile(&own);
    assert!(ran.out.contains("ACCOUNT_ENFORCED"), "{ran:?}");
    assert!(!ran.err.contains("legacy-input-tags"), "{ran:?}");
    let preview = String::from_utf8(enforced).unwrap();
    let preview = preview.replace("\"owner\"", "\"inputTags\": \"HONOR\", \"owner\"");
    folder.write("own.json", preview);
    let ran = compile(&own);
    assert!(ran.out.contains("messages SELECTIVE"), "{ran:?}");
    assert!(
        ran.err.contains("own.json: lint[legacy-input-tags]"),
        "{ran:?}"
    );
    for (name, wrong) in [
        ("enforced-444455556666.json", "444455556666"),
        ("enforced-eu-west-1.json", "eu-west-1"),
    ] {
        folder.write(name, r#"{"guardrailsConfig": []}"#);
        compile(&["--org", "org", "--account-config", name]).refused(&[name, wrong]);
    }

    // An account's configuration alone says nothing about the organization.
    let alone = ["--account-config", "own.json"];
    let definitions = ["--enforced-definitions", "org/get-guardrail-2.json"];
    let alone = [&alone[..], &definitions].concat();
    compile(&alone).refused(&[
        "organization-missing",
        "--org",
        "--assume-none organization",
    ]);
    let ran = compile(&[&alone[..], &["--assume-none", "organization"]].concat());
    assert_eq!(ran.code, 0, "{ran:?}");
    compile(&["--org", "org", "--assume-none", "everything"]).refused(&["everything"]);
}

#[test]
fn snapshots_of_an_organization_and_of_its_accounts_are_read_together() {
    let folder = organization("org-two-snapshots");
    std::fs::remove_file(
        folder
            .path()
            .join(format!("org/list-enforced-{ACCOUNT}.json")),
    )
    .unwrap();
    // Both have the same file with the same bytes: nothing is enforced by the management account, nor by this one.
    for (name, account) in [("org", "999988887777"), ("member", ACCOUNT)] {
        let place = format!("{name}/bedrock/us-east-1/list-enforced-guardrails-configuration");
        std::fs::create_dir_all(folder.path().join(&place)).unwrap();
        folder.write(&format!("{place}/1.json"), r#"{"guardrailsConfig": []}"#);
        let file = "bedrock/us-east-1/list-enforced-guardrails-configuration/1.json";
        let index = serde_json::json!({"format": 1, "answers": [{
            "file": file, "operation": "ListEnforcedGuardrailsConfiguration", "account": account,
            "region": "us-east-1", "input": {}, "status": 200,
        }]});
        folder.write(&format!("{name}/index.json"), index.to_string());
    }
    let base = [
        "compile", "--scope", SCOPE, "-o", "o.bundle", "--org", "org",
    ];
    folder.run(&base).refused(&["account-config-missing"]);
    let ran = folder.run(&[&base[..], &["--org", "member"]].concat());
    assert_eq!(ran.code, 0, "{ran:?}");
    // What is wrong in one of them is named with its folder.
    folder.write("member/bedrock/x.json", "<html>");
    let ran = folder.run(&[&base[..], &["--org", "member"]].concat());
    ran.refused(&["member/bedrock/x.json"]);
}

#[test]
fn a_scope_gets_one_bundle_of_all_levels() {
    let folder = organization("org-compile");
    let compile = [
        "compile", "--org", "org", "--scope", SCOPE, "g.json", "-o", "o.bundle",
    ];
    let ran = folder.run(&compile);
    assert_eq!(ran.code, 0, "{ran:?}");
    for words in [
        "enforced ORGANIZATION_ENFORCED: ALL but not amazon.titan-embed-text-v2:0, system SELECTIVE, messages COMPREHENSIVE",
        "enforced ACCOUNT_ENFORCED: all models",
        "guardrail  first (enforce)",
    ] {
        assert!(ran.out.contains(words), "{words}: {ran:?}");
    }
    let first = folder.read("o.bundle");
    folder.run(&compile);
    assert_eq!(
        folder.read("o.bundle"),
        first,
        "the same inputs give the same bytes"
    );

    let ran = folder.run(&[
        "check",
        "--engine",
        "native",
        "--bundle",
        "o.bundle",
        "--format",
        "json",
        "--text",
        "a merlin, an osprey",
    ]);
    assert_eq!(ran.code, 1, "{ran:?}");
    let json = ran.json();
    assert_eq!(json["outputs"][0]["text"], "org says no.");
    let details = |number: usize| json["assessments"][number]["appliedGuardrailDetails"].clone();
    assert_eq!(
        details(0)["guardrailOrigin"],
        serde_json::json!(["ORGANIZATION_ENFORCED"])
    );
    assert_eq!(details(0)["guardrailOwnership"], "CROSS_ACCOUNT");
    assert_eq!(
        details(1)["guardrailOrigin"],
        serde_json::json!(["ACCOUNT_ENFORCED"])
    );
    assert_eq!(details(1)["guardrailOwnership"], "SELF");
    assert_eq!(
        details(2)["guardrailOrigin"],
        serde_json::json!(["REQUEST"])
    );

    // An untagged system prompt is the account's business and not the organization's.
    let body = |text: &str| {
        format!(
            r#"{{"system": [{{"text": "{text}"}}], "messages": [{{"role": "user", "content": [{{"text": "Hi"}}]}}]}}"#
        )
    };
    folder.write("org.json", body("a merlin"));
    folder.write("account.json", body("an osprey"));
    let check = |file: &str| {
        folder.run(&[
            "check",
            "--engine",
            "native",
            "--bundle",
            "o.bundle",
            "--payload",
            "converse",
            file,
        ])
    };
    assert_eq!(check("org.json").code, 0, "{:?}", check("org.json"));
    assert_eq!(check("account.json").code, 1, "{:?}", check("account.json"));
    // A guardContent is a tag, with qualifiers or without.
    for (qualifiers, blocks) in [
        ("", true),
        (r#", "qualifiers": []"#, true),
        (r#", "qualifiers": ["guard_content"]"#, true),
        (r#", "qualifiers": ["grounding_source"]"#, false),
    ] {
        let block = |text: &str| {
            format!(r#"{{"guardContent": {{"text": {{"text": "{text}"{qualifiers}}}}}}}"#)
        };
        let text = body("x").replace(r#"{"text": "x"}"#, &block("a merlin"));
        folder.write("tagged.json", text);
        assert_eq!(check("tagged.json").code, i32::from(blocks), "{qualifiers}");
    }
}

#[test]
fn a_path_option_takes_one_path_and_leaves_the_definitions() {
    let folder = organization("org-positional");
    let definition = folder.read("org/get-guardrail-1.json");
    std::fs::remove_file(folder.path().join("org/get-guardrail-1.json")).unwrap();
    folder.write("enforced.json", definition);
    let compile = |more: &[&str]| folder.run(&[&["compile", "-o", "o.bundle"], more].concat());
    let given = ["--enforced-definitions", "enforced.json"];
    let scope = ["--scope", SCOPE];
    for arguments in [
        [&scope[..], &given, &["--org", "org", "g.json"]].concat(),
        [&scope[..], &["--org", "org"], &given, &["g.json"]].concat(),
    ] {
        let ran = compile(&arguments);
        assert_eq!(ran.code, 0, "{ran:?}");
        assert!(ran.out.contains("guardrail  first (enforce)"), "{ran:?}");
    }
    folder.write("more.json", folder.read("g.json"));
    let twice = ["--org", "org", "--enforced-definitions", "more.json"];
    let ran = compile(&[&scope[..], &twice, &given].concat());
    assert_eq!(ran.code, 0, "{ran:?}");
    let told = ran.err.contains("definition-unused") && ran.err.contains("more.json");
    assert!(told, "{ran:?}");
    // What is odd in a definition is told wherever it was given.
    let odd = String::from_utf8(folder.read("enforced.json")).unwrap();
    folder.write(
        "enforced.json",
        odd.replace("\"status\"", "\"colour\": 1, \"status\""),
    );
    let ran = compile(&[&scope[..], &given, &["--org", "org"]].concat());
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(
        ran.err.contains("enforced.json") && ran.err.contains("colour"),
        "{ran:?}"
    );
}

#[test]
fn a_folder_without_an_organization_is_refused() {
    let folder = organization("org-nothing");
    std::fs::create_dir_all(folder.path().join("empty")).unwrap();
    let compile = [
        "compile", "--scope", SCOPE, "-o", "o.bundle", "g.json", "--org",
    ];
    folder.run(&[&compile[..], &["empty"]].concat()).refused(&[
        "--org",
        "pull --organization",
        "--account-config",
    ]);
    // A definition, too, says nothing about an organization.
    std::fs::create_dir_all(folder.path().join("definitions")).unwrap();
    let definition = folder.read("org/get-guardrail-1.json");
    folder.write("definitions/g.json", definition);
    for path in ["empty", "definitions"] {
        let effective = ["org", "effective", "--account", ACCOUNT, "--org", path];
        folder
            .run(&effective)
            .refused(&["--org", "pull --organization"]);
        let lint = ["org", "lint", "--org", path];
        folder.run(&lint).refused(&["--org", "pull --organization"]);
    }
    // What an account enforces can be looked at alone.
    let answer = format!("org/list-enforced-{ACCOUNT}.json");
    assert_eq!(folder.run(&["org", "lint", "--org", &answer]).code, 0);
    let attached = format!("org/list-policies-for-target-{ACCOUNT}.json");
    std::fs::remove_file(folder.path().join(&attached)).unwrap();
    let name = attached.trim_start_matches("org/");
    folder
        .run(&[&compile[..], &["org"]].concat())
        .refused(&[name]);
    assert!(!folder.path().join("o.bundle").exists());
}

#[test]
fn what_an_overlay_warns_of_is_told_by_every_command_that_reads_it() {
    let folder = Folder::new("org-overlay-lints");
    folder.write("o.toml", "[[guardrail.first.exceptions]]\nid = \"EX-1\"\npolicy = \"wordPolicy\"\nname = \"heron\"\nwho = \"dana\"\nwhy = \"birds\"\nuntil = \"2026-11-30\"\napproved = { by = \"dana\", at = \"2026-11-01\" }\n");
    let now = ["--now", "2026-11-15T00:00:00Z"];
    let compile = ["compile", "g.json", "--overlay", "o.toml", "-o", "o.bundle"];
    let check = [
        "check",
        "--engine",
        "native",
        "--guardrail",
        "g.json",
        "--overlay",
        "o.toml",
        "--text",
        "a",
    ];
    let diff = ["diff", "g.json", "g.json", "--overlay-new", "o.toml"];
    for arguments in [[&compile[..], &now].concat(), check.to_vec(), diff.to_vec()] {
        let ran = folder.run(&arguments);
        let told = ran.err.contains("o.toml") && ran.err.contains("exception-own-approval");
        assert!(told, "{ran:?}");
    }
}

#[test]
fn wrong_input_is_refused_by_place_and_remedy() {
    let folder = organization("org-refused");
    let compile = |more: &[&str]| folder.run(&[&["compile", "-o", "o.bundle"], more].concat());
    compile(&["--org", "org"]).refused(&["--scope", "is missing"]);
    compile(&["--org", "org", "--scope", "here"]).refused(&["--scope", "four parts"]);
    compile(&[
        "--org",
        "org",
        "--scope",
        "aws~o-anotherorgid~111122223333~us-east-1",
    ])
    .refused(&["o-anotherorgid"]);
    compile(&[
        "--org",
        "org",
        "--scope",
        "aws~o-exampleorgid~444455556666~us-east-1",
    ])
    .refused(&["444455556666", "list-parents"]);
    compile(&["--org", "nowhere", "--scope", SCOPE]).refused(&["nowhere", "no such file"]);
    folder
        .run(&["org", "effective", "--org", "org", "--account", "12"])
        .refused(&["--account"]);
    std::fs::remove_file(folder.path().join("org/get-guardrail-1.json")).unwrap();
    compile(&["--org", "org", "--scope", SCOPE]).refused(&[&format!("{ARN}:3"), "get-guardrail"]);
    assert!(!folder.path().join("o.bundle").exists());
    folder.write("org/x.json", "<html>");
    folder
        .run(&["org", "lint", "--org", "org"])
        .refused(&["x.json"]);
}

#[test]
fn exceptions_act_expire_and_are_listed() {
    let folder = Folder::new("org-exceptions");
    folder.write("o.toml", "[[guardrail.first.exceptions]]\nid = \"EX-1\"\npolicy = \"wordPolicy\"\nname = \"heron\"\nwho = \"dana\"\nwhy = \"birds\"\nuntil = \"2026-11-30\"\napproved = { by = \"rae\", at = \"2026-11-01\" }\n");
    let compile = [
        "compile",
        "g.json",
        "--overlay",
        "o.toml",
        "--now",
        "2026-11-15T00:00:00Z",
        "-o",
    ];
    let ran = folder.run(&[&compile[..], &["new.bundle"]].concat());
    assert_eq!(ran.code, 0, "{ran:?}");
    let listed = "excepted EX-1: wordPolicy a word, for dana, approved by rae at 2026-11-01T00:00:00Z, until 2026-12-01T00:00:00Z";
    assert!(ran.out.contains(listed), "{ran:?}");
    let at = |now: &str| {
        folder.run(&[
            "check",
            "--engine",
            "native",
            "--bundle",
            "new.bundle",
            "--now",
            now,
            "--format",
            "json",
            "--text",
            "a heron",
        ])
    };
    let held = at("2026-11-15T00:00:00Z");
    assert_eq!(held.code, 0, "{held:?}");
    assert_eq!(held.json()["edgerail"]["findings"][0]["exception"], "EX-1");
    assert_eq!(at("2026-12-01T00:00:00Z").code, 1);
    folder.run(&["compile", "g.json", "-o", "old.bundle"]);
    let ran = folder.run(&["diff", "old.bundle", "new.bundle", "--deny-weakening"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(
        ran.out.contains("EX-1") && !ran.out.contains("heron"),
        "{ran:?}"
    );
    let ran = folder.run(&[
        "compile",
        "g.json",
        "--overlay",
        "o.toml",
        "--now",
        "2026-10-15T00:00:00Z",
        "-o",
        "x.bundle",
    ]);
    ran.refused(&["exception-not-approved"]);
}
