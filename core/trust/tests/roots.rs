//! The rows T-ROOT: the way from the pinned root to the newest one.
//!
//! 1 one root skipped · 2 a root replayed · 3 a gap in the served roots · 4 signed by the old keys only ·
//! 5 signed by the new keys only · 6 an expired root in the middle · 7 a threshold raised and lowered ·
//! 8 a damaged or foreign history in the storage · 9 a pinned root that is no root.

use edgerail_trust::testing::{EXPIRES, NOW, Repository, Signer, Storage, envelope};
use edgerail_trust::{Client, Limits};

fn begun(repository: &Repository) -> Client {
    Client::new(repository.pinned(), Limits::default()).expect("a pinned root")
}

fn refresh(repository: &Repository) -> (Result<(), &'static str>, u64) {
    let (mut client, mut storage) = (begun(repository), Storage::default());
    let result = storage.refresh(&mut client, repository);
    (result, client.root_version())
}

/// Replaces the root's key; both the old and the new one sign.
fn rotate(repository: &mut Repository, seed: u64) {
    let old = repository.roles["root"].keys.clone();
    repository.rotate("root", Signer::ed25519(seed));
    repository.role("root").signers.extend(old);
    repository.publish(&["root"]);
}

#[test]
fn t_root_1_a_skipped_version() {
    let mut repository = Repository::new(1);
    repository.publish(&["root"]);
    repository.publish(&["root"]);
    let skipped = repository.files.remove("3.root.json").expect("published");
    repository.files.insert("2.root.json".into(), skipped);
    assert_eq!(refresh(&repository), (Err("root_version"), 1));
}

#[test]
fn t_root_2_a_replayed_version() {
    let mut repository = Repository::new(1);
    rotate(&mut repository, 11);
    rotate(&mut repository, 12);
    repository.files.insert(
        "4.root.json".into(),
        repository.files["3.root.json"].clone(),
    );
    assert_eq!(refresh(&repository), (Err("root_version"), 3));
    // An earlier one is not signed by the keys of today.
    repository.files.insert(
        "4.root.json".into(),
        repository.files["1.root.json"].clone(),
    );
    assert_eq!(refresh(&repository), (Err("signatures"), 3));
}

#[test]
fn t_root_3_a_gap_ends_the_way() {
    let mut repository = Repository::new(1);
    for seed in [11, 12, 13] {
        rotate(&mut repository, seed);
    }
    repository.files.remove("3.root.json");
    assert_eq!(refresh(&repository), (Ok(()), 2));
}

#[test]
fn t_root_4_signed_by_the_old_keys_only() {
    let mut repository = Repository::new(1);
    let old = repository.roles["root"].keys.clone();
    repository.rotate("root", Signer::ed25519(11));
    repository.role("root").signers = old;
    repository.publish(&["root"]);
    assert_eq!(refresh(&repository), (Err("signatures"), 1));
}

#[test]
fn t_root_5_signed_by_the_new_keys_only() {
    let mut repository = Repository::new(1);
    repository.rotate("root", Signer::ed25519(11));
    repository.publish(&["root"]);
    assert_eq!(refresh(&repository), (Err("signatures"), 1));
}

#[test]
fn t_root_6_an_expired_root_in_the_middle() {
    let mut repository = Repository::new(1);
    repository.role("root").expires = "2020-01-01T00:00:00Z".into();
    repository.write("root");
    rotate(&mut repository, 11);
    repository.role("root").expires = EXPIRES.into();
    assert_eq!(refresh(&repository), (Err("expired"), 2));
    rotate(&mut repository, 12);
    assert_eq!(refresh(&repository), (Ok(()), 3));
}

