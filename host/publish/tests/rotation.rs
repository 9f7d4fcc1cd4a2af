//! Keys that come and go, and metadata that is renewed.

mod common;

use std::collections::{BTreeMap, BTreeSet};

use common::*;
use edgerail_publish::keys::{LocalKey, Signer};
use edgerail_publish::name::Audience;
use edgerail_publish::{Quorum, Stage, Status, TopRole, push, refresh, rotate};
use serde_json::Value;

fn quorum(role: TopRole, keys: &[&LocalKey], threshold: u64) -> BTreeMap<TopRole, Quorum> {
    let keys = keys.iter().map(|key| key.key()).collect();
    BTreeMap::from([(role, Quorum::new(role, keys, threshold).unwrap())])
}

fn push_with(
    stage: &Stage,
    memory: &Memory,
    keys: &[&dyn Signer],
    now: u64,
) -> Result<(), &'static str> {
    push(&mut stage.clone(), memory, keys, at(now)).map_err(|error| error.code())
}

#[test]
fn a_new_root_needs_the_old_keys_and_the_new_ones() {
    let (keys, new) = (Keys::new(), [key(), key(), key()]);
    let memory = founded(&keys);
    let mut veteran = Reader::new(&memory);
    veteran.refresh(&memory, NOW).unwrap();
    let all_new: Vec<&LocalKey> = new.iter().collect();
    let stage = rotate(
        &load(&memory),
        &memory,
        &quorum(TopRole::Root, &all_new, 2),
        &approved(),
        NOW,
    )
    .unwrap();
    let (old_two, new_two): ([&dyn Signer; 2], [&dyn Signer; 2]) =
        ([&keys.root[0], &keys.root[1]], [&new[0], &new[1]]);
    for keys in [
        &old_two[..],
        &new_two[..],
        &[old_two[0], new_two[0], new_two[1]],
    ] {
        assert_eq!(
            push_with(&stage, &memory, keys, NOW),
            Err("signatures_missing")
        );
    }
    push_with(&stage, &memory, &[old_two, new_two].concat(), NOW).unwrap();
    veteran.refresh(&memory, NOW).unwrap();
    assert_eq!(veteran.client.root_version(), 2);
    // From now on, the new keys alone.
    let stage = rotate(&load(&memory), &memory, &BTreeMap::new(), &approved(), NOW).unwrap();
    assert_eq!(push_with(&stage, &memory, &old_two, NOW), Err("key_role"));
    push_with(&stage, &memory, &new_two, NOW).unwrap();
    veteran.refresh(&memory, NOW).unwrap();
    assert_eq!(veteran.client.root_version(), 3);
}

#[test]
fn new_keys_of_any_role_sign_what_the_old_ones_signed() {
    for role in [TopRole::Targets, TopRole::Snapshot, TopRole::Timestamp] {
        let (keys, new) = (Keys::new(), key());
        let memory = founded(&keys);
        add(&memory, &keys, NOW, &["heron"]).unwrap();
        let mut veteran = Reader::new(&memory);
        veteran.refresh(&memory, NOW).unwrap();
        let stage = rotate(
            &load(&memory),
            &memory,
            &quorum(role, &[&new], 1),
            &approved(),
            NOW,
        )
        .unwrap();
        let mut signers: Vec<&dyn Signer> = vec![&keys.root[0], &keys.root[2], &new];
        if role != TopRole::Timestamp {
            signers.push(&keys.online);
        }
        push_with(&stage, &memory, &signers, NOW).unwrap();
        veteran.refresh(&memory, NOW).unwrap();
        assert!(
            veteran
                .find(&memory, &server(SCOPE).target(false))
                .is_some(),
            "{role:?}"
        );
        let mut newcomer = Reader::new(&memory);
        newcomer.refresh(&memory, NOW).unwrap();
        let old = add(&memory, &keys, NOW, &["osprey"]).unwrap_err();
        assert!(
            ["key_role", "signatures_missing"].contains(&old.code()),
            "{role:?} {old}"
        );
    }
}

