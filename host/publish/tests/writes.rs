//! Interrupted and concurrent publications.

mod common;

use common::*;
use edgerail_publish::name::{Audience, Ring};
use edgerail_publish::{LOCK, PushOptions, Repository, Storage as _, push};
use serde_json::Value;

/// After every write of a publication, clients read the old repository or the new one; and the same change,
/// published again, completes it.
#[test]
fn an_interruption_at_any_write_leaves_a_repository_that_clients_accept() {
    let keys = Keys::new();
    let before = founded(&keys);
    add(&before, &keys, NOW, &["heron"]).unwrap();
    let stage = staged(&before, NOW, |change| {
        let next = candidate(bundle(SCOPE, Audience::Server, &["osprey"]));
        change.add_next(&server(SCOPE), &next, Ring::Canary, 10, Value::Null)?;
        let other = candidate(bundle("other", Audience::Server, &["kite"]));
        change
            .add_current(&server("other"), &other, Value::Null)
            .map(drop)
    })
    .unwrap();
    let mut veteran = Reader::new(&before);
    veteran.refresh(&before, NOW).unwrap();
    let mut points = 0;
    loop {
        let memory = before.copy();
        memory.left.set(Some(points));
        let pushed = push(&mut stage.clone(), &memory, &keys.publishers(), at(NOW));
        memory.left.set(None);
        let mut reader = Reader::new(&memory);
        reader.refresh(&memory, NOW).unwrap();
        assert!(reader.find(&memory, &server(SCOPE).target(false)).is_some());
        let (other, next) = (server("other").target(false), server(SCOPE).target(true));
        let new = reader.find(&memory, &other).is_some();
        assert_eq!(reader.find(&memory, &next).is_some(), new, "all or nothing");
        match pushed {
            Ok(()) => {
                assert!(new);
                break;
            }
            Err(error) => assert_eq!(error.code(), "storage"),
        }
        let options = PushOptions {
            now: NOW,
            break_lock: true,
        };
        // Another machine may come first with a change of its own.
        let rival = memory.copy();
        let mut other_change = staged(&rival, NOW, |change| {
            let candidate = candidate(bundle(SCOPE, Audience::Server, &["crane"]));
            change
                .add_current(&server(SCOPE), &candidate, Value::Null)
                .map(drop)
        })
        .unwrap();
        push(&mut other_change, &rival, &keys.publishers(), options).unwrap();
        Reader::new(&rival).refresh(&rival, NOW).unwrap();
        push(&mut stage.clone(), &memory, &keys.publishers(), options).unwrap();
        let mut reader = Reader::new(&memory);
        reader.refresh(&memory, NOW).unwrap();
        assert!(reader.find(&memory, &other).is_some());
        points += 1;
    }
    // Lock, two bundles, a record, targets, snapshot, timestamp, lock again.
    assert!(points >= 8, "{points}");
}

#[test]
fn numbered_files_are_never_written_twice() {
    let keys = Keys::new();
    let memory = founded(&keys);
    add(&memory, &keys, NOW, &["heron"]).unwrap();
    let before = memory.files.borrow().clone();
    add(&memory, &keys, NOW + 60, &["osprey"]).unwrap();
    let after = memory.files.borrow();
    for (path, bytes) in &before {
        if path != "metadata/timestamp.json" {
            assert_eq!(after.get(path), Some(bytes), "{path}");
        }
    }
}

#[test]
fn of_two_publishers_one_is_told() {
    let keys = Keys::new();
    let memory = founded(&keys);
    memory.create(LOCK, b"{}").unwrap();
    let error = add(&memory, &keys, NOW, &["heron"]).unwrap_err();
    assert_eq!(error.code(), "publish_conflict");
    memory.remove(LOCK).unwrap();
    // Somebody who does not take the lock has written the snapshot that this one would write.
    let mut stage = staged(&memory, NOW, |change| {
        let candidate = candidate(bundle(SCOPE, Audience::Server, &["heron"]));
        change
            .add_current(&server(SCOPE), &candidate, Value::Null)
            .map(drop)
    })
    .unwrap();
    stage.sign(&keys.publishers(), NOW).unwrap();
    memory.create("metadata/2.snapshot.json", b"{}").unwrap();
    let error = push(&mut stage, &memory, &keys.publishers(), at(NOW)).unwrap_err();
    assert_eq!(error.code(), "publish_conflict");
    // From what is there now, the next number is free.
    add(&memory, &keys, NOW, &["kite"]).unwrap();
    let mut reader = Reader::new(&memory);
    reader.refresh(&memory, NOW).unwrap();
    assert_eq!(reader.client.version("snapshot"), Some(3));
}

#[test]
fn a_forged_or_broken_repository_is_not_published_into() {
    let keys = Keys::new();
    let memory = founded(&keys);
    add(&memory, &keys, NOW, &["heron"]).unwrap();
    for path in [
        "metadata/1.root.json",
        "metadata/timestamp.json",
        "metadata/2.snapshot.json",
        "metadata/2.targets.json",
    ] {
        let broken = memory.copy();
        let text = String::from_utf8(broken.read(path)).unwrap();
        let forged = text.replacen("2026", "2031", 1).replacen("2027", "2031", 1);
        assert_ne!(text, forged, "{path}");
        broken
            .files
            .borrow_mut()
            .insert(path.to_owned(), forged.into_bytes());
        let error = Repository::load(&broken, None).unwrap_err();
        assert_eq!(error.code(), "repository_broken", "{path}");
        for bytes in [&b""[..], b"<html>", b"{\"signed\":{},\"signatures\":[]}"] {
            broken
                .files
                .borrow_mut()
                .insert(path.to_owned(), bytes.to_vec());
            let error = Repository::load(&broken, None).unwrap_err();
            assert!(
                ["metadata", "repository_broken"].contains(&error.code()),
                "{path}: {error}"
            );
        }
        let gone = memory.copy();
        gone.files.borrow_mut().remove(path);
        match Repository::load(&gone, None) {
            Ok(repository) => assert!(path.ends_with("root.json") && repository.is_none()),
            Err(error) => assert_eq!(error.code(), "repository_broken", "{path}"),
        }
    }
    let other = founded(&Keys::new());
    let pin = other.read("metadata/1.root.json");
    assert_eq!(
        Repository::load(&memory, Some(&pin)).unwrap_err().code(),
        "pin"
    );
}