#[test]
fn t_root_7_thresholds_of_both_roots_count() {
    let mut repository = Repository::new(1);
    let keys = [11, 12, 13].map(Signer::ed25519);
    let old = repository.roles["root"].keys.clone();
    let role = repository.role("root");
    (role.keys, role.threshold) = (keys.to_vec(), 3);
    // Raised to 3: two of the new keys are not enough.
    role.signers = [&old[..], &keys[..2]].concat();
    repository.publish(&["root"]);
    assert_eq!(refresh(&repository), (Err("signatures"), 1));
    repository.role("root").signers = [&old[..], &keys[..]].concat();
    repository.write("root");
    assert_eq!(refresh(&repository), (Ok(()), 2));
    // Lowered to 1: the old threshold of 3 still counts for this step.
    let role = repository.role("root");
    (role.signers, role.threshold) = (keys[..2].to_vec(), 1);
    repository.publish(&["root"]);
    assert_eq!(refresh(&repository), (Err("signatures"), 2));
    repository.role("root").signers = keys.to_vec();
    repository.write("root");
    repository.role("root").signers.truncate(1);
    repository.publish(&["root"]);
    assert_eq!(refresh(&repository), (Ok(()), 4));
}

#[test]
fn t_root_8_the_stored_history_is_not_trusted() {
    let mut repository = Repository::new(1);
    rotate(&mut repository, 11);
    rotate(&mut repository, 12);
    let mut storage = Storage::default();
    assert_eq!(
        storage.refresh(&mut begun(&repository), &repository),
        Ok(())
    );
    // A new process takes the history, and asks only for what comes after it.
    storage.log.clear();
    let mut client = begun(&repository);
    assert_eq!(storage.refresh(&mut client, &repository), Ok(()));
    assert_eq!(storage.log, ["fetch 4.root.json", "fetch timestamp.json"]);
    // Damaged, it is fetched anew.
    storage
        .files
        .insert("root_history/3.root.json".into(), b"{".to_vec());
    storage.log.clear();
    let mut client = begun(&repository);
    assert_eq!(storage.refresh(&mut client, &repository), Ok(()));
    assert_eq!(client.root_version(), 3);
    assert_eq!(
        storage.files["root_history/3.root.json"],
        repository.files["3.root.json"]
    );
    // A root of a stranger in the storage is no step of the way.
    let mut foreign = Repository::new(2);
    foreign.publish(&["root"]);
    storage.files.insert(
        "root_history/2.root.json".into(),
        foreign.files["2.root.json"].clone(),
    );
    storage
        .files
        .insert("root.json".into(), foreign.files["2.root.json"].clone());
    let mut client = begun(&repository);
    assert_eq!(storage.refresh(&mut client, &repository), Ok(()));
    assert_eq!(client.root_version(), 3);
}

#[test]
fn t_root_9_a_pinned_root_that_is_none() {
    let repository = Repository::new(1);
    let pin = |bytes: &[u8]| {
        Client::new(bytes, Limits::default())
            .map(drop)
            .map_err(|error| error.code())
    };
    let signers = &repository.roles["root"].signers;
    let text = repository.signed("root");
    let change = |from: &str, to: &str| {
        let changed = text.replace(from, to);
        assert_ne!(changed, text, "{from}");
        pin(&envelope(&changed, signers))
    };
    assert_eq!(pin(repository.pinned()), Ok(()));
    assert_eq!(pin(&repository.files["timestamp.json"]), Err("role_type"));
    assert_eq!(change("\"version\":1", "\"version\":0"), Err("schema"));
    assert_eq!(change(",\"version\":1", ""), Err("schema"));
    assert_eq!(change("1.0.34", "2.0.0"), Err("spec_version"));
    assert_eq!(change("1.0.34", "10.0.0"), Err("spec_version"));
    assert_eq!(change("1.0.34", "1.1"), Ok(()));
    assert_eq!(change(EXPIRES, "2030-02-30T00:00:00Z"), Err("schema"));
    assert_eq!(
        change("\"consistent_snapshot\":true", "\"consistent_snapshot\":1"),
        Err("schema")
    );
    assert_eq!(change("\"roles\"", "\"rules\""), Err("schema"));
    assert_eq!(change("\"timestamp\"", "\"timestamps\""), Err("schema"));
    // A key of small order, by which anything is signed; a malformed one; one in capitals.
    let key = repository.roles["targets"].keys[0].key();
    let public = key.split('"').nth(9).expect("the public key").to_owned();
    for bad in [
        &"00".repeat(32),
        &public[..62],
        &public.to_uppercase(),
        &format!("01{}", "00".repeat(31)),
        &format!("ee{}7f", "ff".repeat(30)),
    ] {
        assert_eq!(change(&public, bad), Err("key"), "{bad}");
    }
    assert_eq!(
        change("\"keytype\":\"ed25519\"", "\"keytype\":\"rsa\""),
        Err("unknown_scheme")
    );
}

