//! What was published before, as the signed metadata and its records tell it.

mod common;

use std::collections::{BTreeMap, BTreeSet};

use common::*;
use edgerail_publish::keys::{Signer, key_id};
use edgerail_publish::name::{Audience, Line, Ring, Scope};
use edgerail_publish::{
    Evidence, History, Past, Publication, Quorum, Record, Stage, Storage as _, TopRole, push,
    refresh, rotate, sha256,
};
use serde_json::{Value, json};

fn history(memory: &Memory, of: Option<&str>) -> History {
    let scope: Option<Scope> = of.map(scope);
    History::of(&load(memory), memory, scope.as_ref()).unwrap()
}

fn because(reason: &str) -> Publication {
    Publication {
        reason: Some(reason.to_owned()),
        ..approved()
    }
}

fn words(list: &[&str]) -> edgerail_publish::gate::Candidate {
    candidate(bundle(SCOPE, Audience::Server, list))
}

/// Version 1, a rollout of 2 that becomes current, one of 3 that is taken back, and 4: the content of 1 again.
fn lively(keys: &Keys) -> Memory {
    let memory = founded(keys);
    let line = server(SCOPE);
    add(&memory, keys, NOW, &["heron"]).unwrap();
    let change =
        |now, make: &dyn Fn(&mut edgerail_publish::Change<'_>) -> edgerail_publish::Result<()>| {
            publish(&memory, keys, now, make).unwrap();
        };
    let gate = || Value::Null;
    change(NOW + 1, &|change| {
        change
            .add_next(&line, &words(&["kite"]), Ring::Canary, 100, gate())
            .map(drop)
    });
    change(NOW + 2, &|change| {
        change.promote(&line, Ring::Early, 500, gate()).map(drop)
    });
    change(NOW + 3, &|change| {
        change.promote_current(&line, gate()).map(drop)
    });
    change(NOW + 4, &|change| {
        change
            .add_next(&line, &words(&["osprey"]), Ring::Canary, 10, gate())
            .map(drop)
    });
    change(NOW + 5, &|change| change.remove(&line, true));
    change(NOW + 6, &|change| {
        let old = change.old(&line, Some(1))?;
        change
            .revert(&line, &candidate(old.bytes), gate())
            .map(drop)
    });
    memory
}

fn actions(past: &Past) -> Vec<&str> {
    past.events.iter().map(|e| e.action.as_str()).collect()
}

#[test]
fn every_version_has_what_was_done_with_it_and_whether_one_can_go_back_to_it() {
    let keys = Keys::new();
    let memory = lively(&keys);
    let all = history(&memory, None);
    let one = history(&memory, Some(SCOPE));
    assert_eq!(all.scopes, one.scopes);
    let versions = &all.scopes[&server(SCOPE).to_string()];
    let numbers: Vec<u64> = versions.iter().map(|past| past.version).collect();
    assert_eq!(numbers, [4, 3, 2, 1]);
    let [four, three, two, one] = &versions[..] else {
        panic!("{versions:?}")
    };
    assert_eq!(actions(one), ["add"]);
    assert_eq!(actions(two), ["promote", "promote", "add"]);
    assert_eq!(actions(three), ["remove", "add"]);
    assert_eq!(actions(four), ["revert"]);
    let shares = two.events.iter().map(|event| {
        let rollout = event.rollout.as_ref();
        rollout.map(|rollout| (rollout.ring, rollout.permille))
    });
    let shares: Vec<_> = shares.collect();
    assert_eq!(
        shares,
        [None, Some((Ring::Early, 500)), Some((Ring::Canary, 100))]
    );
    // Version 1 has the content that is current again, and 3 was never current.
    let back = |past: &Past| (past.current, past.revertible);
    assert_eq!(
        versions.iter().map(back).collect::<Vec<_>>(),
        [(true, false), (false, false), (false, true), (false, false)]
    );
    assert_eq!(four.sha256, one.sha256);
    let first = &one.events[0];
    assert_eq!(first.provenance.evidence, Evidence::Vouched);
    assert_eq!(
        first.provenance.when.as_deref(),
        Some("2026-11-21T18:00:00Z")
    );
    assert_eq!(first.provenance.approved_by, ["dana.ortiz@example.com"]);
    assert_eq!(first.provenance.ticket.as_deref(), Some("SEC-41"));
    assert!(!all.has_losses() && all.unnamed.is_empty() && all.gaps.is_empty());
    // What it says can be reverted to can be, and nothing else.
    for past in versions {
        let reverted = staged(&memory, NOW + 7, |change| {
            let old = change.old(&server(SCOPE), Some(past.version))?;
            change
                .revert(&server(SCOPE), &candidate(old.bytes), Value::Null)
                .map(drop)
        });
        assert_eq!(reverted.is_ok(), past.revertible, "{}", past.version);
    }
}

