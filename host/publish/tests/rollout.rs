//! What protects clients from a bundle that is wrong and signed well: rows T-ROLL of the threat table.

mod common;

use common::*;
use edgerail_publish::gate::{Candidate, check_losses, losses};
use edgerail_publish::name::{Audience, Line, Ring};
use edgerail_publish::{Change, Storage as _, Store};
use serde_json::Value;

fn versions(reader: &mut Reader, memory: &Memory) -> (Option<u64>, Option<u64>) {
    let version = |next: bool, reader: &mut Reader| {
        let found = reader.find(memory, &server(SCOPE).target(next))?;
        custom(&found.0)["version"].as_u64()
    };
    (version(false, reader), version(true, reader))
}

fn read(memory: &Memory) -> Reader {
    let mut reader = Reader::new(memory);
    reader.refresh(memory, NOW).unwrap();
    reader
}

/// A repository with a current bundle and the rollout of another.
fn rolling(keys: &Keys) -> Memory {
    let memory = founded(keys);
    add(&memory, keys, NOW, &["heron"]).unwrap();
    publish(&memory, keys, NOW, |change| {
        let next = candidate(bundle(SCOPE, Audience::Server, &["heron", "osprey"]));
        change
            .add_next(&server(SCOPE), &next, Ring::Canary, 100, Value::Null)
            .map(drop)
    })
    .unwrap();
    memory
}

#[test]
fn t_roll_1_the_clients_own_loader_refuses_damaged_bundles_before_anything_is_signed() {
    let good = bundle(SCOPE, Audience::Server, &["heron"]);
    assert!(Candidate::read("g", good.clone(), None).is_ok());
    let mut refused = 0;
    // Any bit: the trailing hash covers all of them, and the rest is for the loader.
    for bit in (0..good.len() * 8).step_by(97) {
        let mut bad = good.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        let error = Candidate::read("g", bad, None).unwrap_err();
        assert_eq!(error.code(), "bundle", "bit {bit}");
        refused += 1;
    }
    assert!(refused > 100, "{refused}");
    for bad in [&[][..], b"EDGERAIL", &good[..good.len() - 1]] {
        assert_eq!(
            Candidate::read("g", bad.to_vec(), None).unwrap_err().code(),
            "bundle"
        );
    }
}

#[test]
fn t_roll_2_identifiers_that_aws_would_refuse_are_refused() {
    let arn = "arn:aws:bedrock:us-east-1:111122223333:guardrail/abc123def456";
    let with =
        |arn: &str, version: &str| Candidate::read("g", identified(SCOPE, arn, version), None);
    assert!(with(arn, "3").is_ok());
    for (arn, version, code) in [
        (arn.to_owned(), "DRAFT", "guardrail_version"),
        (
            arn.replace("us-east-1", "eu-west-1"),
            "3",
            "guardrail_region",
        ),
    ] {
        assert_eq!(
            with(&arn, version).unwrap_err().code(),
            code,
            "{arn} {version}"
        );
    }
}

#[test]
fn t_roll_3_a_rollout_reaches_more_and_more_clients_and_never_fewer() {
    let keys = Keys::new();
    let memory = rolling(&keys);
    let mut reader = read(&memory);
    assert_eq!(versions(&mut reader, &memory), (Some(1), Some(2)));
    let rollout = |memory: &Memory| {
        let (target, _) = read(memory)
            .find(memory, &server(SCOPE).target(true))
            .unwrap();
        custom(&target)["rollout"].clone()
    };
    let first = rollout(&memory);
    assert_eq!(
        (first["ring"].as_str(), first["permille"].as_u64()),
        (Some("canary"), Some(100))
    );
    assert_eq!(first["salt"].as_str().unwrap().len(), 32);
    for (ring, permille, code) in [
        (Ring::Canary, 100, Some("rollout_narrower")),
        (Ring::Canary, 99, Some("rollout_narrower")),
        (Ring::Early, 50, Some("rollout_narrower")),
        (Ring::Canary, 1001, Some("permille")),
        (Ring::Early, 100, None),
        (Ring::Canary, 1000, Some("rollout_narrower")),
        (Ring::General, 500, None),
    ] {
        let promoted = publish(&memory, &keys, NOW, |change| {
            change
                .promote(&server(SCOPE), ring, permille, Value::Null)
                .map(drop)
        });
        assert_eq!(
            promoted.err().map(|error| error.code()),
            code,
            "{ring:?} {permille}"
        );
    }
    // The same clients first in each step: the salt stays, and so does the version.
    let last = rollout(&memory);
    assert_eq!(last["salt"], first["salt"]);
    assert_eq!(
        (last["ring"].as_str(), last["permille"].as_u64()),
        (Some("general"), Some(500))
    );
    assert_eq!(versions(&mut read(&memory), &memory), (Some(1), Some(2)));
}