#[test]
fn restores_without_the_network_and_says_what_expired() {
    let mut repository = Repository::new(3);
    rotate(&mut repository, 31);
    repository.target("targets", "a.bundle", b"abc", None);
    repository.role("timestamp").expires = "2026-01-02T00:00:00Z".into();
    repository.update("targets");
    let mut storage = Storage::default();
    assert_eq!(storage.restore(&mut begun(&repository)), Err("absent"));
    assert_eq!(
        storage.refresh(&mut begun(&repository), &repository),
        Ok(())
    );

    let mut client = begun(&repository);
    storage.log.clear();
    client.restore(Some(NOW + 864_000));
    assert_eq!(storage.drive(&mut client, |_| None), Ok(()));
    assert_eq!(storage.log, [""; 0]);
    assert_eq!(client.expired().collect::<Vec<_>>(), ["timestamp"]);
    assert!(client.complete());
    assert_eq!(
        (client.root_version(), client.version("targets")),
        (2, Some(2))
    );
    assert_eq!(
        storage.find(&mut client, &repository, "a.bundle"),
        Ok(Some(3))
    );

    // What an interrupted update left behind one step is still trusted, and said to be so.
    let mut next = repository.clone();
    next.role("timestamp").expires = EXPIRES.into();
    next.update("targets");
    for (writes, complete) in [(0, true), (1, false), (2, false), (3, true)] {
        let mut storage = storage.clone();
        storage.writes_left = Some(writes);
        let _ = storage.refresh(&mut begun(&repository), &next);
        storage.writes_left = None;
        let mut client = begun(&repository);
        assert_eq!(storage.restore(&mut client), Ok(()), "{writes}");
        assert_eq!(client.complete(), complete, "{writes}");
        assert_eq!(
            storage.find(&mut client, &repository, "a.bundle"),
            Ok(Some(3))
        );
    }

    // Damage of any stored file is found.
    for file in ["timestamp.json", "snapshot.json", "targets.json"] {
        let mut storage = storage.clone();
        let bytes = storage.files.get_mut(file).expect("stored");
        let at = bytes.len() / 2;
        bytes[at] ^= 1;
        assert!(storage.restore(&mut begun(&repository)).is_err(), "{file}");
        // A refresh heals it.
        assert_eq!(
            storage.refresh(&mut begun(&repository), &next),
            Ok(()),
            "{file}"
        );
    }
}

#[test]
fn the_driver_is_held_to_the_protocol() {
    use edgerail_trust::{Answer, Step};
    let repository = Repository::new(4);
    let mut client = begun(&repository);
    let code = |result: Result<Step, edgerail_trust::Error>| result.map_err(|error| error.code());
    assert_eq!(code(client.step()), Err("sequence"));
    client.answer(Answer::Done);
    assert_eq!(code(client.step()), Err("sequence"));
    client.find("a");
    assert_eq!(code(client.step()), Err("absent"));
    client.refresh(Some(NOW));
    client.answer(Answer::Absent);
    assert_eq!(code(client.step()), Err("sequence"));
    client.refresh(Some(NOW));
    let first = code(client.step());
    assert_eq!(
        first,
        Ok(Step::Load {
            file: "root_history/2.root.json".into()
        })
    );
    // A question that is not answered is asked again.
    assert_eq!(code(client.step()), first);
    client.answer(Answer::Done);
    assert_eq!(code(client.step()), Err("sequence"));
    // After an abort another cycle can begin.
    client.refresh(Some(NOW));
    assert!(client.step().is_ok());
    client.abort();
    let mut storage = Storage::default();
    assert_eq!(storage.refresh(&mut client, &repository), Ok(()));
    client.refresh(Some(NOW));
    while !matches!(client.step(), Ok(Step::Fetch { .. })) {
        client.answer(Answer::Absent);
    }
    client.too_large();
    let error = client.step().expect_err("too large");
    assert_eq!((error.code(), error.role.as_str()), ("too_large", "root"));
    assert!(error.to_string().starts_with("root: the file is larger"));
}
