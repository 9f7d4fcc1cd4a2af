//! Signing in turns: one machine after another, each with its own key.

mod common;

use std::path::{Path, PathBuf};

use common::*;
use edgerail_publish::keys::Signer;
use edgerail_publish::name::Audience;
use edgerail_publish::{Settings, Stage, Storage as _, init, push};
use serde_json::Value;

fn folder(test: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("turns-{test}"));
    let _ = std::fs::remove_dir_all(&path);
    path
}

/// One machine's part: reads the carried folder, signs with the one key, writes it back.
fn sign(folder: &Path, key: &dyn Signer) -> Vec<String> {
    let mut stage = Stage::read(folder).unwrap();
    let signed = stage.sign(&[key], NOW).unwrap();
    stage.save(folder).unwrap();
    signed.into_iter().map(|(role, _)| role).collect()
}

fn missing(folder: &Path) -> Vec<(String, u64)> {
    let missing = Stage::read(folder).unwrap().missing().unwrap();
    missing
        .into_iter()
        .map(|m| (m.role, m.signatures))
        .collect()
}

fn staged_add(memory: &Memory, folder: &Path) {
    let stage = staged(memory, NOW, |change| {
        let candidate = candidate(bundle(SCOPE, Audience::Server, &["heron", "kestrel"]));
        change
            .add_current(&server(SCOPE), &candidate, Value::Null)
            .map(drop)
    });
    stage.unwrap().create(folder).unwrap();
}

#[test]
fn a_repository_is_founded_by_one_key_after_another() {
    let (keys, folder) = (Keys::new(), folder("founded"));
    init(&keys.quorums(), &Settings::default(), &approved(), NOW)
        .unwrap()
        .create(&folder)
        .unwrap();
    assert_eq!(sign(&folder, &keys.root[2]), ["root"]);
    assert_eq!(sign(&folder, &keys.targets[1]), ["targets"]);
    assert_eq!(
        missing(&folder),
        [
            ("root", 1),
            ("targets", 1),
            ("snapshot", 1),
            ("timestamp", 1)
        ]
        .map(|(r, n)| (r.to_owned(), n))
    );
    // Below its threshold, nothing depends on a role yet: the online key has nothing to sign.
    assert_eq!(sign(&folder, &keys.online), Vec::<String>::new());
    assert_eq!(sign(&folder, &keys.targets[2]), ["targets"]);
    assert_eq!(sign(&folder, &keys.online), ["snapshot", "timestamp"]);
    let memory = Memory::default();
    let error = push(&mut Stage::read(&folder).unwrap(), &memory, &[], at(NOW)).unwrap_err();
    assert_eq!(error.code(), "signatures_missing");
    assert!(memory.files.borrow().is_empty());
    assert_eq!(sign(&folder, &keys.root[0]), ["root"]);
    push(&mut Stage::read(&folder).unwrap(), &memory, &[], at(NOW)).unwrap();
    Reader::new(&memory).refresh(&memory, NOW).unwrap();
}

#[test]
fn a_key_without_a_role_and_a_key_that_signed_already_add_nothing() {
    let (keys, folder) = (Keys::new(), folder("again"));
    let memory = founded(&keys);
    staged_add(&memory, &folder);
    let mut stage = Stage::read(&folder).unwrap();
    let stranger = key();
    assert_eq!(
        stage.sign(&[&stranger], NOW).unwrap_err().code(),
        "key_role"
    );
    assert_eq!(sign(&folder, &keys.targets[0]), ["targets"]);
    assert_eq!(sign(&folder, &keys.targets[0]), Vec::<String>::new());
    assert_eq!(missing(&folder)[0], ("targets".to_owned(), 1));
    // A stage is not overwritten by another change.
    let error = Stage::read(&folder).unwrap().create(&folder).unwrap_err();
    assert_eq!(error.code(), "exists");
}