#[test]
fn t_roll_4_a_promoted_bundle_is_current_under_the_version_it_had() {
    let keys = Keys::new();
    let memory = rolling(&keys);
    let (_, next) = read(&memory)
        .find(&memory, &server(SCOPE).target(true))
        .unwrap();
    publish(&memory, &keys, NOW, |change| {
        change
            .promote_current(&server(SCOPE), Value::Null)
            .map(drop)
    })
    .unwrap();
    let mut reader = read(&memory);
    assert_eq!(versions(&mut reader, &memory), (Some(2), None));
    let (target, bytes) = reader.find(&memory, &server(SCOPE).target(false)).unwrap();
    assert_eq!(bytes, next);
    assert!(custom(&target)["rollout"].is_null());
    let again = publish(&memory, &keys, NOW, |change| {
        change
            .promote_current(&server(SCOPE), Value::Null)
            .map(drop)
    });
    assert_eq!(again.unwrap_err().code(), "not_published");
}

#[test]
fn t_roll_5_old_content_comes_back_under_a_higher_version() {
    let keys = Keys::new();
    let memory = rolling(&keys);
    let old = bundle(SCOPE, Audience::Server, &["heron"]);
    let line = server(SCOPE);
    publish(&memory, &keys, NOW, |change| {
        change.promote_current(&line, Value::Null).map(drop)
    })
    .unwrap();
    let revert = |to: Option<u64>| {
        publish(&memory, &keys, NOW, |change| {
            let old = change.old(&line, to)?;
            change
                .revert(&line, &candidate(old.bytes), Value::Null)
                .map(drop)
        })
    };
    revert(None).unwrap();
    let mut reader = read(&memory);
    assert_eq!(versions(&mut reader, &memory), (Some(3), None));
    assert_eq!(reader.find(&memory, &line.target(false)).unwrap().1, old);
    // To what is current already, and to what never was.
    assert_eq!(revert(Some(1)).unwrap_err().code(), "unchanged");
    assert_eq!(revert(Some(9)).unwrap_err().code(), "not_published");
    revert(Some(2)).unwrap();
    assert_eq!(versions(&mut read(&memory), &memory), (Some(4), None));
}

#[test]
fn t_roll_5_versions_are_never_given_twice() {
    let keys = Keys::new();
    let memory = rolling(&keys);
    let line = server(SCOPE);
    publish(&memory, &keys, NOW, |change| change.remove(&line, true)).unwrap();
    assert_eq!(versions(&mut read(&memory), &memory), (Some(1), None));
    publish(&memory, &keys, NOW, |change| {
        let next = candidate(bundle(SCOPE, Audience::Server, &["kite"]));
        change
            .add_next(&line, &next, Ring::Canary, 1000, Value::Null)
            .map(drop)
    })
    .unwrap();
    assert_eq!(versions(&mut read(&memory), &memory), (Some(1), Some(3)));
    publish(&memory, &keys, NOW, |change| change.remove(&line, false)).unwrap();
    assert_eq!(versions(&mut read(&memory), &memory), (None, None));
    add(&memory, &keys, NOW, &["heron"]).unwrap();
    assert_eq!(versions(&mut read(&memory), &memory), (Some(4), None));
}