#[test]
fn a_wrong_version_is_told_with_those_that_there_are() {
    let keys = Keys::new();
    let memory = lively(&keys);
    let old = |version| {
        load(&memory)
            .old(&memory, &server(SCOPE), version)
            .unwrap_err()
    };
    for version in [0, 3, 5, u64::MAX] {
        let error = old(Some(version));
        assert_eq!(error.code(), "not_published");
        let told = error.message();
        assert!(told.contains("--to takes 2;"), "{told}");
        assert!(told.contains(&format!("--history {SCOPE}")), "{told}");
    }
    let memory = founded(&keys);
    add(&memory, &keys, NOW, &["heron"]).unwrap();
    let only = load(&memory).old(&memory, &server(SCOPE), Some(7));
    assert!(only.unwrap_err().message().contains("nothing to revert to"));
}

#[test]
fn a_record_that_is_gone_or_another_one_is_said_to_be_and_one_that_nobody_names_is_not_believed() {
    let keys = Keys::new();
    let memory = lively(&keys);
    let versions =
        |memory: &Memory| history(memory, None).scopes[&server(SCOPE).to_string()].clone();
    let path = |past: &Past| {
        let hash = past
            .events
            .last()
            .unwrap()
            .provenance
            .record
            .clone()
            .unwrap();
        format!("records/{hash}.json")
    };
    let before = versions(&memory);
    let (lost, forged) = (path(&before[3]), path(&before[1]));
    memory.files.borrow_mut().remove(&lost);
    let text = String::from_utf8(memory.read(&forged)).unwrap();
    let text = text.replace("dana.ortiz", "eve.adams");
    memory
        .files
        .borrow_mut()
        .insert(forged, text.clone().into_bytes());
    // One that is what its name says, and that no metadata names.
    let own = format!("records/{}.json", sha256(text.as_bytes()));
    memory.create(&own, text.as_bytes()).unwrap();
    let after = history(&memory, None);
    assert!(after.has_losses());
    assert_eq!(after.unnamed, [own]);
    let versions = versions(&memory);
    let evidence = |past: &Past| past.events.last().unwrap().provenance.evidence;
    assert_eq!(evidence(&versions[3]), Evidence::Missing);
    assert_eq!(evidence(&versions[1]), Evidence::Altered);
    assert_eq!(evidence(&versions[2]), Evidence::Vouched);
    let said = serde_json::to_string(&after).unwrap();
    assert!(!said.contains("eve.adams"), "{said}");
    // What is signed is still known.
    let (now, then) = (&versions[3], &before[3]);
    assert_eq!((now.version, &now.sha256), (then.version, &then.sha256));
    assert_eq!(actions(now), ["listed"]);
}

#[test]
fn bundles_that_are_gone_cannot_be_gone_back_to_and_metadata_that_is_gone_ends_the_history() {
    let keys = Keys::new();
    let memory = lively(&keys);
    let versions = history(&memory, None).scopes[&server(SCOPE).to_string()].clone();
    let gone = versions[2].sha256.clone();
    memory
        .files
        .borrow_mut()
        .retain(|path, _| !path.starts_with(&format!("targets/{gone}")));
    let versions = history(&memory, None).scopes[&server(SCOPE).to_string()].clone();
    assert!(!versions[2].kept && !versions[2].revertible && versions[3].kept);
    memory.files.borrow_mut().remove("metadata/5.targets.json");
    let cut = history(&memory, Some(SCOPE));
    assert_eq!(cut.gaps, ["metadata/5.targets.json"]);
    assert!(cut.has_losses());
    let error = load(&memory).old(&memory, &server(SCOPE), Some(1));
    let told = error.unwrap_err().to_string();
    assert!(
        told.contains("before metadata/5.targets.json is not known"),
        "{told}"
    );
}

#[test]
fn what_an_interrupted_publication_left_behind_was_not_published() {
    let keys = Keys::new();
    let memory = founded(&keys);
    add(&memory, &keys, NOW, &["heron"]).unwrap();
    let mut abandoned = staged(&memory, NOW + 1, |change| {
        change
            .add_current(&server(SCOPE), &words(&["kite"]), Value::Null)
            .map(drop)
    })
    .unwrap();
    // The lock, the bundle, the record and the targets metadata are written, and then no more.
    memory.left.set(Some(4));
    let cut = push(&mut abandoned, &memory, &keys.publishers(), at(NOW + 1));
    assert_eq!(cut.unwrap_err().code(), "storage");
    memory.left.set(None);
    memory.remove(edgerail_publish::LOCK).unwrap();
    assert!(memory.get("metadata/3.targets.json").unwrap().is_some());
    add(&memory, &keys, NOW + 2, &["osprey"]).unwrap();
    let told = history(&memory, None);
    let versions = &told.scopes[&server(SCOPE).to_string()];
    let hashes: Vec<&str> = versions.iter().map(|past| past.sha256.as_str()).collect();
    let hash = |list: &[&str]| sha256(words(list).bytes());
    assert_eq!(hashes, [hash(&["osprey"]), hash(&["heron"])]);
    assert_eq!(told.unnamed.len(), 1, "its record");
    let old = load(&memory).old(&memory, &server(SCOPE), None).unwrap();
    assert_eq!(sha256(&old.bytes), hash(&["heron"]));
}

