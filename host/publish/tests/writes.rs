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

const TIMESTAMP: &str = "metadata/timestamp.json";

/// Has `act` happen just before or after a publication here writes a file.
fn met(path: &'static str, after: bool, act: fn(&Memory)) -> (Memory, Option<&'static str>) {
    let keys = Keys::new();
    let memory = founded(&keys);
    *memory.rival.borrow_mut() = Some(Rival { path, after, act });
    let pushed = add(&memory, &keys, NOW + 60, &["heron"]);
    assert!(memory.rival.borrow().is_none(), "he came");
    (memory, pushed.err().map(|error| error.code()))
}

/// Another timestamp, as somebody on another machine writes it who has broken the lock.
fn overwrite(memory: &Memory) {
    let mut timestamp = memory.json(TIMESTAMP);
    timestamp["signed"]["x-rival"] = Value::from(true);
    let bytes = timestamp.to_string().into_bytes();
    memory
        .files
        .borrow_mut()
        .insert(TIMESTAMP.to_owned(), bytes);
}

fn take_lock(memory: &Memory) {
    let lock = b"{\"holder\":\"rival\",\"since\":\"2026-11-21T18:00:30Z\"}";
    memory
        .files
        .borrow_mut()
        .insert(LOCK.to_owned(), lock.to_vec());
}

#[test]
fn of_two_publishers_in_one_folder_one_wins_and_the_other_is_told() {
    // Another timestamp is there before ours is written: it stays.
    let (memory, code) = met("metadata/2.snapshot.json", false, overwrite);
    assert_eq!(code, Some("publish_conflict"));
    assert_eq!(memory.json(TIMESTAMP)["signed"]["x-rival"], true);
    assert!(memory.get(LOCK).unwrap().is_none(), "ours is given back");
    // It comes after ours: whoever was here first is told that it is gone.
    let (memory, code) = met(TIMESTAMP, true, overwrite);
    assert_eq!(code, Some("publish_conflict"));
    assert_eq!(memory.json(TIMESTAMP)["signed"]["x-rival"], true);
}

#[test]
fn whoever_lost_the_lock_publishes_nothing_and_leaves_it_to_its_holder() {
    let (memory, code) = met("metadata/2.snapshot.json", false, take_lock);
    assert_eq!(code, Some("publish_conflict"));
    assert_eq!(memory.json(TIMESTAMP)["signed"]["version"], 1);
    assert_eq!(memory.json(LOCK)["holder"], "rival");
    // Between the last look and the write, nothing can be seen any more; the lock is still another's.
    let (memory, code) = met(TIMESTAMP, false, take_lock);
    assert_eq!(code, None);
    assert_eq!(memory.json(LOCK)["holder"], "rival");
}

#[test]
fn a_lock_says_since_when_and_nothing_that_somebody_put_into_it() {
    let keys = Keys::new();
    let memory = founded(&keys);
    take_lock(&memory);
    let refused = |memory: &Memory| add(memory, &keys, NOW, &["heron"]).unwrap_err();
    let told = refused(&memory).to_string();
    assert!(told.contains("since 2026-11-21T18:00:30Z"), "{told}");
    for content in ["{\"since\":\"\u{1b}[2J\"}", "nothing", "{\"since\":3}"] {
        let bytes = content.as_bytes().to_vec();
        memory.files.borrow_mut().insert(LOCK.to_owned(), bytes);
        let error = refused(&memory);
        assert_eq!(error.code(), "publish_conflict");
        assert!(!error.to_string().contains('\u{1b}'), "{error}");
        assert!(error.to_string().contains("is publishing, or"), "{error}");
    }
}

/// In a real folder, as two machines share it.
#[test]
fn a_folder_is_published_into_by_one_at_a_time() {
    let keys = Keys::new();
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("writes-shared");
    let _ = std::fs::remove_dir_all(&folder);
    let open = || edgerail_publish::Store::open(&folder.display().to_string()).unwrap();
    let mut stage = edgerail_publish::init(
        &keys.quorums(),
        &edgerail_publish::Settings::default(),
        &approved(),
        NOW,
    )
    .unwrap();
    push(&mut stage, &open(), &keys.founders(), at(NOW)).unwrap();
    let here = open();
    let make = |words: &[&str]| {
        staged(&here, NOW + 1, |change| {
            let candidate = candidate(bundle(SCOPE, Audience::Server, words));
            change
                .add_current(&server(SCOPE), &candidate, Value::Null)
                .map(drop)
        })
        .unwrap()
    };
    let (mut first, mut second) = (make(&["heron"]), make(&["kite"]));
    std::thread::scope(|scope| {
        let threads = [&mut first, &mut second].map(|stage| {
            let (keys, open) = (&keys, &open);
            scope.spawn(move || push(stage, &open(), &keys.publishers(), at(NOW + 1)))
        });
        let results = threads.map(|thread| thread.join().unwrap());
        let codes = results.map(|result| result.err().map(|error| error.code()));
        let won = codes.iter().filter(|code| code.is_none()).count();
        assert_eq!(won, 1, "{codes:?}");
        let lost = codes.into_iter().flatten().next().unwrap();
        assert!(
            ["publish_conflict", "stale_stage"].contains(&lost),
            "{lost}"
        );
    });
    assert!(here.get(LOCK).unwrap().is_none());
    let history = edgerail_publish::History::of(&load(&here), &here, None).unwrap();
    assert_eq!(history.scopes[&server(SCOPE).to_string()].len(), 1);
    assert!(!history.has_losses(), "{history:?}");
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
