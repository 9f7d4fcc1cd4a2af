//! Signing in turns: one machine after another, each with its own key.

mod common;

use std::path::{Path, PathBuf};

use common::*;
use edgerail_publish::keys::Signer;
use edgerail_publish::name::{Audience, Ring};
use edgerail_publish::{Change, Settings, Stage, Storage as _, init, push};
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

/// Changes the new metadata of a role that nobody has signed yet, on its way, and gives what the next machine says.
fn carried(
    (test, role): (&str, &str),
    stage: &Stage,
    memory: &Memory,
    keys: &Keys,
    change: impl FnOnce(&mut Value),
) -> Option<String> {
    let folder = folder(test);
    stage.create(&folder).unwrap();
    let mut files = std::fs::read_dir(folder.join("metadata")).unwrap();
    let path = files.find_map(|file| {
        let path = file.unwrap().path();
        path.to_str()?
            .ends_with(&format!(".{role}.json"))
            .then_some(path)
    });
    let path = path.unwrap_or_else(|| panic!("{role}"));
    let mut json: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    change(&mut json["signed"]);
    std::fs::write(&path, json.to_string()).unwrap();
    let read = || Stage::read(&folder).unwrap();
    let signed = read().sign(&keys.publishers(), NOW).err()?;
    let pushed = push(&mut read(), &memory.copy(), &keys.publishers(), at(NOW)).unwrap_err();
    assert_eq!(pushed.code(), signed.code(), "{pushed}");
    assert_eq!(read().check().unwrap_err().code(), signed.code());
    assert_eq!(signed.code(), "tampered", "{signed}");
    Some(signed.to_string())
}

fn leave_out(signed: &mut Value, member: &str) {
    let gone = signed.as_object_mut().unwrap().remove(member);
    assert!(gone.is_some(), "{signed}");
}

/// Another scope than that of the other tests.
const OTHER: &str = "aws~o-exampleorgid~ou-ab12-99999999~us-east-1";

fn staged_words(memory: &Memory, scope: &str, words: &[&str]) -> Stage {
    let stage = staged(memory, NOW, |change| {
        let candidate = candidate(bundle(scope, Audience::Server, words));
        change
            .add_current(&server(scope), &candidate, Value::Null)
            .map(drop)
    });
    stage.unwrap()
}

#[test]
fn what_the_repository_asks_of_publications_is_not_changed_on_the_way() {
    let keys = Keys::new();
    let memory = Memory::default();
    let settings = Settings {
        approvals: 2,
        require_corpus: true,
        ..Settings::default()
    };
    let mut two = approved();
    two.approved_by.push("eli.brandt@example.com".to_owned());
    let mut stage = init(&keys.quorums(), &settings, &two, NOW).unwrap();
    push(&mut stage, &memory, &keys.founders(), at(NOW)).unwrap();
    let repository = load(&memory);
    let staged = || {
        let mut change = Change::new(&repository, &memory, NOW).unwrap();
        let candidate = candidate(bundle(SCOPE, Audience::Server, &["heron"]));
        change
            .add_current(&server(SCOPE), &candidate, Value::Null)
            .unwrap();
        change.finish(&two).unwrap()
    };
    let says = |test: &str, change: &dyn Fn(&mut Value)| {
        carried((test, "targets"), &staged(), &memory, &keys, change)
    };
    let told = |test: &str| {
        let stage = Stage::read(&Path::new(env!("CARGO_TARGET_TMPDIR")).join(test)).unwrap();
        stage.describe().unwrap().join("\n")
    };
    assert_eq!(says("settings-same", &|_| {}), None);
    let same = told("turns-settings-same");
    assert!(!same.contains("asks of publications"), "{same}");
    let why = says("settings-gone", &|new| leave_out(new, "x-publishing")).unwrap();
    assert!(why.starts_with("targets: x-publishing"), "{why}");
    let gone = told("turns-settings-gone");
    for line in [
        "before: every publication needs 2 approvals",
        "before: every bundle that follows",
        "after: every publication needs 1 approval,",
    ] {
        assert!(gone.contains(line), "{gone}");
    }
    for (member, weaker) in [
        ("approvals", Value::from(0)),
        ("max_shrink_percent", Value::from(100)),
        ("require_corpus", Value::from(false)),
    ] {
        let why = says(&format!("settings-{member}"), &|new| {
            new["x-publishing"][member] = weaker.clone();
        });
        assert!(why.unwrap().contains("x-publishing"), "{member}");
    }
    // Nor is it judged without what it comes after.
    let folder = folder("settings-base");
    staged().create(&folder).unwrap();
    std::fs::remove_file(folder.join("base/targets.json")).unwrap();
    let edit = |path: &str, change: &dyn Fn(&mut Value)| {
        let path = folder.join(path);
        let mut json: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        change(&mut json);
        std::fs::write(path, json.to_string()).unwrap();
    };
    edit("stage.json", &|list| {
        leave_out(&mut list["base"], "targets")
    });
    edit("metadata/2.targets.json", &|json| {
        leave_out(&mut json["signed"], "x-previous");
        leave_out(&mut json["signed"], "x-publishing");
    });
    let error = Stage::read(&folder).unwrap().check().unwrap_err();
    assert_eq!(
        (error.code(), error.place()),
        ("tampered", "base targets"),
        "{error}"
    );
}