#[test]
fn what_is_changed_between_two_signers_is_refused() {
    let keys = Keys::new();
    let memory = founded(&keys);
    let file = |folder: &Path, below: &str| {
        let mut files = std::fs::read_dir(folder.join(below)).unwrap();
        files.next().unwrap().unwrap().path()
    };
    let replace = |path: &Path, from: &str, to: &str| {
        let text = std::fs::read_to_string(path).unwrap();
        assert!(text.contains(from), "{path:?}");
        std::fs::write(path, text.replace(from, to)).unwrap();
    };
    type Tamper<'t> = &'t dyn Fn(&Path);
    let cases: [(&str, Tamper<'_>); 6] = [
        ("metadata after a signature", &|folder| {
            replace(&file(folder, "metadata"), "\"version\":2", "\"version\":3");
        }),
        ("the rollout's data", &|folder| {
            replace(&file(folder, "metadata"), "\"words\":2", "\"words\":3");
        }),
        ("the bundle", &|folder| {
            let path = file(folder, "targets");
            let mut bytes = std::fs::read(&path).unwrap();
            bytes[100] ^= 1;
            std::fs::write(path, bytes).unwrap();
        }),
        ("the record", &|folder| {
            replace(&file(folder, "records"), "dana.ortiz", "eve.adams")
        }),
        ("the root it is based on", &|folder| {
            replace(
                &folder.join("base/root.json"),
                "\"threshold\":2",
                "\"threshold\":1",
            );
        }),
        ("the list of files", &|folder| {
            let path = folder.join("stage.json");
            let mut json: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
            json["files"]["../../outside"] = Value::from("00");
            std::fs::write(path, json.to_string()).unwrap();
        }),
    ];
    for (number, (case, tamper)) in cases.into_iter().enumerate() {
        let folder = folder(&format!("tampered-{number}"));
        staged_add(&memory, &folder);
        sign(&folder, &keys.targets[0]);
        tamper(&folder);
        let refused = Stage::read(&folder).and_then(|mut stage| {
            stage.sign(&[&keys.targets[2] as &dyn Signer, &keys.online], NOW)?;
            push(&mut stage, &memory, &[], at(NOW))
        });
        assert_eq!(refused.unwrap_err().code(), "tampered", "{case}");
    }
}

#[test]
fn a_signature_of_another_key_under_the_id_of_one_of_the_role_is_refused() {
    let (keys, folder) = (Keys::new(), folder("forged"));
    let memory = founded(&keys);
    staged_add(&memory, &folder);
    sign(&folder, &keys.targets[0]);
    let path = folder.join("metadata/2.targets.json");
    let mut json: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    let sig = json["signatures"][0]["sig"].clone();
    json["signatures"]
        .as_array_mut()
        .unwrap()
        .push(serde_json::json!({
            "keyid": edgerail_publish::keys::key_id(&keys.targets[1].key()), "sig": sig,
        }));
    std::fs::write(&path, json.to_string()).unwrap();
    let refused = Stage::read(&folder).unwrap().check().unwrap_err();
    assert_eq!(refused.code(), "tampered");
}

#[test]
fn a_change_of_what_is_no_longer_there_is_stale() {
    let (keys, folder) = (Keys::new(), folder("stale"));
    let memory = founded(&keys);
    staged_add(&memory, &folder);
    for key in keys.publishers() {
        sign(&folder, key);
    }
    add(&memory, &keys, NOW + 60, &["osprey"]).unwrap();
    let before = memory.files.borrow().clone();
    let mut stage = Stage::read(&folder).unwrap();
    let error = push(&mut stage, &memory, &keys.publishers(), at(NOW + 120)).unwrap_err();
    assert_eq!(error.code(), "stale_stage");
    assert_eq!(*memory.files.borrow(), before);
}

#[test]
fn a_newer_timestamp_is_no_reason_to_begin_again() {
    let (keys, folder) = (Keys::new(), folder("rebased"));
    let memory = founded(&keys);
    staged_add(&memory, &folder);
    for key in keys.publishers() {
        sign(&folder, key);
    }
    let repository = load(&memory);
    let which = std::collections::BTreeSet::from([edgerail_publish::TopRole::Timestamp]);
    let mut refreshed =
        edgerail_publish::refresh(&repository, &memory, &which, &approved(), NOW + DAY / 2)
            .unwrap();
    push(&mut refreshed, &memory, &[&keys.online], at(NOW + DAY / 2)).unwrap();
    let later = NOW + DAY / 2 + 60;
    let mut stage = Stage::read(&folder).unwrap();
    let error = push(&mut stage.clone(), &memory, &[], at(later)).unwrap_err();
    assert_eq!(error.code(), "signatures_missing");
    push(&mut stage, &memory, &[&keys.online], at(later)).unwrap();
    let mut reader = Reader::new(&memory);
    reader.refresh(&memory, later).unwrap();
    assert!(reader.find(&memory, &server(SCOPE).target(false)).is_some());
    assert_eq!(reader.client.issued(), Some(later));
    assert!(memory.get(edgerail_publish::LOCK).unwrap().is_none());
}

#[test]
fn a_signer_who_trusts_another_root_does_not_sign() {
    let (keys, folder) = (Keys::new(), folder("pin"));
    let memory = founded(&keys);
    staged_add(&memory, &folder);
    let stage = Stage::read(&folder).unwrap();
    stage
        .check_root(&memory.read("metadata/1.root.json"))
        .unwrap();
    let other = founded(&Keys::new());
    let error = stage
        .check_root(&other.read("metadata/1.root.json"))
        .unwrap_err();
    assert_eq!(error.code(), "pin");
    assert_eq!(stage.check_root(b"{}").unwrap_err().code(), "metadata");
}

#[test]
fn what_is_signed_is_said_in_words() {
    let keys = Keys::new();
    let memory = founded(&keys);
    let stage = staged(&memory, NOW, |change| {
        let candidate = candidate(bundle(SCOPE, Audience::Server, &["heron"]));
        change
            .add_current(&server(SCOPE), &candidate, Value::Null)
            .map(drop)
    });
    let words = stage.unwrap().describe().unwrap().join("\n");
    assert!(
        words.contains("targets version 2, valid until 2027-02-19T18:00:00Z"),
        "{words}"
    );
    assert!(
        words.contains(&format!("+ {SCOPE}.bundle: version 1, ")),
        "{words}"
    );
    assert!(words.contains("1 guardrails, 1 words, 0 pii"), "{words}");
}

#[test]
fn a_timestamp_is_of_a_time_that_can_be() {
    let keys = Keys::new();
    let memory = founded(&keys);
    add(&memory, &keys, NOW + 60, &["heron"]).unwrap();
    let which = std::collections::BTreeSet::from([
        edgerail_publish::TopRole::Targets,
        edgerail_publish::TopRole::Snapshot,
        edgerail_publish::TopRole::Timestamp,
    ]);
    let renewed = |now: u64, lapsed: bool| {
        let mut stage =
            edgerail_publish::refresh(&load(&memory), &memory, &which, &approved(), now)?;
        if lapsed {
            stage.allow_lapse();
        }
        push(&mut stage, &memory, &keys.publishers(), at(now))
    };
    let published = memory.read("metadata/timestamp.json");
    let last = NOW + 60 + 7 * DAY;
    for (case, now, lapsed) in [
        ("a clock that is behind", NOW + 59, false),
        ("behind, whatever is allowed", NOW + 59, true),
        ("the moment in which all has expired", last, false),
        ("a year ahead", NOW + 300 * DAY, false),
    ] {
        let error = renewed(now, lapsed).unwrap_err();
        assert_eq!(error.code(), "clock", "{case}");
        assert_eq!(memory.read("metadata/timestamp.json"), published, "{case}");
    }
    renewed(last - 1, false).unwrap();
    // Nobody renewed it for two months, and somebody says so.
    let late = last + 60 * DAY;
    assert_eq!(renewed(late, false).unwrap_err().code(), "clock");
    renewed(late, true).unwrap();
}

#[test]
fn a_timestamp_of_another_machine_whose_clock_is_wrong_is_not_published() {
    let (keys, folder) = (Keys::new(), folder("clock"));
    let memory = founded(&keys);
    staged_add(&memory, &folder);
    let mut stage = Stage::read(&folder).unwrap();
    stage.sign(&keys.publishers(), NOW + 3 * DAY).unwrap();
    assert_eq!(stage.issued_after(NOW - 1).unwrap(), Some(NOW));
    let error = push(&mut stage, &memory, &[], at(NOW)).unwrap_err();
    assert_eq!(error.code(), "clock");
    push(&mut stage, &memory, &[], at(NOW + 3 * DAY)).unwrap();
}

#[test]
fn a_folder_without_a_change_or_with_half_of_one_is_told_with_what_to_do() {
    let keys = Keys::new();
    let folder = folder("half");
    let memory = founded(&keys);
    let error = Stage::read(&folder).unwrap_err();
    assert_eq!(error.code(), "not_found");
    assert_eq!(error.place(), folder.display().to_string());
    assert!(error.message().contains("--stage"), "{error}");
    staged_add(&memory, &folder);
    std::fs::remove_file(folder.join("base/root.json")).unwrap();
    let error = Stage::read(&folder).unwrap_err();
    assert_eq!(error.code(), "not_found");
    assert!(error.place().ends_with("base/root.json"), "{error}");
    assert!(error.message().contains("carried over whole"), "{error}");
}
