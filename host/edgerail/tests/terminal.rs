//! Passphrases that are typed on a terminal.
#![cfg(unix)]

mod common;

use std::path::Path;
use std::process::Stdio;

use common::{Folder, INIT};
use serde_json::{Value, json};

const PASSPHRASE: &str = "correct horse battery";

/// Runs the program on a terminal on which this is typed, one answer for each question.
fn typed(folder: &Folder, answers: &[&str], arguments: &[&str]) -> Value {
    let program = env!("CARGO_BIN_EXE_edgerail");
    on_terminal(folder, answers, &[&[program], arguments].concat(), &[])
}

fn on_terminal(
    folder: &Folder,
    answers: &[&str],
    command: &[&str],
    variables: &[(&str, &str)],
) -> Value {
    // Of the program itself, only for its cleaned environment.
    let cleaned = folder.command(&[]);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/terminal.py");
    let mut python = std::process::Command::new("python3");
    for (name, _) in cleaned.get_envs() {
        python.env_remove(name);
    }
    let output = python
        .arg(script)
        .arg(json!(answers).to_string())
        .args(command)
        .envs(variables.iter().copied())
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let ran: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {output:?}"));
    for secret in answers.iter().filter(|answer| answer.len() > 2) {
        let shown = ran["shown"].as_str().unwrap();
        assert!(!shown.contains(secret.trim()), "{ran}");
    }
    assert_eq!(ran["echo"], true, "the terminal is as it was: {ran}");
    ran
}

#[track_caller]
fn came_to(ran: &Value, code: i64, words: &[&str]) {
    assert_eq!(
        (&ran["code"], &ran["left"]),
        (&json!(code), &json!(0)),
        "{ran}"
    );
    let shown = ran["shown"].as_str().unwrap();
    for word in words {
        assert!(shown.contains(word), "{word}: {ran}");
    }
}

fn line(text: &str) -> String {
    format!("{text}\n")
}

/// A folder with a key of that passphrase.
fn with_key(test: &str) -> Folder {
    let folder = Folder::new(test);
    folder.write("passphrase", PASSPHRASE);
    let ran = folder.run(&["keys", "create", "k.pem", "--passphrase-file", "passphrase"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    folder
}

#[test]
fn a_new_passphrase_is_typed_twice_alike_and_long_enough() {
    let folder = Folder::new("terminal-new");
    let (good, short, other) = (line(PASSPHRASE), line("short"), line("battery staple"));
    let ran = typed(
        &folder,
        &[&short, &good, &other, &good, &good],
        &["keys", "create", "k.pem"],
    );
    came_to(
        &ran,
        0,
        &[
            "new key k.pem",
            "fewer than 8",
            "not the same",
            "private k.pem",
        ],
    );
    folder.write("passphrase", PASSPHRASE);
    let shown = folder.run(&["keys", "show", "k.pem", "--passphrase-file", "passphrase"]);
    assert_eq!(shown.code, 0, "{shown:?}");
    let unlike = [&good[..], &other, &good, &other, &good, &other];
    let ran = typed(&folder, &unlike, &["keys", "create", "other.pem"]);
    came_to(&ran, 2, &["twice alike"]);
    assert!(!folder.path().join("other.pem").exists());
    let ran = typed(
        &folder,
        &[],
        &["keys", "create", "plain.pem", "--unencrypted"],
    );
    came_to(&ran, 0, &["plain.pem"]);
    let ran = typed(
        &folder,
        &[&good, &other, &other],
        &["keys", "encrypt", "k.pem", "-o", "k2.pem"],
    );
    came_to(&ran, 0, &["Passphrase of k.pem", "The new passphrase"]);
    let ran = typed(&folder, &[&other], &["keys", "show", "k2.pem"]);
    came_to(&ran, 0, &["ed25519"]);
}

#[test]
fn the_passphrase_of_a_key_is_asked_for_where_none_was_given() {
    let folder = with_key("terminal-asked");
    let (good, wrong) = (line(PASSPHRASE), line("battery staple"));
    let show = ["keys", "show", "k.pem"];
    let ran = typed(&folder, &[&wrong, &good], &show);
    came_to(
        &ran,
        0,
        &["Passphrase of k.pem: ", "does not fit", "ed25519"],
    );
    let ran = typed(&folder, &[&wrong, &wrong, &wrong], &show);
    came_to(&ran, 2, &["error: k.pem: the passphrase does not fit"]);
    // Nothing typed at all, and the keys that interrupt.
    let ran = typed(&folder, &["\u{4}"], &show);
    came_to(&ran, 2, &["none was typed", "--passphrase-file"]);
    let ran = typed(&folder, &["\u{3}"], &show);
    came_to(&ran, 130, &[]);
}

#[test]
fn one_passphrase_of_several_keys_is_asked_for_once() {
    let folder = with_key("terminal-once");
    for key in ["root.pem", "targets.pem"] {
        let ran = folder.run(&["keys", "create", key, "--passphrase-file", "passphrase"]);
        assert_eq!(ran.code, 0, "{ran:?}");
    }
    folder.run(&["keys", "create", "online.pem", "--unencrypted"]);
    let ran = typed(&folder, &[&line(PASSPHRASE)], &INIT);
    came_to(
        &ran,
        0,
        &["Passphrase of root.pem", "published in repository"],
    );
}

#[test]
fn nobody_is_asked_who_cannot_answer_or_has_answered_already() {
    let folder = with_key("terminal-silent");
    let program = env!("CARGO_BIN_EXE_edgerail");
    let piped = format!("'{program}' keys show k.pem < /dev/null");
    let ran = on_terminal(&folder, &[], &["/bin/sh", "-c", &piped], &[]);
    came_to(
        &ran,
        2,
        &["set EDGERAIL_PASSPHRASE or give --passphrase-file"],
    );
    let created = format!("'{program}' keys create new.pem < /dev/null");
    let ran = on_terminal(&folder, &[], &["/bin/sh", "-c", &created], &[]);
    came_to(&ran, 2, &["EDGERAIL_PASSPHRASE", "--unencrypted"]);
    // One that was given and does not fit is told, as without a terminal.
    let command = [program, "keys", "show", "k.pem"];
    let ran = on_terminal(
        &folder,
        &[],
        &command,
        &[("EDGERAIL_PASSPHRASE", "wrong one")],
    );
    came_to(&ran, 2, &["does not fit"]);
    let ran = on_terminal(
        &folder,
        &[],
        &command,
        &[("EDGERAIL_PASSPHRASE", PASSPHRASE)],
    );
    came_to(&ran, 0, &["ed25519"]);
    // No terminal at all.
    folder
        .run(&["keys", "show", "k.pem"])
        .refused(&["set EDGERAIL_PASSPHRASE"]);
}
