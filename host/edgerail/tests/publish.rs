//! `edgerail keys` and `edgerail publish`.

mod common;

use std::path::Path;
use std::process::Command;

use common::{DEFINITION, Folder, INIT, Ran};
use serde_json::Value;

const SCOPE: &str = "aws~o-exampleorgid~us-east-1";
const PASSPHRASE: &str = "correct horse battery";

/// A folder with a repository whose keys are all at hand, and a bundle.
fn founded(test: &str) -> Folder {
    let folder = Folder::new(test);
    for name in ["root", "targets", "online"] {
        let ran = folder.run(&["keys", "create", &format!("{name}.pem"), "--unencrypted"]);
        assert_eq!(ran.code, 0, "{ran:?}");
    }
    let ran = folder.run(&INIT);
    assert_eq!(ran.code, 0, "{ran:?}");
    bundle(&folder, "g.json", "g.bundle");
    folder
}

fn bundle(folder: &Folder, definition: &str, output: &str) {
    let ran = folder.run(&["compile", definition, "--scope", SCOPE, "-o", output]);
    assert_eq!(ran.code, 0, "{ran:?}");
}

fn publish(folder: &Folder, arguments: &[&str]) -> Ran {
    let common = [
        "--repository",
        "repository",
        "--approved-by",
        "dana.ortiz@example.com",
        "--key",
        "targets.pem",
        "--key",
        "online.pem",
    ];
    folder.run(&[&["publish"], arguments, &common].concat())
}

fn status(folder: &Folder) -> Value {
    folder
        .run(&[
            "publish",
            "status",
            "--repository",
            "repository",
            "--format",
            "json",
        ])
        .json()
}

/// The page's shell blocks, as a reader copies them.
#[test]
fn the_commands_of_the_guide_do_what_it_says() {
    let folder = Folder::new("publishing-guide");
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/publishing.md");
    let page = std::fs::read_to_string(page).unwrap();
    let mut script = String::from("set -euo pipefail\n");
    for block in page.split("```sh\n").skip(1) {
        script.push_str(block.split("```").next().unwrap());
    }
    assert!(script.contains("publish promote $SCOPE --current"));
    let program = Path::new(env!("CARGO_BIN_EXE_edgerail")).parent().unwrap();
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
    let mut command = Command::new("bash");
    command
        .arg("-c")
        .arg(&script)
        .current_dir(folder.path())
        .env("PATH", path);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("EDGERAIL_") {
            command.env_remove(name);
        }
    }
    let output = command.output().unwrap();
    let (out, err) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{out}\n{err}");
    assert!(err.contains("role root: 2 of 3 keys"), "{err}");
    assert!(
        out.contains("complete  targets has all its signatures"),
        "{out}"
    );
    let status: Value = serde_json::from_slice(&folder.read("status.json")).unwrap();
    let scope = "aws~o-exampleorgid~ou-ab12-cdef3456~us-east-1";
    let current = |audience: &str| {
        status["scopes"][format!("{scope} ({audience})")]["current"]["custom"].clone()
    };
    assert_eq!(current("server")["version"], 3);
    assert_eq!(current("server")["counts"]["words"], 3);
    assert_eq!(current("browser")["version"], 1);
    assert!(current("browser")["record"].is_null());
    assert!(
        folder
            .path()
            .join("repository/metadata/2.root.json")
            .is_file()
    );
    for passphrase in ["passphrase of ana", "passphrase of dee"] {
        assert!(!out.contains(passphrase) && !err.contains(passphrase));
    }
}