#[test]
fn an_expired_repository_can_be_renewed() {
    let keys = Keys::new();
    let memory = founded(&keys);
    add(&memory, &keys, NOW, &["heron"]).unwrap();
    let late = NOW + 400 * DAY;
    assert_eq!(Reader::new(&memory).refresh(&memory, late), Err("expired"));
    let everything = BTreeSet::from(TopRole::ALL);
    let mut stage = refresh(&load(&memory), &memory, &everything, &approved(), late).unwrap();
    stage.allow_lapse();
    push_with(&stage, &memory, &keys.founders(), late).unwrap();
    let mut reader = Reader::new(&memory);
    reader.refresh(&memory, late).unwrap();
    assert!(reader.find(&memory, &server(SCOPE).target(false)).is_some());
    assert_eq!(reader.client.root_version(), 2);
}

#[test]
fn a_renewed_timestamp_says_when_it_was_issued() {
    let keys = Keys::new();
    let memory = founded(&keys);
    let later = NOW + 3600;
    let stage = refresh(
        &load(&memory),
        &memory,
        &BTreeSet::from([TopRole::Timestamp]),
        &approved(),
        later,
    )
    .unwrap();
    push_with(&stage, &memory, &[&keys.online], later).unwrap();
    let timestamp = memory.json("metadata/timestamp.json");
    assert_eq!(timestamp["signed"]["version"], 2);
    assert_eq!(timestamp["signed"]["x-issued"], "2026-11-21T19:00:00Z");
    assert_eq!(timestamp["signed"]["expires"], "2026-11-22T19:00:00Z");
    let mut reader = Reader::new(&memory);
    reader.refresh(&memory, later).unwrap();
    assert_eq!(
        (reader.client.version("snapshot"), reader.client.issued()),
        (Some(1), Some(later))
    );
}

#[test]
fn a_change_that_waited_too_long_is_not_published() {
    let keys = Keys::new();
    let memory = founded(&keys);
    let mut stage = staged(&memory, NOW, |change| {
        let candidate = candidate(bundle(SCOPE, Audience::Server, &["heron"]));
        change
            .add_current(&server(SCOPE), &candidate, Value::Null)
            .map(drop)
    })
    .unwrap();
    stage.allow_lapse();
    let late = NOW + 91 * DAY;
    assert_eq!(
        push_with(&stage, &memory, &keys.publishers(), late),
        Err("stale_stage")
    );
}

#[test]
fn status_says_what_expires_and_what_each_scope_has() {
    let keys = Keys::new();
    let memory = founded(&keys);
    add(&memory, &keys, NOW, &["heron"]).unwrap();
    let status = |now| Status::of(&load(&memory), now).unwrap();
    let soon = |now| {
        let roles = status(now)
            .roles
            .into_iter()
            .filter(|role| role.expires_soon);
        roles.map(|role| role.role).collect::<Vec<_>>()
    };
    assert_eq!(soon(NOW), Vec::<String>::new());
    assert_eq!(soon(NOW + DAY * 9 / 10), ["timestamp"]);
    assert_eq!(soon(NOW + 6 * DAY), ["timestamp", "snapshot"]);
    assert_eq!(
        soon(NOW + 366 * DAY),
        ["root", "timestamp", "snapshot", "targets"]
    );
    let now = status(NOW);
    assert_eq!((now.roles[0].threshold, now.roles[0].keys.len()), (2, 3));
    assert_eq!(now.issued.as_deref(), Some("2026-11-21T18:00:00Z"));
    let line = &now.scopes[&server(SCOPE).to_string()];
    assert_eq!(line.current.as_ref().unwrap().custom.version, 1);
    assert!(line.next.is_none());
    let expired = status(NOW + 2 * DAY);
    assert!(expired.roles[1].expires_in_seconds < 0);
}