#[test]
fn a_version_that_was_given_is_not_forgotten_on_the_way() {
    let keys = Keys::new();
    let memory = founded(&keys);
    let line = server(SCOPE);
    add(&memory, &keys, NOW, &["heron"]).unwrap();
    publish(&memory, &keys, NOW, |change| {
        let candidate = candidate(bundle(SCOPE, Audience::Server, &["heron", "kite"]));
        change
            .add_next(&line, &candidate, Ring::Canary, 100, Value::Null)
            .map(drop)
    })
    .unwrap();
    let ended = staged(&memory, NOW, |change| change.remove(&line, true)).unwrap();
    let says = |test: &str, stage: &Stage, change: &dyn Fn(&mut Value)| {
        carried((test, "targets"), stage, &memory, &keys, change)
    };
    let forget = |new: &mut Value| leave_out(new, "x-floors");
    let lower = |new: &mut Value| new["x-floors"][line.target(false)] = Value::from(1);
    assert_eq!(says("floors-same", &ended, &|_| {}), None);
    let why = says("floors-not-made", &ended, &forget).unwrap();
    assert!(why.contains("x-floors"), "{why}");
    push(&mut ended.clone(), &memory, &keys.publishers(), at(NOW)).unwrap();
    let other = staged_words(&memory, OTHER, &["osprey"]);
    let says = |test: &str, stage: &Stage, change: &dyn Fn(&mut Value)| {
        carried((test, "targets"), stage, &memory, &keys, change)
    };
    assert_eq!(says("floors-kept", &other, &|_| {}), None);
    for (test, change) in [
        ("floors-gone", &forget as &dyn Fn(&mut Value)),
        ("floors-lower", &lower),
    ] {
        let why = says(test, &other, change).unwrap();
        assert!(why.contains("x-floors"), "{test}: {why}");
    }
    // A higher version takes its place.
    let higher = staged_words(&memory, SCOPE, &["heron", "osprey"]);
    assert_eq!(
        says("floors-higher", &higher, &|new| assert!(
            new["x-floors"].is_null()
        )),
        None
    );
}

#[test]
fn what_a_removed_bundle_held_is_not_forgotten_on_the_way() {
    let keys = Keys::new();
    let memory = founded(&keys);
    add(&memory, &keys, NOW, &["heron", "kite"]).unwrap();
    let line = server(SCOPE);
    let removed = staged(&memory, NOW, |change| change.remove(&line, false)).unwrap();
    let forget = |new: &mut Value| leave_out(new, "x-removed");
    let less = |new: &mut Value| {
        new["x-removed"][line.target(false)]["counts"]["words"] = Value::from(0);
    };
    let refused = |test: &str, stage: &Stage, change: &dyn Fn(&mut Value)| {
        let why = carried((test, "targets"), stage, &memory, &keys, change).unwrap();
        assert!(why.contains("x-removed"), "{test}: {why}");
    };
    refused("removed-not-made", &removed, &forget);
    push(&mut removed.clone(), &memory, &keys.publishers(), at(NOW)).unwrap();
    let other = staged_words(&memory, OTHER, &["osprey"]);
    refused("removed-gone", &other, &forget);
    refused("removed-less", &other, &less);
    // What is published again takes its place.
    let again = staged_words(&memory, SCOPE, &["heron"]);
    let says = carried(
        ("removed-again", "targets"),
        &again,
        &memory,
        &keys,
        |new| assert!(new["x-removed"].is_null()),
    );
    assert_eq!(says, None);
}

#[test]
fn a_delegated_role_forgets_nothing_on_the_way_either() {
    let keys = Keys::new();
    let memory = founded(&keys);
    let name = |number: usize| format!("aws~o-exampleorgid~ou-ab12-{number:08}~us-east-1");
    publish(&memory, &keys, NOW, |change| {
        for number in 0..65 {
            let candidate = candidate(bundle(&name(number), Audience::Server, &["heron"]));
            change.add_current(&server(&name(number)), &candidate, Value::Null)?;
        }
        Ok(())
    })
    .unwrap();
    publish(&memory, &keys, NOW, |change| {
        change.remove(&server(&name(3)), false)
    })
    .unwrap();
    let role = "targets-0001";
    let stage = staged_words(&memory, &name(4), &["osprey"]);
    assert_eq!(
        carried(("delegated-same", role), &stage, &memory, &keys, |_| {}),
        None
    );
    for member in ["x-floors", "x-removed"] {
        let test = format!("delegated-{member}");
        let why = carried((&test, role), &stage, &memory, &keys, |new| {
            leave_out(new, member);
        });
        assert!(why.unwrap().contains(member), "{member}");
    }
    // Without its delegation, all that a role says is gone.
    let stage = staged_words(&memory, OTHER, &["osprey"]);
    let why = carried(
        ("delegated-role", "targets"),
        &stage,
        &memory,
        &keys,
        |new| {
            let roles = new["delegations"]["roles"].as_array_mut().unwrap();
            roles.retain(|delegated| delegated["name"] != role);
        },
    );
    assert!(why.unwrap().contains(role));
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