#[test]
fn keys_are_made_once_for_their_owner_only_and_openssl_reads_them() {
    let folder = Folder::new("publish-keys");
    let create = |name: &str, kind: &str| {
        let mut command =
            folder.command(&["keys", "create", name, "--type", kind, "--format", "json"]);
        command
            .env("EDGERAIL_PASSPHRASE", PASSPHRASE)
            .output()
            .unwrap()
    };
    for kind in ["ed25519", "ecdsa-p256"] {
        let name = format!("{kind}.pem");
        assert!(create(&name, kind).status.success());
        let again = create(&name, kind);
        assert_eq!(again.status.code(), Some(2));
        let pem = String::from_utf8(folder.read(&name)).unwrap();
        assert!(
            pem.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----"),
            "{pem}"
        );
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::metadata(folder.path().join(&name))
                .unwrap()
                .permissions()
                .mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        let public = folder
            .run(&[
                "keys",
                "show",
                &format!("{kind}.pub.json"),
                "--format",
                "json",
            ])
            .json();
        let mut private = folder.command(&["keys", "show", &name, "--format", "json"]);
        let private = private
            .env("EDGERAIL_PASSPHRASE", PASSPHRASE)
            .output()
            .unwrap();
        let private: Value = serde_json::from_slice(&private.stdout).unwrap();
        assert_eq!(public, private);
        let mut openssl = Command::new("openssl");
        openssl.args(["pkey", "-noout", "-passin", "env:PASS", "-in", &name]);
        // Where there is no openssl, there is nothing to compare with.
        if let Ok(read) = openssl
            .current_dir(folder.path())
            .env("PASS", PASSPHRASE)
            .output()
        {
            assert!(read.status.success(), "{read:?}");
        }
    }
    folder
        .run(&["keys", "create", "none.pem"])
        .refused(&["EDGERAIL_PASSPHRASE", "--unencrypted"]);
    assert!(!folder.path().join("none.pub.json").exists());
}

#[test]
fn a_wrong_passphrase_is_told_without_it() {
    let folder = Folder::new("publish-passphrase");
    folder.write("right", PASSPHRASE);
    folder.write("wrong", "battery staple");
    folder.write("new", "another long one");
    folder.run(&["keys", "create", "k.pem", "--passphrase-file", "right"]);
    for arguments in [
        &["keys", "show", "k.pem"][..],
        &["keys", "show", "k.pem", "--passphrase-file", "wrong"],
    ] {
        let ran = folder.run(arguments);
        ran.refused(&["k.pem", "passphrase"]);
        assert!(!ran.err.contains("battery"), "{ran:?}");
    }
    let encrypt = [
        "keys",
        "encrypt",
        "k.pem",
        "-o",
        "k2.pem",
        "--passphrase-file",
        "right",
        "--new-passphrase-file",
        "new",
    ];
    assert_eq!(folder.run(&encrypt).code, 0);
    folder
        .run(&encrypt)
        .refused(&["k2.pem", "never overwritten"]);
    let show = |file: &str, passphrase: &str| {
        folder.run(&["keys", "show", file, "--passphrase-file", passphrase])
    };
    assert_eq!(show("k2.pem", "new").out, show("k.pem", "right").out);
    show("k2.pem", "right").refused(&["passphrase"]);
}

#[test]
fn all_keys_at_hand_publish_at_once() {
    let folder = founded("publish-at-once");
    let ran = publish(
        &folder,
        &[
            "add", "g.bundle", "--ticket", "SEC-1", "--source", "g.json", "--format", "json",
        ],
    );
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(ran.json()["published"], true);
    let line = &status(&folder)["scopes"][format!("{SCOPE} (server)")];
    let custom = &line["current"]["custom"];
    assert_eq!(
        (&custom["version"], &custom["counts"]["words"]),
        (&Value::from(1), &Value::from(2))
    );
    let record = custom["record"].as_str().unwrap();
    let record: Value =
        serde_json::from_slice(&folder.read(&format!("repository/{record}"))).unwrap();
    assert_eq!(record["sources"][0]["file"], "g.json");
    assert_eq!(record["changes"][0]["gate"]["wasm"], "passed");
    publish(&folder, &["add", "g.bundle"]).refused(&["nothing to publish", "unchanged"]);
    // Nothing of the first publication is at stake if the keys of the next are missing.
    let missing = folder.run(&[
        "publish",
        "add",
        "g.bundle",
        "--as",
        "current",
        "--repository",
        "repository",
        "--approved-by",
        "x",
    ]);
    missing.refused(&["unchanged"]);
}