#[test]
fn new_keys_and_renewals_are_on_record() {
    let keys = Keys::new();
    let memory = founded(&keys);
    let new = key();
    let left: Vec<_> = [&keys.root[0], &keys.root[1], &new].map(Signer::key).into();
    let quorum = Quorum::new(TopRole::Root, left, 2).unwrap();
    let change = BTreeMap::from([(TopRole::Root, quorum)]);
    let why = because("cho has left");
    let mut stage = rotate(&load(&memory), &memory, &change, &why, NOW + 1).unwrap();
    let told = stage.describe().unwrap().join("\n");
    let line = "on record: dana.ortiz@example.com: SEC-41: cho has left";
    assert!(told.contains(line), "{told}");
    let signers: [&dyn Signer; 2] = [&keys.root[0], &keys.root[1]];
    push(&mut stage, &memory, &signers, at(NOW + 1)).unwrap();
    let which = BTreeSet::from([TopRole::Targets]);
    let why = because("the quarter");
    let mut stage = refresh(&load(&memory), &memory, &which, &why, NOW + 2).unwrap();
    push(&mut stage, &memory, &keys.publishers(), at(NOW + 2)).unwrap();
    // The daily job says nothing that is not in the metadata.
    let records = || memory.list("records").unwrap().len();
    let before = records();
    let which = BTreeSet::from([TopRole::Snapshot, TopRole::Timestamp]);
    let mut stage = refresh(&load(&memory), &memory, &which, &why, NOW + 3).unwrap();
    push(&mut stage, &memory, &[&keys.online], at(NOW + 3)).unwrap();
    assert_eq!(records(), before);

    let told = history(&memory, None);
    assert!(!told.has_losses(), "{told:?}");
    let roles = |number: usize| &told.roles[number];
    let reasons: Vec<_> = told
        .roles
        .iter()
        .map(|r| r.provenance.reason.as_deref())
        .collect();
    assert_eq!(
        reasons,
        [Some("the quarter"), Some("cho has left"), Some("first")]
    );
    let entry = &roles(0).roles[0];
    assert_eq!(
        (entry.role.as_str(), entry.action.as_str()),
        ("targets", "refresh")
    );
    assert_eq!((entry.version, entry.threshold), (Some(2), None));
    let entry = &roles(1).roles[0];
    assert_eq!(
        (entry.role.as_str(), entry.action.as_str()),
        ("root", "rotate")
    );
    assert_eq!((entry.version, entry.threshold), (Some(2), Some(2)));
    assert_eq!(entry.added, [key_id(&new.key())]);
    assert_eq!(entry.removed, [key_id(&keys.root[2].key())]);
    assert_eq!(entry.expires.as_deref(), Some("2027-11-21T18:00:01Z"));
    assert_eq!(roles(2).roles.len(), 4);
    assert_eq!(roles(2).roles[0].action, "init");
    // Each record names those before it.
    let record = |number: usize| -> Record {
        let hash = roles(number).provenance.record.as_ref().unwrap();
        serde_json::from_slice(&memory.read(&format!("records/{hash}.json"))).unwrap()
    };
    let named = |number: usize| record(number).previous;
    assert_eq!(named(2), Vec::<String>::new());
    assert_eq!(named(1), [roles(2).provenance.record.clone().unwrap()]);
    assert!(named(0).contains(roles(1).provenance.record.as_ref().unwrap()));
}