#[test]
fn t_roll_7_a_bundle_that_has_lost_much_is_refused_and_publications_need_approval() {
    let before = candidate(bundle(SCOPE, Audience::Server, &["a", "b", "c", "d", "e"]));
    let after = candidate(bundle(SCOPE, Audience::Server, &["a", "b", "c"]));
    let lost = losses(before.counts(), after.counts(), 20);
    assert_eq!(
        check_losses(&server(SCOPE), &lost, 20).unwrap_err().code(),
        "shrink"
    );
    assert!(losses(before.counts(), after.counts(), 40).is_empty());
    let (keys, memory) = (Keys::new(), founded(&Keys::new()));
    let repository = load(&memory);
    let mut change = Change::new(&repository, &memory, NOW).unwrap();
    change
        .add_current(&server(SCOPE), &after, Value::Null)
        .unwrap();
    let mut nobody = approved();
    nobody.approved_by = vec![" ".to_owned()];
    assert_eq!(
        change.finish(&nobody).unwrap_err().code(),
        "approvals_missing"
    );
    drop(keys);
}

#[test]
fn a_record_says_who_approved_and_only_servers_are_told_where_it_is() {
    let keys = Keys::new();
    let memory = founded(&keys);
    let browser = Line {
        audience: Audience::Browser,
        ..server(SCOPE)
    };
    publish(&memory, &keys, NOW, |change| {
        let gate = serde_json::json!({"loader": "passed"});
        let for_server = candidate(bundle(SCOPE, Audience::Server, &["heron"]));
        change.add_current(&server(SCOPE), &for_server, gate.clone())?;
        let for_browser = candidate(bundle(SCOPE, Audience::Browser, &["heron"]));
        change.add_current(&browser, &for_browser, gate).map(drop)
    })
    .unwrap();
    let mut reader = read(&memory);
    let (target, _) = reader.find(&memory, &server(SCOPE).target(false)).unwrap();
    let path = custom(&target)["record"].as_str().unwrap().to_owned();
    let record = memory.json(&path);
    assert_eq!(record["approved_by"][0], "dana.ortiz@example.com");
    assert_eq!(
        (&record["ticket"], &record["when"]),
        (&Value::from("SEC-41"), &Value::from("2026-11-21T18:00:00Z"))
    );
    assert_eq!(record["changes"].as_array().unwrap().len(), 2);
    assert_eq!(record["changes"][0]["gate"]["loader"], "passed");
    assert!(path.contains(&edgerail_publish::sha256(&memory.read(&path))));
    let (target, _) = reader.find(&memory, &browser.target(false)).unwrap();
    assert!(custom(&target)["record"].is_null());
    assert!(
        !memory
            .read("metadata/2.targets.json")
            .windows(4)
            .any(|w| w == b"dana")
    );
    // The next record names this one, beside the one of the founding.
    add(&memory, &keys, NOW, &["osprey"]).unwrap();
    let newest = memory.json("metadata/3.targets.json")["signed"]["x-record"]
        .as_str()
        .unwrap()
        .to_owned();
    let newest = memory.json(&format!("records/{newest}.json"));
    let previous = newest["previous"].as_array().unwrap();
    let hashes = previous.iter().filter_map(Value::as_str);
    assert_eq!(hashes.filter(|hash| path.contains(hash)).count(), 1);
    assert_eq!(previous.len(), 2);
}

#[test]
fn the_same_bundle_again_is_no_publication() {
    let keys = Keys::new();
    let memory = founded(&keys);
    add(&memory, &keys, NOW, &["heron"]).unwrap();
    assert_eq!(
        add(&memory, &keys, NOW, &["heron"]).unwrap_err().code(),
        "unchanged"
    );
    let without_current = staged(&memory, NOW, |change| {
        let next = candidate(bundle("other", Audience::Server, &["heron"]));
        change
            .add_next(&server("other"), &next, Ring::Canary, 1000, Value::Null)
            .map(drop)
    });
    assert_eq!(without_current.unwrap_err().code(), "not_published");
}

#[test]
fn a_bundle_says_its_scope_itself() {
    let bytes = bundle(SCOPE, Audience::Server, &["heron"]);
    assert_eq!(
        Candidate::read("g", bytes.clone(), Some(&scope("other")))
            .unwrap_err()
            .code(),
        "scope"
    );
    assert_eq!(
        Candidate::read("g", bytes, Some(&scope(SCOPE)))
            .unwrap()
            .line(),
        &server(SCOPE)
    );
    let store = Store::memory().unwrap();
    assert!(store.get("metadata/1.root.json").unwrap().is_none());
}