#[test]
fn t_roll_1_damaged_bundles_and_t_roll_2_drafts_are_refused() {
    let folder = founded("publish-gate");
    let mut damaged = folder.read("g.bundle");
    damaged[200] ^= 4;
    folder.write("damaged.bundle", &damaged);
    publish(&folder, &["add", "damaged.bundle"]).refused(&["damaged.bundle", "loader"]);
    let draft = r#"{"name": "g", "guardrailId": "abc123def456", "version": "DRAFT", "status": "READY",
        "guardrailArn": "arn:aws:bedrock:us-east-1:111122223333:guardrail/abc123def456",
        "createdAt": "2026-11-01T00:00:00Z", "updatedAt": "2026-11-01T00:00:00Z",
        "blockedInputMessaging": "No.", "blockedOutputsMessaging": "No.",
        "wordPolicy": {"words": [{"text": "heron"}]}}"#;
    folder.write("draft.json", draft);
    bundle(&folder, "draft.json", "draft.bundle");
    publish(&folder, &["add", "draft.bundle"]).refused(&["DRAFT", "guardrail_version"]);
    folder.write(
        "policy.json",
        r#"{"identifier": "arn:aws:bedrock:us-east-1:111122223333:guardrail/abc123def456:DRAFT"}"#,
    );
    publish(&folder, &["add", "g.bundle", "--source", "policy.json"])
        .refused(&["policy.json", "guardrail_version"]);
    assert!(status(&folder)["scopes"].as_object().unwrap().is_empty());
}

#[test]
fn t_roll_6_a_bundle_that_blocks_more_or_finds_less_than_its_budget_is_refused() {
    let folder = founded("publish-brake");
    publish(&folder, &["add", "g.bundle"]);
    folder.write(
        "chat.txt",
        "where is my order\nthe heron stands\nI like chess\nthank you\n",
    );
    folder.write(
        "more.json",
        DEFINITION.replace("\"heron\"}", "\"heron\"}, {\"text\": \"order\"}"),
    );
    bundle(&folder, "more.json", "more.bundle");
    let add = |file, arguments: &[&str]| {
        publish(
            &folder,
            &[&["add", file, "--corpus", "chat.txt"], arguments].concat(),
        )
    };
    add("more.bundle", &[]).refused(&["--max-block-rate-increase", "25.000", "block_rate"]);
    add("more.bundle", &["--max-block-rate-increase", "24.9"]).refused(&["block_rate"]);
    let passed = add("more.bundle", &["--max-block-rate-increase", "25"]);
    assert_eq!(passed.code, 0, "{passed:?}");
    folder.write("less.json", DEFINITION.replace("heron", "crane"));
    bundle(&folder, "less.json", "less.bundle");
    add("less.bundle", &[]).refused(&["--max-weakened", "block_rate"]);
    folder.write("empty.txt", "\n");
    publish(&folder, &["add", "less.bundle", "--corpus", "empty.txt"]).refused(&["no text"]);
}

#[test]
fn t_roll_7_a_shrunken_bundle_needs_a_flag_and_an_approver() {
    let folder = founded("publish-shrink");
    publish(&folder, &["add", "g.bundle"]);
    folder.write(
        "small.json",
        DEFINITION.replace("{\"text\": \"Project Kestrel\"}, ", ""),
    );
    bundle(&folder, "small.json", "small.bundle");
    publish(&folder, &["add", "small.bundle"]).refused(&["words 2 → 1", "--allow-shrink"]);
    let alone = folder.run(&[
        "publish",
        "add",
        "small.bundle",
        "--allow-shrink",
        "--allow-weaker",
        "--repository",
        "repository",
        "--key",
        "targets.pem",
        "--key",
        "online.pem",
    ]);
    alone.refused(&["approvals_missing"]);
    let allowed = publish(
        &folder,
        &[
            "add",
            "small.bundle",
            "--allow-shrink",
            "--allow-weaker",
            "--as",
            "current",
        ],
    );
    assert_eq!(allowed.code, 0, "{allowed:?}");
    assert!(allowed.out.contains("loses: words 2 → 1"), "{allowed:?}");
}