#[test]
fn a_record_of_roles_that_does_not_say_what_is_signed_is_refused() {
    let keys = Keys::new();
    let memory = founded(&keys);
    let which = BTreeSet::from([TopRole::Root, TopRole::Targets]);
    type Change<'t> = &'t dyn Fn(&mut Value);
    let cases: [(&str, Change<'_>, Option<&str>); 6] = [
        ("nothing", &|_| {}, None),
        (
            "another reason",
            &|record| record["reason"] = json!("other"),
            None,
        ),
        (
            "no roles",
            &|record| record["roles"] = json!([]),
            Some("tampered"),
        ),
        (
            "another threshold",
            &|record| record["roles"][0]["threshold"] = json!(1),
            Some("tampered"),
        ),
        (
            "nothing before it",
            &|record| record["previous"] = json!([]),
            Some("tampered"),
        ),
        (
            "a bundle that is not changed",
            &|record| record["changes"] = json!([{"action": "add", "target": "x.bundle"}]),
            Some("tampered"),
        ),
    ];
    for (number, (case, change, code)) in cases.into_iter().enumerate() {
        let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
        let folder = folder.join(format!("history-roles-{number}"));
        let _ = std::fs::remove_dir_all(&folder);
        let stage = refresh(&load(&memory), &memory, &which, &approved(), NOW).unwrap();
        stage.create(&folder).unwrap();
        let read = |path: &str| -> Value {
            serde_json::from_slice(&std::fs::read(folder.join(path)).unwrap()).unwrap()
        };
        let write = |path: &str, value: &Value| {
            std::fs::write(folder.join(path), value.to_string()).unwrap();
        };
        let mut list = read("stage.json");
        let files = list["files"].as_object_mut().unwrap();
        let (old, _) = files
            .iter()
            .next()
            .map(|(p, h)| (p.clone(), h.clone()))
            .unwrap();
        let mut record = read(&old);
        change(&mut record);
        let hash = sha256(record.to_string().as_bytes());
        let path = format!("records/{hash}.json");
        files.clear();
        files.insert(path.clone(), Value::from(hash.clone()));
        write(&path, &record);
        write("stage.json", &list);
        for file in ["metadata/2.root.json", "metadata/2.targets.json"] {
            let mut metadata = read(file);
            metadata["signed"]["x-record"] = Value::from(hash.clone());
            write(file, &metadata);
        }
        let signed = Stage::read(&folder).unwrap().sign(&keys.founders(), NOW);
        assert_eq!(signed.err().map(|error| error.code()), code, "{case}");
        // One whose root names another record than its targets metadata.
        let mut root = read("metadata/2.root.json");
        root["signed"].as_object_mut().unwrap().remove("x-record");
        write("metadata/2.root.json", &root);
        let signed = Stage::read(&folder).unwrap().sign(&keys.founders(), NOW);
        assert_eq!(
            signed.err().map(|error| error.code()),
            Some("tampered"),
            "{case}"
        );
    }
}

#[test]
fn a_scope_that_moved_to_a_role_of_its_own_keeps_its_history() {
    let keys = Keys::new();
    let memory = founded(&keys);
    let name = |number: usize| format!("scope-{number:02}");
    let change = |now, range: std::ops::Range<usize>, list: &[&str]| {
        publish(&memory, &keys, now, |change| {
            for number in range {
                let name = name(number);
                let candidate = candidate(bundle(&name, Audience::Server, list));
                change.add_current(&server(&name), &candidate, Value::Null)?;
            }
            Ok(())
        })
        .unwrap();
    };
    change(NOW, 0..64, &["heron"]);
    change(NOW + 1, 64..65, &["heron"]);
    change(NOW + 2, 3..4, &["kite"]);
    let told = history(&memory, None);
    assert_eq!(told.scopes.len(), 65);
    for number in [0, 3, 63, 64] {
        let versions = &told.scopes[&server(&name(number)).to_string()];
        let one = history(&memory, Some(&name(number)));
        assert_eq!(&one.scopes[&server(&name(number)).to_string()], versions);
        assert!(
            versions.iter().all(|past| actions(past) == ["add"]),
            "{versions:?}"
        );
        assert_eq!(versions.len(), if number == 3 { 2 } else { 1 });
        let role = &versions.last().unwrap().events[0].role;
        assert_eq!(role == "targets", number != 64, "{role}");
    }
}

#[test]
fn a_scope_of_which_nothing_was_published_is_told() {
    let keys = Keys::new();
    let memory = founded(&keys);
    let other = scope("other");
    let error = History::of(&load(&memory), &memory, Some(&other)).unwrap_err();
    assert_eq!((error.code(), error.place()), ("not_published", "other"));
    assert!(history(&memory, None).scopes.is_empty());
    // Browser bundles have a history of their own, and no record in their own metadata.
    publish(&memory, &keys, NOW, |change| {
        let bytes = bundle(SCOPE, Audience::Browser, &["heron"]);
        let line = Line {
            audience: Audience::Browser,
            ..server(SCOPE)
        };
        change
            .add_current(&line, &candidate(bytes), Value::Null)
            .map(drop)
    })
    .unwrap();
    let told = history(&memory, Some(SCOPE));
    let versions = &told.scopes[&format!("{SCOPE} (browser)")];
    assert_eq!(versions[0].events[0].provenance.evidence, Evidence::Vouched);
}