#[test]
fn t_roll_7_whatever_weakens_needs_a_flag_and_is_said_and_recorded() {
    let folder = founded("publish-weaker");
    publish(&folder, &["add", "g.bundle"]);
    folder.write("observe.toml", "[guardrail.first]\nmode = \"observe\"\n");
    let compile = [
        "compile",
        "g.json",
        "--scope",
        SCOPE,
        "--overlay",
        "observe.toml",
        "-o",
        "observe.bundle",
    ];
    let ran = folder.run(&compile);
    assert_eq!(ran.code, 0, "{ran:?}");
    let add =
        |arguments: &[&str]| publish(&folder, &[&["add", "observe.bundle"], arguments].concat());
    add(&["--allow-shrink"]).refused(&["mode enforce → observe", "--allow-weaker", "weaker"]);
    add(&["--allow-weaker"]).refused(&["guardrails 1 → 0", "--allow-shrink"]);
    let ran = add(&["--allow-shrink", "--allow-weaker"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.out.contains("weakens: guardrail"), "{ran:?}");
    let next = &status(&folder)["scopes"][format!("{SCOPE} (server)")]["next"]["custom"];
    let record = folder.read(&format!("repository/{}", next["record"].as_str().unwrap()));
    let record: Value = serde_json::from_slice(&record).unwrap();
    let said = record["changes"][0]["gate"]["weaker"].to_string();
    assert!(said.contains("enforce → observe"), "{said}");
    // To make it the current one is to weaken all clients: asked for again.
    publish(&folder, &["promote", SCOPE, "--current"]).refused(&["--allow-shrink"]);
}

#[test]
fn t_roll_7_a_removal_is_a_loss_and_what_follows_is_compared_with_it() {
    let folder = founded("publish-removed");
    publish(&folder, &["add", "g.bundle"]);
    publish(&folder, &["remove", SCOPE]).refused(&["bundles 1 → 0", "--allow-shrink"]);
    let ran = publish(&folder, &["remove", SCOPE, "--allow-shrink"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    folder.write(
        "small.json",
        DEFINITION.replace("{\"text\": \"Project Kestrel\"}, ", ""),
    );
    bundle(&folder, "small.json", "small.bundle");
    publish(&folder, &["add", "small.bundle"]).refused(&["words 2 → 1", "shrink"]);
    let ran = publish(&folder, &["add", "g.bundle"]);
    assert_eq!(ran.code, 0, "{ran:?}");
}

#[test]
fn t_roll_1_a_staged_bundle_that_was_replaced_is_neither_signed_nor_published() {
    let folder = founded("publish-replaced");
    publish(&folder, &["add", "g.bundle", "--stage", "change"]);
    let garbage = "twenty bytes of trash";
    let hash = edgerail_publish::sha256(garbage.as_bytes());
    let bundle = folder.read("g.bundle");
    let old = edgerail_publish::sha256(&bundle);
    let replace = |path: &str| {
        let text = String::from_utf8(folder.read(path)).unwrap();
        assert!(text.contains(&old), "{text}");
        let length = format!("\"length\":{}", bundle.len());
        let shorter = format!("\"length\":{}", garbage.len());
        folder.write(path, text.replace(&old, &hash).replace(&length, &shorter));
    };
    // As it would be had nobody signed yet.
    let mut metadata: Value =
        serde_json::from_slice(&folder.read("change/metadata/2.targets.json")).unwrap();
    metadata["signatures"] = Value::Array(Vec::new());
    folder.write("change/metadata/2.targets.json", metadata.to_string());
    replace("change/metadata/2.targets.json");
    folder.write(&format!("change/targets/{hash}.{SCOPE}.bundle"), garbage);
    let mut stage: Value = serde_json::from_slice(&folder.read("change/stage.json")).unwrap();
    let files = stage["files"].as_object_mut().unwrap();
    files.retain(|path, _| path.starts_with("records/"));
    files.insert(
        format!("targets/{hash}.{SCOPE}.bundle"),
        Value::from(hash.clone()),
    );
    stage["documents"]
        .as_object_mut()
        .unwrap()
        .retain(|role, _| role == "targets");
    folder.write("change/stage.json", stage.to_string());
    for command in ["sign", "push"] {
        let mut arguments = vec!["publish", command, "change"];
        if command == "push" {
            arguments.extend(["--repository", "repository"]);
        }
        arguments.extend(["--key", "targets.pem", "--key", "online.pem"]);
        folder.run(&arguments).refused(&["loader"]);
    }
    assert!(status(&folder)["scopes"].as_object().unwrap().is_empty());
}

#[test]
fn t_roll_3_a_rollout_moves_outward_for_as_many_clients_as_before() {
    let folder = founded("publish-promote");
    publish(&folder, &["add", "g.bundle"]);
    folder.write(
        "more.json",
        DEFINITION.replace("\"heron\"}", "\"heron\"}, {\"text\": \"order\"}"),
    );
    bundle(&folder, "more.json", "more.bundle");
    publish(&folder, &["add", "more.bundle", "--permille", "10"]);
    let ran = publish(&folder, &["promote", SCOPE, "--ring", "early"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let next = &status(&folder)["scopes"][format!("{SCOPE} (server)")]["next"];
    let rollout = &next["custom"]["rollout"];
    assert_eq!(
        (&rollout["ring"], &rollout["permille"]),
        (&Value::from("early"), &Value::from(10))
    );
}

#[test]
fn bad_repositories_and_keys_are_told() {
    let folder = founded("publish-bad");
    let init = |arguments: &[&str]| {
        let common = [
            "publish",
            "init",
            "--repository",
            "other",
            "--root-key",
            "root.pub.json",
            "--timestamp-key",
            "online.pub.json",
            "--targets-key",
            "targets.pub.json",
        ];
        folder.run(&[&common, arguments].concat())
    };
    init(&["--root-threshold", "0"]).refused(&["threshold of 0"]);
    init(&["--root-threshold", "2"]).refused(&["threshold of 2"]);
    init(&["--root-key", "root.pub.json"]).refused(&["given twice", "duplicate_key"]);
    init(&["--root-key", "g.json"]).refused(&["g.json", "key"]);
    init(&[]).refused(&["signatures_missing", "root: 1 signature"]);
    assert!(!folder.path().join("other/metadata").exists());
    publish(&folder, &["add", "g.bundle", "--key", "online.pub.json"]).refused(&["public key"]);
    publish(&folder, &["add", "g.bundle", "--scope", "a/b"]).refused(&["a/b"]);
    publish(&folder, &["promote", SCOPE, "--current"]).refused(&["no rollout"]);
    publish(&folder, &["revert", SCOPE]).refused(&["no published bundle"]);
    folder
        .run(&["publish", "status", "--repository", "nothing"])
        .refused(&["no repository"]);
    folder
        .run(&["publish", "status", "--repository", "g.json"])
        .refused(&["g.json"]);
    folder
        .run(&["publish", "sign", "nothing", "--key", "root.pem"])
        .refused(&["nothing"]);
    let again = folder.run(&[
        "publish",
        "init",
        "--repository",
        "repository",
        "--root-key",
        "root.pub.json",
        "--targets-key",
        "targets.pub.json",
        "--timestamp-key",
        "online.pub.json",
    ]);
    again.refused(&["already"]);
}

#[test]
fn an_expired_repository_alarms_and_is_renewed() {
    let folder = founded("publish-expiry");
    let late = "2037-01-01T00:00:00Z";
    let status = |now: &str| {
        folder.run(&[
            "publish",
            "status",
            "--repository",
            "repository",
            "--now",
            now,
        ])
    };
    let ran = status(late);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(
        ran.out.contains("root       version 1") && ran.out.contains("EXPIRED"),
        "{ran:?}"
    );
    let refresh = |arguments: &[&str]| {
        let common = [
            "publish",
            "refresh",
            "--role",
            "root,targets,snapshot,timestamp",
            "--repository",
            "repository",
            "--key",
            "root.pem",
            "--key",
            "targets.pem",
            "--key",
            "online.pem",
        ];
        folder.run(&[&common, arguments].concat())
    };
    // It may as well be the clock.
    refresh(&["--now", late]).refused(&["clock", "--allow-lapse", "2037-01-01"]);
    let ran = refresh(&["--now", late, "--allow-lapse"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(status(late).code, 0);
    refresh(&["--now", "2036-12-31T23:59:59Z"]).refused(&["warning: clock", "set the clock"]);
}

#[test]
fn a_place_that_cannot_be_written_leaves_what_was_published() {
    let folder = founded("publish-unwritable");
    let before = folder.read("repository/metadata/timestamp.json");
    // Whatever user runs this, a file is no folder.
    folder.write("repository/targets", "in the way");
    let ran = publish(&folder, &["add", "g.bundle"]);
    ran.refused(&["storage"]);
    assert_eq!(folder.read("repository/metadata/timestamp.json"), before);
    std::fs::remove_file(folder.path().join("repository/targets")).unwrap();
    let ran = publish(&folder, &["add", "g.bundle"]);
    assert_eq!(ran.code, 0, "{ran:?}");
}

#[test]
fn the_history_says_what_a_revert_can_go_back_to_and_who_changed_what() {
    let folder = founded("publish-history");
    publish(
        &folder,
        &["add", "g.bundle", "--reason", "the \u{1b}[2Jfirst"],
    );
    folder.write(
        "more.json",
        DEFINITION.replace("\"heron\"}", "\"heron\"}, {\"text\": \"order\"}"),
    );
    bundle(&folder, "more.json", "more.bundle");
    publish(
        &folder,
        &[
            "add",
            "more.bundle",
            "--permille",
            "10",
            "--ticket",
            "SEC-9",
        ],
    );
    publish(&folder, &["promote", SCOPE, "--current"]);
    let refreshed = folder.run(&[
        "publish",
        "refresh",
        "--role",
        "root,targets",
        "--repository",
        "repository",
        "--approved-by",
        "ana@example.com",
        "--reason",
        "the year",
        "--key",
        "root.pem",
        "--key",
        "targets.pem",
        "--key",
        "online.pem",
    ]);
    assert_eq!(refreshed.code, 0, "{refreshed:?}");
    let history = |arguments: &[&str]| {
        let common = [
            "publish",
            "status",
            "--repository",
            "repository",
            "--history",
        ];
        folder.run(&[&common, arguments].concat())
    };
    let ran = history(&[]);
    assert_eq!(ran.code, 0, "{ran:?}");
    for words in [
        "  version 2, current, sha256 ",
        " promote to current, targets version 4, record ",
        " add for 10 of 1000 clients up to ring canary, targets version 3, record ",
        ", dana.ortiz@example.com: SEC-9\n",
        "  version 1, --to takes it, sha256 ",
        "the \\u{1b}[2Jfirst",
        " refresh, root version 2, record ",
        "ana@example.com: the year\n    root version 2, until ",
        " init, root version 1, record ",
    ] {
        assert!(ran.out.contains(words), "{words}: {}", ran.out);
    }
    let told = history(&[SCOPE, "--format", "json"]).json();
    let versions = &told["history"]["scopes"][format!("{SCOPE} (server)")];
    let take = |member: &str| [&versions[0][member], &versions[1][member]];
    assert_eq!(take("version"), [2, 1]);
    assert_eq!(take("revertible"), [false, true]);
    assert_eq!(versions[1]["events"][0]["evidence"], "vouched");
    assert_eq!(
        versions[1]["events"][0]["approved_by"][0],
        "dana.ortiz@example.com"
    );
    publish(&folder, &["revert", SCOPE, "--to", "7"]).refused(&[
        "never current under version 7",
        "--to takes 1;",
        "--history",
    ]);
    history(&["other"]).refused(&["other", "not_published"]);
    history(&["a/b"]).refused(&["a/b"]);
    // A record that is gone is an alarm.
    let record = versions[1]["events"][0]["record"].as_str().unwrap();
    std::fs::remove_file(
        folder
            .path()
            .join(format!("repository/records/{record}.json")),
    )
    .unwrap();
    let ran = history(&[]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.out.contains("is MISSING"), "{ran:?}");
    // That one who publishes next does not have to know.
    let ran = publish(
        &folder,
        &[
            "revert",
            SCOPE,
            "--to",
            "1",
            "--allow-shrink",
            "--allow-weaker",
        ],
    );
    assert_eq!(ran.code, 0, "{ran:?}");
}

#[test]
fn places_that_are_none_are_told_with_what_can_be_given() {
    let folder = founded("publish-places");
    let status = |place: &str| folder.run(&["publish", "status", "--repository", place]);
    status("s4://bucket").refused(&["s4://bucket", "s3://BUCKET/PREFIX", "(repository)"]);
    let sign = ["publish", "sign", "nothing", "--key", "root.pem"];
    folder
        .run(&sign)
        .refused(&["nothing: holds no staged change", "--stage"]);
}
